"""Values on their way in and out: Python and JSON values ↔ FEEL values."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from jiedan.feel.errors import NestedTooDeep, UnusableValue
from jiedan.feel.iso import show_date, show_date_time, show_days, show_months, show_time
from jiedan.feel.show import show
from jiedan.feel.temporal import (
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
)
from jiedan.feel.values import NUMBERS, FeelFunction, Range

_DEPTH = 60


def from_plain(value: Any) -> Any:
    """A FEEL value from a Python value: numbers become Decimal, datetimes FEEL dates and so on.

    Accepts None, bool, int, float, Decimal, str, date, time, datetime, timedelta, Mapping, list,
    tuple, set and FEEL values. Raises UnusableValue for anything else. Texts stay texts.
    """
    reader = READERS.get(type(value))
    if reader is not None:
        return reader(value)
    return _from_other(value, 0)


def _same(value: Any) -> Any:
    return value


def _from_int(value: int) -> Decimal | None:
    if value.bit_length() > 20_000:
        return None
    return NUMBERS.create_decimal(value)


def _from_float(value: float) -> Decimal | None:
    return _from_decimal(Decimal(repr(value)))


def _from_decimal(value: Decimal) -> Decimal | None:
    if not value.is_finite():
        return None
    try:
        return NUMBERS.plus(value)
    except ArithmeticError:
        return None


def _from_datetime(value: datetime) -> DateTime:
    day = Date(value.year, value.month, value.day)
    return DateTime(day, _clock(value, value.utcoffset()))


def _from_date(value: date) -> Date:
    return Date(value.year, value.month, value.day)


def _from_time(value: time) -> Time:
    return _clock(value, value.utcoffset())


def _clock(value: datetime | time, offset: timedelta | None) -> Time:
    zone = getattr(value.tzinfo, "key", None)
    seconds = int(offset.total_seconds()) if offset is not None and not zone else None
    if zone == "UTC":
        zone, seconds = None, 0
    return Time(value.hour, value.minute, value.second, value.microsecond * 1000, seconds, zone)


def _from_timedelta(value: timedelta) -> DaysDuration:
    return DaysDuration(value // timedelta(microseconds=1) * 1000)


def _from_list(value: Any) -> list[Any]:
    return _list(value, 0)


def _from_dict(value: Any) -> dict[str, Any]:
    return _dict(value, 0)


def _deep(value: Any, depth: int) -> Any:
    reader = READERS.get(type(value))
    if reader is None or reader is _from_list or reader is _from_dict:
        return _from_other(value, depth + 1)
    return reader(value)


def _list(value: Any, depth: int) -> list[Any]:
    return [_deep(entry, depth) for entry in value]


def _dict(value: Any, depth: int) -> dict[str, Any]:
    return {str(key): _deep(entry, depth) for key, entry in value.items()}


def _from_other(value: Any, depth: int) -> Any:
    if depth > _DEPTH:
        raise NestedTooDeep(limit=_DEPTH)
    if isinstance(value, Mapping):
        return _dict(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return _list(value, depth)
    for ancestor in (bool, int, float, str, Decimal, datetime, date, time, timedelta):
        if isinstance(value, ancestor):
            plain = str.__str__(value) if ancestor is str else value
            return READERS[ancestor](plain)
    raise UnusableValue(type=type(value).__name__)


READERS: dict[type, Callable[[Any], Any]] = {
    type(None): _same,
    bool: _same,
    str: _same,
    int: _from_int,
    float: _from_float,
    Decimal: _from_decimal,
    datetime: _from_datetime,
    date: _from_date,
    time: _from_time,
    timedelta: _from_timedelta,
    list: _from_list,
    dict: _from_dict,
    tuple: _from_list,
    **dict.fromkeys(
        (Date, Time, DateTime, DaysDuration, MonthsDuration, Range, FeelFunction), _same
    ),
}
"""Python type → how its values become FEEL values."""


def _number_out(value: Decimal) -> int | float | str:
    if value == value.to_integral_value() and value.adjusted() < 34:
        return int(value)
    near = float(value)
    return near if Decimal(repr(near)) == value else format(value, "f")


_WRITERS: dict[type, Callable[[Any], Any]] = {
    Decimal: _number_out,
    Date: show_date,
    Time: show_time,
    DateTime: show_date_time,
    DaysDuration: show_days,
    MonthsDuration: show_months,
    Range: show,
    FeelFunction: show,
    datetime: lambda value: show_date_time(_from_datetime(value)),
    date: date.isoformat,
    time: time.isoformat,
    timedelta: lambda value: show_days(_from_timedelta(value)),
}


def to_plain(value: Any) -> Any:
    """A JSON-safe value: whole numbers int, other numbers float when that is exact (else text),
    dates, times and durations as ISO 8601 text, ranges and functions as text."""
    if isinstance(value, dict):
        return {key: to_plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(entry) for entry in value]
    writer = _WRITERS.get(type(value))
    return writer(value) if writer else value


def to_python(value: Any) -> Any:
    """The nearest Python value: Decimal stays; dates, times, datetimes (aware when they have a
    zone) and days and time durations become those of `datetime`; what Python's calendar cannot
    hold, and years and months durations, become ISO text."""
    kind = type(value)
    if kind is dict:
        return {key: to_python(entry) for key, entry in value.items()}
    if kind is list:
        return [to_python(entry) for entry in value]
    if kind is MonthsDuration:
        return show_months(value)
    try:
        if kind is Date:
            return date(value.year, value.month, value.day)
        if kind is Time:
            return _python_time(value)
        if kind is DateTime:
            day = date(value.date.year, value.date.month, value.date.day)
            return datetime.combine(day, _python_time(value.time))
        if kind is DaysDuration:
            return timedelta(microseconds=value.nanos // 1000)
    except (ValueError, OverflowError):
        return to_plain(value)
    return value


def _python_time(value: Time) -> time:
    zone: Any = None
    if value.zone is not None:
        zone = ZoneInfo(value.zone)
    elif value.offset == 0:
        zone = UTC
    elif value.offset is not None:
        zone = timezone(timedelta(seconds=value.offset))
    return time(value.hour, value.minute, value.second, value.nano // 1000, zone)


__all__ = ["READERS", "SECOND", "from_plain", "to_plain", "to_python"]
