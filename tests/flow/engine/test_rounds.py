"""Multi-instance activities, loops and ad hoc subprocesses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiedan.flow.engine import compile_model
from tests.flow.engine.drawing import (
    boundary,
    call,
    diagram,
    each,
    end,
    error,
    file,
    flow,
    mapping,
    node,
    on,
    path,
    process,
    service,
    start,
    subprocess,
    timer,
    user,
)
from tests.flow.engine.stage import PENDING, Play, Stage

SIGN = diagram(
    start(),
    user(
        "sign",
        each("roles", "role", results="votes", result="{role: role, vote: vote}"),
        extension='<zeebe:assignmentDefinition candidateGroups="=role"/>',
    ),
    user("after"),
    path("begin", "sign", "after"),
)


def test_every_item_is_a_task_of_its_own() -> None:
    play = Play(SIGN, {"roles": ["SM", "FM", "GM"]}, saving=False)

    opened = play.changes.opened

    assert [one.candidate_groups for one in opened] == [("SM",), ("FM",), ("GM",)]
    assert [(one.mi_item.index, one.mi_item.count, one.mi_item.value) for one in opened] == [
        (0, 3, "SM"),
        (1, 3, "FM"),
        (2, 3, "GM"),
    ]
    assert len({one.task_id for one in opened}) == 3


def test_the_outputs_come_in_the_order_of_the_items_however_they_were_completed() -> None:
    play = Play(SIGN, {"roles": ["SM", "FM", "GM"]})

    play.complete("sign", at=2, vote="no")
    play.complete("sign", at=0, vote="yes")
    assert play.at == ["sign"]
    play.complete("sign", vote="yes")

    assert play.at == ["after"]
    assert play.variables == {
        "roles": ["SM", "FM", "GM"],
        "votes": [
            {"role": "SM", "vote": "yes"},
            {"role": "FM", "vote": "yes"},
            {"role": "GM", "vote": "no"},
        ],
    }


def test_sequential_items_come_one_after_the_other() -> None:
    play = Play(
        diagram(
            start(),
            user("visit", each("stops", "stop", sequential=True, results="seen", result="stop")),
            user("after"),
            path("begin", "visit", "after"),
        ),
        {"stops": ["A", "B"]},
    )
    assert play.live.variables(play.waiting_ids("visit")[0])["stop"] == "A"

    play.complete("visit")
    assert play.live.variables(play.waiting_ids("visit")[0])["stop"] == "B"
    play.complete("visit")

    assert play.at == ["after"]
    assert play.variables["seen"] == ["A", "B"]


def test_enough_votes_end_the_round_and_close_the_other_tasks() -> None:
    play = Play(
        diagram(
            start(),
            user(
                "sign",
                each(
                    "roles",
                    "role",
                    results="votes",
                    result="vote",
                    enough='count(votes[item = "yes"]) >= 2 or vote = "veto"',
                ),
            ),
            user("after"),
            path("begin", "sign", "after"),
        ),
        {"roles": ["a", "b", "c"]},
    )

    play.complete("sign", at=0, vote="yes")
    assert play.at == ["sign", "sign"]
    play.complete("sign", at=1, vote="yes")

    assert play.at == ["after"]
    assert play.variables["votes"] == ["yes", None, "yes"]


def test_any_one_signature_is_enough_by_counting_completed_instances() -> None:
    play = Play(
        diagram(
            start(),
            user("sign", each("roles", "role", enough="numberOfCompletedInstances >= 1")),
            user("after"),
            path("begin", "sign", "after"),
        ),
        {"roles": ["a", "b", "c"]},
    )

    play.complete("sign")

    assert play.at == ["after"]


def test_an_empty_collection_is_passed_with_an_empty_output() -> None:
    play = Play(SIGN, {"roles": []})

    assert play.at == ["after"]
    assert play.variables == {"roles": [], "votes": []}


@pytest.mark.parametrize("roles", [None, "SM", 3])
def test_a_collection_that_is_no_list_is_a_failure(roles: object) -> None:
    play = Play(SIGN, {"roles": roles})

    assert list(play.failures.values()) == ["The input collection is not a list."]


def test_an_items_result_stays_with_the_item_unless_it_is_collected() -> None:
    play = Play(SIGN, {"roles": ["SM", "FM"], "vote": "before"})

    play.complete("sign", vote="yes")

    assert play.variables["vote"] == "before"


def test_without_an_output_collection_an_item_writes_into_the_process() -> None:
    play = Play(
        diagram(start(), user("count", each("shelves", "shelf")), path("begin", "count")),
        {"shelves": [1, 2], "total": 0},
    )

    play.complete("count", total=5)

    assert play.variables == {"shelves": [1, 2], "total": 5}


def test_handlers_run_once_for_each_item() -> None:
    stage = Stage({"price": lambda call: {"price": call.variables["line"]["qty"] * 10}})

    play = Play(
        diagram(
            start(),
            service("price", "price", each("lines", "line", results="prices", result="price")),
            user("after"),
            path("begin", "price", "after"),
        ),
        {"lines": [{"qty": 1}, {"qty": 2}]},
        stage=stage,
    )

    assert play.variables["prices"] == [10, 20]


def test_jobs_of_items_are_finished_one_by_one() -> None:
    play = Play(
        diagram(
            start(),
            service("print", "print", each("labels", "label", results="sheets", result="sheet")),
            user("after"),
            path("begin", "print", "after"),
        ),
        {"labels": ["a", "b"]},
        stage=Stage({"print": lambda call: PENDING}),
    )
    assert play.at == ["print", "print"]

    play.finish("print", sheet=1)
    play.finish("print", sheet=2)

    assert play.variables["sheets"] == [1, 2]


LINES = diagram(
    start(),
    subprocess(
        "line",
        each("lines", "line", results="results", result="{sku: line.sku, state: state}"),
        start("s1"),
        user("pick"),
        user("check"),
        path("s1", "pick", "check"),
    ),
    boundary("broken", "line", on("error", "e_bad")),
    boundary("slow", "line", timer("P1D"), interrupting=False),
    user("after"),
    user("repair"),
    user("hurry"),
    path("begin", "line", "after"),
    path("broken", "repair"),
    path("slow", "hurry"),
    definitions=[error("e_bad", "BAD")],
)
THREE = {"lines": [{"sku": "P-1"}, {"sku": "P-2"}, {"sku": "P-3"}]}


def test_subprocesses_of_items_do_not_mix_their_variables() -> None:
    play = Play(LINES, THREE)
    for _ in range(3):
        play.complete("pick")

    for state in ("a", "b", "c"):
        play.complete("check", state=state)

    assert play.at == ["after"]
    assert play.variables["results"] == [
        {"sku": "P-1", "state": "a"},
        {"sku": "P-2", "state": "b"},
        {"sku": "P-3", "state": "c"},
    ]
    assert "state" not in play.variables


def test_an_error_of_one_item_ends_all_of_them() -> None:
    play = Play(LINES, THREE)
    play.complete("pick")

    play.throw("check", "BAD")

    assert play.at == ["repair"]


def test_a_timer_at_the_border_of_a_round_belongs_to_the_whole_round() -> None:
    play = Play(LINES, THREE)

    play.wait(timedelta(days=1))

    assert play.at == ["hurry", "pick", "pick", "pick"]


def test_called_processes_of_items_answer_through_the_output_element() -> None:
    model = compile_model(
        {
            "main": file(
                process(
                    start(),
                    call(
                        "approve",
                        "approval",
                        each("roles", "role", results="answers", result="verdict"),
                    ),
                    user("after"),
                    path("begin", "approve", "after"),
                )
            ),
            "approval": file(
                process(start(), user("decide"), path("begin", "decide"), id="approval")
            ),
        },
        "p",
    )
    play = Play(model, {"roles": ["a", "b"]})

    play.complete("decide", verdict=1)
    play.complete("decide", verdict=2)

    assert play.variables == {"roles": ["a", "b"], "answers": [1, 2]}


def test_a_number_of_rounds_may_stand_in_place_of_a_collection() -> None:
    marker = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )

    play = Play(diagram(start(), user("stamp", marker), path("begin", "stamp")))

    assert play.at == ["stamp", "stamp", "stamp"]


def test_a_loop_goes_on_while_its_condition_holds() -> None:
    marker = (
        "<bpmn:standardLoopCharacteristics><bpmn:loopCondition>=open &gt; 0</bpmn:loopCondition>"
        "</bpmn:standardLoopCharacteristics>"
    )
    play = Play(
        diagram(start(), user("answer", marker), user("after"), path("begin", "answer", "after")),
        {"open": 2},
    )

    play.complete("answer", open=1)
    assert play.at == ["answer"]
    play.complete("answer", open=0)

    assert play.at == ["after"]


def test_a_loop_that_is_tested_before_may_not_run_at_all() -> None:
    marker = (
        '<bpmn:standardLoopCharacteristics testBefore="true">'
        "<bpmn:loopCondition>=open &gt; 0</bpmn:loopCondition></bpmn:standardLoopCharacteristics>"
    )
    play = Play(
        diagram(start(), user("answer", marker), user("after"), path("begin", "answer", "after")),
        {"open": 0},
    )

    assert play.at == ["after"]


def test_a_loop_stops_at_its_maximum() -> None:
    marker = '<bpmn:standardLoopCharacteristics loopMaximum="2"/>'
    play = Play(
        diagram(start(), user("answer", marker), user("after"), path("begin", "answer", "after"))
    )

    play.complete("answer")
    play.complete("answer")

    assert play.at == ["after"]


def test_an_ad_hoc_subprocess_starts_everything_and_may_end_early() -> None:
    condition = "<bpmn:completionCondition>=enough</bpmn:completionCondition>"
    play = Play(
        diagram(
            start(),
            node(
                "adHocSubProcess",
                "tidy",
                user("sweep"),
                user("dust"),
                user("mop"),
                flow("sweep", "mop"),
                condition,
            ),
            user("after"),
            path("begin", "tidy", "after"),
        ),
        {"enough": False},
    )
    assert play.at == ["dust", "sweep"]

    play.complete("sweep")
    assert play.at == ["dust", "mop"]
    play.complete("mop", enough=True)

    assert play.at == ["after"]


def test_two_thousand_items_stay_within_bounds() -> None:
    play = Play(
        diagram(
            start(),
            user("pick", each("lines", "line", results="done", result="line")),
            end(),
            path("begin", "pick", "done"),
        ),
        {"lines": list(range(2000))},
        saving=False,
    )
    ids = [one.task_id for one in play.changes.opened]
    assert len(ids) == 2000

    for task_id in ids:
        play.live.complete_task(task_id, {})
    play.run()

    assert play.live.ended
    assert play.variables["done"] == list(range(2000))


def test_a_mapping_inside_a_round_belongs_to_the_item() -> None:
    play = Play(
        diagram(
            start(),
            user(
                "price",
                each("lines", "line", results="prices", result="price * factor"),
                extension=mapping([("line.factor", "factor")]),
            ),
            user("after"),
            path("begin", "price", "after"),
        ),
        {"lines": [{"factor": 2}, {"factor": 3}]},
    )

    play.complete("price", price=5)
    play.complete("price", price=5)

    assert play.variables["prices"] == [10, 15]
