"""Dates, times and durations (DMN 1.5 §10.3.2.3.4 to .8): years to ±999,999,999, nanoseconds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from jiedan.feel.errors import Phrase
from jiedan.feel.values import KINDS

SECOND = 1_000_000_000
"""Nanoseconds in a second."""
DAY = 86_400 * SECOND
MAX_YEAR = 999_999_999


@dataclass(frozen=True, slots=True)
class MonthsDuration:
    """A years and months duration."""

    months: int


@dataclass(frozen=True, slots=True)
class DaysDuration:
    """A days and time duration, in nanoseconds."""

    nanos: int


@dataclass(frozen=True, slots=True)
class Date:
    """A day of the proleptic Gregorian calendar."""

    year: int
    month: int
    day: int

    def days(self) -> int:
        """Days since 1970-01-01."""
        year = self.year - (self.month <= 2)
        era, of_era = divmod(year, 400)
        of_year = (153 * ((self.month + 9) % 12) + 2) // 5 + self.day - 1
        return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468

    def weekday(self) -> int:
        """1 (Monday) to 7 (Sunday)."""
        return (self.days() + 3) % 7 + 1


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day; `offset` in seconds or `zone` as an IANA name, or neither."""

    hour: int
    minute: int
    second: int
    nano: int = 0
    offset: int | None = None
    zone: str | None = None

    def nanos(self) -> int:
        """Nanoseconds since midnight, on its own clock."""
        return (self.hour * 3600 + self.minute * 60 + self.second) * SECOND + self.nano

    @property
    def zoned(self) -> bool:
        """Whether it says how far from UTC it is."""
        return self.offset is not None or self.zone is not None

    def offset_seconds(self, day: Date | None = None) -> int | None:
        """Seconds ahead of UTC on that day; None for a local time."""
        if self.offset is not None:
            return self.offset
        if self.zone is None:
            return None
        return zone_offset(self.zone, day or Date(2000, 1, 1), self.hour, self.minute, self.second)

    def instant(self) -> int:
        """Nanoseconds since midnight UTC (a local time counts as UTC)."""
        return self.nanos() - (self.offset_seconds() or 0) * SECOND


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date with a time of day."""

    date: Date
    time: Time

    def offset_seconds(self) -> int | None:
        """Seconds ahead of UTC; None for a local date and time."""
        return self.time.offset_seconds(self.date)

    def instant(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z (a local one counts as UTC)."""
        offset = self.offset_seconds() or 0
        return self.date.days() * DAY + self.time.nanos() - offset * SECOND


KINDS.update(
    {
        Date: Phrase("date"),
        Time: Phrase("time"),
        DateTime: Phrase("date and time"),
        DaysDuration: Phrase("days and time duration"),
        MonthsDuration: Phrase("years and months duration"),
    }
)

MIDNIGHT = Time(0, 0, 0)
MIDNIGHT_UTC = Time(0, 0, 0, 0, 0)


@lru_cache(maxsize=256)
def find_zone(name: str) -> ZoneInfo | None:
    """The time zone with that IANA name, if there is one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def zone_offset(zone: str, day: Date, hour: int, minute: int, second: int) -> int:
    """Seconds ahead of UTC at that wall-clock time; far years follow today's rules."""
    found = find_zone(zone)
    if found is None:
        return 0
    year = day.year if 1 < day.year < 9999 else day.year % 400 + 2000
    offset = datetime(year, day.month, day.day, hour, minute, second, tzinfo=found).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def date_of_days(days: int) -> Date | None:
    """The date that many days after 1970-01-01; None beyond the calendar."""
    days += 719_468
    era, of_era = divmod(days, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    part = (5 * of_year + 2) // 153
    month = part + 3 if part < 10 else part - 9
    year += era * 400 + (month <= 2)
    if abs(year) > MAX_YEAR:
        return None
    return Date(year, month, of_year - (153 * part + 2) // 5 + 1)


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def make_date(year: int, month: int, day: int) -> Date | None:
    """The date, if the calendar has it."""
    if abs(year) > MAX_YEAR or not 1 <= month <= 12 or not 1 <= day <= days_in_month(year, month):
        return None
    return Date(year, month, day)


def make_time(
    hour: int,
    minute: int,
    second: int,
    nano: int = 0,
    offset: int | None = None,
    zone: str | None = None,
) -> Time | None:
    """The time, if the clock has it; offsets to ±18 hours."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    if offset is not None and abs(offset) > 18 * 3600:
        return None
    return Time(hour, minute, second, nano, offset, zone)


def add_months(day: Date, months: int) -> Date | None:
    """The same day some months later, or that month's last."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return make_date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def _at(wall: int, like: Time) -> DateTime | None:
    """The date and time that many wall-clock nanoseconds after 1970 in the zone of `like`."""
    days, rest = divmod(wall, DAY)
    date = date_of_days(days)
    return None if date is None else DateTime(date, _clock(rest, like))


def _clock(nanos: int, like: Time) -> Time:
    seconds, nano = divmod(nanos, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return Time(hour, minute, second, nano, like.offset, like.zone)


def add_nanos(value: DateTime, nanos: int) -> DateTime | None:
    """The instant that much later, on the clock of the same zone."""
    zone = value.time.zone
    if zone is None:
        return _at(value.date.days() * DAY + value.time.nanos() + nanos, value.time)
    target = value.instant() + nanos
    first = _at(target + (value.offset_seconds() or 0) * SECOND, value.time)
    if first is None:
        return None
    found = find_zone(zone)
    if found is None or not 1 < first.date.year < 9998:
        return first
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=target // SECOND)
    offset = moment.astimezone(found).utcoffset() or timedelta()
    return _at(target + int(offset.total_seconds()) * SECOND, value.time)


def shift_time(value: Time, nanos: int) -> Time:
    """The time of day that much later, around the clock."""
    return _clock((value.nanos() + nanos) % DAY, value)


def to_instant(value: Date | DateTime) -> int:
    """Nanoseconds since 1970-01-01T00:00:00Z; a date is its midnight UTC."""
    return value.days() * DAY if type(value) is Date else value.instant()  # type: ignore[union-attr]


def months_between(start: Date, end: Date) -> int:
    """Whole months from start to end, negative when end is earlier."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        return months - 1
    if months < 0 and end.day > start.day:
        return months + 1
    return months
