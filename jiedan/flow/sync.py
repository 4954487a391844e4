"""Owns how the engine's changes become rows: tasks, jobs, timers, subscriptions, history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from jiedan.flow.current import current
from jiedan.flow.engine import Changes, Closed, ElementRef, OpenTask, Timer
from jiedan.flow.handlers import plain
from jiedan.flow.host import Gathered, Outgoing, incident_row
from jiedan.flow.ladder import next_rung
from jiedan.flow.owners import ROLE, join_owners
from jiedan.flow.states import (
    IncidentKind,
    IncidentState,
    JobKind,
    JobState,
    MessageState,
    TaskState,
)
from jiedan.flow.tables import (
    ActivityRow,
    IncidentRow,
    JobRow,
    MessageRow,
    NoticeRow,
    SubscriptionRow,
    TaskCandidateRow,
    TaskRow,
    table_of,
)

if TYPE_CHECKING:
    from jiedan.flow.step import Step

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
ANY_KEY = "*"
DEFAULT_PRIORITY = 50

_tasks = table_of(TaskRow)
_candidates = table_of(TaskCandidateRow)
_jobs = table_of(JobRow)
_INSERT_TASKS = insert(_tasks)
_INSERT_CANDIDATES = insert(_candidates)
_INSERT_ACTIVITIES = insert(table_of(ActivityRow))
_INSERT_JOBS = insert(_jobs)
_INSERT_SUBSCRIPTIONS = insert(table_of(SubscriptionRow))
_INSERT_INCIDENTS = insert(table_of(IncidentRow))
_INSERT_NOTICES = insert(table_of(NoticeRow))
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
_FORGET_CANDIDATES_OF_ONE = delete(_candidates).where(_candidates.c.task_id == bindparam("id"))
_FORGET_TIMERS = delete(_jobs).where(_jobs.c.id.in_(_IDS))
_CANCEL_JOBS = (
    update(_jobs)
    .where(
        _jobs.c.task_id.in_(_IDS), _jobs.c.state.in_((JobState.DUE, JobState.RUNNING, "incident"))
    )
    .values(state=JobState.CANCELLED, done_at=bindparam("at"), fence=_jobs.c.fence + 1)
)
_FORGET_SUBSCRIPTIONS = delete(table_of(SubscriptionRow)).where(
    table_of(SubscriptionRow).c.task_id.in_(_IDS)
)


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did that caused the step, for the timeline."""

    task_id: UUID
    actor: str
    on_behalf_of: str | None = None
    outcome: str | None = None
    note: str | None = None
    entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenedTask:
    """A user task that this step opened."""

    task_id: UUID
    element_id: str
    name: str
    name_en: str | None
    assignee: str | None
    owners: tuple[str, ...]


@dataclass(slots=True)
class Synced:
    """What was written, as far as the step goes on from it."""

    opened: list[OpenedTask] = field(default_factory=list)
    closed: set[UUID] = field(default_factory=set)
    incidents: int = 0
    ended: bool = False
    due_at: datetime | None = None
    """The earliest moment at which something new is due."""
    thrown: list[Outgoing] = field(default_factory=list)
    early: list[Outgoing] = field(default_factory=list)
    """Messages that had come before somebody waited for them."""

    def due(self, moment: datetime | None) -> None:
        if moment is not None and (self.due_at is None or moment < self.due_at):
            self.due_at = moment


def write_changes(step: "Step", changes: Changes, gathered: Gathered, act: Act | None) -> Synced:
    """Bring the query rows to what the engine says, with one statement per table."""
    synced = Synced(ended=changes.ended)
    _write_tasks(step, changes, act, synced)
    _write_jobs(step, changes, gathered, synced)
    _write_timers(step, changes, synced)
    _write_subscriptions(step, changes, synced)
    _write_history(step, changes, gathered, act)
    _write_incidents(step, changes, gathered, synced)
    if gathered.notices:
        step.database.execute(_INSERT_NOTICES, gathered.notices)
    synced.thrown = [
        Outgoing(one.name, one.correlation_key or "", plain(dict(one.payload)), None)
        for one in changes.thrown
        if one.kind == "message"
    ]
    return synced


def count_open(session: Session, instance_id: UUID) -> int:
    """How many incidents of an instance wait for an admin."""
    return session.execute(
        select(func.count())
        .select_from(IncidentRow)
        .where(IncidentRow.instance_id == instance_id, IncidentRow.state == IncidentState.OPEN)
    ).scalar_one()


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
        database.execute(_INSERT_TASKS, rows)
        if candidates:
            database.execute(_INSERT_CANDIDATES, candidates)
    if synced.closed:
        done = act.task_id if act is not None else None
        cancelled = [one for one in synced.closed if one != done]
        if cancelled:
            database.execute(_CANCEL_TASKS, {"ids": cancelled, "at": step.work.now})
        if len(synced.closed) == 1:
            database.execute(_FORGET_CANDIDATES_OF_ONE, {"id": next(iter(synced.closed))})
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


# --- jobs and timers ---------------------------------------------------------------------------
def _write_jobs(step: "Step", changes: Changes, gathered: Gathered, synced: Synced) -> None:
    session = step.work.session
    if gathered.jobs:
        session.execute(_INSERT_JOBS, gathered.jobs)
        for job in gathered.jobs:
            if job["state"] == JobState.DUE:
                synced.due(job["due_at"])
    gone = _ids(changes.jobs_closed)
    if gone:
        session.execute(_CANCEL_JOBS, {"ids": gone, "at": step.work.now})


def _write_timers(step: "Step", changes: Changes, synced: Synced) -> None:
    session = step.work.session
    closed = set(_ids(changes.timers_closed))
    rows = [_timer_row(step, one) for one in changes.timers if one.task_id not in closed]
    if rows:
        session.execute(_upsert_timers(session), rows)
        synced.due(min(row["due_at"] for row in rows))
    if closed:
        session.execute(_FORGET_TIMERS, {"ids": list(closed)})


def _timer_row(step: "Step", timer: Timer) -> dict[str, Any]:
    return {
        # A timer has at most one row, and the token's id finds it.
        "id": timer.task_id,
        "kind": JobKind.TIMER,
        "state": JobState.DUE,
        "due_at": timer.due_at,
        "instance_id": step.instance.id,
        "task_id": timer.task_id,
        "process_id": timer.element.process_id,
        "element_id": timer.element.id,
        "attempt": 0,
        "tries": 1,
        "fence": 0,
        "created_at": step.work.now,
    }


def _upsert_timers(session: Session) -> Any:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    fresh = dialect.insert(_jobs)
    return fresh.on_conflict_do_update(
        index_elements=["id"],
        set_={"due_at": fresh.excluded.due_at, "state": JobState.DUE, "lease_until": None},
    )


# --- messages ----------------------------------------------------------------------------------
def _write_subscriptions(step: "Step", changes: Changes, synced: Synced) -> None:
    session = step.work.session
    closed = set(_ids(changes.subscriptions_closed))
    rows = [
        {
            "task_id": one.task_id,
            "instance_id": step.instance.id,
            "element_id": one.element.id,
            "message": one.message if one.kind == "message" else f"{one.kind}:{one.message}",
            "correlation_key": ANY_KEY if one.correlation_key is None else one.correlation_key,
            "created_at": step.work.now,
        }
        for one in changes.subscriptions
        if one.task_id not in closed
    ]
    if closed:
        session.execute(_FORGET_SUBSCRIPTIONS, {"ids": list(closed)})
    if rows:
        session.execute(_INSERT_SUBSCRIPTIONS, rows)
        synced.early = _early_messages(session, rows)


def _early_messages(session: Session, subscriptions: list[dict[str, Any]]) -> list[Outgoing]:
    waiting = session.execute(
        select(MessageRow.id, MessageRow.name, MessageRow.correlation_key, MessageRow.payload)
        .where(
            MessageRow.state == MessageState.BUFFERED,
            MessageRow.name.in_({one["message"] for one in subscriptions}),
        )
        .order_by(MessageRow.received_at)
        .limit(1000)
    ).all()
    wanted = {(one["message"], one["correlation_key"]) for one in subscriptions}
    return [
        Outgoing(row.name, row.correlation_key, row.payload, None, buffered_id=row.id)
        for row in waiting
        if (row.name, row.correlation_key) in wanted or (row.name, ANY_KEY) in wanted
    ]


def early_messages(session: Session, instance_id: UUID) -> list[Outgoing]:
    """Buffered messages that an instance waits for, for when it could not take them."""
    rows = session.execute(
        select(SubscriptionRow.message, SubscriptionRow.correlation_key).where(
            SubscriptionRow.instance_id == instance_id
        )
    ).all()
    if not rows:
        return []
    return _early_messages(session, [dict(row._mapping) for row in rows])


# --- history and incidents ---------------------------------------------------------------------
def _write_history(step: "Step", changes: Changes, gathered: Gathered, act: Act | None) -> None:
    rows: list[dict[str, Any]] = []
    for entered in changes.entered:
        if entered.left_at is not None:
            rows.append(
                _activity(step, entered.element, entered.task_id, entered.left_at, entered.how)
            )
    for left in changes.left:
        row = _activity(step, left.element, left.task_id, left.at, left.how)
        if act is not None and act.task_id == left.task_id:
            row |= {
                "actor": act.actor,
                "on_behalf_of": act.on_behalf_of,
                "outcome": act.outcome,
                "note": act.note,
                "entered_at": act.entered_at,
            }
        rows.append(row)
    asked = dict(gathered.decisions)
    for row in rows:
        decisions = asked.pop(row["element_id"], None)
        if decisions:
            row["detail"] = {"decisions": decisions}
    # A decision that a listener, loader or deadline asked for while its element stays open.
    for element_id, decisions in asked.items():
        if element_id:
            rows.append(_note(step, element_id, decisions))
    if rows:
        step.database.execute(_INSERT_ACTIVITIES, rows)


def _activity(
    step: "Step", element: ElementRef, task_id: UUID, at: datetime, how: str | None
) -> dict[str, Any]:
    waits = element.kind in ("userTask", "callActivity", "subProcess")
    return {
        "instance_id": step.instance.id,
        "process_id": element.process_id,
        "element_id": element.id,
        "kind": element.kind,
        "task_id": task_id if waits else None,
        "entered_at": None,
        "at": at,
        "actor": None,
        "on_behalf_of": None,
        "outcome": None if how in (None, "completed") else how,
        "note": None,
        "detail": None,
    }


def _note(step: "Step", element_id: str, decisions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "instance_id": step.instance.id,
        "process_id": step.instance.process_id,
        "element_id": element_id,
        "kind": "decision",
        "task_id": None,
        "entered_at": None,
        "at": step.work.now,
        "actor": None,
        "on_behalf_of": None,
        "outcome": None,
        "note": None,
        "detail": {"decisions": decisions},
    }


def _write_incidents(step: "Step", changes: Changes, gathered: Gathered, synced: Synced) -> None:
    session, now = step.work.session, step.work.now
    rows = list(gathered.incidents)
    for failure in changes.failures:
        rows.append(
            _incident(
                step,
                IncidentKind.EXPRESSION_FAILED,
                failure.element,
                failure.task_id,
                failure.message
                if not failure.expression
                else f"{failure.message} ({failure.expression})",
            )
        )
    for error in changes.uncaught_errors:
        said = f"{error.code}: {error.message}" if error.message else error.code
        rows.append(
            _incident(step, IncidentKind.UNCAUGHT_ERROR, error.element, error.task_id, said)
        )
    if changes.dead and not changes.ended:
        rows.append(
            incident_row(
                step.instance.id,
                kind=IncidentKind.DEAD_END,
                message="neither finished nor waiting for anything",
                at=now,
            )
        )
    if changes.failures_closed:
        session.execute(
            update(table_of(IncidentRow))
            .where(
                table_of(IncidentRow).c.instance_id == step.instance.id,
                table_of(IncidentRow).c.task_id.in_(list(changes.failures_closed)),
                table_of(IncidentRow).c.state == IncidentState.OPEN,
            )
            .values(
                state=IncidentState.RESOLVED,
                resolved_at=now,
                resolved_by=step.work.actor.login,
                resolution="gone",
            )
        )
    if not rows:
        return
    session.execute(_INSERT_INCIDENTS, rows)
    session.execute(_INSERT_NOTICES, [_incident_notice(step, row) for row in rows])
    synced.incidents = len(rows)


def _incident(
    step: "Step", kind: IncidentKind, element: ElementRef, task_id: UUID, message: str
) -> dict[str, Any]:
    return incident_row(
        step.instance.id,
        kind=kind,
        message=message,
        at=step.work.now,
        task_id=task_id,
        process_id=element.process_id,
        element_id=element.id,
    )


def _incident_notice(step: "Step", row: Mapping[str, Any]) -> dict[str, Any]:
    # The same id: an incident has one notice, and the notice leads to it.
    return {
        "id": row["id"],
        "owner": ROLE + step.flow.admins,
        "at": step.work.now,
        "kind": "incident",
        "msgid": INCIDENT_NOTICE,
        "params": {
            "number": step.instance.business_key or step.instance.process_id,
            **_names(step, row),
            "message": row["message"][:300],
        },
        "instance_id": step.instance.id,
        "task_id": None,
    }


def _names(step: "Step", row: Mapping[str, Any]) -> dict[str, str]:
    element = step.bundle.element(row["process_id"] or "", row["element_id"] or "")
    if element is None:
        return {"element": row["element_id"] or step.instance.process_id}
    return {"element": element.name, "element.en": element.name_en}


INCIDENT_NOTICE = "%(number)s needs help at %(element)s: %(message)s"


def _ids(closed: Iterable[Closed]) -> list[UUID]:
    return [one.task_id for one in closed]
