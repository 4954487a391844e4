"""Equality, order and membership (DMN 1.5 §10.3.2.13, tables 53 to 55)."""

from decimal import Decimal
from typing import Any

from jiedan.feel.run import Run
from jiedan.feel.temporal import SECOND, Date, DateTime, DaysDuration, MonthsDuration, Time
from jiedan.feel.values import Range, kind


def equal(a: Any, b: Any, run: Run | None = None) -> bool | None:
    """Whether a = b; None when values of two kinds are compared. Steps are counted in `run`."""
    left, right = type(a), type(b)
    if left is right:
        if left is Decimal or left is str or left is bool or a is None:
            return bool(a == b)
        return _equal_alike(a, b, left, run)
    if a is None or b is None:
        return False
    return None


def _equal_alike(a: Any, b: Any, alike: type, run: Run | None) -> bool:
    if alike is DateTime or alike is Time:
        if _zoned(a) != _zoned(b):
            return False
        return bool(a.instant() == b.instant())
    if alike is list:
        return _equal_lists(a, b, run)
    if alike is dict:
        if a.keys() != b.keys():
            return False
        if run is not None:
            run.spend(len(a))
        return all(equal(value, b[key], run) for key, value in a.items())
    if alike is Range:
        return _equal_ranges(a, b, run)
    return bool(a == b)


def _equal_ranges(a: Range, b: Range, run: Run | None) -> bool:
    if (a.low_closed, a.high_closed, a.negated) != (b.low_closed, b.high_closed, b.negated):
        return False
    return bool(equal(a.low, b.low, run) and equal(a.high, b.high, run))


def _equal_lists(a: list[Any], b: list[Any], run: Run | None) -> bool:
    if len(a) != len(b):
        return False
    if run is not None:
        run.spend(len(a))
    return all(equal(x, y, run) for x, y in zip(a, b, strict=True))


def _zoned(value: DateTime | Time) -> bool:
    return value.time.zoned if type(value) is DateTime else value.zoned  # type: ignore[union-attr]


def order(a: Any, b: Any) -> int | None:
    """-1, 0 or 1 as a is before, at or after b; None when they have no order."""
    left = type(a)
    if left is not type(b):
        return None
    if left is Decimal or left is str:
        return _sign(a, b)
    if left is Date:
        return _sign((a.year, a.month, a.day), (b.year, b.month, b.day))
    if left is DateTime or left is Time:
        return _order_moments(a, b)
    if left is DaysDuration:
        return _sign(a.nanos, b.nanos)
    if left is MonthsDuration:
        return _sign(a.months, b.months)
    return None


def _order_moments(a: Any, b: Any) -> int:
    """A local time counts as one in the zone of the other (DMN 1.5 table 54)."""
    if _zoned(a) == _zoned(b):
        return _sign(a.instant(), b.instant())
    shift = ((a if _zoned(a) else b).offset_seconds() or 0) * SECOND
    first = a.instant() if _zoned(a) else a.instant() - shift
    second = b.instant() if _zoned(b) else b.instant() - shift
    return _sign(first, second)


def _sign(a: Any, b: Any) -> int:
    return int(a > b) - int(a < b)


def compare(a: Any, b: Any, operator: str, run: Run) -> bool | None:
    """The answer of < <= > >= = != with a warning when there is none."""
    if operator == "=" or operator == "!=":
        same = equal(a, b, run)
        if same is None:
            return run.warn(
                "A %(left)s cannot be compared with a %(right)s.", left=kind(a), right=kind(b)
            )
        return same if operator == "=" else not same
    placed = order(a, b)
    if placed is None:
        return run.warn(
            "A %(left)s cannot be compared with a %(right)s.", left=kind(a), right=kind(b)
        )
    if operator == "<":
        return placed < 0
    if operator == "<=":
        return placed <= 0
    return placed > 0 if operator == ">" else placed >= 0


def in_range(value: Any, interval: Range, run: Run) -> bool | None:
    """Whether the value lies in the interval; None when that cannot be said."""
    if interval.negated:
        return compare(value, interval.low, "!=", run)
    low: bool | None = True
    high: bool | None = True
    if interval.low is not None or interval.low_closed:
        low = compare(value, interval.low, ">=" if interval.low_closed else ">", run)
    if interval.high is not None or interval.high_closed:
        high = compare(value, interval.high, "<=" if interval.high_closed else "<", run)
    return both(low, high)


def both(first: bool | None, second: bool | None) -> bool | None:
    """first and second, three-valued."""
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def is_in(value: Any, test: Any, run: Run) -> bool | None:
    """Whether the value passes a test that is a value: a range, a list of tests, or an equal."""
    if type(test) is Range:
        if type(value) is Range:
            return equal(value, test, run)
        return in_range(value, test, run)
    if type(test) is list:
        if type(value) is list and equal(value, test, run):
            return True
        unknown = False
        for entry in test:
            run.spend()
            answer = is_in(value, entry, run) if type(entry) is Range else equal(value, entry, run)
            if answer:
                return True
            if answer is None and type(entry) is list:
                answer = equal(value, entry, run)
            unknown = unknown or answer is None
        return False
    return compare(value, test, "=", run)
