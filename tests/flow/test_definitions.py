"""Definitions: versions, pinning, bundles, folders, decisions and forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jiedan.core.errors import Invalid
from jiedan.flow.definitions import (
    deploy,
    deploy_folders,
    list_definitions,
    list_versions,
    show_definition,
)
from jiedan.flow.errors import DefinitionNotFound, DeploymentRefused, ProcessNotFound
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.incidents import list_incidents, retry_incident
from jiedan.flow.instances import diagram_of, show_instance, start_instance
from jiedan.flow.platform import Flow
from jiedan.flow.states import DefinitionKind
from jiedan.flow.tasks import open_task
from tests.flow.conftest import ADMIN, CLERK, do, only_task
from tests.flow.diagrams import chain, diagram, end, service, start, user

Deployed = Callable[..., None]


def one_task(element_id: str, groups: str = "OC", **more: str) -> str:
    return "\n".join(
        [start(), user(element_id, groups, **more), end(), chain("begin", element_id, "finish")]
    )


CALLS_REVIEW = "\n".join(
    [
        start(),
        user("enter_order", "OC"),
        '<bpmn:callActivity id="review"><bpmn:extensionElements>'
        '<zeebe:calledElement processId="review_process" propagateAllChildVariables="true"/>'
        "</bpmn:extensionElements></bpmn:callActivity>",
        end(),
        chain("begin", "enter_order", "review", "finish"),
    ]
)


def test_an_instance_stays_on_the_version_it_started_on(flow: Flow, deployed: Deployed) -> None:
    deployed(order=CALLS_REVIEW, review_process=one_task("old_review", "SM"))
    old = start_instance(flow, actor=CLERK, process_id="order").instance_id
    deployed(review_process=one_task("new_review", "SM"))
    # Another process, or this one after a restart, knows nothing but the database.
    flow = Flow(flow.platform, registry=flow.registry)
    do(flow, CLERK)
    new = start_instance(flow, actor=CLERK, process_id="order").instance_id
    do(flow, CLERK)

    open_now = {
        one.element_id
        for instance_id in (old, new)
        for one in show_instance(flow, instance_id=instance_id).tasks
        if one.state == "open"
    }
    assert open_now == {"old_review", "new_review"}
    view = show_instance(flow, instance_id=old)
    assert [(one.process_id, one.version) for one in view.diagrams] == [
        ("order", 1),
        ("review_process", 1),
    ]
    assert b"old_review" in diagram_of(flow, instance_id=old, process_id="review_process")
    assert b"new_review" in diagram_of(flow, instance_id=new, process_id="review_process")


def test_the_same_content_is_deployed_once_and_a_return_to_old_content_is_a_new_version(
    flow: Flow,
) -> None:
    first, second = diagram("order", one_task("a")), diagram("order", one_task("b"))

    def put(content: bytes) -> int | None:
        deployed = deploy(flow, actor=ADMIN, files={"order.bpmn": content}, comment="try")
        return deployed.changed[0].version if deployed.changed else None

    assert [put(first), put(first), put(second), put(first)] == [1, None, 2, 3]
    versions = list_versions(flow, kind=DefinitionKind.PROCESS, key="order")
    assert [one.version for one in versions] == [3, 2, 1]
    assert versions[0].sha256 == versions[2].sha256
    assert (versions[0].deployed_by, versions[0].comment) == ("adi", "try")
    assert show_definition(flow, kind=DefinitionKind.PROCESS, key="order", version=2)[1] == second
    with pytest.raises(DefinitionNotFound):
        show_definition(flow, kind=DefinitionKind.PROCESS, key="order", version=9)


def test_a_start_deploys_what_changed_in_the_folders_and_leaves_the_studios_versions(
    flow: Flow, tmp_path: Path
) -> None:
    file = tmp_path / "processes" / "order.bpmn"
    file.parent.mkdir()
    flow.processes = file.parent
    file.write_bytes(diagram("order", one_task("from_folder")))
    assert len(deploy_folders(flow, actor=ADMIN).changed) == 1
    assert deploy_folders(flow, actor=ADMIN).deployment_id is None

    deploy(flow, actor=ADMIN, files={"order.bpmn": diagram("order", one_task("from_studio"))})
    assert deploy_folders(flow, actor=ADMIN).changed == ()
    start_instance(flow, actor=CLERK, process_id="order")
    assert only_task(flow, CLERK).element_id == "from_studio"

    file.write_bytes(diagram("order", one_task("folder_again")))
    assert [one.version for one in deploy_folders(flow, actor=ADMIN).changed] == [3]


def test_a_process_whose_part_is_missing_cannot_be_deployed(flow: Flow) -> None:
    with pytest.raises(DeploymentRefused) as refusal:
        deploy(flow, actor=ADMIN, files={"order.bpmn": diagram("order", CALLS_REVIEW)})

    assert "review_process" in " ".join(one.text("en") for one in refusal.value.findings)
    with pytest.raises(ProcessNotFound):
        start_instance(flow, actor=CLERK, process_id="order")
    assert list_definitions(flow) == []


TABLE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="额度"
  namespace="http://example.org/dmn">
  <decision id="level" name="level">
    <decisionTable id="table" hitPolicy="FIRST">
      <input id="i1"><inputExpression id="e1"><text>amount</text></inputExpression></input>
      <output id="o1" name="level"/>
      <rule id="big"><description>big</description>
        <inputEntry id="a"><text>&gt; LIMIT</text></inputEntry>
        <outputEntry id="b"><text>"manager"</text></outputEntry></rule>
      <rule id="rest">
        <inputEntry id="c"><text>-</text></inputEntry>
        <outputEntry id="d1"><text>"clerk"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""
DECIDES = "\n".join(
    [
        start(),
        user("enter_order", "OC"),
        '<bpmn:businessRuleTask id="choose_level"><bpmn:extensionElements>'
        '<zeebe:calledDecision decisionId="level" resultVariable="level"/>'
        "</bpmn:extensionElements></bpmn:businessRuleTask>",
        service("say_level", "orders.say"),
        user("review_order", "SM"),
        end(),
        chain("begin", "enter_order", "choose_level", "say_level", "review_order", "finish"),
    ]
)


def test_running_instances_use_the_newest_decision_and_history_says_which_rule_fired(
    flow: Flow, registry: Registry
) -> None:
    @registry.handler("orders.say")
    def say(context: Context, amount: int) -> dict:
        return {"said": context.decide("level", amount=amount * 10).value}

    files = {
        "order.bpmn": diagram("order", DECIDES),
        "level.dmn": TABLE.replace("LIMIT", "100").encode(),
    }
    deploy(flow, actor=ADMIN, files=files)
    instance_id = start_instance(flow, actor=CLERK, process_id="order").instance_id
    deploy(flow, actor=ADMIN, files={"level.dmn": TABLE.replace("LIMIT", "1000").encode()})

    do(flow, CLERK, amount=500)

    view = show_instance(flow, instance_id=instance_id)
    assert (view.variables["level"], view.variables["said"]) == ("clerk", "manager")
    fired = {
        one.element_id: [(two.decision_id, two.version, two.rules[0].id) for two in one.decisions]
        for one in view.history
        if one.decisions
    }
    assert fired == {
        "choose_level": [("level", 2, "rest")],
        "say_level": [("level", 2, "big")],
    }


def form(required: bool = True) -> bytes:
    return json.dumps(
        {
            "schemaVersion": 19,
            "id": "order_entry",
            "type": "default",
            "components": [
                {
                    "id": "f1",
                    "type": "textfield",
                    "key": "customer",
                    "label": "客户",
                    "validate": {"required": required},
                },
                {
                    "id": "f2",
                    "type": "textfield",
                    "key": "amount",
                    "label": "金额",
                    "properties": {"type": "money"},
                },
                {
                    "id": "b1",
                    "type": "button",
                    "key": "submit",
                    "label": "提交",
                    "properties": {"outcome": "submit"},
                },
            ],
        }
    ).encode()


def test_an_answer_is_checked_by_the_form_version_its_task_was_created_with(flow: Flow) -> None:
    files = {
        "order.bpmn": diagram("order", one_task("enter_order", form="order_entry")),
        "order_entry.form": form(required=True),
    }
    deploy(flow, actor=ADMIN, files=files)
    first = start_instance(flow, actor=CLERK, process_id="order").instance_id
    with pytest.raises(Invalid) as refusal:
        do(flow, CLERK, outcome="submit", amount="12.34")
    assert set(refusal.value.fields) == {"customer"}
    with pytest.raises(Invalid) as refusal:
        do(flow, CLERK, outcome="submit", customer="x", surprise="1")
    assert set(refusal.value.fields) == {"surprise"}
    with pytest.raises(Invalid) as refusal:
        do(flow, CLERK, outcome="approve", customer="x")
    assert set(refusal.value.fields) == {"_form"}
    assert only_task(flow, CLERK).version == 1

    deploy(flow, actor=ADMIN, files={"order_entry.form": form(required=False)})
    opened = open_task(flow, actor=CLERK, task_id=only_task(flow, CLERK).task_id)
    assert opened.form_version == 1
    assert opened.schema is not None
    with pytest.raises(Invalid):
        do(flow, CLERK, outcome="submit", amount="12.34")
    do(flow, CLERK, outcome="submit", customer="x", amount="12.34")
    assert show_instance(flow, instance_id=first).variables["amount"] == 1234

    start_instance(flow, actor=CLERK, process_id="order")
    assert do(flow, CLERK, outcome="submit").instance_state == "completed"


def test_functions_of_handlers_serve_the_expressions_of_diagrams(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    @registry.function("deadline")
    def deadline(context: Context, task: str, channel: str | None = None) -> object:
        from datetime import timedelta

        return context.now + timedelta(hours=len(task) if channel == "sales" else 100)

    deployed(
        order=one_task("enter_order", due="=deadline(&quot;T01.4&quot;, channel)"),
    )
    start_instance(flow, actor=CLERK, process_id="order", variables={"channel": "sales"})

    due = only_task(flow, CLERK).due_at
    assert due is not None
    assert (due - flow.platform.clock.now()).total_seconds() == 5 * 3600


GAPS = (
    TABLE.replace("LIMIT", "100")
    .replace("FIRST", "UNIQUE")
    .replace("<text>-</text>", "<text>&lt; 50</text>")
)


def test_a_decision_without_matching_row_is_an_incident_and_the_answer_stands(flow: Flow) -> None:
    body = DECIDES.replace("say_level", "after").replace("orders.say", "x")
    body = body.replace(service("after", "x"), user("after", "OC"))
    files = {
        "order.bpmn": diagram("order", body),
        "level.dmn": GAPS.encode(),
    }
    deploy(flow, actor=ADMIN, files=files)
    instance_id = start_instance(flow, actor=CLERK, process_id="order").instance_id

    do(flow, CLERK, amount=75)

    incident = list_incidents(flow).items[0]
    assert (incident.element_id, incident.kind) == ("choose_level", "expression_failed")
    assert "no rule matches" in incident.message
    assert show_instance(flow, instance_id=instance_id).item.state == "incident"

    retry_incident(flow, actor=ADMIN, incident_id=incident.id, variables={"amount": 500})

    assert only_task(flow, CLERK).element_id == "after"
    assert show_instance(flow, instance_id=instance_id).item.state == "active"
