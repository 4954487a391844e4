"""Working time: which days and hours count, and when a time limit runs out (SPEC S0.4)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from chinese_calendar import constants

from jiedan.core.clock import SHANGHAI, shanghai
from jiedan.core.errors import Invalid

Unit = Literal["wh", "sh", "wd", "d", "h"]
"""Work hours, service hours, working days, days, hours."""

UNITS: frozenset[str] = frozenset(get_args(Unit))
Windows = tuple[tuple[time, time], ...]

_HOUR_US = 3_600_000_000
# Nobody waits longer; it keeps a misread number from walking the calendar for ever.
_LONGEST = Decimal(20_000)


class CalendarInvalid(Invalid):
    """The working calendar is wrong: %(complaint)s"""


class LimitInvalid(Invalid):
    """This is not a time limit: %(amount)s %(unit)s."""


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The company's working time in Asia/Shanghai.

    Working days come from the State Council's notices (package chinesecalendar), corrected by
    `overrides`. A year without notice is computed from the holidays on fixed dates without any
    shifting, and `is_estimated` says so.
    """

    work_windows: Windows
    service_windows: Windows
    overrides: dict[date, bool] = field(default_factory=dict)
    known_years: frozenset[int] = frozenset()
    fixed_holidays: frozenset[tuple[int, int]] = frozenset()

    def is_estimated(self, day: date) -> bool:
        """Whether `day` lies in a year whose holidays are not published yet."""
        return day.year not in _PUBLISHED and day.year not in self.known_years

    def is_working_day(self, day: date) -> bool:
        """Whether people work on `day`, a date in Shanghai."""
        override = self.overrides.get(day)
        if override is not None:
            return override
        if day.year in _PUBLISHED:
            if day in constants.workdays:
                return True
            return day.weekday() < 5 and day not in constants.holidays
        return day.weekday() < 5 and (day.month, day.day) not in self.fixed_holidays

    def missing_years(self, now: datetime) -> list[int]:
        """Years that administrators should publish: this one, and from 2 December the next."""
        today = shanghai(now).date()
        soon = (today + timedelta(days=30)).year
        return [year for year in range(today.year, soon + 1) if self.is_estimated(date(year, 6, 1))]

    def deadline(self, start: datetime, amount: Decimal | int, unit: str) -> datetime:
        """When a limit of `amount` `unit` that begins at `start` runs out, in UTC.

        `wh` and `sh` count inside their windows only. `wd`: the day of `start` is day 0, due at
        the end of work on the n-th working day after it; a fraction of a day goes on in work
        hours of the next one. Raises LimitInvalid for anything that is no limit.
        """
        amount = _checked_amount(amount, unit)
        if unit in ("d", "h"):
            hours = amount * 24 if unit == "d" else amount
            return start.astimezone(UTC) + timedelta(microseconds=_microseconds(hours))
        if unit == "wd":
            return self._after_working_days(shanghai(start), amount).astimezone(UTC)
        return self._after_hours(shanghai(start), amount, service=unit == "sh").astimezone(UTC)

    def deadline_before(self, end: datetime, amount: Decimal | int, unit: str) -> datetime:
        """The latest moment from which a limit of `amount` `unit` still ends by `end`, in UTC.

        For warnings ahead of a date: `wh` and `sh` are counted backwards inside their windows,
        `wd` is the start of work that many working days earlier.
        """
        amount = _checked_amount(amount, unit)
        if unit in ("d", "h"):
            hours = amount * 24 if unit == "d" else amount
            return end.astimezone(UTC) - timedelta(microseconds=_microseconds(hours))
        local = shanghai(end)
        if unit == "wd":
            day, left = local.date(), int(amount.to_integral_value(ROUND_HALF_UP))
            while left:
                day -= timedelta(days=1)
                left -= self.is_working_day(day)
            return _at(day, self.work_windows[0][0]).astimezone(UTC)
        return self._before_hours(local, amount, service=unit == "sh").astimezone(UTC)

    def working_hours_between(self, a: datetime, b: datetime) -> Decimal:
        """Work hours from `a` to `b`, in hours with up to six places; negative if `b` is first."""
        return self._hours_between(a, b, service=False)

    def service_hours_between(self, a: datetime, b: datetime) -> Decimal:
        """Service hours from `a` to `b`, in hours with up to six places."""
        return self._hours_between(a, b, service=True)

    def is_estimated_between(self, a: datetime, b: datetime) -> bool:
        """Whether a limit from `a` to `b` rests on estimated holidays."""
        years = range(shanghai(a).year, shanghai(b).year + 1)
        return any(self.is_estimated(date(year, 6, 1)) for year in years)

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        day += timedelta(days=1)
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def _windows(self, day: date, service: bool) -> list[tuple[datetime, datetime]]:
        if service:
            windows = self.service_windows
        else:
            windows = self.work_windows if self.is_working_day(day) else ()
        return [(_at(day, begin), _at(day, end)) for begin, end in windows]

    def _after_working_days(self, start: datetime, amount: Decimal) -> datetime:
        whole = int(amount)
        day = start.date()
        for _ in range(whole):
            day = self.next_working_day(day)
        end = _at(day, self.work_windows[-1][1])
        fraction = amount - whole
        if not fraction:
            return end if whole else start
        per_day = sum(
            (_hours(_at(day, begin), _at(day, close)) for begin, close in self.work_windows),
            Decimal(0),
        )
        return self._after_hours(end, fraction * per_day, service=False)

    def _after_hours(self, start: datetime, hours: Decimal, *, service: bool) -> datetime:
        left = timedelta(microseconds=_microseconds(hours))
        day = start.date()
        while True:
            for begin, end in self._windows(day, service):
                begin = max(begin, start)
                if begin < end and left <= end - begin:
                    return begin + left
                left -= max(end - begin, timedelta(0))
            day += timedelta(days=1)

    def _before_hours(self, end: datetime, hours: Decimal, *, service: bool) -> datetime:
        left = timedelta(microseconds=_microseconds(hours))
        day = end.date()
        while True:
            for begin, close in reversed(self._windows(day, service)):
                close = min(close, end)
                if begin < close and left <= close - begin:
                    return close - left
                left -= max(close - begin, timedelta(0))
            day -= timedelta(days=1)

    def _hours_between(self, a: datetime, b: datetime, *, service: bool) -> Decimal:
        start, stop = shanghai(a), shanghai(b)
        if stop < start:
            return -self._hours_between(b, a, service=service)
        total = Decimal(0)
        day = start.date()
        while day <= stop.date():
            for begin, end in self._windows(day, service):
                total += _hours(max(begin, start), min(end, stop))
            day += timedelta(days=1)
        return total


def load_calendar(path: Path) -> WorkingCalendar:
    """The calendar of `calendar.toml`; raises CalendarInvalid."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        return _read_calendar(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise CalendarInvalid(complaint=f"{path.name}: {error}") from error


def _read_calendar(raw: dict[str, Any]) -> WorkingCalendar:
    unknown = raw.keys() - {"work", "service", "estimate", "year"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    overrides: dict[date, bool] = {}
    known: set[int] = set()
    for year in raw.get("year", []):
        if year.keys() - {"year", "complete", "off", "work"}:
            raise ValueError(f"unknown in year {year.get('year')}")
        days = [(day, False) for day in year.get("off", [])]
        days += [(day, True) for day in year.get("work", [])]
        for day, working in days:
            if type(day) is not date or day.year != year["year"]:
                raise ValueError(f"{day} is no day of {year['year']}")
            overrides[day] = working
        if year.get("complete", False):
            known.add(year["year"])
    return WorkingCalendar(
        work_windows=_read_windows(raw["work"]["windows"]),
        service_windows=_read_windows(raw["service"]["windows"]),
        overrides=overrides,
        known_years=frozenset(known),
        fixed_holidays=frozenset(
            (int(text[:2]), int(text[3:])) for text in raw["estimate"]["fixed_holidays"]
        ),
    )


def _read_windows(raw: list[list[time]]) -> Windows:
    windows = tuple((begin, end) for begin, end in raw)
    times = [moment for window in windows for moment in window]
    if not times or times != sorted(set(times)):
        raise ValueError("windows must follow one another and have a length")
    return windows


def _checked_amount(amount: Decimal | int, unit: str) -> Decimal:
    number = Decimal(amount)
    if unit not in UNITS or not number.is_finite() or not 0 <= number <= _LONGEST:
        raise LimitInvalid(amount=amount, unit=unit)
    return number


def _microseconds(hours: Decimal) -> int:
    return int((hours * _HOUR_US).to_integral_value(ROUND_HALF_UP))


def _hours(begin: datetime, end: datetime) -> Decimal:
    span = max(end - begin, timedelta(0)) // timedelta(microseconds=1)
    return (Decimal(span) / _HOUR_US).quantize(Decimal("0.000001"))


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, SHANGHAI)


_PUBLISHED = frozenset(day.year for day in constants.workdays)
