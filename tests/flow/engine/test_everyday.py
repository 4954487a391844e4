"""Sequences, choices, loops, scripts, handlers, decisions and mappings."""

from __future__ import annotations

import pytest

from jiedan.flow.engine import PENDING, BpmnError, LiveBroken, NothingWaits, compile_model
from tests.flow.engine.drawing import (
    boundary,
    call,
    diagram,
    end,
    error,
    file,
    flow,
    inclusive,
    mapping,
    node,
    on,
    parallel,
    path,
    process,
    script,
    service,
    start,
    timer,
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


def test_a_choice_without_a_way_out_becomes_a_failure_that_can_be_tried_again() -> None:
    play = Play(
        diagram(
            start(),
            xor("which"),
            user("one"),
            user("two"),
            path("begin", "which"),
            flow("which", "one", when='way = "one"'),
            flow("which", "two", when='way = "two"'),
        )
    )
    assert list(play.failures.values()) == [
        "No outgoing flow's condition holds, and there is no default flow."
    ]
    assert not play.changes.dead

    play.live.merge_variables({"way": "two"})
    play.retry("which")

    assert play.at == ["two"]
    assert play.failures == {}


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


def test_all_branches_of_a_parallel_gateway_run_and_meet_again() -> None:
    play = Play(
        diagram(
            start(),
            parallel("split"),
            user("pack"),
            user("invoice"),
            parallel("meet"),
            user("send"),
            path("begin", "split", "pack", "meet", "send"),
            path("split", "invoice", "meet"),
        )
    )
    assert play.at == ["invoice", "pack"]

    play.complete("pack", box=3)
    assert play.at == ["invoice"]
    assert "meet" in play.standing
    play.complete("invoice", number="I-1")

    assert play.at == ["send"]
    assert play.variables == {"box": 3, "number": "I-1"}


def test_parallel_branches_see_each_others_writes() -> None:
    play = Play(
        diagram(
            start(),
            user("left"),
            user("right"),
            xor("known", default="no"),
            user("yes_it_is"),
            user("no_it_is_not"),
            flow("begin", "left"),
            flow("begin", "right"),
            path("right", "known"),
            flow("known", "yes_it_is", when="seen = true"),
            flow("known", "no_it_is_not", id="no"),
        )
    )

    play.complete("left", seen=True)
    play.complete("right")

    assert play.at == ["yes_it_is"]


def test_a_loop_into_a_parallel_gateway_waits_for_both_flows_each_time() -> None:
    play = Play(
        diagram(
            start(),
            xor("again"),
            parallel("split"),
            user("one"),
            user("two"),
            parallel("meet"),
            xor("enough", default="back"),
            end(),
            path("begin", "again", "split", "one", "meet", "enough"),
            path("split", "two", "meet"),
            flow("enough", "done", when="rounds >= 3"),
            flow("enough", "again", id="back"),
        )
    )

    for rounds in (1, 2):
        play.complete("one", rounds=rounds)
        assert play.at == ["two"]
        play.complete("two")
        assert play.at == ["one", "two"]
    play.complete("two")
    play.complete("one", rounds=3)

    assert play.ended


def test_an_inclusive_gateway_waits_only_for_what_can_still_come() -> None:
    play = Play(
        diagram(
            start(),
            inclusive("which"),
            user("check_credit"),
            user("check_stock"),
            user("check_price"),
            inclusive("meet"),
            user("decide"),
            path("begin", "which"),
            flow("which", "check_credit", when="credit"),
            flow("which", "check_stock", when="stock"),
            flow("which", "check_price", when="price"),
            path("check_credit", "meet", "decide"),
            path("check_stock", "meet"),
            path("check_price", "meet"),
        ),
        {"credit": True, "stock": True, "price": False},
    )
    assert play.at == ["check_credit", "check_stock"]

    play.complete("check_stock")
    assert play.at == ["check_credit"]
    play.complete("check_credit")

    assert play.at == ["decide"]


def test_an_inclusive_gateway_is_released_when_the_awaited_branch_goes_elsewhere() -> None:
    play = Play(
        diagram(
            start(),
            inclusive("split"),
            user("one"),
            user("two"),
            xor("sure", default="yes"),
            end("dropped"),
            inclusive("meet"),
            user("last"),
            path("begin", "split", "one", "meet", "last"),
            path("split", "two", "sure"),
            flow("sure", "meet", id="yes"),
            flow("sure", "dropped", when="sure = false"),
        )
    )

    play.complete("one")
    assert play.at == ["two"]
    play.complete("two", sure=False)

    assert play.at == ["last"]


def test_an_inclusive_gateway_does_not_wait_for_a_reminder_that_may_never_come() -> None:
    play = Play(
        diagram(
            start(),
            user("one"),
            user("two"),
            boundary("reminder", "two", timer("P1D"), interrupting=False),
            xor("again"),
            inclusive("meet"),
            user("last"),
            flow("begin", "one"),
            flow("begin", "two"),
            path("one", "again", "meet", "last"),
            path("two", "again"),
            path("reminder", "meet"),
        )
    )

    play.complete("one")

    assert play.at == ["last", "two"]


def test_a_join_that_can_never_be_complete_makes_the_instance_dead() -> None:
    play = Play(
        diagram(
            start(),
            xor("one_way", default="left"),
            user("a"),
            user("b"),
            parallel("meet"),
            end(),
            path("begin", "one_way"),
            flow("one_way", "a", id="left"),
            flow("one_way", "b", when="false"),
            path("a", "meet", "done"),
            path("b", "meet"),
        )
    )

    changes = play.complete("a")

    assert changes.dead
    assert not changes.ended


def test_several_flows_out_of_a_task_are_taken_all_or_by_their_conditions() -> None:
    play = Play(
        diagram(
            start(),
            node("userTask", "enter", default="otherwise"),
            user("always"),
            user("large"),
            user("plain"),
            path("begin", "enter", "always"),
            flow("enter", "large", when="amount > 100"),
            flow("enter", "plain", id="otherwise"),
        )
    )

    play.complete("enter", amount=500)

    assert play.at == ["always", "large"]


def test_the_default_flow_of_a_task_is_taken_when_no_condition_holds() -> None:
    play = Play(
        diagram(
            start(),
            node("userTask", "enter", default="otherwise"),
            user("large"),
            user("plain"),
            path("begin", "enter"),
            flow("enter", "large", when="amount > 100"),
            flow("enter", "plain", id="otherwise"),
        )
    )

    play.complete("enter", amount=5)

    assert play.at == ["plain"]


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


def test_a_called_process_runs_inside_the_instance_and_gives_back_what_it_wrote() -> None:
    model = compile_model(
        {
            "a": file(
                process(
                    start(), call("review", "check"), user("ship"), path("begin", "review", "ship")
                )
            ),
            "b": file(
                process(start(), user("look"), end(), path("begin", "look", "done"), id="check")
            ),
        },
        "p",
    )
    play = Play(model, {"amount": 3, "note": "old"})
    assert play.changes.opened[0].process_id == "check"
    play.live.merge_variables({"amount": 4})

    play.complete("look", verdict="fine")

    assert play.at == ["ship"]
    assert play.variables == {"amount": 4, "note": "old", "verdict": "fine"}


def test_a_called_process_with_mappings_sees_and_gives_only_what_is_mapped() -> None:
    model = compile_model(
        {
            "a": file(
                process(
                    start(),
                    call(
                        "review",
                        "check",
                        propagateAllParentVariables="false",
                        propagateAllChildVariables="false",
                        extension=mapping(
                            [("order.id", "order_id")], [("verdict", "review.result")]
                        ),
                    ),
                    user("ship"),
                    path("begin", "review", "ship"),
                )
            ),
            "b": file(process(start(), user("look"), path("begin", "look"), id="check")),
        },
        "p",
    )
    play = Play(model, {"order": {"id": 7}, "secret": 1})
    assert play.live.variables(play.waiting_ids("look")[0]) == {"order_id": 7}

    play.complete("look", verdict="fine", noise=2)

    assert play.variables == {"order": {"id": 7}, "secret": 1, "review": {"result": "fine"}}


def test_fifty_processes_inside_each_other_run_and_come_back() -> None:
    files = {
        f"f{level}": file(
            process(
                start(),
                call("deeper", f"p{level + 1}"),
                end(),
                path("begin", "deeper", "done"),
                id=f"p{level}",
            )
        )
        for level in range(50)
    }
    files["last"] = file(process(start(), user("bottom"), path("begin", "bottom"), id="p50"))
    play = Play(compile_model(files, "p0"))
    assert play.at == ["bottom"]

    play.complete("bottom", found=1)

    assert play.ended
    assert play.variables["found"] == 1


def test_processes_that_call_each_other_for_ever_stop_as_a_failure() -> None:
    play = Play(diagram(start(), call("again", "p"), path("begin", "again")))

    assert list(play.failures.values()) == ["Processes call each other too deeply."]


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
