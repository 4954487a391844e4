"""Owns the message inbox: deduplicate, deliver, buffer, list what nobody waited for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.work import Work
from jiedan.flow.delivery import Delivered, broadcast, drain, place_again, receive
from jiedan.flow.errors import MessageNotFound, ReasonMissing
from jiedan.flow.handlers import plain
from jiedan.flow.host import Outgoing
from jiedan.flow.idempotency import first_or_again
from jiedan.flow.pages import COUNT_UP_TO, Page, count_of, cursor, moment, read_cursor
from jiedan.flow.platform import Flow
from jiedan.flow.searching import search_words
from jiedan.flow.states import MessageState
from jiedan.flow.tables import JobRow, MessageRow

__all__ = [
    "Delivered",
    "Message",
    "broadcast_signal",
    "deliver_message",
    "discard_message",
    "list_messages",
    "publish",
    "redeliver_message",
]


@dataclass(frozen=True, slots=True)
class Message:
    id: UUID
    name: str
    correlation_key: str
    key: str
    payload: Mapping[str, Any]
    state: MessageState
    received_at: datetime
    received_by: str
    expires_at: datetime | None
    delivered_at: datetime | None
    instance_id: UUID | None
    note: str | None


@again_if_undone
def deliver_message(
    flow: Flow,
    *,
    actor: Actor,
    name: str,
    correlation_key: str,
    payload: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Delivered:
    """Take a message from outside: to the instance that waits, to a message start, or the buffer.

    The same key and payload again gets the first result (`replayed`); the same key with another
    payload raises ConflictingPayload.
    """

    def once() -> Delivered:
        with flow.platform.work(actor=actor) as work:
            return publish(
                work, flow, name=name, correlation_key=correlation_key, payload=payload, key=key
            )

    return first_or_again(once, key)


def publish(
    work: Work,
    flow: Flow,
    *,
    name: str,
    correlation_key: str,
    payload: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Delivered:
    """The same from inside a transaction that is already open."""
    message = Outgoing(name, correlation_key, plain(dict(payload or {})), key)
    delivered = receive(work, flow, message)
    drain(work, flow)
    return delivered


@again_if_undone
def broadcast_signal(
    flow: Flow, *, actor: Actor, name: str, payload: Mapping[str, Any] | None = None
) -> int:
    """Give a signal to every instance that waits for it; how many took it, starts included."""
    with flow.platform.work(actor=actor) as work:
        taken = broadcast(work, flow, Outgoing(name, "", plain(dict(payload or {})), None))
        drain(work, flow)
        audit.record(
            work, action="signal.broadcast", entity=f"signal:{name}", after={"taken": taken}
        )
        return taken


def list_messages(
    flow: Flow,
    *,
    states: frozenset[MessageState] = frozenset(),
    query: str = "",
    after: str | None = None,
    size: int = 20,
) -> Page[Message]:
    """Newest first; `{UNMATCHED}` is the dead-letter list."""
    wanted = select(MessageRow)
    if states:
        wanted = wanted.where(MessageRow.state.in_(states))
    for word in search_words(query):
        wanted = wanted.where(
            MessageRow.name.ilike(f"%{word}%", escape="\\")
            | MessageRow.correlation_key.ilike(f"%{word}%", escape="\\")
            | MessageRow.key.ilike(f"%{word}%", escape="\\")
        )
    counted = wanted.with_only_columns(MessageRow.id).limit(COUNT_UP_TO)
    keys = read_cursor(after, moment, UUID)
    if keys is not None:
        wanted = wanted.where(tuple_(MessageRow.received_at, MessageRow.id) < (keys[0], keys[1]))
    newest = wanted.order_by(MessageRow.received_at.desc(), MessageRow.id.desc())
    with flow.platform.read() as session:
        number = len(session.execute(counted).all())
        rows = session.scalars(newest.limit(size + 1)).all()
        last = rows[size - 1] if len(rows) > size else None
        return Page(
            items=tuple(_message(row) for row in rows[:size]),
            after=None if last is None else cursor(last.received_at, last.id),
            count=count_of(number),
        )


@again_if_undone
def redeliver_message(flow: Flow, *, actor: Actor, message_id: UUID) -> Delivered:
    """Try an unmatched or buffered message again."""
    with flow.platform.work(actor=actor) as work:
        row = _undelivered(work, message_id)
        message = Outgoing(row.name, row.correlation_key, row.payload, None)
        delivered = place_again(work, flow, message_id, message)
        drain(work, flow)
        return delivered


@again_if_undone
def discard_message(flow: Flow, *, actor: Actor, message_id: UUID, reason: str) -> None:
    """Say that an unmatched message needs nobody."""
    if not reason.strip():
        raise ReasonMissing
    with flow.platform.work(actor=actor) as work:
        _undelivered(work, message_id)
        work.session.execute(
            update(MessageRow)
            .where(MessageRow.id == message_id)
            .values(state=MessageState.DISCARDED, note=reason.strip(), expires_at=None)
        )
        work.session.execute(delete(JobRow).where(JobRow.id == message_id))
        audit.record(
            work,
            action="message.discarded",
            entity=f"message:{message_id}",
            after={"reason": reason.strip()},
        )


def _undelivered(work: Work, message_id: UUID) -> Any:
    row = work.session.execute(
        select(MessageRow.name, MessageRow.correlation_key, MessageRow.payload)
        .where(
            MessageRow.id == message_id,
            MessageRow.state.in_((MessageState.BUFFERED, MessageState.UNMATCHED)),
        )
        .with_for_update()
    ).first()
    if row is None:
        raise MessageNotFound
    return row


def _message(row: MessageRow) -> Message:
    return Message(
        id=row.id,
        name=row.name,
        correlation_key=row.correlation_key,
        key=row.key,
        payload=row.payload,
        state=MessageState(row.state),
        received_at=row.received_at,
        received_by=row.received_by,
        expires_at=row.expires_at,
        delivered_at=row.delivered_at,
        instance_id=row.instance_id,
        note=row.note,
    )
