"""Owns what the process platform forgets after a while, a bounded part at a time.

Instances, their history, incidents and the audit trail stay. What goes is what nobody looks for
any more: done jobs, delivered messages, notices, idempotency keys, drafts of closed tasks.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Delete, delete, exists, or_, select, tuple_

from jiedan.core import audit
from jiedan.core.actor import SYSTEM
from jiedan.flow.owners import USER
from jiedan.flow.platform import Flow
from jiedan.flow.states import JobState, MessageState, TaskState
from jiedan.flow.tables import (
    DraftRow,
    IdempotencyRow,
    JobRow,
    MessageRow,
    NoticeReadRow,
    NoticeRow,
    TaskRow,
)

AT_ONCE = 500
"""Rows of one kind that one transaction deletes, so that nobody waits for it."""
ROUNDS = 40
"""Transactions of one run for each kind, so that a run ends within its lease."""

_OVER = (JobState.DONE, JobState.CANCELLED)
_DELIVERED = (MessageState.DELIVERED, MessageState.DISCARDED)
_OPEN = (TaskState.OPEN, TaskState.CLAIMED)


def forget_old(flow: Flow) -> bool:
    """Delete what is past its period; True when there is more."""
    gone: dict[str, int] = {}
    more = False
    for kind, keys, old in _kinds(flow):
        some = delete(keys[0].class_).where(
            tuple_(*keys).in_(select(*keys).where(*old).limit(AT_ONCE))
        )
        for _ in range(ROUNDS):
            deleted = _forget(flow, some)
            gone[kind] = gone.get(kind, 0) + deleted
            if deleted < AT_ONCE:
                break
        else:
            more = True
    if any(gone.values()):
        with flow.platform.work(actor=SYSTEM) as work:
            audit.record(work, action="retention.forgotten", entity="platform:flow", after=gone)
    return more


def _kinds(flow: Flow) -> Iterator[tuple[str, tuple[Any, ...], tuple[Any, ...]]]:
    """Kinds of rows: their name, their key, and which of them are old."""
    # A job is never done before it is due.
    yield "jobs", (JobRow.id,), (JobRow.state.in_(_OVER), JobRow.due_at < _before(flow, "jobs"))
    received_before = MessageRow.received_at < _before(flow, "messages")
    yield "messages", (MessageRow.id,), (MessageRow.state.in_(_DELIVERED), received_before)
    # A notice to a role is read by each of its people, so that one reader says nothing.
    read = NoticeRow.owner.startswith(USER, autoescape=True) & exists().where(
        NoticeReadRow.notice_id == NoticeRow.id
    )
    old_unread = NoticeRow.at < _before(flow, "notices")
    yield (
        "notices",
        (NoticeRow.id,),
        (NoticeRow.at < _before(flow, "notices_read"), or_(old_unread, read)),
    )
    used_before = IdempotencyRow.at < _before(flow, "keys")
    yield "keys", (IdempotencyRow.actor, IdempotencyRow.key), (used_before,)
    closed = exists().where(TaskRow.id == DraftRow.task_id, TaskRow.state.not_in(_OPEN))
    yield "drafts", (DraftRow.task_id,), (DraftRow.saved_at < _before(flow, "drafts"), closed)


def _forget(flow: Flow, some: Delete) -> int:
    with flow.platform.work(actor=SYSTEM) as work:
        found = work.session.execute(some, execution_options={"synchronize_session": False})
        return int(found.rowcount)  # type: ignore[attr-defined]


def _before(flow: Flow, kind: str) -> datetime:
    days = flow.platform.parameters.number(f"retention.{kind}_days")
    return flow.platform.clock.now() - timedelta(days=float(days))
