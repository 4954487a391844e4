"""What stands behind the dot: entries of contexts, parts of dates, durations and ranges."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jiedan.feel.run import Run
from jiedan.feel.temporal import SECOND, Date, DateTime, DaysDuration, MonthsDuration, Time
from jiedan.feel.values import NUMBERS, Range, kind


def _offset(seconds: int | None) -> DaysDuration | None:
    return None if seconds is None else DaysDuration(seconds * SECOND)


def _seconds(value: Time) -> Decimal:
    if not value.nano:
        return Decimal(value.second)
    return NUMBERS.add(Decimal(value.second), Decimal(value.nano).scaleb(-9))


def _split(nanos: int, size: int, limit: int | None) -> Decimal:
    whole = abs(nanos) // (size * SECOND)
    part = whole if limit is None else whole % limit
    return Decimal(-part if nanos < 0 else part)


def _duration_seconds(value: DaysDuration) -> Decimal:
    rest = NUMBERS.divide(Decimal(abs(value.nanos) % (60 * SECOND)), Decimal(SECOND))
    return rest.copy_negate() if value.nanos < 0 and rest else rest


def _years(value: MonthsDuration) -> Decimal:
    years = abs(value.months) // 12
    return Decimal(-years if value.months < 0 else years)


def _months(value: MonthsDuration) -> Decimal:
    months = abs(value.months) % 12
    return Decimal(-months if value.months < 0 else months)


_DATE: dict[str, Callable[[Any], Any]] = {
    "year": lambda value: Decimal(value.year),
    "month": lambda value: Decimal(value.month),
    "day": lambda value: Decimal(value.day),
    "weekday": lambda value: Decimal(value.weekday()),
}
_TIME: dict[str, Callable[[Any], Any]] = {
    "hour": lambda value: Decimal(value.hour),
    "minute": lambda value: Decimal(value.minute),
    "second": _seconds,
    "time offset": lambda value: _offset(value.offset_seconds()),
    "timezone": lambda value: value.zone,
}


def _of_date(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: read(value.date)


def _of_time(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: read(value.time)


PROPERTIES: dict[type, dict[str, Callable[[Any], Any]]] = {
    Date: _DATE,
    Time: _TIME,
    DateTime: {
        **{name: _of_date(read) for name, read in _DATE.items()},
        **{name: _of_time(read) for name, read in _TIME.items()},
        "time offset": lambda value: _offset(value.offset_seconds()),
    },
    DaysDuration: {
        "days": lambda value: _split(value.nanos, 86_400, None),
        "hours": lambda value: _split(value.nanos, 3600, 24),
        "minutes": lambda value: _split(value.nanos, 60, 60),
        "seconds": _duration_seconds,
    },
    MonthsDuration: {"years": _years, "months": _months},
    Range: {
        "start": lambda value: value.low,
        "end": lambda value: value.high,
        "start included": lambda value: value.low_closed,
        "end included": lambda value: value.high_closed,
    },
}


def read_property(value: Any, name: str, run: Run) -> Any:
    """The entry or part of that name; of a list, that of each of its entries."""
    if type(value) is dict:
        if name in value:
            return value[name]
        return run.warn('There is no "%(name)s" in the context.', name=name)
    if type(value) is list:
        run.room(len(value))
        return [read_property(entry, name, run) for entry in value]
    reader = PROPERTIES.get(type(value), {}).get(name)
    if reader is None:
        return run.warn('A %(type)s has no "%(name)s".', type=kind(value), name=name)
    return reader(value)
