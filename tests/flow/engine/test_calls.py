"""Processes that call processes: variables in and out, depth, cycles."""

from __future__ import annotations

from jiedan.flow.engine import compile_model
from tests.flow.engine.drawing import call, diagram, end, file, mapping, path, process, start, user
from tests.flow.engine.stage import Play


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
