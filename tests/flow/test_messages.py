"""Messages: to who waits, to a start event, too early, twice, contradicting, to nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from jiedan.core.actor import Actor
from jiedan.core.clock import MovableClock
from jiedan.flow.errors import ConflictingPayload, KeyReused
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import resume_instance, show_instance, start_instance, suspend_instance
from jiedan.flow.messages import (
    broadcast_signal,
    deliver_message,
    discard_message,
    list_messages,
    redeliver_message,
)
from jiedan.flow.notices import list_notices
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from jiedan.flow.states import MessageState
from tests.flow.conftest import ADMIN, CLERK, do, only_task
from tests.flow.diagrams import (
    catch_message,
    chain,
    end,
    message,
    message_definition,
    service,
    start,
    user,
)

Deployed = Callable[..., None]
PLATFORM = Actor("platform", "Platform")

WAITS_FOR_PAYMENT = "\n".join(
    [
        message("paid", "payment.received", "order_id"),
        start(),
        user("enter_order", "OC"),
        catch_message("await_payment", "paid"),
        user("ship_order", "OC"),
        end(),
        chain("begin", "enter_order", "await_payment", "ship_order", "finish"),
    ]
)


def pay(flow: Flow, order_id: str = "A1", key: str | None = None, **payload: object):
    return deliver_message(
        flow,
        actor=PLATFORM,
        name="payment.received",
        correlation_key=order_id,
        payload=payload or {"amount": 100},
        key=key,
    )


@pytest.fixture
def waiting(flow: Flow, deployed: Deployed) -> None:
    deployed(order=WAITS_FOR_PAYMENT)
    for order_id in ("A1", "A2"):
        start_instance(flow, actor=CLERK, process_id="order", variables={"order_id": order_id})


def enter_both(flow: Flow) -> None:
    for one in list_tasks(flow, actor=CLERK).items:
        from jiedan.flow.tasks import Answer, complete_task

        complete_task(flow, actor=CLERK, task_id=one.task_id, version=1, answer=Answer("done"))


@pytest.mark.usefixtures("waiting")
def test_a_message_reaches_the_instance_with_its_key_and_no_other(flow: Flow) -> None:
    enter_both(flow)

    delivered = pay(flow, "A2", amount=250)

    view = show_instance(flow, instance_id=only_task(flow, CLERK).instance_id)
    assert delivered.state is MessageState.DELIVERED
    assert delivered.instance_id == view.item.instance_id
    assert (view.variables["order_id"], view.variables["amount"]) == ("A2", 250)


@pytest.mark.usefixtures("waiting")
def test_a_message_that_comes_too_early_waits_for_who_will_wait_for_it(flow: Flow) -> None:
    assert pay(flow).state is MessageState.BUFFERED

    enter_both(flow)

    assert only_task(flow, CLERK).element_id == "ship_order"
    stored = list_messages(flow).items[0]
    assert stored.state is MessageState.DELIVERED
    assert stored.instance_id == only_task(flow, CLERK).instance_id


@pytest.mark.usefixtures("waiting")
def test_the_same_message_again_gets_the_first_result(flow: Flow) -> None:
    enter_both(flow)

    first, second = pay(flow, key="P1"), pay(flow, key="P1")

    assert second.replayed
    assert (first.message_id, first.instance_id) == (second.message_id, second.instance_id)
    assert len(list_messages(flow).items) == 1


@pytest.mark.usefixtures("waiting")
@pytest.mark.req("N2.1.3")
def test_the_same_key_with_another_payload_is_refused(flow: Flow) -> None:
    pay(flow, key="P1", amount=100)

    with pytest.raises(ConflictingPayload):
        pay(flow, key="P1", amount=999)

    assert [one.payload for one in list_messages(flow).items] == [{"amount": 100}]


@pytest.mark.usefixtures("waiting")
def test_a_message_that_nobody_takes_ends_in_the_list_of_unmatched_ones(
    flow: Flow, clock: MovableClock
) -> None:
    lost = pay(flow, "A9")
    clock.advance(timedelta(hours=72))
    run_due(flow)

    unmatched = list_messages(flow, states=frozenset({MessageState.UNMATCHED})).items
    assert [one.id for one in unmatched] == [lost.message_id]
    assert list_notices(flow, actor=ADMIN).items[0].kind == "message"
    discard_message(flow, actor=ADMIN, message_id=lost.message_id, reason="wrong shop")
    assert list_messages(flow).items[0].note == "wrong shop"


@pytest.mark.usefixtures("waiting")
def test_an_unmatched_message_can_be_delivered_later(flow: Flow, clock: MovableClock) -> None:
    lost = pay(flow, "A3")
    clock.advance(timedelta(hours=73))
    run_due(flow)
    start_instance(flow, actor=CLERK, process_id="order", variables={"order_id": "A3"})
    enter_both(flow)
    assert list_tasks(flow, actor=CLERK).items == ()

    delivered = redeliver_message(flow, actor=ADMIN, message_id=lost.message_id)

    assert delivered.state is MessageState.DELIVERED
    assert only_task(flow, CLERK).element_id == "ship_order"


@pytest.mark.usefixtures("waiting")
def test_a_message_for_a_suspended_instance_is_taken_when_it_resumes(flow: Flow) -> None:
    enter_both(flow)
    instance_id = pay(flow, "A2").instance_id
    assert instance_id is not None
    other = next(one for one in (pay_target(flow, "A1"),))
    suspend_instance(flow, actor=ADMIN, instance_id=other, reason="audit")

    assert pay(flow, "A1").state is MessageState.BUFFERED
    resume_instance(flow, actor=ADMIN, instance_id=other)

    assert {one.instance_id for one in list_tasks(flow, actor=CLERK).items} == {
        instance_id,
        other,
    }


def pay_target(flow: Flow, order_id: str):
    from jiedan.flow.instances import list_instances

    return next(
        one.instance_id
        for one in list_instances(flow).items
        if show_instance(flow, instance_id=one.instance_id).variables["order_id"] == order_id
    )


STARTED_BY_MESSAGE = "\n".join(
    [
        message("pushed", "platform.order"),
        start("order_pushed", message_definition("pushed")),
        user("enter_order", "OC"),
        end(),
        chain("order_pushed", "enter_order", "finish"),
    ]
)


def test_a_message_start_event_starts_an_instance_once_per_key(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(order=STARTED_BY_MESSAGE)

    results = [
        deliver_message(
            flow,
            actor=PLATFORM,
            name="platform.order",
            correlation_key="WY1",
            payload={"ref": "WY1"},
            key="push-1",
        )
        for _ in range(2)
    ]

    assert [one.started for one in results] == [True, False]
    assert results[0].instance_id == results[1].instance_id
    view = show_instance(flow, instance_id=only_task(flow, CLERK).instance_id)
    assert view.variables["ref"] == "WY1"
    assert view.item.started_by == "platform"


def test_a_handler_publishes_to_another_instance_in_the_same_transaction(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    @registry.handler("pay.order")
    def pay_order(context: Context, order_id: str) -> dict:
        context.publish("payment.received", order_id, {"amount": 5}, key=f"pay-{order_id}")
        return {}

    pays = [
        start(),
        user("confirm", "FO"),
        service("pay", "pay.order"),
        end(),
        chain("begin", "confirm", "pay", "finish"),
    ]
    deployed(order=WAITS_FOR_PAYMENT, pays="\n".join(pays))
    waiting = start_instance(
        flow, actor=CLERK, process_id="order", variables={"order_id": "A1"}
    ).instance_id
    do(flow, CLERK)
    start_instance(flow, actor=CLERK, process_id="pays", variables={"order_id": "A1"})

    do(flow, Actor("fay", "Fay", frozenset({"FO"})))

    assert only_task(flow, CLERK).instance_id == waiting
    assert show_instance(flow, instance_id=waiting).variables["amount"] == 5


def test_a_start_with_the_same_key_starts_once(flow: Flow, deployed: Deployed) -> None:
    deployed(order=WAITS_FOR_PAYMENT)

    def begin(order_id: str):
        return start_instance(
            flow,
            actor=CLERK,
            process_id="order",
            variables={"order_id": order_id},
            key="s1",
        )

    first, second = begin("A1"), begin("A1")

    assert first.instance_id == second.instance_id
    assert second.replayed
    with pytest.raises(KeyReused):
        begin("A2")
    assert len(list_tasks(flow, actor=CLERK).items) == 1


def signalled(element_id: str, signal_id: str) -> str:
    return (
        f'<bpmn:intermediateCatchEvent id="{element_id}">'
        f'<bpmn:signalEventDefinition id="{element_id}_signal" signalRef="{signal_id}"/>'
        "</bpmn:intermediateCatchEvent>"
    )


WAITS_FOR_SIGNAL = "\n".join(
    [
        '<bpmn:signal id="credit" name="customer.credit.changed"/>',
        start(),
        signalled("await_credit", "credit"),
        user("check_credit", "FO"),
        end(),
        chain("begin", "await_credit", "check_credit", "finish"),
    ]
)
THROWS_SIGNAL = "\n".join(
    [
        '<bpmn:signal id="credit" name="customer.credit.changed"/>',
        start(),
        user("change_credit", "FM"),
        end("changed", '<bpmn:signalEventDefinition id="d1" signalRef="credit"/>'),
        chain("begin", "change_credit", "changed"),
    ]
)
FINANCE = Actor("fay", "Fay", frozenset({"FO"}))


def test_a_signal_reaches_every_instance_that_waits_for_it(flow: Flow, deployed: Deployed) -> None:
    deployed(waits=WAITS_FOR_SIGNAL, throws=THROWS_SIGNAL)
    for _ in range(2):
        start_instance(flow, actor=CLERK, process_id="waits")
    start_instance(flow, actor=CLERK, process_id="throws")

    do(flow, Actor("fred", "Fred", frozenset({"FM"})))

    assert len(list_tasks(flow, actor=FINANCE).items) == 2


def test_a_signal_from_outside_says_how_many_took_it(flow: Flow, deployed: Deployed) -> None:
    deployed(waits=WAITS_FOR_SIGNAL)
    for _ in range(3):
        start_instance(flow, actor=CLERK, process_id="waits")

    assert broadcast_signal(flow, actor=ADMIN, name="customer.credit.changed") == 3
    assert broadcast_signal(flow, actor=ADMIN, name="customer.credit.changed") == 0
