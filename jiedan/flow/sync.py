"""Owns how the engine's changes become rows, and writes those of user tasks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, delete, insert, update

from jiedan.core.prepared import Prepared
from jiedan.flow.current import current
from jiedan.flow.engine import Changes, OpenTask
from jiedan.flow.handlers import plain
from jiedan.flow.host import Gathered, Outgoing
from jiedan.flow.ladder import next_rung
from jiedan.flow.owners import ROLE, join_owners
from jiedan.flow.states import TaskState
from jiedan.flow.sync_history import INSERT_NOTICES, write_history, write_incidents
from jiedan.flow.sync_waits import write_jobs, write_subscriptions, write_timers
from jiedan.flow.synced import NEVER, Act, OpenedTask, Synced
from jiedan.flow.tables import TaskCandidateRow, TaskRow, table_of

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
    .where(_tasks.c.id.in_(_IDS))
    .values(
        state=TaskState.CANCELLED,
        completed_at=bindparam("at"),
        sla_at=None,
        version=_tasks.c.version + 1,
    )
)
_FORGET_CANDIDATES = delete(_candidates).where(_candidates.c.task_id.in_(_IDS))
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
        rows, candidates = [], []
        for task in opened:
            form = forms.get(task.form_id or "")
            owners = _owners(step, task)
            row = _task_row(step, task, None if form is None else form.version, owners)
            rows.append(row)
            candidates.extend(_candidate_rows(row, owners))
            synced.due(row["sla_at"])
            synced.opened.append(
                OpenedTask(
                    task.task_id,
                    task.element.id,
                    row["name"],
                    row["name_en"],
                    task.assignee,
                    owners,
                )
            )
        _INSERT_TASKS.run_all(database, rows)
        if candidates:
            _INSERT_CANDIDATES.run_all(database, candidates)
    if synced.closed:
        done = act.task_id if act is not None else None
        cancelled = [one for one in synced.closed if one != done]
        if cancelled:
            database.execute(_CANCEL_TASKS, {"ids": cancelled, "at": step.work.now})
        if len(synced.closed) == 1:
            _FORGET_CANDIDATES_OF_ONE.run(database, {"b_task_id": next(iter(synced.closed))})
        else:
            database.execute(_FORGET_CANDIDATES, {"ids": list(synced.closed)})


def _owners(step: "Step", task: OpenTask) -> tuple[str, ...]:
    owners = join_owners(task.candidate_users, task.candidate_groups)
    if owners or task.assignee:
        return owners
    element = step.bundle.element(task.process_id, task.element.id)
    if element is not None and element.roles:
        return join_owners((), element.roles)
    # Nobody was found: an admin must see it, or nobody would.
    return (ROLE + step.flow.admins,)


def _task_row(
    step: "Step", task: OpenTask, form_version: int | None, owners: tuple[str, ...]
) -> dict[str, Any]:
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
        "state": TaskState.CLAIMED if task.assignee else TaskState.OPEN,
        "version": 1,
        "assignee": task.assignee,
        "candidates": " ".join(owners) or None,
        "priority": task.priority,
        "created_at": now,
        "due_at": task.due_at,
        "sla_at": None
        if step.instance.halted_at
        else next_rung(step.flow.rungs(), 0, now, task.due_at),
        "paused_seconds": 0,
        "sla_stage": 0,
        "claimed_at": now if task.assignee else None,
        "has_draft": False,
        "has_files": False,
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
        rows.append({**shared, "owner": holder, "candidate": False, "visible": True})
    return rows


def _setting(properties: Mapping[str, str], name: str) -> str | None:
    return properties.get(f"jiedan:{name}") or properties.get(name) or None


def _one_line(text: str) -> str:
    return " ".join(text.split())[:255]
