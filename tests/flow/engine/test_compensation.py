"""Compensation: what was completed is undone, the latest first."""

from __future__ import annotations

from tests.flow.engine.drawing import (
    boundary,
    diagram,
    end,
    error,
    event_subprocess,
    flow,
    node,
    on,
    path,
    start,
    subprocess,
    throw,
    user,
)
from tests.flow.engine.stage import Play


def undoable(name: str) -> str:
    """A user task and the task that undoes it."""
    return (
        user(name)
        + boundary(f"{name}_undo_event", name, on("compensate"))
        + user(f"undo_{name}", isForCompensation="true")
        + f'<bpmn:association id="a_{name}" sourceRef="{name}_undo_event" targetRef="undo_{name}"/>'
    )


BOOKING = diagram(
    start(),
    undoable("book_truck"),
    undoable("book_hall"),
    undoable("book_crew"),
    throw("undo_all", on("compensate")),
    user("tell"),
    path("begin", "book_truck", "book_hall", "undo_all", "tell"),
)


def test_completed_activities_are_undone_latest_first_one_by_one() -> None:
    play = Play(BOOKING)
    play.complete("book_truck")
    play.complete("book_hall")
    assert play.at == ["undo_book_hall"]

    play.complete("undo_book_hall")
    assert play.at == ["undo_book_truck"]
    play.complete("undo_book_truck")

    assert play.at == ["tell"]
    play.complete("tell")
    assert play.ended


def test_a_compensation_may_name_the_one_activity_to_undo() -> None:
    play = Play(
        diagram(
            start(),
            undoable("book_truck"),
            undoable("book_hall"),
            end("undo_one", '<bpmn:compensateEventDefinition activityRef="book_truck"/>'),
            path("begin", "book_truck", "book_hall", "undo_one"),
        )
    )
    play.complete("book_truck")
    play.complete("book_hall")
    assert play.at == ["undo_book_truck"]

    play.complete("undo_book_truck")

    assert play.ended


def test_nothing_is_undone_where_nothing_was_completed() -> None:
    play = Play(
        diagram(
            start(),
            throw("undo_all", on("compensate")),
            undoable("book_truck"),
            path("begin", "undo_all", "book_truck"),
        )
    )

    assert play.at == ["book_truck"]


def test_what_a_completed_subprocess_did_is_undone_from_outside() -> None:
    play = Play(
        diagram(
            start(),
            subprocess(
                "prepare",
                start("s1"),
                undoable("book_truck"),
                undoable("book_hall"),
                path("s1", "book_truck", "book_hall"),
            ),
            user("think"),
            throw("undo_all", on("compensate")),
            user("tell"),
            path("begin", "prepare", "think", "undo_all", "tell"),
        )
    )
    play.complete("book_truck")
    play.complete("book_hall")

    play.complete("think")
    assert play.at == ["undo_book_hall"]
    play.complete("undo_book_hall")
    play.complete("undo_book_truck")

    assert play.at == ["tell"]


def test_an_error_handler_undoes_what_the_process_around_it_did() -> None:
    play = Play(
        diagram(
            start(),
            undoable("book_truck"),
            user("pay"),
            path("begin", "book_truck", "pay"),
            event_subprocess(
                "on_trouble",
                start("trouble", on("error", "e_bad")),
                end("undo_all", on("compensate")),
                path("trouble", "undo_all"),
            ),
            definitions=[error("e_bad", "BAD")],
        )
    )
    play.complete("book_truck")

    play.throw("pay", "BAD")
    assert play.at == ["undo_book_truck"]
    play.complete("undo_book_truck")

    assert play.ended


def test_a_cancelled_transaction_undoes_its_steps_before_it_is_left() -> None:
    play = Play(
        diagram(
            start(),
            node(
                "transaction",
                "booking",
                start("s1"),
                undoable("book_truck"),
                user("check"),
                end("no", on("cancel")),
                path("s1", "book_truck", "check", "no"),
            ),
            boundary("cancelled", "booking", on("cancel")),
            user("tell"),
            path("begin", "booking"),
            flow("cancelled", "tell"),
        )
    )
    play.complete("book_truck")

    play.complete("check")
    assert play.at == ["undo_book_truck"]
    play.complete("undo_book_truck")

    assert play.at == ["tell"]
    play.complete("tell")
    assert play.ended
