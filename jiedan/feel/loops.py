"""for, some, every and filters."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from jiedan.feel.nodes import Literal, Node
from jiedan.feel.run import Run
from jiedan.feel.temporal import Date, date_of_days
from jiedan.feel.values import RUN, Code, Range, Scope, kind

Source = tuple[str, Code, Code | None]
"""Variable, list or first value, last value."""


def _steps(first: Any, last: Any, run: Run) -> list[Any] | None:
    """The values from first to last, in either direction."""
    if type(first) is Decimal and type(last) is Decimal:
        if first != first.to_integral_value() or last != last.to_integral_value():
            return run.warn("A loop goes from whole number to whole number.")
        if max(abs(first), abs(last)) > 10**18:
            run.room(run.limits.items + 1)
        low, high = int(first), int(last)
        run.room(abs(high - low) + 1)
        step = 1 if low <= high else -1
        return [Decimal(each) for each in range(low, high + step, step)]
    if type(first) is Date and type(last) is Date:
        low, high = first.days(), last.days()
        run.room(abs(high - low) + 1)
        step = 1 if low <= high else -1
        return [date_of_days(each) for each in range(low, high + step, step)]
    return run.warn(
        "A loop cannot go from a %(low)s to a %(high)s.", low=kind(first), high=kind(last)
    )


def _of_range(interval: Range, run: Run) -> list[Any] | None:
    entries = _steps(interval.low, interval.high, run)
    if entries is None:
        return None
    if not interval.low_closed:
        entries = entries[1:]
    return entries if interval.high_closed else entries[:-1]


def entries_of(value: Any, run: Run) -> list[Any] | None:
    """What a loop goes through: a list's entries, a range's values, or a single value."""
    if type(value) is list:
        return value
    if type(value) is Range:
        return _of_range(value, run)
    if value is None:
        return run.warn("A loop has nothing to go through.")
    return [value]


class _NothingToGoThrough(Exception):
    """A loop's source is null."""


def _turns(sources: list[Source], scope: Scope, at: int = 0) -> Iterator[Scope]:
    """A scope for each combination of the variables."""
    name, first, last = sources[at]
    run: Run = scope[RUN]
    found = (
        entries_of(first(scope), run) if last is None else _steps(first(scope), last(scope), run)
    )
    if found is None:
        raise _NothingToGoThrough
    deeper = at + 1 < len(sources)
    for entry in found:
        run.spend()
        inner = dict(scope)
        inner[name] = entry
        if deeper:
            yield from _turns(sources, inner, at + 1)
        else:
            yield inner


def compile_for(sources: list[Source], body: Code, partial: bool) -> Code:
    """for … return …; `partial`: the body looks at its results so far."""

    def loop(scope: Scope) -> Any:
        results: list[Any] = []
        if partial:
            scope = dict(scope)
            scope["partial"] = results
        run: Run = scope[RUN]
        try:
            for inner in _turns(sources, scope):
                results.append(body(inner))
                if len(results) > run.limits.items:
                    run.room(len(results))
        except _NothingToGoThrough:
            return None
        return results

    return loop


def compile_quantified(
    sources: list[Source], condition: Code, every: bool, *, strict: bool = False
) -> Code:
    """some … satisfies …, every … satisfies …: three-valued.

    `strict`: the condition must be true, false or null, else the result is null.
    """
    decisive = not every

    def answer(scope: Scope) -> Any:
        unknown = False
        try:
            for inner in _turns(sources, scope):
                value = condition(inner)
                if value is decisive:
                    return decisive
                if type(value) is not bool:
                    if strict and value is not None:
                        return not_boolean(value, scope)
                    unknown = True
        except _NothingToGoThrough:
            return None
        return None if unknown else every

    return answer


def not_boolean(value: Any, scope: Scope) -> None:
    """Warn of a value that should have been true or false."""
    if type(value) is not bool and value is not None:
        scope[RUN].warn("A %(type)s is neither true nor false.", type=kind(value))


def pick(entries: list[Any], index: Decimal, run: Run) -> Any:
    """The entry at a position from 1, or from the end when negative; else null."""
    if index == index.to_integral_value() and 0 < abs(index) <= len(entries):
        place = int(index)
        return entries[place - 1 if place > 0 else place]
    return run.warn(
        "A list of %(size)s entries has no entry %(index)s.", size=len(entries), index=str(index)
    )


def filter_code(base: Code, condition: Code, node: Node) -> Code:
    """base[condition]: one entry when the condition is a number, else those where it is true."""
    constant = node.value if type(node) is Literal and type(node.value) is Decimal else None

    def pick_constant(scope: Scope) -> Any:
        entries = _as_list(base(scope))
        assert constant is not None
        return pick(entries, constant, scope[RUN])

    def choose(scope: Scope) -> Any:
        return filter_list(_as_list(base(scope)), condition, scope)

    return choose if constant is None else pick_constant


def _as_list(value: Any) -> list[Any]:
    if type(value) is list:
        return value
    return [] if value is None else [value]


def filter_list(entries: list[Any], condition: Code, scope: Scope, *, strict: bool = False) -> Any:
    """The entries for which the condition is true, or the one whose position it gives.

    `strict`: the condition must be true, false or null for each, else the result is null.
    """
    run: Run = scope[RUN]
    if not entries:
        return _of_nothing(condition, scope)
    kept = []
    run.room(len(entries))
    for place, entry in enumerate(entries):
        if type(entry) is dict:
            inner = {**scope, "item": entry, **entry}
        else:
            inner = {**scope, "item": entry}
        answer = condition(inner)
        if answer is True:
            kept.append(entry)
        elif place == 0 and type(answer) is Decimal:
            return pick(entries, answer, run)
        elif strict and type(answer) is not bool and answer is not None:
            return run.warn("A %(type)s is neither true nor false.", type=kind(answer))
    return kept


def _of_nothing(condition: Code, scope: Scope) -> Any:
    run: Run = scope[RUN]
    warnings, run.warnings = run.warnings, None
    try:
        answer = condition({**scope, "item": None})
    finally:
        run.warnings = warnings
    return pick([], answer, run) if type(answer) is Decimal else []
