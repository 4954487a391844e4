"""Sums, products and powers of numbers, texts, dates and durations (DMN 1.5 §10.3.2.13.2)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jiedan.feel.run import Run
from jiedan.feel.temporal import (
    DAY,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    add_months,
    add_nanos,
    date_of_days,
    shift_time,
    to_instant,
)
from jiedan.feel.values import NUMBERS, kind

_NANOS = 10**30
"""Durations beyond this many nanoseconds (and months) are refused."""


def _no_result(a: Any, b: Any, operator: str, run: Run) -> None:
    run.warn(
        "%(left)s %(operator)s %(right)s has no result.",
        left=kind(a),
        operator=operator,
        right=kind(b),
    )


def _days(nanos: int) -> DaysDuration | None:
    return DaysDuration(nanos) if abs(nanos) < _NANOS else None


def _months(months: int) -> MonthsDuration | None:
    return MonthsDuration(months) if abs(months) < _NANOS else None


def _add_months(value: Date | DateTime, months: int) -> Date | DateTime | None:
    if abs(months) > 12 * 2_000_000_000:
        return None
    if type(value) is Date:
        return add_months(value, months)
    day = add_months(value.date, months)  # type: ignore[union-attr]
    return None if day is None else DateTime(day, value.time)  # type: ignore[union-attr]


def _add_days(value: Date, nanos: int) -> Date | None:
    return date_of_days((value.days() * DAY + nanos) // DAY) if abs(nanos) < _NANOS else None


def _difference(a: Date | DateTime, b: Date | DateTime) -> DaysDuration | None:
    if _has_offset(a) != _has_offset(b):
        return None
    return _days(to_instant(a) - to_instant(b))


def _has_offset(value: Date | DateTime) -> bool:
    return type(value) is Date or value.time.zoned  # type: ignore[union-attr]


def _time_difference(a: Time, b: Time) -> DaysDuration | None:
    return _days(a.instant() - b.instant()) if a.zoned == b.zoned else None


_ADD: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (MonthsDuration, MonthsDuration): lambda a, b: _months(a.months + b.months),
    (DaysDuration, DaysDuration): lambda a, b: _days(a.nanos + b.nanos),
    (Date, MonthsDuration): lambda a, b: _add_months(a, b.months),
    (DateTime, MonthsDuration): lambda a, b: _add_months(a, b.months),
    (Date, DaysDuration): lambda a, b: _add_days(a, b.nanos),
    (DateTime, DaysDuration): lambda a, b: add_nanos(a, b.nanos),
    (Time, DaysDuration): lambda a, b: shift_time(a, b.nanos),
    (MonthsDuration, Date): lambda a, b: _add_months(b, a.months),
    (MonthsDuration, DateTime): lambda a, b: _add_months(b, a.months),
    (DaysDuration, Date): lambda a, b: _add_days(b, a.nanos),
    (DaysDuration, DateTime): lambda a, b: add_nanos(b, a.nanos),
    (DaysDuration, Time): lambda a, b: shift_time(b, a.nanos),
}

_SUBTRACT: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (MonthsDuration, MonthsDuration): lambda a, b: _months(a.months - b.months),
    (DaysDuration, DaysDuration): lambda a, b: _days(a.nanos - b.nanos),
    (Date, MonthsDuration): lambda a, b: _add_months(a, -b.months),
    (DateTime, MonthsDuration): lambda a, b: _add_months(a, -b.months),
    (Date, DaysDuration): lambda a, b: _add_days(a, -b.nanos),
    (DateTime, DaysDuration): lambda a, b: add_nanos(a, -b.nanos),
    (Time, DaysDuration): lambda a, b: shift_time(a, -b.nanos),
    (Date, Date): _difference,
    (DateTime, DateTime): _difference,
    (Date, DateTime): _difference,
    (DateTime, Date): _difference,
    (Time, Time): _time_difference,
}


def _whole(value: Decimal) -> int | None:
    """The number without its fraction; None when it is too large for a duration."""
    return int(value) if value.adjusted() < 31 else None


def _scale(part: int, factor: Decimal, make: Callable[[int], Any]) -> Any:
    whole = _whole(NUMBERS.multiply(NUMBERS.create_decimal(part), factor))
    return None if whole is None else make(whole)


def _shrink(part: int, divisor: Decimal, make: Callable[[int], Any]) -> Any:
    whole = _whole(NUMBERS.divide(NUMBERS.create_decimal(part), divisor))
    return None if whole is None else make(whole)


def _ratio(a: int, b: int) -> Decimal:
    return NUMBERS.divide(NUMBERS.create_decimal(a), NUMBERS.create_decimal(b))


_MULTIPLY: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (MonthsDuration, Decimal): lambda a, b: _scale(a.months, b, _months),
    (DaysDuration, Decimal): lambda a, b: _scale(a.nanos, b, _days),
    (Decimal, MonthsDuration): lambda a, b: _scale(b.months, a, _months),
    (Decimal, DaysDuration): lambda a, b: _scale(b.nanos, a, _days),
}

_DIVIDE: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (MonthsDuration, Decimal): lambda a, b: _shrink(a.months, b, _months),
    (DaysDuration, Decimal): lambda a, b: _shrink(a.nanos, b, _days),
    (MonthsDuration, MonthsDuration): lambda a, b: _ratio(a.months, b.months),
    (DaysDuration, DaysDuration): lambda a, b: _ratio(a.nanos, b.nanos),
}

_TABLES = {"+": _ADD, "-": _SUBTRACT, "*": _MULTIPLY, "/": _DIVIDE, "**": {}}
_NUMBERS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": NUMBERS.add,
    "-": NUMBERS.subtract,
    "*": NUMBERS.multiply,
    "/": NUMBERS.divide,
    "**": NUMBERS.power,
}


def number_operation(operator: str) -> Callable[[Decimal, Decimal], Decimal]:
    """The operation on two numbers; raises ArithmeticError when there is no finite result."""
    return _NUMBERS[operator]


def combine(a: Any, b: Any, operator: str, run: Run) -> Any:
    """The result of the operator, or null and a warning."""
    left, right = type(a), type(b)
    result = None
    try:
        if left is Decimal and right is Decimal:
            return _NUMBERS[operator](a, b)
        if left is str and right is str and operator == "+":
            run.grow(len(a) + len(b))
            return a + b
        work = _TABLES[operator].get((left, right))
        if work is not None:
            result = work(a, b)
    except ArithmeticError:
        return run.warn(
            "%(left)s %(operator)s %(right)s is not a finite number.",
            left=str(a),
            operator=operator,
            right=str(b),
        )
    if result is None:
        _no_result(a, b, operator, run)
    return result


def negate(value: Any, run: Run) -> Any:
    """The value with the other sign."""
    if type(value) is Decimal:
        return value.copy_negate() if value else value
    if type(value) is DaysDuration:
        return DaysDuration(-value.nanos)
    if type(value) is MonthsDuration:
        return MonthsDuration(-value.months)
    return run.warn("A %(type)s has no opposite.", type=kind(value))
