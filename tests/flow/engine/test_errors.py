"""Errors and escalations: thrown, caught, uncaught."""

from __future__ import annotations

import pytest

from jiedan.flow.engine import compile_model
from tests.flow.engine.drawing import (
    boundary,
    call,
    diagram,
    end,
    error,
    escalation,
    event_subprocess,
    file,
    flow,
    on,
    path,
    process,
    start,
    subprocess,
    throw,
    user,
)
from tests.flow.engine.stage import Play


def test_an_error_end_event_leaves_its_subprocess_by_the_matching_boundary() -> None:
    play = Play(
        diagram(
            start(),
            subprocess(
                "check",
                start("s1"),
                user("look"),
                end("bad", on("error", "e_bad"), name="It is bad"),
                path("s1", "look", "bad"),
            ),
            boundary("caught", "check", on("error", "e_bad")),
            user("repair"),
            path("begin", "check"),
            path("caught", "repair"),
            definitions=[error("e_bad", "BAD")],
        )
    )

    play.complete("look")

    assert play.at == ["repair"]
    play.complete("repair")
    assert play.ended


def test_an_error_leaves_a_called_process() -> None:
    bad = error("e_bad", "BAD")
    model = compile_model(
        {
            "main": file(
                bad,
                process(
                    start(),
                    call("check", "checking"),
                    boundary("caught", "check", on("error", "e_bad")),
                    user("repair"),
                    path("begin", "check"),
                    path("caught", "repair"),
                ),
            ),
            "checking": file(
                bad,
                process(
                    start(),
                    user("look"),
                    end("bad", on("error", "e_bad")),
                    path("begin", "look", "bad"),
                    id="checking",
                ),
            ),
        },
        "p",
    )
    play = Play(model)

    play.complete("look")

    assert play.at == ["repair"]


def test_an_uncaught_error_end_event_is_reported_and_not_dead() -> None:
    play = Play(
        diagram(
            start(),
            end("bad", on("error", "e_bad")),
            path("begin", "bad"),
            definitions=[error("e_bad", "BAD")],
        )
    )

    assert play.uncaught == ["BAD"]
    assert not play.changes.dead
    assert not play.ended


def test_an_event_subprocess_handles_an_error_in_place_of_the_running_tokens() -> None:
    play = Play(
        diagram(
            start(),
            user("work"),
            user("meanwhile"),
            path("begin", "work"),
            flow("begin", "meanwhile"),
            event_subprocess(
                "on_trouble",
                start("trouble", on("error", "e_bad")),
                user("repair"),
                path("trouble", "repair"),
            ),
            definitions=[error("e_bad", "BAD")],
        ),
        {"seen": "old"},
    )
    play.live.merge_variables({"seen": "new"})

    play.throw("work", "BAD", part=7)

    assert play.at == ["repair"]
    assert play.live.variables(play.waiting_ids("repair")[0]) == {"seen": "new", "part": 7}
    play.complete("repair")
    assert play.ended


def test_an_error_inside_its_own_handler_goes_outwards() -> None:
    play = Play(
        diagram(
            start(),
            user("work"),
            path("begin", "work"),
            event_subprocess(
                "on_trouble",
                start("trouble", on("error")),
                end("again", on("error", "e_bad")),
                path("trouble", "again"),
            ),
            definitions=[error("e_bad", "BAD")],
        )
    )

    play.throw("work", "BAD")

    assert play.uncaught == ["BAD"]


@pytest.mark.parametrize("interrupting", [True, False], ids=["interrupting", "beside"])
def test_an_escalation_is_caught_at_the_boundary(interrupting: bool) -> None:
    play = Play(
        diagram(
            start(),
            subprocess(
                "work",
                start("s1"),
                user("look"),
                throw("hand_up", on("escalation", "c_big")),
                user("go_on"),
                path("s1", "look", "hand_up", "go_on"),
            ),
            boundary("raised", "work", on("escalation", "c_big"), interrupting=interrupting),
            user("boss"),
            path("begin", "work"),
            path("raised", "boss"),
            definitions=[escalation("c_big", "BIG")],
        )
    )

    play.complete("look")

    assert play.at == (["boss"] if interrupting else ["boss", "go_on"])


def test_an_escalation_nobody_catches_is_simply_over() -> None:
    play = Play(
        diagram(
            start(),
            end("raise_it", on("escalation", "c_big")),
            path("begin", "raise_it"),
            definitions=[escalation("c_big", "BIG")],
        )
    )

    assert play.ended
    assert play.uncaught == []
