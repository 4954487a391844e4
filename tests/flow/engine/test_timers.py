"""Timers on the way, at activities and at starts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jiedan.flow.engine import compile_model
from tests.flow.engine.drawing import (
    boundary,
    catch,
    diagram,
    event_subprocess,
    path,
    start,
    timer,
    user,
)
from tests.flow.engine.stage import NOON, Play

HOUR = timedelta(hours=1)


def test_a_timer_waits_until_it_is_due() -> None:
    play = Play(
        diagram(start(), catch("wait", timer("PT2H")), user("next"), path("begin", "wait", "next"))
    )
    assert play.live.next_timer() == NOON + 2 * HOUR
    assert list(play.timers.values()) == [NOON + 2 * HOUR]

    assert play.wait(HOUR) == 0
    assert play.at == []
    assert play.wait(HOUR) == 1

    assert play.at == ["next"]
    assert play.timers == {}


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2026-03-03T09:30:00+08:00", datetime(2026, 3, 3, 1, 30, tzinfo=UTC)),
        ("2026-03-03T09:30:00", datetime(2026, 3, 3, 1, 30, tzinfo=UTC)),
        ("=payment_due", datetime(2026, 3, 5, tzinfo=UTC)),
        (
            '=date and time("2026-03-03T09:30:00Z") + duration("P1D")',
            datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
        ),
    ],
    ids=["with a zone", "company time", "a variable", "an expression"],
)
def test_the_date_of_a_timer_may_be_written_in_several_ways(text: str, due: datetime) -> None:
    play = Play(
        diagram(start(), catch("wait", timer(date=text)), path("begin", "wait")),
        {"payment_due": "2026-03-05T08:00:00+08:00"},
    )

    assert play.live.next_timer() == due


def test_a_timer_that_is_no_time_is_a_failure_of_its_element() -> None:
    play = Play(
        diagram(start(), catch("wait", timer(date="=soon")), path("begin", "wait")),
        {"soon": "soon"},
    )

    assert list(play.failures.values()) == ["The timer's value is not a time."]
    play.live.merge_variables({"soon": "2026-03-05T08:00:00+08:00"})
    play.retry("wait")
    assert play.live.next_timer() == datetime(2026, 3, 5, tzinfo=UTC)


def test_an_interrupting_timer_takes_the_task_away() -> None:
    play = Play(
        diagram(
            start(),
            user("answer"),
            boundary("late", "answer", timer("P3D")),
            user("remind"),
            path("begin", "answer"),
            path("late", "remind"),
        )
    )

    play.wait(timedelta(days=3))

    assert play.at == ["remind"]
    assert play.trace == ["begin", "answer", "late", "remind"]
    play.complete("remind")
    assert play.ended


def test_a_completed_task_takes_its_boundary_timer_with_it() -> None:
    play = Play(
        diagram(
            start(),
            user("answer"),
            boundary("late", "answer", timer("P3D")),
            user("next"),
            path("begin", "answer", "next"),
        )
    )

    play.complete("answer")

    assert play.timers == {}
    assert play.live.next_timer() is None


def test_a_non_interrupting_cycle_reminds_as_often_as_it_says() -> None:
    play = Play(
        diagram(
            start(),
            user("answer"),
            boundary("late", "answer", timer(cycle="R2/PT1H"), interrupting=False),
            user("remind"),
            path("begin", "answer"),
            path("late", "remind"),
        )
    )

    play.wait(HOUR)
    assert play.at == ["answer", "remind"]
    play.wait(HOUR)
    assert play.at == ["answer", "remind", "remind"]
    assert play.wait(10 * HOUR) == 0

    for _ in range(2):
        play.complete("remind")
    play.complete("answer")
    assert play.ended


def test_a_cycle_that_was_missed_fires_once_and_keeps_its_rhythm() -> None:
    play = Play(
        diagram(
            start(),
            user("answer"),
            boundary("late", "answer", timer(cycle="R/PT1H"), interrupting=False),
            user("remind"),
            path("begin", "answer"),
            path("late", "remind"),
        )
    )

    play.wait(5 * HOUR + timedelta(minutes=20))

    assert play.at == ["answer", "remind"]
    assert play.live.next_timer() == NOON + 6 * HOUR


def test_a_timer_starts_an_event_subprocess_while_the_process_runs() -> None:
    play = Play(
        diagram(
            start(),
            user("work"),
            path("begin", "work"),
            event_subprocess(
                "weekly",
                start("each_week", timer(cycle="R/P7D"), isInterrupting="false"),
                user("report"),
                path("each_week", "report"),
            ),
        )
    )

    play.wait(timedelta(days=7))
    play.wait(timedelta(days=7))

    assert play.at == ["report", "report", "work"]


def test_the_timers_that_start_a_process_are_told() -> None:
    xml = diagram(
        start("weekly", timer(cycle="0 0 9 * * MON")), user("report"), path("weekly", "report")
    )
    model = compile_model({"p": xml}, "p")

    assert [(one.id, text) for one, text in model.start_timers()] == [("weekly", "0 0 9 * * MON")]
    assert Play(model, start_element="weekly").at == ["report"]
