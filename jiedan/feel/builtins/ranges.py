"""Functions of ranges and points (DMN 1.5 §10.3.4.8)."""

from collections.abc import Callable
from typing import Any

from jiedan.feel.builtins.signature import builtin
from jiedan.feel.compare import order
from jiedan.feel.errors import FeelError, Phrase
from jiedan.feel.nodes import Call, Literal, Name, Node, RangeOf
from jiedan.feel.parser import Parser
from jiedan.feel.run import Run
from jiedan.feel.unary import range_of
from jiedan.feel.values import Range


class _NoOrder(Exception):
    """Two ends cannot be compared."""


def _order(a: Any, b: Any) -> int:
    placed = order(a, b)
    if placed is None:
        raise _NoOrder
    return placed


def _as_range(value: Any) -> Range:
    return value if type(value) is Range else Range(value, value)


def _ends(a: Range, b: Range) -> int:
    """Order of the end of a and the start of b; unbounded ends lie outside everything."""
    if _endless(a) or _startless(b):
        return 1
    return _order(a.high, b.low)


def _starts(a: Range, b: Range) -> int:
    if _startless(a) or _startless(b):
        return (not _startless(a)) - (not _startless(b))
    return _order(a.low, b.low)


def _finishes(a: Range, b: Range) -> int:
    if _endless(a) or _endless(b):
        return _endless(a) - _endless(b)
    return _order(a.high, b.high)


def _startless(value: Range) -> bool:
    return value.low is None and not value.low_closed


def _endless(value: Range) -> bool:
    return value.high is None and not value.high_closed


def _before(a: Range, b: Range) -> bool:
    placed = _ends(a, b)
    return placed < 0 or (placed == 0 and not (a.high_closed and b.low_closed))


def _meets(a: Range, b: Range) -> bool:
    return a.high_closed and b.low_closed and _ends(a, b) == 0


def _overlaps(a: Range, b: Range) -> bool:
    return not _before(a, b) and not _before(b, a)


def _overlaps_before(a: Range, b: Range) -> bool:
    start, end = _starts(a, b), _finishes(a, b)
    earlier = start < 0 or (start == 0 and a.low_closed and not b.low_closed)
    inside = end < 0 or (end == 0 and (not a.high_closed or b.high_closed))
    return earlier and inside and not _before(a, b)


def _finish(a: Range, b: Range) -> bool:
    start = _starts(a, b)
    later = start > 0 or (start == 0 and (not a.low_closed or b.low_closed))
    return a.high_closed == b.high_closed and _finishes(a, b) == 0 and later


def _includes(a: Range, b: Range) -> bool:
    start, end = _starts(a, b), _finishes(a, b)
    return (start < 0 or (start == 0 and (a.low_closed or not b.low_closed))) and (
        end > 0 or (end == 0 and (a.high_closed or not b.high_closed))
    )


def _start(a: Range, b: Range) -> bool:
    end = _finishes(a, b)
    earlier = end < 0 or (end == 0 and (not a.high_closed or b.high_closed))
    return a.low_closed == b.low_closed and _starts(a, b) == 0 and earlier


def _coincides(a: Range, b: Range) -> bool:
    same = (a.low_closed, a.high_closed) == (b.low_closed, b.high_closed)
    return same and _starts(a, b) == 0 and _finishes(a, b) == 0


def _swapped(relation: Callable[[Range, Range], bool]) -> Callable[[Range, Range], bool]:
    return lambda a, b: relation(b, a)


def _register(name: str, signatures: tuple[str, ...], relation: Callable[..., bool]) -> None:
    def answer(run: Run, a: Any, b: Any) -> bool | None:
        try:
            return bool(relation(_as_range(a), _as_range(b)))
        except _NoOrder:
            return run.warn("The ranges cannot be compared.")

    for signature in signatures:
        builtin(f"{name}({signature})")(answer)


_POINTS = "point1: point, point2: point"
_POINT_RANGE = "point: point, range: range"
_RANGE_POINT = "range: range, point: point"
_RANGES = "range1: range, range2: range"
_ALL = (_POINTS, _POINT_RANGE, _RANGE_POINT, _RANGES)

_register("before", _ALL, _before)
_register("after", _ALL, _swapped(_before))
_register("meets", (_RANGES,), _meets)
_register("met by", (_RANGES,), _swapped(_meets))
_register("overlaps", (_RANGES,), _overlaps)
_register("overlaps before", (_RANGES,), _overlaps_before)
_register("overlaps after", (_RANGES,), _swapped(_overlaps_before))
_register("finishes", (_POINT_RANGE, _RANGES), _finish)
_register("finished by", (_RANGE_POINT, _RANGES), _swapped(_finish))
_register("includes", (_RANGE_POINT, _RANGES), _includes)
_register("during", (_POINT_RANGE, _RANGES), _swapped(_includes))
_register("starts", (_POINT_RANGE, _RANGES), _start)
_register("started by", (_RANGE_POINT, _RANGES), _swapped(_start))
_register("coincides", (_POINTS, _RANGES), _coincides)


@builtin("range(from: string)")
def range_of_text(run: Run, text: str) -> Any:
    """The range that a text such as "[1..5)" stands for (DMN 1.5 grammar rules 66, 67).

    Its ends are constants. An end may be left out where the range is open: "(..5]", "[1..)".
    """
    found = _with_ends(text.strip())
    if found is not None:
        written, without_low, without_high = found
        node = _parse(written)
        if isinstance(node, RangeOf):
            low, high = _constant(node.low, run), _constant(node.high, run)
            if without_low or without_high:
                ends = (None if without_low else low, None if without_high else high)
                if _WRONG not in (low, high) and ends != (None, None):
                    return Range(*ends, node.low_closed, node.high_closed)
            elif low is not _WRONG and high is not _WRONG:
                return range_of(low, high, node.low_closed, node.high_closed, run)
    return run.warn('"%(text)s" is not a %(type)s.', text=text[:80], type=Phrase("range"))


def _parse(text: str) -> Node | None:
    try:
        return Parser(text).expression_text()
    except FeelError:
        return None


def _with_ends(text: str) -> tuple[str, bool, bool] | None:
    """The text with something in the place of an end that is left out, and which end that is."""
    if len(text) < 5 or text[0] not in "[(]" or text[-1] not in "])[":
        return None
    inside = text[1:-1].strip()
    without_low, without_high = inside.startswith(".."), inside.endswith("..")
    if without_low and (without_high or text[0] == "["):
        return None
    if without_high and text[-1] == "]":
        return None
    inside = f"0{inside}" if without_low else f"{inside}0" if without_high else inside
    return f"{text[0]}{inside}{text[-1]}", without_low, without_high


_WRONG = object()


def _constant(node: Node, run: Run) -> Any:
    """The value of an end: a literal, or a call of a date function with literals."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Call) and isinstance(node.function, Name):
        function = builtin.get(node.function.name)
        values = [_constant(argument, run) for argument in node.arguments]
        if function is not None and _WRONG not in values and node.function.name in _MAKERS:
            return function.call(run, values, None)
    return _WRONG


_MAKERS = frozenset(
    {"date", "time", "date and time", "duration", "years and months duration", "number"}
)
