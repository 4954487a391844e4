"""Owns how the engine's changes become rows, and writes those of user tasks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update

from jiedan.core.ids import new_id
from jiedan.core.prepared import Prepared
from jiedan.flow.current import current
from jiedan.flow.engine import Changes
from jiedan.flow.handlers import plain
from jiedan.flow.host import Gathered, Outgoing
from jiedan.flow.ladder import next_rung
from jiedan.flow.states import TaskState
from jiedan.flow.sync_history import INSERT_NOTICES, write_history, write_incidents
from jiedan.flow.sync_waits import write_jobs, write_subscriptions, write_timers
from jiedan.flow.synced import NEVER, Act, OpenedTask, Synced
from jiedan.flow.tables import TaskCandidateRow, TaskRow, table_of
from jiedan.flow.tables_verbs import SeatRow
from jiedan.flow.verbs.placing import Placement, place, seat_row

if TYPE_CHECKING:
    from jiedan.flow.step import Step

_tasks = table_of(TaskRow)
_candidates = table_of(TaskCandidateRow)
_INSERT_TASKS = Prepared(
    insert(_tasks),
    (
        "id",
        "instance_id",
        "process_id",
        "element_id",
        "name",
        "name_en",
        "code",
        "form_id",
        "form_version",
        "state",
        "version",
        "assignee",
        "candidates",
        "priority",
        "created_at",
        "due_at",
        "sla_at",
        "paused_seconds",
        "sla_stage",
        "claimed_at",
        "has_draft",
        "has_files",
        "token_id",
        "extra",
    ),
)
_INSERT_CANDIDATES = Prepared(
    insert(_candidates),
    ("task_id", "owner", "candidate", "visible", "due_at", "created_at", "rank"),
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CANCEL_TASKS = (
    update(_tasks)
    .where(
        _tasks.c.id.in_(_IDS) | _tasks.c.token_id.in_(_IDS),
        _tasks.c.state.in_((TaskState.OPEN, TaskState.CLAIMED, TaskState.WAITING)),
    )
    .values(
        state=TaskState.CANCELLED,
        completed_at=bindparam("at"),
        sla_at=None,
        version=_tasks.c.version + 1,
    )
)
_FORGET_CANDIDATES = delete(_candidates).where(_candidates.c.task_id.in_(_IDS))
_FORGET_CANDIDATES_OF_SEATS = delete(_candidates).where(
    _candidates.c.task_id.in_(select(_tasks.c.id).where(_tasks.c.token_id.in_(_IDS)))
)
_LEAVE_SEATS = (
    update(table_of(SeatRow))
    .where(
        table_of(SeatRow).c.token_id.in_(_IDS),
        table_of(SeatRow).c.state.in_(("waiting", "open")),
    )
    .values(state="gone")
)
_FORGET_CANDIDATES_OF_ONE = Prepared(
    delete(_candidates).where(_candidates.c.task_id == bindparam("b_task_id"))
)


def write_changes(step: "Step", changes: Changes, gathered: Gathered, act: Act | None) -> Synced:
    """Bring the query rows to what the engine says, with one statement per table."""
    synced = Synced(ended=changes.ended)
    _write_tasks(step, changes, act, synced)
    write_jobs(step, changes, gathered, synced)
    write_timers(step, changes, synced)
    write_subscriptions(step, changes, synced)
    write_history(step, changes, gathered, act)
    write_incidents(step, changes, gathered, synced)
    if gathered.notices:
        step.database.execute(INSERT_NOTICES, gathered.notices)
    synced.thrown = [
        Outgoing(
            one.name,
            one.correlation_key or "",
            plain(dict(one.payload)),
            None,
            is_signal=one.kind == "signal",
        )
        for one in changes.thrown
    ]
    return synced


# --- user tasks --------------------------------------------------------------------------------
def _write_tasks(step: "Step", changes: Changes, act: Act | None, synced: Synced) -> None:
    database = step.database
    synced.closed = {one.task_id for one in changes.closed}
    opened = [one for one in changes.opened if one.task_id not in synced.closed]
    if opened:
        forms = current(step.work.session, step.flow).forms
        rows: list[dict[str, Any]] = []
        candidates: list[dict[str, Any]] = []
        seats: list[dict[str, Any]] = []
        for task in opened:
            form = forms.get(task.form_id or "")
            placed = place(step, task)
            row = _task_row(step, placed, None if form is None else form.version)
            for each in _row_per_seat(step, placed, row, seats):
                rows.append(each)
                candidates.extend(_candidate_rows(each, placed.owners))
                synced.opened.append(
                    OpenedTask(
                        each["id"],
                        task.element.id,
                        row["name"],
                        row["name_en"],
                        each["assignee"],
                        placed.owners,
                    )
                )
            synced.due(row["sla_at"])
            if placed.has_more:
                step.placed.append(placed)
        step.batch.add(_INSERT_TASKS, *rows)
        if seats:
            step.batch.send()
            database.execute(insert(table_of(SeatRow)), seats)
        if candidates:
            step.batch.add(_INSERT_CANDIDATES, *candidates)
    if synced.closed:
        done = act.task_id if act is not None else None
        cancelled = [one for one in synced.closed if one != done]
        if cancelled:
            _cancel(step, cancelled)
        if len(synced.closed) == 1:
            step.batch.add(_FORGET_CANDIDATES_OF_ONE, {"b_task_id": next(iter(synced.closed))})
        else:
            database.execute(_FORGET_CANDIDATES, {"ids": list(synced.closed)})


def _cancel(step: "Step", token_ids: list[UUID]) -> None:
    """Close tasks that the engine withdrew, with all seats of theirs."""
    database, ids = step.database, {"ids": token_ids}
    database.execute(_FORGET_CANDIDATES_OF_SEATS, ids)
    database.execute(_CANCEL_TASKS, {**ids, "at": step.work.now})
    database.execute(_LEAVE_SEATS, ids)


def _row_per_seat(
    step: "Step", placed: Placement, row: dict[str, Any], seats: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The rows of a step: one, or one for each of its signers, whose seats go to `seats`."""
    if not placed.seats or placed.settings is None:
        return [row]
    rows = []
    for number, login in enumerate(placed.seats):
        task_id = row["id"] if number == 0 else new_id()
        seat = seat_row(
            task_id=task_id,
            token_id=row["id"],
            instance_id=row["instance_id"],
            settings=placed.settings,
            place=number,
        )
        seats.append(seat)
        state = TaskState.CLAIMED if seat["state"] == "open" else TaskState.WAITING
        rows.append(row | {"id": task_id, "token_id": row["id"], "assignee": login, "state": state})
    return rows


def _task_row(step: "Step", placed: Placement, form_version: int | None) -> dict[str, Any]:
    task, owners = placed.task, placed.owners
    now = step.work.now
    settings = task.properties
    extra: dict[str, Any] = {}
    if task.mi_item is not None:
        extra["mi"] = [task.mi_item.index, task.mi_item.count]
    if escalate := _setting(settings, "escalate"):
        extra["escalate"] = _said_or_computed(step, escalate, task.task_id)
    return {
        "id": task.task_id,
        "instance_id": step.instance.id,
        "process_id": task.process_id,
        "element_id": task.element.id,
        "name": _one_line(task.name or task.element.name or task.element.id),
        "name_en": _setting(settings, "name.en"),
        "code": _setting(settings, "code"),
        "form_id": task.form_id,
        "form_version": form_version,
        "state": TaskState.CLAIMED if placed.assignee else TaskState.OPEN,
        "version": 1,
        "assignee": placed.assignee,
        "candidates": " ".join(owners) or None,
        "priority": task.priority,
        "created_at": now,
        "due_at": task.due_at,
        "sla_at": None
        if step.instance.halted_at
        else next_rung(step.flow.rungs(), 0, now, task.due_at),
        "paused_seconds": 0,
        "sla_stage": 0,
        "claimed_at": now if placed.assignee else None,
        "has_draft": False,
        "has_files": False,
        "token_id": None,
        "extra": extra or None,
    }


def _said_or_computed(step: "Step", text: str, task_id: UUID) -> Any:
    if not text.startswith("="):
        return text
    return step.host.evaluate(text[1:], step.live.variables(task_id))


def _candidate_rows(row: Mapping[str, Any], owners: tuple[str, ...]) -> list[dict[str, Any]]:
    holder = f"u:{row['assignee']}" if row["assignee"] else None
    shared = {
        "task_id": row["id"],
        "due_at": row["due_at"] or NEVER,
        "created_at": row["created_at"],
        "rank": -row["priority"],
    }
    rows = [
        {**shared, "owner": owner, "candidate": True, "visible": holder in (None, owner)}
        for owner in owners
    ]
    if holder is not None and holder not in owners:
        # Who waits for his turn sees nothing yet.
        visible = row["state"] != TaskState.WAITING
        rows.append({**shared, "owner": holder, "candidate": False, "visible": visible})
    return rows


def _setting(properties: Mapping[str, str], name: str) -> str | None:
    return properties.get(f"jiedan:{name}") or properties.get(name) or None


def _one_line(text: str) -> str:
    return " ".join(text.split())[:255]
