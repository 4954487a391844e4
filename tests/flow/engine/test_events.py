"""Event subprocesses, links, conditions and ends."""

from __future__ import annotations

from tests.flow.engine.drawing import (
    boundary,
    catch,
    diagram,
    end,
    event_subprocess,
    flow,
    message,
    node,
    on,
    path,
    start,
    subprocess,
    throw,
    user,
)
from tests.flow.engine.stage import Play

CANCELLABLE = diagram(
    start(),
    subprocess("work", start("s1"), user("pick"), user("pack"), path("s1", "pick", "pack")),
    boundary("cancelled", "work", on("message", "m_cancel")),
    boundary("changed", "work", on("message", "m_change"), interrupting=False),
    user("ship"),
    user("put_back"),
    user("note_change"),
    path("begin", "work", "ship"),
    path("cancelled", "put_back"),
    path("changed", "note_change"),
    definitions=[message("m_cancel", "cancel", "id"), message("m_change", "change", "id")],
)


NOTES = diagram(
    start(),
    user("work"),
    path("begin", "work"),
    event_subprocess(
        "on_note",
        start("noted", on("message", "m_note"), isInterrupting="false"),
        user("read"),
        path("noted", "read"),
    ),
    definitions=[message("m_note", "note", "id")],
)


def test_a_non_interrupting_event_subprocess_runs_beside_and_as_often_as_it_is_told() -> None:
    play = Play(NOTES, {"id": 1})

    play.deliver("note", "1", text="first")
    play.deliver("note", "1", text="second")

    assert play.at == ["read", "read", "work"]
    assert play.variables["text"] == "second"


def test_the_listener_of_an_event_subprocess_does_not_keep_an_instance_alive() -> None:
    play = Play(NOTES, {"id": 1})

    play.complete("work")

    assert play.ended
    assert play.subscriptions == {}


def test_an_instance_ends_only_after_its_running_event_subprocess() -> None:
    play = Play(NOTES, {"id": 1})
    play.deliver("note", "1")

    play.complete("work")
    assert not play.ended
    play.complete("read")

    assert play.ended


def test_a_terminate_end_event_cancels_the_other_branches() -> None:
    play = Play(
        diagram(
            start(),
            user("one"),
            user("two"),
            end("stop", on("terminate")),
            path("begin", "one", "stop"),
            flow("begin", "two"),
        )
    )

    play.complete("one")

    assert play.ended
    assert play.open == {}


def test_a_link_is_a_flow_that_is_not_drawn() -> None:
    play = Play(
        diagram(
            start(),
            throw("leave", '<bpmn:linkEventDefinition name="over there"/>'),
            catch("arrive", '<bpmn:linkEventDefinition name="over there"/>'),
            user("next"),
            path("begin", "leave"),
            path("arrive", "next"),
        )
    )

    assert play.at == ["next"]


def test_a_conditional_event_fires_when_a_write_makes_it_true() -> None:
    condition = (
        "<bpmn:conditionalEventDefinition><bpmn:condition>=stock &gt;= 10</bpmn:condition>"
        "</bpmn:conditionalEventDefinition>"
    )
    play = Play(
        diagram(
            start(),
            catch("enough", condition),
            user("count"),
            user("ship"),
            path("begin", "enough", "ship"),
            flow("begin", "count"),
        ),
        {"stock": 3},
    )
    assert play.at == ["count"]

    play.complete("count", stock=12)

    assert play.at == ["ship"]


def test_terminating_an_instance_closes_everything_that_waits() -> None:
    play = Play(CANCELLABLE, {"id": "a"})

    play.live.terminate()
    play.note()

    assert play.ended
    assert play.changes.ended


def test_transactions_leave_by_their_cancel_event() -> None:
    play = Play(
        diagram(
            start(),
            node(
                "transaction",
                "book",
                start("s1"),
                user("pay"),
                user("other"),
                end("no", on("cancel")),
                path("s1", "pay", "no"),
                flow("s1", "other"),
            ),
            boundary("undone", "book", on("cancel")),
            user("tell"),
            path("begin", "book"),
            path("undone", "tell"),
        )
    )

    play.complete("pay")

    assert play.at == ["tell"]
