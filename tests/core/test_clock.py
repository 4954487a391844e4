"""The clock: one that tests move, and one that the demo's processes share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jiedan.core.clock import SHANGHAI, MovableClock, SystemClock, as_utc, shanghai
from jiedan.core.database import Database
from jiedan.core.demo_clock import DemoClock
from jiedan.core.platform import Platform

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)


def test_the_system_clock_tells_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_clock_with_a_start_stands_still_until_it_is_moved() -> None:
    clock = MovableClock(MORNING)

    assert clock.now() == clock.now() == MORNING
    assert clock.advance(timedelta(hours=2)) == MORNING + timedelta(hours=2)
    assert clock.set(MORNING) == MORNING


def test_a_clock_without_a_start_runs_and_can_be_stopped() -> None:
    clock = MovableClock()
    clock.advance(timedelta(days=10))

    stopped = clock.freeze()

    assert stopped == clock.now()
    assert stopped > datetime.now(UTC) + timedelta(days=9)
    assert clock.run() >= stopped


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        as_utc(datetime(2026, 3, 2, 9, 0))


def test_midnight_in_shanghai_is_afternoon_in_utc() -> None:
    assert shanghai(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)).date().isoformat() == "2026-03-02"


def test_the_clock_of_the_demo_is_shared_by_all_processes(both_databases: Platform) -> None:
    here, there = DemoClock(both_databases.database), DemoClock(both_databases.database)

    here.freeze(MORNING)
    here.advance(timedelta(hours=3))

    assert there.now() == MORNING + timedelta(hours=3)


def test_reading_the_clock_of_the_demo_costs_no_statement_most_of_the_time(
    database: Database, statements: list[str]
) -> None:
    clock = DemoClock(database)
    clock.now()
    statements.clear()

    for _ in range(50):
        clock.now()

    assert statements == []


def test_a_running_clock_of_the_demo_keeps_its_offset(database: Database) -> None:
    DemoClock(database).advance(timedelta(days=30))

    later = DemoClock(database).now()

    assert timedelta(days=29) < later - datetime.now(UTC) < timedelta(days=31)
