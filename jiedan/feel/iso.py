"""ISO 8601 texts of dates, times and durations: reading and writing."""

import re
from typing import Any

from jiedan.feel.temporal import (
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    date_of_days,
    find_zone,
    make_date,
    make_time,
)

_YEAR = r"(-?(?:\d{4}|[1-9]\d{4,8}))"
_DATE = re.compile(_YEAR + r"-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(
    r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:([Zz])|([+-])(\d\d):(\d\d)(?::(\d\d))?|@([\w/+-]{1,60}))?",
    re.ASCII,
)
_MONTHS = re.compile(r"(-?)P(?:(\d{1,15})Y)?(?:(\d{1,15})M)?", re.ASCII)
_DAYS = re.compile(
    r"(-?)P(?:(\d{1,15})D)?(?:T(?:(\d{1,15})H)?(?:(\d{1,15})M)?"
    r"(?:(\d{1,15})(?:\.(\d{0,30}))?S)?)?",
    re.ASCII,
)


def parse_date(text: str) -> Date | None:
    """A date such as 2026-03-02."""
    found = _DATE.fullmatch(text)
    return make_date(int(found[1]), int(found[2]), int(found[3])) if found else None


def _nanos(digits: str | None) -> int:
    return int(digits[:9].ljust(9, "0")) if digits else 0


def parse_time(text: str) -> Time | None:
    """A time such as 09:30:00, 09:30:00.25, 09:30:00+08:00, 09:30:00@Asia/Shanghai.

    24:00:00 is midnight, of the following day when a date stands before it (XML Schema Part 2).
    """
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, minute, second, fraction, utc, sign, hours, minutes, seconds, zone = found.groups()
    offset = 0 if utc else None
    if sign:
        if int(minutes) > 59 or int(seconds or 0) > 59:
            return None
        offset = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
        offset = -offset if sign == "-" else offset
    if zone and find_zone(zone) is None:
        return None
    if hour == "24" and not (int(minute) or int(second) or _nanos(fraction)):
        hour = "00"
    return make_time(int(hour), int(minute), int(second), _nanos(fraction), offset, zone)


def parse_date_time(text: str) -> DateTime | None:
    """A date and time such as 2026-03-02T09:30:00Z; a date alone is its midnight."""
    day, separator, clock = text.partition("T")
    date = parse_date(day)
    time = parse_time(clock) if separator else Time(0, 0, 0)
    if date is not None and clock.startswith("24"):
        date = date_of_days(date.days() + 1)
    return DateTime(date, time) if date is not None and time is not None else None


def parse_duration(text: str) -> DaysDuration | MonthsDuration | None:
    """A duration such as P1Y2M or P3DT4H30M."""
    months = _MONTHS.fullmatch(text)
    if months and (months[2] or months[3]):
        total = int(months[2] or 0) * 12 + int(months[3] or 0)
        return MonthsDuration(-total if months[1] else total)
    days = _DAYS.fullmatch(text)
    if not days or not any(days.groups()[1:5]) or text.endswith("T"):
        return None
    seconds = int(days[2] or 0) * 86_400 + int(days[3] or 0) * 3600 + int(days[4] or 0) * 60
    nanos = (seconds + int(days[5] or 0)) * SECOND + _nanos(days[6])
    return DaysDuration(-nanos if days[1] else nanos)


def parse_at(text: str) -> Any:
    """The value of an @"…" literal; None when it is none."""
    if text.startswith(("P", "-P")):
        return parse_duration(text)
    if "T" in text.partition("@")[0]:
        return parse_date_time(text)
    return parse_date(text) or parse_time(text)


def _fraction(nano: int) -> str:
    return f".{nano:09d}".rstrip("0") if nano else ""


def show_date(value: Date) -> str:
    """Such as 2026-03-02."""
    sign = "-" if value.year < 0 else ""
    return f"{sign}{abs(value.year):04d}-{value.month:02d}-{value.day:02d}"


def show_offset(offset: int) -> str:
    """Such as Z, +08:00."""
    if offset == 0:
        return "Z"
    minutes, second = divmod(abs(offset), 60)
    text = f"{'-' if offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{second:02d}" if second else text


def show_time(value: Time) -> str:
    """Such as 09:30:00+08:00."""
    text = f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}{_fraction(value.nano)}"
    if value.zone is not None:
        return f"{text}@{value.zone}"
    return text if value.offset is None else text + show_offset(value.offset)


def show_date_time(value: DateTime) -> str:
    """Such as 2026-03-02T09:30:00+08:00."""
    return f"{show_date(value.date)}T{show_time(value.time)}"


def show_months(value: MonthsDuration) -> str:
    """Such as P1Y2M; nothing is P0M."""
    years, months = divmod(abs(value.months), 12)
    text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
    return f"{'-' if value.months < 0 else ''}P{text or '0M'}"


def show_days(value: DaysDuration) -> str:
    """Such as P3DT4H30M; nothing is PT0S."""
    seconds, nano = divmod(abs(value.nanos), SECOND)
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, second = divmod(rest, 60)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if second or nano:
        clock += f"{second}{_fraction(nano)}S"
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return f"{'-' if value.nanos < 0 else ''}P{text or 'T0S'}"
