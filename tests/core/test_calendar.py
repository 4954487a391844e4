"""Working time, against the golden values of SPEC S0.4."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiedan.core.calendar import CalendarInvalid, LimitInvalid, WorkingCalendar, load_calendar
from jiedan.core.clock import SHANGHAI
from jiedan.core.settings import SOURCE_ROOT

CALENDAR = load_calendar(SOURCE_ROOT / "config" / "calendar.toml")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("2026-03-02T09:30", 8, "wh", "2026-03-03T09:30"),
        ("2026-03-02T20:30", 2, "sh", "2026-03-03T10:30"),
        ("2026-03-06T16:00", 4, "wh", "2026-03-09T11:00"),
        ("2026-09-30T15:00", 3, "wd", "2026-10-10T18:00"),
        ("2026-09-30T15:00", 10, "wd", "2026-10-20T18:00"),
        ("2026-02-13T10:00", 3, "wd", "2026-02-25T18:00"),
        ("2026-03-04T09:00", 15, "wd", "2026-03-25T18:00"),
        ("2026-03-02T09:00", 3, "wh", "2026-03-02T12:00"),
        ("2026-03-02T12:30", 1, "wh", "2026-03-02T14:00"),
        ("2026-03-02T18:00", "0.5", "wh", "2026-03-03T09:30"),
        ("2026-03-07T10:00", 1, "wd", "2026-03-09T18:00"),
        ("2026-03-07T10:00", 1, "sh", "2026-03-07T11:00"),
        ("2026-03-02T09:00", "1.5", "wd", "2026-03-04T14:00"),
        ("2026-03-02T09:00", 3, "d", "2026-03-05T09:00"),
        ("2026-03-02T09:00", "0.5", "h", "2026-03-02T09:30"),
    ],
)
def test_a_limit_runs_out_when_the_calendar_says(
    start: str, amount: int | str, unit: str, due: str
) -> None:
    assert at(due) == CALENDAR.deadline(at(start), Decimal(amount), unit)


def test_the_holidays_of_2026_are_those_of_the_notice() -> None:
    off = {
        date(2026, month, day)
        for month, first, last in [
            (1, 1, 3),
            (2, 15, 23),
            (4, 4, 6),
            (5, 1, 5),
            (6, 19, 21),
            (9, 25, 27),
            (10, 1, 7),
        ]
        for day in range(first, last + 1)
    }
    made_up = {date(2026, *day) for day in [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]}
    days = [date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(365)]

    for day in days:
        expected = day in made_up or (day.weekday() < 5 and day not in off)
        assert expected == CALENDAR.is_working_day(day), day


def test_a_year_without_notice_is_estimated_and_says_so() -> None:
    assert not CALENDAR.is_estimated(date(2026, 12, 31))
    assert CALENDAR.is_estimated(date(2028, 1, 1))
    assert not CALENDAR.is_working_day(date(2030, 10, 1))
    assert CALENDAR.is_working_day(date(2030, 9, 30))
    assert CALENDAR.is_estimated_between(at("2026-12-31T09:00"), at("2028-01-05T09:00"))


def test_administrators_hear_of_a_missing_year_thirty_days_ahead() -> None:
    last = max(year for year in range(2020, 2100) if not CALENDAR.is_estimated(date(year, 1, 1)))

    assert CALENDAR.missing_years(at(f"{last}-12-01T09:00")) == []
    assert CALENDAR.missing_years(at(f"{last}-12-02T09:00")) == [last + 1]


def test_the_configuration_corrects_and_completes_years(tmp_path: Path) -> None:
    text = (SOURCE_ROOT / "config" / "calendar.toml").read_text("utf-8")
    path = tmp_path / "calendar.toml"
    path.write_text(
        text
        + "\n[[year]]\nyear = 2026\noff = [2026-03-03]\nwork = [2026-03-07]\n"
        + "\n[[year]]\nyear = 2035\ncomplete = true\noff = [2035-02-08]\n",
        "utf-8",
    )

    calendar = load_calendar(path)

    assert not calendar.is_working_day(date(2026, 3, 3))
    assert calendar.is_working_day(date(2026, 3, 7))
    assert not calendar.is_working_day(date(2035, 2, 8))
    assert not calendar.is_estimated(date(2035, 2, 8))


@pytest.mark.parametrize(
    "extra",
    [
        "[[year]]\nyear = 2026\noff = [2027-03-03]\n",
        "[[year]]\nyear = 2026\nof = [2026-03-03]\n",
        "[holidays]\n",
        "[[year]]\nyear = 2026\noff = ['tomorrow']\n",
    ],
)
def test_a_calendar_file_with_a_mistake_is_refused(tmp_path: Path, extra: str) -> None:
    path = tmp_path / "calendar.toml"
    text = (SOURCE_ROOT / "config" / "calendar.toml").read_text("utf-8")
    path.write_text(text + "\n" + extra, "utf-8")

    with pytest.raises(CalendarInvalid):
        load_calendar(path)


@pytest.mark.parametrize(
    ("amount", "unit"), [(-1, "wh"), ("NaN", "wd"), ("Infinity", "d"), (1, "weeks"), (10**9, "wd")]
)
def test_what_is_no_time_limit_is_refused(amount: int | str, unit: str) -> None:
    with pytest.raises(LimitInvalid):
        CALENDAR.deadline(at("2026-03-02T09:00"), Decimal(amount), unit)


def test_work_hours_between_two_moments_skip_nights_breaks_and_holidays() -> None:
    between = CALENDAR.working_hours_between

    assert between(at("2026-03-02T11:30"), at("2026-03-02T13:30")) == 1
    assert between(at("2026-03-06T17:00"), at("2026-03-09T10:00")) == 2
    assert between(at("2026-02-13T18:00"), at("2026-02-25T09:00")) == 8 + 8
    assert between(at("2026-03-02T13:30"), at("2026-03-02T11:30")) == -1
    assert CALENDAR.service_hours_between(at("2026-03-02T20:00"), at("2026-03-03T10:00")) == 2


def test_a_warning_ahead_of_a_date_counts_backwards() -> None:
    before = CALENDAR.deadline_before

    assert before(at("2026-03-09T11:00"), 4, "wh") == at("2026-03-06T16:00")
    assert before(at("2026-03-09T11:00"), 1, "wd") == at("2026-03-06T09:00")
    assert before(at("2026-03-09T11:00"), 24, "h") == at("2026-03-08T11:00")


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1)),
    minutes=st.integers(1, 6000),
    unit=st.sampled_from(["wh", "sh"]),
)
def test_the_hours_up_to_a_deadline_are_the_hours_of_the_limit(
    start: datetime, minutes: int, unit: str
) -> None:
    begin = start.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
    hours = Decimal(minutes) / 60

    due = CALENDAR.deadline(begin, hours, unit)

    between = (
        WorkingCalendar.working_hours_between
        if unit == "wh"
        else WorkingCalendar.service_hours_between
    )
    assert abs(between(CALENDAR, begin, due) - hours) < Decimal("0.0001")
