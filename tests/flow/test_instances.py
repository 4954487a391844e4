"""Instances: several processes on one database, lists, the heat map, rights of admins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.clock import MovableClock
from jiedan.flow.errors import (
    InstanceInState,
    InstanceNotFound,
    InstanceOver,
    NotAllowed,
    ReasonMissing,
)
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.history import visits
from jiedan.flow.instances import (
    cancel_instance,
    list_instances,
    resume_instance,
    show_instance,
    start_instance,
    suspend_instance,
)
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from tests.flow.conftest import ADMIN, CLERK, MANAGER, do, only_task
from tests.flow.diagrams import chain, end, exclusive, parallel, service, start, user
from tests.flow.diagrams import flow as arrow

Deployed = Callable[..., None]

LOOP = "\n".join(
    [
        start(),
        user("enter_order", "OC"),
        exclusive("enough", "enter_order"),
        end(),
        chain("begin", "enter_order", "enough"),
        arrow("enough", "finish", "amount &gt; 100"),
        arrow("enough", "enter_order"),
    ]
)


def test_several_processes_work_on_one_instance_in_turn_without_losing_anything(
    flow: Flow, deployed: Deployed
) -> None:
    branches = [f"part{n}" for n in range(6)]
    body = [
        start(),
        parallel("split"),
        *(user(one, users=one) for one in branches),
        parallel("join"),
        user("check", "SM"),
        end(),
        chain("begin", "split"),
        *(chain("split", one, "join") for one in branches),
        chain("join", "check", "finish"),
    ]
    deployed(parts="\n".join(body))
    # Each has caches of its own, as two server processes have.
    others = [flow, Flow(flow.platform, registry=flow.registry)]
    started = start_instance(flow, actor=CLERK, process_id="parts")

    for turn, one in enumerate(branches):
        do(others[turn % 2], Actor(one, one), one, **{one: turn})

    view = show_instance(flow, instance_id=started.instance_id)
    assert {one: view.variables[one] for one in branches} == {
        one: turn for turn, one in enumerate(branches)
    }
    assert only_task(flow, MANAGER).element_id == "check"


def test_a_refused_step_leaves_the_instance_as_it_was(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    @registry.handler("orders.check")
    def check(context: Context, answer: dict) -> dict:
        if answer["amount"] == 13:
            # Late enough that rows were written already.
            context.set_title("never")
            raise KeyError("no thirteen")
        return {"amount": answer["amount"]}

    body = [
        start(),
        user("enter_order", "OC", listener="orders.check"),
        user("review_order", "SM"),
        end(),
        chain("begin", "enter_order", "review_order", "finish"),
    ]
    deployed(order="\n".join(body))
    started = start_instance(flow, actor=CLERK, process_id="order")
    before = show_instance(flow, instance_id=started.instance_id)

    with pytest.raises(KeyError):
        do(flow, CLERK, amount=13)

    assert show_instance(flow, instance_id=started.instance_id) == before
    assert do(flow, CLERK, amount=1).next_tasks[0].element_id == "review_order"


def test_the_list_of_instances_is_searched_filtered_and_paged(
    flow: Flow, registry: Registry, deployed: Deployed, clock: MovableClock
) -> None:
    @registry.handler("orders.name")
    def name(context: Context, number: str, customer: str) -> dict:
        context.set_business_key(number)
        context.set_title(customer, {"客户": customer})
        return {}

    body = [
        start(),
        service("name_it", "orders.name"),
        user("enter_order", "OC"),
        end(),
        chain("begin", "name_it", "enter_order", "finish"),
    ]
    deployed(order="\n".join(body))
    for n, customer in enumerate(["张三贸易", "李四科技", "张三贸易", "王五工厂", "李四科技"]):
        clock.advance(timedelta(minutes=1))
        start_instance(
            flow,
            actor=CLERK if n % 2 else MANAGER,
            process_id="order",
            variables={"number": f"XS2026030{n}-0001", "customer": customer},
        )

    def numbers(**wanted: object) -> list[str]:
        page = list_instances(flow, **wanted)
        return [(one.business_key or "")[9:10] for one in page.items]

    assert numbers() == ["4", "3", "2", "1", "0"]
    assert numbers(query="zhangsan") == ["2", "0"]
    assert numbers(query="lskj") == ["4", "1"]
    assert numbers(query="李四 20260301") == ["1"]
    assert numbers(query="xs20260303") == ["3"]
    assert numbers(query="XS20260303-0001") == ["3"]
    assert numbers(query="%") == []
    assert numbers(started_by="ann") == ["3", "1"]
    assert numbers(business_key="XS20260302-0001") == ["2"]
    assert numbers(process_id="other") == []
    assert numbers(states=frozenset({InstanceState.COMPLETED})) == []
    assert list_instances(flow).items[0].waiting_at == ("enter_order",)
    first = list_instances(flow, size=2)
    second = list_instances(flow, size=2, after=first.after)
    third = list_instances(flow, size=2, after=second.after)
    together = [*first.items, *second.items, *third.items]
    assert [one.instance_id for one in together] == [
        one.instance_id for one in list_instances(flow).items
    ]
    assert third.after is None
    assert first.count.number == 5


def test_the_heat_map_counts_every_visit(flow: Flow, deployed: Deployed) -> None:
    deployed(order=LOOP)
    start_instance(flow, actor=CLERK, process_id="order")
    for amount in (1, 2, 3, 500):
        do(flow, CLERK, amount=amount)

    assert visits(flow, process_id="order") == {
        "begin": 1,
        "enter_order": 4,
        "enough": 4,
        "finish": 1,
    }
    assert visits(flow, process_id="order", version=7) == {}


def test_only_admins_repair_and_they_say_why(flow: Flow, deployed: Deployed) -> None:
    deployed(order=LOOP)
    instance_id = start_instance(flow, actor=CLERK, process_id="order").instance_id

    for verb in (suspend_instance, resume_instance, cancel_instance):
        with pytest.raises(NotAllowed):
            verb(flow, actor=CLERK, instance_id=instance_id, reason="please")
    with pytest.raises(ReasonMissing):
        cancel_instance(flow, actor=ADMIN, instance_id=instance_id, reason=" ")
    with pytest.raises(InstanceInState):
        resume_instance(flow, actor=ADMIN, instance_id=instance_id)
    cancel_instance(flow, actor=ADMIN, instance_id=instance_id, reason="typed twice")
    with pytest.raises(InstanceOver):
        suspend_instance(flow, actor=ADMIN, instance_id=instance_id, reason="late")
    with pytest.raises(InstanceNotFound):
        show_instance(flow, instance_id=NOWHERE)


NOWHERE = UUID(int=1)


@pytest.mark.req("S5.4.4")
def test_every_change_of_state_is_in_the_audit_trail(flow: Flow, deployed: Deployed) -> None:
    deployed(order=LOOP)
    instance_id = start_instance(flow, actor=CLERK, process_id="order").instance_id
    do(flow, CLERK, amount=500)

    with flow.platform.read() as session:
        entries = [
            (one.actor, one.action, one.entity)
            for one in session.query(audit.AuditEntry).order_by(audit.AuditEntry.seq)
        ]
        assert audit.verify(session).ok
    task_id = show_instance(flow, instance_id=instance_id).tasks[0].task_id
    assert entries == [
        ("adi", "definition.deploy", "process:order"),
        ("ann", "instance.start", f"instance:{instance_id}"),
        ("ann", "task.complete", f"task:{task_id}"),
        ("ann", "instance.completed", f"instance:{instance_id}"),
    ]
