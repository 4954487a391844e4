"""The verbs on SQLite and on PostgreSQL."""

from __future__ import annotations

from jiedan.core.platform import Platform
from jiedan.flow.definitions import deploy
from jiedan.flow.handlers import Registry
from jiedan.flow.platform import Flow
from jiedan.flow.verbs.absence import hand_over
from jiedan.flow.verbs.copying import list_copies, send_copies
from jiedan.flow.verbs.handing import delegate_task, transfer_task
from jiedan.flow.verbs.returning import return_targets, return_task, withdraw_decision
from jiedan.flow.verbs.signing import add_signers
from jiedan.flow.verbs.urging import urge
from tests.flow.diagrams import chain, diagram, end, start
from tests.flow.verbs.conftest import (
    ADMIN,
    NAMES,
    Company,
    answer,
    begin,
    inbox,
    person,
    state,
    step,
    task_of,
)


def test_a_request_goes_through_all_hands(both_databases: Platform) -> None:
    flow = Flow(both_databases, registry=Registry())
    flow.people = Company(roles={name: frozenset({"SM"}) for name in NAMES})
    body = [
        start(),
        step("enter", "ann"),
        step("sign", "users:ben,cat", signers="all", timeout="up"),
        end(),
        chain("begin", "enter", "sign", "finish"),
    ]
    deploy(flow, actor=ADMIN, files={"p.bpmn": diagram("p", "\n".join(body))})
    instance_id = begin(flow)
    answer(flow, "ann")

    sign = task_of(flow, "ben").task_id
    send_copies(flow, actor=person("ben"), task_id=sign, people=("hal",))
    send_copies(flow, actor=person("ben"), task_id=sign, people=("hal", "gus"))
    assert len(list_copies(flow, actor=person("hal"), query="").items) == 1
    urge(flow, actor=person("ann"), instance_id=instance_id)
    delegate_task(flow, actor=person("ben"), task_id=sign, to="dan")
    answer(flow, "dan", note="fine")
    add_signers(flow, actor=person("ben"), task_id=sign, people=("eve",), how="after")
    answer(flow, "ben")
    withdraw_decision(flow, actor=person("ben"), task_id=sign)
    answer(flow, "ben")
    transfer_task(
        flow, actor=person("cat"), task_id=task_of(flow, "cat").task_id, to="fay", reason="r"
    )
    hand_over(flow, actor=ADMIN, login="eve", to="gus", reason="left")
    assert [inbox(flow, one) for one in ("ben", "cat", "eve", "fay", "gus")] == [
        [],
        [],
        [],
        ["sign"],
        ["sign"],
    ]

    fay = task_of(flow, "fay").task_id
    (target,) = return_targets(flow, actor=person("fay"), task_id=fay)
    assert (target.element_id, target.redo) == ("enter", ("all", "back", "missing"))
    return_task(
        flow, actor=person("fay"), task_id=fay, element_id="enter", reason="r", redo="missing"
    )
    answer(flow, "ann")
    assert [inbox(flow, one) for one in ("ben", "cat")] == [[], ["sign"]]
    answer(flow, "cat")

    assert state(flow, instance_id) == "completed"
