"""Messages against those who begin, cease or go on waiting for them at that moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from jiedan.core.clock import MovableClock
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.instances import resume_instance, suspend_instance
from jiedan.flow.messages import (
    Delivered,
    broadcast_signal,
    deliver_message,
    list_messages,
    redeliver_message,
)
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_job
from tests.flow.conftest import ADMIN
from tests.flow.diagrams import catch_message, chain, end, message, service, start, user
from tests.flow.races.conftest import Arena, complete
from tests.flow.races.instrument import sending

PAID = "\n".join(
    [
        message("paid", "order.paid", "order_id"),
        start(),
        user("enter_order", "OC"),
        catch_message("await_payment", "paid"),
        user("pack_order", "OC"),
        end(),
        chain("begin", "enter_order", "await_payment", "pack_order", "finish"),
    ]
)
PACKING = Counter(["pack_order"])


def pay(flow: Flow, order: str, key: str | None = None) -> Delivered:
    return deliver_message(
        flow, actor=ADMIN, name="order.paid", correlation_key=order, payload={"fen": 1}, key=key
    )


def test_a_message_that_comes_while_somebody_begins_to_wait_is_delivered(arena: Arena) -> None:
    """Neither sees the other before its commit; on PostgreSQL both could pass."""
    arena.deploy(order=PAID)
    for number, meet in enumerate(arena.meetings(at="pg_advisory_xact_lock")):
        order = f"A{number}"
        instance_id = arena.start(order_id=order)

        outcome = meet(
            partial(complete, arena.here, arena.task(instance_id, "enter_order")),
            partial(pay, arena.there, order),
        )

        assert outcome.refusal is None
        books = arena.books(instance_id)
        assert books.tokens == PACKING
        assert (books.waiting, books.messages) == (0, Counter(delivered=number + 1))
        assert books.left["await_payment"] == 1


def test_somebody_who_begins_to_wait_while_a_message_comes_finds_it(arena: Arena) -> None:
    arena.deploy(order=PAID)
    for number, meet in enumerate(arena.meetings(at="INSERT INTO flow_subscriptions")):
        order = f"A{number}"
        instance_id = arena.start(order_id=order)

        outcome = meet(
            partial(pay, arena.there, order),
            partial(complete, arena.here, arena.task(instance_id, "enter_order")),
        )

        assert outcome.winner.state == "buffered"
        books = arena.books(instance_id)
        assert books.tokens == PACKING
        assert (books.waiting, books.messages) == (0, Counter(delivered=number + 1))
        assert books.left["await_payment"] == 1


def test_a_message_that_comes_while_its_instance_is_resumed_is_delivered(arena: Arena) -> None:
    arena.deploy(order=PAID)
    for number, meet in enumerate(arena.meetings(at="pg_advisory_xact_lock")):
        order = f"A{number}"
        instance_id = arena.start(order_id=order)
        complete(arena.here, arena.task(instance_id, "enter_order"))
        suspend_instance(arena.here, actor=ADMIN, instance_id=instance_id, reason="stop")

        outcome = meet(
            partial(resume_instance, arena.here, actor=ADMIN, instance_id=instance_id),
            partial(pay, arena.there, order),
        )

        assert outcome.refusal is None
        books = arena.books(instance_id)
        assert (books.state, books.tokens) == ("active", PACKING)
        assert (books.waiting, books.messages) == (0, Counter(delivered=number + 1))


@pytest.mark.parametrize("key", ["P1", None])
def test_of_two_messages_for_one_wait_the_second_is_the_same_or_is_kept(
    arena: Arena, key: str | None
) -> None:
    arena.deploy(order=PAID)
    for number, meet in enumerate(arena.meetings()):
        order, mark = f"A{number}", key and f"{key}-{number}"
        instance_id = arena.start(order_id=order)
        complete(arena.here, arena.task(instance_id, "enter_order"))

        outcome = meet(
            partial(pay, arena.here, order, mark), partial(pay, arena.there, order, mark)
        )

        assert outcome.winner.state == "delivered"
        assert outcome.loser.replayed is (key is not None)
        assert outcome.loser.state == ("delivered" if key else "buffered")
        books = arena.books(instance_id)
        assert (books.revision, books.tokens, books.waiting) == (3, PACKING, 0)
        assert books.left["await_payment"] == 1
        assert books.messages["delivered"] == number + 1


def test_a_message_that_is_delivered_again_while_it_expires_is_delivered(
    arena: Arena, clock: MovableClock
) -> None:
    arena.deploy(order=PAID)
    for number, (meet, delivered_first) in enumerate(
        (meet, first) for first in (True, False) for meet in arena.meetings(at="FOR UPDATE")
    ):
        order = f"A{number}"
        instance_id = arena.start(order_id=order)
        message_id = pay(arena.here, f"{order}?").message_id
        clock.advance(timedelta(days=400))
        job = arena.job()
        again = partial(redeliver_message, arena.here, actor=ADMIN, message_id=message_id)
        expire = partial(run_job, arena.there, job=job)

        outcome = meet(again, expire) if delivered_first else meet(expire, again)

        assert outcome.refusal is None
        states = [one.state for one in list_messages(arena.here).items]
        assert states[0] == "unmatched"
        assert arena.books(instance_id).jobs == Counter()


def test_a_message_that_expires_while_somebody_begins_to_wait_is_delivered_or_listed(
    arena: Arena, clock: MovableClock
) -> None:
    """Who expires it and who takes it lock the message before its job, both of them."""
    arena.deploy(order=PAID)
    instance_id = arena.start(order_id="A1")
    pay(arena.here, "A1")
    clock.advance(timedelta(days=400))
    job = arena.job()

    outcome = arena.track.held(
        partial(run_job, arena.there, job=job),
        partial(complete, arena.here, arena.task(instance_id, "enter_order")),
        at=sending("UPDATE flow_messages"),
    )

    assert outcome.waited
    assert outcome.refusal is None
    books = arena.books(instance_id)
    if arena.on_sqlite:
        # It came to wait after the end of the buffer.
        assert (books.waiting, books.messages) == (1, Counter(unmatched=1))
    else:
        # It had seen the message before.
        assert (books.waiting, books.messages) == (0, Counter(delivered=1))
        assert books.tokens == PACKING
    assert books.jobs == Counter()


def test_two_instances_that_write_to_each_other_at_once_both_get_through(
    arena: Arena, registry: Registry
) -> None:
    """Each holds itself and wants the other: PostgreSQL sends one back, who tries again."""

    @registry.handler("post.write")
    def write(context: Context, me: str, other: str) -> dict[str, Any]:
        context.publish("post.letter", other, {"said": me})
        return {}

    body = "\n".join(
        [
            message("letter", "post.letter", "me"),
            start(),
            '<bpmn:parallelGateway id="split"/>',
            user("enter_order", "OC"),
            service("write", "post.write"),
            catch_message("await_letter", "letter"),
            end("written"),
            end("read"),
            chain("begin", "split", "enter_order", "write", "written"),
            chain("split", "await_letter", "read"),
        ]
    )
    arena.deploy(order=body)
    first = arena.start(me="A", other="B")
    second = arena.start(me="B", other="A")

    outcome = arena.track.held(
        partial(complete, arena.here, arena.task(first, "enter_order")),
        partial(complete, arena.there, arena.task(second, "enter_order")),
        # It has its own instance, and has yet to look for the other.
        at=sending("FROM flow_subscriptions"),
        until=sending("FROM flow_subscriptions"),
    )

    assert outcome.refusal is None
    assert [arena.books(one).state for one in (first, second)] == ["completed", "completed"]
    assert arena.books(first).messages == Counter(delivered=2)
    assert max(arena.books(first).left.values()) == 1
    assert (arena.track.deadlocks == 0) is arena.on_sqlite
    arena.track.deadlocks = 0


def test_two_signals_at_once_reach_everybody_twice(arena: Arena) -> None:
    body = "\n".join(
        [
            '<bpmn:signal id="bell" name="bell"/>',
            start(),
            user("enter_order", "OC"),
            end(),
            '<bpmn:boundaryEvent id="rung" attachedToRef="enter_order" cancelActivity="false">'
            '<bpmn:signalEventDefinition id="rung_def" signalRef="bell"/></bpmn:boundaryEvent>',
            user("answer_bell", "OC"),
            end("answered"),
            chain("begin", "enter_order", "finish"),
            chain("rung", "answer_bell", "answered"),
        ]
    )
    arena.deploy(order=body)
    ring: Callable[[Flow], Any] = lambda flow: partial(  # noqa: E731
        broadcast_signal, flow, actor=ADMIN, name="bell"
    )
    meet = arena.track.held
    instances = [arena.start() for _ in range(3)]

    outcome = meet(ring(arena.here), ring(arena.there))

    assert (outcome.winner, outcome.loser, outcome.waited) == (3, 3, True)
    for one in instances:
        assert arena.books(one).tasks[("answer_bell", "open")] == 2
