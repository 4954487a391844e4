"""Owns the rows of what an instance waits for besides people: jobs, timers, messages."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from jiedan.core.locks import lock_name
from jiedan.core.prepared import Prepared
from jiedan.flow.engine import Changes, Closed, Timer
from jiedan.flow.host import Gathered, Outgoing
from jiedan.flow.platform import DueJob
from jiedan.flow.states import JobKind, JobState, MessageState
from jiedan.flow.synced import ANY_KEY, Synced
from jiedan.flow.tables import JobRow, MessageRow, SubscriptionRow, table_of

if TYPE_CHECKING:
    from jiedan.flow.step import Step

_jobs, _subscriptions = table_of(JobRow), table_of(SubscriptionRow)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_INSERT_JOBS = insert(_jobs)
_FORGET_TIMERS = delete(_jobs).where(_jobs.c.id.in_(_IDS))
_FORGET_TIMER = Prepared(delete(_jobs).where(_jobs.c.id == bindparam("b_id")))
_FORGET_SUBSCRIPTIONS = delete(_subscriptions).where(_subscriptions.c.task_id.in_(_IDS))
_CANCEL_JOBS = (
    update(_jobs)
    .where(
        _jobs.c.task_id.in_(_IDS),
        _jobs.c.state.in_((JobState.DUE, JobState.RUNNING, JobState.INCIDENT)),
    )
    .values(state=JobState.CANCELLED, done_at=bindparam("at"), fence=_jobs.c.fence + 1)
)


# --- jobs and timers ---------------------------------------------------------------------------
def write_jobs(step: "Step", changes: Changes, gathered: Gathered, synced: Synced) -> None:
    session = step.work.session
    if gathered.jobs:
        session.execute(_INSERT_JOBS, gathered.jobs)
        for job in gathered.jobs:
            if job["state"] == JobState.DUE:
                synced.due(job["due_at"])
                if job["due_at"] <= step.work.now:
                    synced.jobs.append(DueJob(job["id"], job["instance_id"]))
    gone = _ids(changes.jobs_closed)
    if gone:
        session.execute(_CANCEL_JOBS, {"ids": gone, "at": step.work.now})


def write_timers(step: "Step", changes: Changes, synced: Synced) -> None:
    session = step.work.session
    closed = set(_ids(changes.timers_closed))
    rows = [_timer_row(step, one) for one in changes.timers if one.task_id not in closed]
    if rows:
        session.execute(_upsert_timers(session), rows)
        synced.due(min(row["due_at"] for row in rows))
    if len(closed) == 1:
        step.batch.add(_FORGET_TIMER, {"b_id": next(iter(closed))})
    elif closed:
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
    fresh = insert_for(session)(_jobs)
    return fresh.on_conflict_do_update(
        index_elements=["id"],
        set_={"due_at": fresh.excluded.due_at, "state": JobState.DUE, "lease_until": None},
    )


def _upsert_subscriptions(session: Session) -> Any:
    # A token that goes on waiting may say so again, with another key.
    fresh = insert_for(session)(_subscriptions)
    return fresh.on_conflict_do_update(
        index_elements=["task_id"],
        set_={
            "message": fresh.excluded.message,
            "correlation_key": fresh.excluded.correlation_key,
        },
    )


def insert_for(session: Session) -> Any:
    """The INSERT of this database that knows what to do about a conflict."""
    # An installation loads what speaks to its own database only.
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    from sqlalchemy.dialects import sqlite

    return sqlite.insert


# --- messages ----------------------------------------------------------------------------------
def write_subscriptions(step: "Step", changes: Changes, synced: Synced) -> None:
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
        session.execute(_upsert_subscriptions(session), rows)
        synced.early = _early_messages(session, rows)


def waiting_for(message: str) -> str:
    """The name of the lock between who begins to wait for a message and who keeps one."""
    return f"message:{message}"


def _early_messages(session: Session, subscriptions: list[dict[str, Any]]) -> list[Outgoing]:
    for name in sorted({one["message"] for one in subscriptions}):
        lock_name(session, waiting_for(name), shared=True)
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


def _ids(closed: Iterable[Closed]) -> list[UUID]:
    return [one.task_id for one in closed]
