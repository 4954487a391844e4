"""Sequences, loops, scripts, handlers, decisions, mappings, and what goes wrong in them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiedan.flow.engine import PENDING, BpmnError, LiveBroken, NothingWaits, compile_model
from tests.flow.engine.drawing import (
    boundary,
    call,
    diagram,
    end,
    error,
    flow,
    mapping,
    node,
    on,
    path,
    script,
    service,
    start,
    subprocess,
    user,
    xor,
)
from tests.flow.engine.stage import NOON, Play, Stage

REVIEW = diagram(
    start(),
    user("enter_order"),
    xor("how_big", default="small"),
    user("approve_order"),
    user("pack_order"),
    end(),
    path("begin", "enter_order", "how_big"),
    flow("how_big", "approve_order", when="amount > 1000"),
    flow("how_big", "pack_order", id="small"),
    path("approve_order", "pack_order", "done"),
)


def test_a_large_order_goes_to_the_approver_first() -> None:
    play = Play(REVIEW)

    play.complete("enter_order", amount=5000)

    assert play.at == ["approve_order"]


def test_a_small_order_takes_the_default_flow() -> None:
    play = Play(REVIEW)

    play.complete("enter_order", amount=5)

    assert play.at == ["pack_order"]


def test_an_instance_ends_with_its_last_token() -> None:
    play = Play(REVIEW)

    play.complete("enter_order", amount=5)
    changes = play.complete("pack_order")

    assert changes.ended
    assert play.ended
    assert play.live.tokens() == []


def test_the_history_tells_each_element_and_flow_in_order() -> None:
    play = Play(REVIEW)

    changes = play.complete("enter_order", amount=5)

    assert play.trace == ["begin", "enter_order", "how_big", "pack_order"]
    assert [one.element.id for one in changes.left] == ["enter_order"]
    assert changes.left[0].at == NOON
    assert changes.flows == (("p", "enter_order_to_how_big"), ("p", "small"))


def test_a_task_can_be_completed_once_only() -> None:
    play = Play(REVIEW)
    task_id = play.waiting_ids("enter_order")[0]
    play.complete("enter_order", amount=5)

    with pytest.raises(NothingWaits):
        play.live.complete_task(task_id, {})


def test_a_script_puts_the_value_of_its_expression_into_its_variable() -> None:
    play = Play(
        diagram(
            start(),
            script("add_up", "price * quantity", "total.net"),
            user("look"),
            path("begin", "add_up", "look"),
        ),
        {"price": 250, "quantity": 3, "total": {"tax": 5}},
    )

    assert play.variables["total"] == {"tax": 5, "net": 750}


def test_a_handler_answers_in_the_same_step() -> None:
    stage = Stage({"number.take": lambda call: {"number": f"XS-{call.variables['kind']}"}})

    play = Play(
        diagram(
            start(), service("take", "number.take"), user("look"), path("begin", "take", "look")
        ),
        {"kind": "A"},
        stage=stage,
    )

    assert play.at == ["look"]
    assert play.variables == {"kind": "A", "number": "XS-A"}


def test_a_pending_handler_is_a_job_until_its_result_comes() -> None:
    stage = Stage({"mail.send": lambda call: PENDING})
    play = Play(
        diagram(
            start(),
            service(
                "send",
                "mail.send",
                extension=mapping([("customer.mail", "to")], [("message_id", "mail.id")])
                + '<zeebe:taskHeaders><zeebe:header key="template" value="welcome"/>'
                "</zeebe:taskHeaders>",
            ),
            user("look"),
            path("begin", "send", "look"),
        ),
        {"customer": {"mail": "lin@example.test"}},
        stage=stage,
    )
    job = play.changes.jobs[0]
    assert (job.handler, dict(job.inputs), dict(job.headers)) == (
        "mail.send",
        {"to": "lin@example.test"},
        {"template": "welcome"},
    )

    play.finish("send", message_id="m1", secret="dropped")

    assert play.at == ["look"]
    assert play.variables == {"customer": {"mail": "lin@example.test"}, "mail": {"id": "m1"}}


def test_what_a_handler_does_to_its_inputs_does_not_reach_the_process() -> None:
    def spoil(call: object) -> dict[str, object]:
        call.variables["lines"].append("spoiled")  # type: ignore[attr-defined]
        return {}

    play = Play(
        diagram(start(), service("spoil", "spoil"), user("look"), path("begin", "spoil", "look")),
        {"lines": ["a"]},
        stage=Stage({"spoil": spoil}),
    )

    assert play.variables == {"lines": ["a"]}


CHECK = diagram(
    start(),
    service("check", "check"),
    boundary("short", "check", on("error", "e_short")),
    boundary("other", "check", on("error")),
    user("ship"),
    user("buy"),
    user("ask"),
    path("begin", "check", "ship"),
    path("short", "buy"),
    path("other", "ask"),
    definitions=[error("e_short", "SHORT")],
)


@pytest.mark.parametrize(
    ("code", "where"), [("SHORT", "buy"), ("ELSE", "ask")], ids=["by its code", "by the catch-all"]
)
def test_a_handlers_error_is_caught_at_the_boundary(code: str, where: str) -> None:
    def fail(call: object) -> dict[str, object]:
        raise BpmnError(code, "no stock", missing=["P-1"])

    play = Play(CHECK, stage=Stage({"check": fail}))

    assert play.at == [where]
    assert play.variables == {"missing": ["P-1"]}
    assert play.trace[:2] == ["begin", "check"]


def test_a_jobs_error_is_caught_at_the_boundary_too() -> None:
    play = Play(CHECK, stage=Stage({"check": lambda call: PENDING}))

    play.throw("check", "SHORT", missing=["P-1"])

    assert play.at == ["buy"]
    assert play.jobs == {}


def test_an_error_nobody_catches_keeps_its_token_and_says_so() -> None:
    refusing = True

    def fail(call: object) -> dict[str, object]:
        if refusing:
            raise BpmnError("ODD", "what is this", line=3)
        return {}

    play = Play(
        diagram(start(), service("check", "check"), user("look"), path("begin", "check", "look")),
        stage=Stage({"check": fail}),
    )
    assert play.uncaught == ["ODD"]
    assert not play.changes.dead

    refusing = False
    play.retry("check")

    assert play.at == ["look"]


def test_a_failed_element_can_be_skipped_with_a_result() -> None:
    play = Play(
        diagram(start(), call("odd", "=which"), user("look"), path("begin", "odd", "look")),
        {"which": "nowhere"},
    )
    assert play.standing == ["odd"]

    play.live.skip(play.failed_id("odd"), {"x": 7})
    play.run()

    assert play.at == ["look"]
    assert play.variables["x"] == 7


def test_a_decision_sets_its_result_variable() -> None:
    play = Play(
        diagram(
            start(),
            node(
                "businessRuleTask",
                "grade",
                extension='<zeebe:calledDecision decisionId="D05" resultVariable="risk"/>',
            ),
            user("look"),
            path("begin", "grade", "look"),
        ),
        {"amount": 900},
        stage=Stage(
            decisions={"D05": lambda v: {"level": "low" if v["amount"] < 1000 else "high"}}
        ),
    )

    assert play.variables["risk"] == {"level": "low"}


def test_an_input_mapping_stays_inside_its_element() -> None:
    play = Play(
        diagram(
            start(),
            user(
                "price",
                extension=mapping([("amount * 2", "doubled")], [("answer", "result.price")]),
            ),
            user("look"),
            path("begin", "price", "look"),
        ),
        {"amount": 4, "result": {"note": "kept"}},
    )
    assert play.live.variables(play.waiting_ids("price")[0])["doubled"] == 8

    play.complete("price", answer={"answer": 9, "other": "dropped"}, outcome="ok")

    assert play.variables == {
        "amount": 4,
        "outcome": "ok",
        "result": {"note": "kept", "price": 9},
    }


def test_a_task_without_a_way_out_ends_the_instance() -> None:
    play = Play(diagram(start(), user("only"), path("begin", "only")))

    play.complete("only")

    assert play.ended


def test_flows_without_ids_and_elements_named_start_and_end_run() -> None:
    play = Play(
        diagram(
            start("Start"),
            user("Root"),
            end("End"),
            '<bpmn:sequenceFlow sourceRef="Start" targetRef="Root"/>',
            '<bpmn:sequenceFlow sourceRef="Root" targetRef="End"/>',
        )
    )

    play.complete("Root")

    assert play.ended
    assert play.trace == ["Start", "Root", "End"]


def test_an_endless_automatic_loop_stops_as_a_failure_of_one_element() -> None:
    play = Play(
        diagram(
            start(),
            xor("again"),
            script("turn", "1", "x"),
            path("begin", "again", "turn", "again"),
        )
    )

    assert len(play.failures) == 1
    assert "loops without an end" in next(iter(play.failures.values()))


def test_a_broken_step_makes_the_live_object_unusable() -> None:
    def crash(call: object) -> dict[str, object]:
        raise ConnectionError("the database is gone")

    stage = Stage({"check": lambda call: PENDING})
    play = Play(diagram(start(), service("check", "check"), path("begin", "check")), stage=stage)
    play.throw("check", "ODD")
    stage.handlers["check"] = crash
    play.live.retry(play.failed_id("check"))

    with pytest.raises(ConnectionError):
        play.live.run(stage)
    with pytest.raises(LiveBroken):
        play.live.state()


def test_a_decision_may_end_in_a_bpmn_error() -> None:
    def refuse(variables: dict[str, object]) -> object:
        raise BpmnError("NO_RULE")

    said = '<zeebe:calledDecision decisionId="D05" resultVariable="risk"/>'
    play = Play(
        diagram(
            start(),
            node("businessRuleTask", "grade", extension=said),
            boundary("none", "grade", on("error")),
            user("ask"),
            path("begin", "grade"),
            path("none", "ask"),
        ),
        stage=Stage(decisions={"D05": refuse}),
    )

    assert play.at == ["ask"]


def test_a_decision_that_fails_is_a_failure_of_its_element() -> None:
    said = '<zeebe:calledDecision decisionId="D99" resultVariable="risk"/>'
    play = Play(
        diagram(start(), node("businessRuleTask", "grade", extension=said), path("begin", "grade"))
    )

    assert play.standing == ["grade"]
    assert list(play.failures.values()) == ["'D99'"]


def test_a_job_can_be_skipped_with_a_result() -> None:
    play = Play(
        diagram(start(), service("post", "post"), user("look"), path("begin", "post", "look")),
        stage=Stage({"post": lambda call: PENDING}),
    )

    play.live.skip(play.waiting_ids("post")[0], {"posted": False})
    play.run()

    assert play.at == ["look"]
    assert play.variables == {"posted": False}


def test_an_open_user_task_tells_its_evaluated_settings() -> None:
    said = (
        '<zeebe:formDefinition formId="order_entry"/>'
        '<zeebe:assignmentDefinition assignee="=owner" candidateGroups="OC, CS"'
        ' candidateUsers="=deputies"/>'
        '<zeebe:taskSchedule dueDate="=duration(&quot;PT4H&quot;)"/>'
        '<zeebe:priorityDefinition priority="=if vip then 90 else 50"/>'
        '<zeebe:taskListeners><zeebe:taskListener eventType="completing" type="intake.save"/>'
        "</zeebe:taskListeners>"
        '<zeebe:properties><zeebe:property name="jiedan:code" value="T01.4"/></zeebe:properties>'
    )
    play = Play(
        diagram(start(), user("enter", name="录入 订单", extension=said), path("begin", "enter")),
        {"owner": "sunyue", "deputies": ["lin", "wu"], "vip": True},
    )

    (task,) = play.changes.opened

    assert (task.name, task.form_id, task.assignee) == ("录入 订单", "order_entry", "sunyue")
    assert task.candidate_groups == ("OC", "CS")
    assert task.candidate_users == ("lin", "wu")
    assert task.due_at == NOON + timedelta(hours=4)
    assert task.priority == 90
    assert [(one.event, one.type) for one in task.listeners] == [("completing", "intake.save")]
    assert task.properties == {"jiedan:code": "T01.4"}


def test_elements_know_their_lane_and_its_settings() -> None:
    lanes = (
        '<bpmn:laneSet id="lanes"><bpmn:lane id="desk" name="订单台"><bpmn:extensionElements>'
        '<zeebe:properties><zeebe:property name="jiedan:roles" value="OC"/></zeebe:properties>'
        "</bpmn:extensionElements><bpmn:flowNodeRef>inside</bpmn:flowNodeRef></bpmn:lane>"
        "</bpmn:laneSet>"
    )
    inner = subprocess("inside", start("s1"), user("enter"), path("s1", "enter"))
    model = compile_model({"p": diagram(lanes, start(), inner, path("begin", "inside"))}, "p")

    elements = {one.id: one for one in model.elements()}

    assert elements["begin"].lane is None
    assert elements["enter"].lane == "订单台"
    assert elements["enter"].lane_properties == {"jiedan:roles": "OC"}
    assert elements["enter"].scope_id == "inside"
