"""Sums, averages and extremes of lists (DMN 1.5 §10.3.4.4)."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jiedan.feel.builtins.signature import builtin
from jiedan.feel.compare import order
from jiedan.feel.run import Run
from jiedan.feel.temporal import DaysDuration, MonthsDuration
from jiedan.feel.values import NUMBERS

List = list[Any]


def _on_list(written: str, many: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of a list that may be called with its entries as arguments too."""

    def register(body: Callable[[Run, List], Any]) -> Callable[..., Any]:
        builtin(f"{written}(list: list)")(body)

        def spread(run: Run, *entries: Any) -> Any:
            return body(run, list(entries)) if len(entries) > 1 else None

        builtin(f"{written}({many}...: any)")(spread)
        return body

    return register


def _numbers(run: Run, list: List) -> list[Decimal] | None:
    """The list if it is one of numbers, with at least one."""
    run.spend(len(list))
    if list and all(type(entry) is Decimal for entry in list):
        return list
    return run.warn("There must be numbers, and nothing else, in the list.")


def _extreme(run: Run, list: List, sign: int) -> Any:
    run.spend(len(list))
    if not list:
        return run.warn("An empty list has no smallest or largest entry.")
    best = list[0]
    if order(best, best) is None:
        return run.warn("The entries of the list have no order.")
    for entry in list[1:]:
        placed = order(entry, best)
        if placed is None:
            return run.warn("The entries of the list have no order.")
        if placed == sign:
            best = entry
    return best


@_on_list("min", "c")
def minimum(run: Run, list: List) -> Any:
    """The smallest entry."""
    return _extreme(run, list, -1)


@_on_list("max", "c")
def maximum(run: Run, list: List) -> Any:
    """The largest entry."""
    return _extreme(run, list, 1)


def _total(run: Run, list: List) -> Any:
    try:
        total = list[0]
        for entry in list[1:]:
            total = NUMBERS.add(total, entry)
        return NUMBERS.plus(total)
    except ArithmeticError:
        return run.warn("The number is too large.")


@_on_list("sum", "n")
def total(run: Run, list: List) -> Any:
    """The numbers (or durations of one kind) added up."""
    if list and all(type(entry) is DaysDuration for entry in list):
        return DaysDuration(sum(entry.nanos for entry in list))
    if list and all(type(entry) is MonthsDuration for entry in list):
        return MonthsDuration(sum(entry.months for entry in list))
    numbers = _numbers(run, list)
    return None if numbers is None else _total(run, numbers)


@_on_list("product", "n")
def product(run: Run, list: List) -> Any:
    """The numbers multiplied."""
    numbers = _numbers(run, list)
    if numbers is None:
        return None
    try:
        result = Decimal(1)
        for entry in numbers:
            result = NUMBERS.multiply(result, entry)
        return result
    except ArithmeticError:
        return run.warn("The number is too large.")


@_on_list("mean", "n")
def mean(run: Run, list: List) -> Any:
    """The average."""
    numbers = _numbers(run, list)
    if numbers is None:
        return None
    sum_ = _total(run, numbers)
    return None if sum_ is None else NUMBERS.divide(sum_, Decimal(len(numbers)))


@_on_list("median", "n")
def median(run: Run, list: List) -> Any:
    """The middle number, or the average of the middle two."""
    numbers = _numbers(run, list)
    if numbers is None:
        return None
    ranked = sorted(numbers)
    middle = len(ranked) // 2
    if len(ranked) % 2:
        return ranked[middle]
    return mean(run, ranked[middle - 1 : middle + 1])


@_on_list("stddev", "n")
def stddev(run: Run, list: List) -> Any:
    """The standard deviation of the sample; null for fewer than two numbers."""
    numbers = _numbers(run, list)
    if numbers is None:
        return None
    if len(numbers) < 2:
        return run.warn("One number has no standard deviation.")
    average = mean(run, numbers)
    try:
        squares = [NUMBERS.power(NUMBERS.subtract(each, average), Decimal(2)) for each in numbers]
        variance = NUMBERS.divide(_total(run, squares), Decimal(len(numbers) - 1))
    except (ArithmeticError, TypeError):
        return run.warn("The number is too large.")
    return NUMBERS.sqrt(variance)


@_on_list("mode", "n")
def mode(run: Run, list: List) -> Any:
    """The most frequent numbers, smallest first; nothing for an empty list."""
    if not list:
        return []
    numbers = _numbers(run, list)
    if numbers is None:
        return None
    counts = Counter(numbers)
    most = max(counts.values())
    return sorted(number for number, times in counts.items() if times == most)
