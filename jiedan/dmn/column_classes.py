"""The values of a column in classes that its cells cannot tell apart, each with an example."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from jiedan.feel.compare import order
from jiedan.feel.expression import UnaryTests
from jiedan.feel.nodes import Literal, walk
from jiedan.feel.run import Run
from jiedan.feel.temporal import (
    DAY,
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    add_nanos,
    date_of_days,
    shift_time,
)
from jiedan.feel.values import NUMBERS, RUN, Range


@dataclass(frozen=True, slots=True)
class ColumnClass:
    """Values that all cells treat alike."""

    example: Any
    sure: int
    """Mask of the rules whose cell matches."""
    possible: int
    """Mask of the rules whose cell matches or may match, depending on other names."""
    only_fractions: bool = False
    """Whether the values lie between two neighbouring whole numbers."""


OTHER_TEXT = "…"
"""Stands for all texts that no cell names."""


def classes_of(
    tests: Sequence[UnaryTests], allowed: UnaryTests | None, type_: str | None
) -> list[ColumnClass]:
    """The classes of a column with these cells, the allowed values and type name of its input."""
    examples = _examples(tests, allowed, type_)
    classes: dict[tuple[int, int], ColumnClass] = {}
    for value, fraction in examples:
        if allowed is not None and not allowed.names and not _passes(allowed, value):
            continue
        sure, possible = _masks(tests, value)
        known = classes.get((sure, possible))
        if known is None or (known.only_fractions and not fraction):
            classes[sure, possible] = ColumnClass(value, sure, possible, fraction)
    return list(classes.values()) or [ColumnClass(None, *_masks(tests, None))]


def _masks(tests: Sequence[UnaryTests], value: Any) -> tuple[int, int]:
    sure = possible = 0
    for row, test in enumerate(tests):
        if test.names:
            possible |= 1 << row
        elif _passes(test, value):
            sure |= 1 << row
            possible |= 1 << row
    return sure, possible


def _passes(test: UnaryTests, value: Any) -> bool:
    return test.passes(value, {RUN: Run(), "?": value}) is True


def _examples(
    tests: Sequence[UnaryTests], allowed: UnaryTests | None, type_: str | None
) -> Iterable[tuple[Any, bool]]:
    """Values, at least one of each class; and whether it is one between two whole numbers."""
    named = list(_literals([*tests, *([allowed] if allowed is not None else [])]))
    found = False
    for kind, between in _ORDERED.items():
        points = _sorted(each for each in named if type(each) is kind)
        if points or (kind is Decimal and type_ == "number"):
            found = True
            yield from _spread(points or [Decimal(0)], between)
    texts = dict.fromkeys(each for each in named if type(each) is str)
    if texts or type_ == "string":
        found = True
        yield from ((text, False) for text in texts)
        yield OTHER_TEXT, False
    if type_ == "boolean" or any(type(each) is bool for each in named):
        found = True
        yield from ((truth, False) for truth in (True, False))
    if any(each is None for each in named):
        yield None, False
    if not found:
        yield OTHER_TEXT, False


def _literals(tests: Iterable[UnaryTests]) -> Iterable[Any]:
    for test in tests:
        for node in walk(test.node):
            if isinstance(node, Literal):
                if isinstance(node.value, Range):
                    yield from (node.value.low, node.value.high)
                else:
                    yield node.value


def _sorted(points: Iterable[Any]) -> list[Any]:
    ranked = sorted(points, key=cmp_to_key(lambda a, b: order(a, b) or 0))
    return [
        point for place, point in enumerate(ranked) if not place or order(ranked[place - 1], point)
    ]


Between = Callable[[Any, Any], Any]
"""A value between two, before the second (first None) or after the first (second None)."""


def _spread(points: list[Any], between: Between) -> Iterable[tuple[Any, bool]]:
    """The points, with values before, between and after them."""
    before = between(None, points[0])
    if before is not None:
        yield before, False
    for place, point in enumerate(points):
        yield point, False
        after = points[place + 1] if place + 1 < len(points) else None
        middle = between(point, after)
        if middle is not None:
            yield middle, _is_fraction(middle, point, after)


def _is_fraction(middle: Any, low: Any, high: Any) -> bool:
    if type(middle) is not Decimal or high is None or middle == middle.to_integral_value():
        return False
    return bool(low == low.to_integral_value() and high - low == 1)


def _number(low: Decimal | None, high: Decimal | None) -> Decimal | None:
    if low is None or high is None:
        one = Decimal(1)
        return NUMBERS.subtract(high, one) if high is not None else NUMBERS.add(low or one, one)
    middle = NUMBERS.divide(NUMBERS.add(low, high), Decimal(2))
    whole = middle.to_integral_value()
    if low < whole < high:
        return whole
    return middle if low < middle < high else None


def _date(low: Date | None, high: Date | None) -> Date | None:
    if low is None:
        return date_of_days(high.days() - 1) if high is not None else None
    middle = date_of_days(low.days() + 1)
    if middle is None or (high is not None and middle.days() >= high.days()):
        return None
    return middle


def _moment(low: DateTime | None, high: DateTime | None) -> DateTime | None:
    if low is None:
        return add_nanos(high, -DAY) if high is not None else None
    if high is None:
        return add_nanos(low, DAY)
    return add_nanos(low, (high.instant() - low.instant()) // 2)


def _time(low: Time | None, high: Time | None) -> Time | None:
    if low is None:
        return shift_time(high, -min(SECOND, high.nanos())) if high is not None else None
    end = high.nanos() if high is not None else DAY
    return shift_time(low, (end - low.nanos()) // 2)


def _days(low: DaysDuration | None, high: DaysDuration | None) -> DaysDuration | None:
    if low is None:
        return DaysDuration(high.nanos - DAY) if high is not None else None
    return DaysDuration(low.nanos + DAY if high is None else (low.nanos + high.nanos) // 2)


def _months(low: MonthsDuration | None, high: MonthsDuration | None) -> MonthsDuration | None:
    if low is None:
        return MonthsDuration(high.months - 1) if high is not None else None
    if high is None:
        return MonthsDuration(low.months + 1)
    return MonthsDuration(low.months + 1) if high.months - low.months > 1 else None


_ORDERED: dict[type, Between] = {
    Decimal: _number,
    Date: _date,
    DateTime: _moment,
    Time: _time,
    DaysDuration: _days,
    MonthsDuration: _months,
}
