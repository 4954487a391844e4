"""Owns the way of a message inside a transaction: to who waits, to a start event, to the buffer."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, insert, select, update

from jiedan.core import audit
from jiedan.core.ids import new_id
from jiedan.core.locks import lock_name
from jiedan.core.work import Work
from jiedan.flow.current import current
from jiedan.flow.errors import ConflictingPayload, InstanceLoops
from jiedan.flow.host import Outgoing
from jiedan.flow.platform import Flow
from jiedan.flow.starting import begin
from jiedan.flow.states import InstanceState, JobKind, JobState, MessageState
from jiedan.flow.step import Step, outbox_of, step_if_running, step_with_rules
from jiedan.flow.sync_waits import waiting_for
from jiedan.flow.synced import ANY_KEY, Act
from jiedan.flow.tables import InstanceRow, JobRow, MessageRow, SubscriptionRow, table_of
from jiedan.flow.verbs.automatic import follow_rules

MESSAGES_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a message. `started` when it started the instance."""

    message_id: UUID
    state: MessageState
    instance_id: UUID | None
    started: bool = False
    replayed: bool = False


def go(step: Step, act: Act | None = None) -> None:
    """Run a step to the next wait state, and all that its messages set going."""
    step.run(act)
    drain(step.work, step.flow)


def drain(work: Work, flow: Flow) -> None:
    """Deliver what the steps of this transaction sent, and follow the rules of opened tasks."""
    outbox = outbox_of(work)
    sent = followed = 0
    while True:
        while outbox:
            message = outbox.popleft()
            sent += 1
            if sent > MESSAGES_AT_ONCE:
                raise InstanceLoops(element=message.name)
            if message.is_signal:
                broadcast(work, flow, message)
            elif message.buffered_id is not None:
                place_again(work, flow, message.buffered_id, message)
            else:
                receive(work, flow, message)
        step = step_with_rules(work)
        if step is None:
            return
        followed = follow_rules(step, followed)


def receive(work: Work, flow: Flow, message: Outgoing) -> Delivered:
    """Take a message in, once per key. Raises ConflictingPayload. Call `drain` afterwards."""
    digest = payload_digest(message)
    if message.key is not None:
        known = _known(work, message, digest)
        if known is not None:
            return known
    message_id = new_id()
    state, instance_id, started = _place(work, flow, message)
    if state is MessageState.BUFFERED:
        # Whoever begins to wait for it at this moment is either seen now, or finds it kept.
        lock_name(work.session, waiting_for(message.name))
        instance_id = _give_to_waiting(work, flow, message)
        state = MessageState.BUFFERED if instance_id is None else MessageState.DELIVERED
    expires_at = work.now + flow.buffer_time() if state is MessageState.BUFFERED else None
    work.session.execute(
        insert(table_of(MessageRow)),
        {
            "id": message_id,
            "name": message.name,
            "correlation_key": message.correlation_key,
            "key": message.key or str(message_id),
            "payload": message.payload,
            "payload_sha256": digest,
            "state": state,
            "received_at": work.now,
            "received_by": work.actor.login,
            "expires_at": expires_at,
            "delivered_at": work.now if state is MessageState.DELIVERED else None,
            "instance_id": instance_id,
        },
    )
    if expires_at is not None:
        _expire_at(work, flow, message_id, message.name, expires_at)
    audit.record(
        work,
        action=f"message.{state}",
        entity=f"message:{message_id}",
        after={"name": message.name, "key": message.key, "sha256": digest},
    )
    return Delivered(message_id, state, instance_id, started)


def place_again(work: Work, flow: Flow, message_id: UUID, message: Outgoing) -> Delivered:
    """Try a stored message that was not delivered yet. Call `drain` afterwards."""
    row = work.session.execute(
        select(MessageRow.state).where(MessageRow.id == message_id).with_for_update()
    ).one()
    if row.state not in (MessageState.BUFFERED, MessageState.UNMATCHED):
        return Delivered(message_id, MessageState(row.state), None)
    state, instance_id, started = _place(work, flow, message)
    if state is MessageState.BUFFERED:
        return Delivered(message_id, MessageState(row.state), None)
    work.session.execute(
        update(MessageRow)
        .where(MessageRow.id == message_id)
        .values(state=state, delivered_at=work.now, instance_id=instance_id, expires_at=None)
    )
    work.session.execute(delete(JobRow).where(JobRow.id == message_id))
    audit.record(work, action=f"message.{state}", entity=f"message:{message_id}")
    return Delivered(message_id, state, instance_id, started)


def broadcast(work: Work, flow: Flow, signal: Outgoing) -> int:
    """Give a signal to every instance that waits for it; how many took it.

    The instance that threw it has had it already and waits no more. Call `drain` afterwards.
    """
    waiting = work.session.execute(
        select(SubscriptionRow.instance_id)
        .join(InstanceRow, InstanceRow.id == SubscriptionRow.instance_id)
        .where(
            SubscriptionRow.message == f"signal:{signal.name}",
            InstanceRow.state.in_((InstanceState.ACTIVE, InstanceState.INCIDENT)),
        )
        # In one order everywhere, so that two broadcasts do not wait for each other's locks.
        .order_by(SubscriptionRow.instance_id)
    ).scalars()
    taken = 0
    for instance_id in dict.fromkeys(waiting.all()):
        step = step_if_running(work, flow, instance_id)
        if step is not None and step.live.broadcast(signal.name, signal.payload):
            step.run()
            taken += 1
    for process_id, version in current(work.session, flow).processes.items():
        if signal.name in version.facts.get("signal_starts", ()):
            begin(
                work,
                flow,
                process_id=process_id,
                variables=signal.payload,
                signal=signal.name,
            )
            taken += 1
    return taken


def payload_digest(message: Outgoing) -> str:
    """What makes two messages with one key the same message."""
    content = [message.correlation_key, message.payload]
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _known(work: Work, message: Outgoing, digest: str) -> Delivered | None:
    row = work.session.execute(
        select(
            MessageRow.id, MessageRow.state, MessageRow.instance_id, MessageRow.payload_sha256
        ).where(MessageRow.name == message.name, MessageRow.key == message.key)
    ).first()
    if row is None:
        return None
    if row.payload_sha256 != digest:
        raise ConflictingPayload
    return Delivered(row.id, MessageState(row.state), row.instance_id, replayed=True)


def _place(work: Work, flow: Flow, message: Outgoing) -> tuple[MessageState, UUID | None, bool]:
    """Give it to the instance that has waited longest, else to a start event, else keep it."""
    instance_id = _give_to_waiting(work, flow, message)
    if instance_id is not None:
        return MessageState.DELIVERED, instance_id, False
    start = current(work.session, flow).message_starts.get(message.name)
    if start is not None:
        step = begin(
            work,
            flow,
            process_id=start[0],
            variables=message.payload,
            message=message.name,
        )
        return MessageState.DELIVERED, step.instance.id, True
    return MessageState.BUFFERED, None, False


def _give_to_waiting(work: Work, flow: Flow, message: Outgoing) -> UUID | None:
    waiting = work.session.execute(
        select(SubscriptionRow.instance_id)
        .join(InstanceRow, InstanceRow.id == SubscriptionRow.instance_id)
        .where(
            SubscriptionRow.message == message.name,
            SubscriptionRow.correlation_key.in_((message.correlation_key, ANY_KEY)),
            InstanceRow.state.in_((InstanceState.ACTIVE, InstanceState.INCIDENT)),
        )
        .order_by(SubscriptionRow.created_at)
    ).scalars()
    for instance_id in dict.fromkeys(waiting.all()):
        # Between the look and the lock somebody else may have got there first.
        step = step_if_running(work, flow, instance_id)
        if step is not None and step.live.deliver(
            message.name, message.correlation_key, message.payload
        ):
            step.run()
            return instance_id
    return None


def _expire_at(work: Work, flow: Flow, message_id: UUID, name: str, moment: Any) -> None:
    work.session.execute(
        insert(table_of(JobRow)),
        {
            "id": message_id,
            "kind": JobKind.MESSAGE,
            "state": JobState.DUE,
            "due_at": moment,
            "handler": name[:128],
            "attempt": 0,
            "tries": 1,
            "fence": 0,
            "created_at": work.now,
        },
    )
    flow.due(work, moment)
