"""Durations, dates, cycles and cron expressions become aware UTC times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from jiedan.flow.engine.timing import NotATime, next_in_cycle, parse_duration, schedule

# Monday, 2 March 2026, noon in Shanghai.
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def shanghai(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC) - timedelta(hours=8)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ("PT4H", NOON + timedelta(hours=4)),
        ("P1DT30M", NOON + timedelta(days=1, minutes=30)),
        ("P2W", NOON + timedelta(weeks=2)),
        ("PT0.5S", NOON + timedelta(milliseconds=500)),
        ("-PT1H", NOON - timedelta(hours=1)),
        ("P1M", datetime(2026, 4, 2, 4, 0, tzinfo=UTC)),
        ("P1Y", datetime(2027, 3, 2, 4, 0, tzinfo=UTC)),
        ("2026-03-05", shanghai(2026, 3, 5)),
        ("2026-03-05T10:00:00@Asia/Shanghai", shanghai(2026, 3, 5, 10)),
        (date(2026, 3, 5), shanghai(2026, 3, 5)),
        (datetime(2026, 3, 5, 10), shanghai(2026, 3, 5, 10)),
        (timedelta(hours=2), NOON + timedelta(hours=2)),
        ("R3/PT1H", NOON + timedelta(hours=1)),
        ("R3/2026-03-05T10:00:00+08:00/P1D", shanghai(2026, 3, 5, 10)),
        ("0 0 9 * * MON-FRI", shanghai(2026, 3, 3, 9)),
        ("0 30 12 * * *", shanghai(2026, 3, 2, 12, 30)),
        ("30 12 * * *", shanghai(2026, 3, 2, 12, 30)),
        ("0 0 12 * * *", shanghai(2026, 3, 3, 12)),
        ("0 0/20 * * * ?", shanghai(2026, 3, 2, 12, 20)),
        ("0 0 8 1 JAN,JUL *", shanghai(2026, 7, 1, 8)),
        ("0 0 0 29 2 *", shanghai(2028, 2, 29)),
        ("0 0 9 * * 7", shanghai(2026, 3, 8, 9)),
        ("@monthly", shanghai(2026, 4, 1)),
    ],
)
def test_a_timer_is_due_when_its_text_says(value: object, due: datetime) -> None:
    assert schedule(value, NOON).due_at == due


def test_the_last_day_of_a_month_stays_in_the_shorter_month() -> None:
    assert parse_duration("P1M").after(datetime(2026, 1, 31, tzinfo=UTC)) == datetime(
        2026, 2, 28, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "P",
        "PT",
        "P1H",
        "R/",
        "R3/PT0S",
        "R0/PT1H",
        "2026-13-01",
        "P99999999Y",
        "0 0 25 * * *",
        "0 0 9 31 FEB *",
        "* * * *",
        "0 0 9-8 * * *",
        "0 0/0 * * * *",
        True,
    ],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(NotATime):
        schedule(value, NOON)


def test_a_cycle_counts_down_and_ends() -> None:
    first = schedule("R3/PT1H", NOON)
    second = next_in_cycle(first.due_at, "PT1H", first.remaining, first.due_at)
    assert second is not None
    third = next_in_cycle(second.due_at, "PT1H", second.remaining, second.due_at)
    assert third is not None

    assert (first.remaining, second.remaining, third.remaining) == (2, 1, 0)
    assert third.due_at == NOON + timedelta(hours=3)
    assert next_in_cycle(third.due_at, "PT1H", third.remaining, third.due_at) is None


@pytest.mark.parametrize(
    ("every", "following"),
    [
        ("PT1H", NOON + timedelta(hours=11)),
        ("P1M", datetime(2026, 4, 2, 4, tzinfo=UTC)),
        ("0 0 9 * * *", shanghai(2026, 3, 3, 9)),
    ],
)
def test_firings_that_were_missed_are_left_out(every: str, following: datetime) -> None:
    late = NOON + timedelta(hours=10, minutes=20)

    plan = next_in_cycle(NOON, every, -1, late)

    assert plan is not None
    assert (plan.due_at, plan.remaining) == (following, -1)
