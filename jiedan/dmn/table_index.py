"""Finds the rules whose cells match without asking each: columns of constants as bit masks.

For a column, each rule's constant tests become spans of numbers and sets of other constants. All
ends of spans cut the number line into pieces; for each piece a mask says which rules it matches.
Looking a value up is a binary search or a dictionary access; the masks of all columns are combined
with `&`. Cells that are no constants stay candidates and are asked afterwards.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jiedan.feel.nodes import AnyValue, Literal, Node, RangeOf, Test, Tests

_EVERYTHING = (None, False, None, False)
Span = tuple[Decimal | None, bool, Decimal | None, bool]
"""Low end (None: unbounded), whether included, high end, whether included."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of constants: the numbers and the other values it matches."""

    spans: tuple[Span, ...]
    values: frozenset[Any]
    """Texts, truth values (as ("boolean", value)) and None."""
    everything: bool = False


def constant_cell(node: Tests) -> Cell | None:
    """The cell if it holds nothing but constants; None when it must be asked."""
    if node.negated:
        return None
    spans: list[Span] = []
    values: set[Any] = set()
    for test in node.tests:
        if isinstance(test, AnyValue):
            return Cell((), frozenset(), everything=True)
        if isinstance(test, Literal):
            if type(test.value) is Decimal:
                spans.append((test.value, True, test.value, True))
            elif type(test.value) in (str, bool) or test.value is None:
                values.add(_key(test.value))
            else:
                return None
            continue
        span = _span(test)
        if span is None:
            return None
        spans.append(span)
    return Cell(tuple(spans), frozenset(values))


def _key(value: Any) -> Any:
    return ("boolean", value) if type(value) is bool else value


def _number(node: Node | None) -> Decimal | None:
    return node.value if isinstance(node, Literal) and type(node.value) is Decimal else None


def _span(node: Node) -> Span | None:
    if isinstance(node, RangeOf):
        low, high = _number(node.low), _number(node.high)
        if low is None or high is None or low > high:
            return None
        return (low, node.low_closed, high, node.high_closed)
    if isinstance(node, Test):
        end = _number(node.operand)
        if end is None:
            return None
        if node.operator in ("<", "<="):
            return (None, False, end, node.operator == "<=")
        if node.operator in (">", ">="):
            return (end, node.operator == ">=", None, False)
        if node.operator == "=":
            return (end, True, end, True)
    return None


class ColumnIndex:
    """One column."""

    __slots__ = ("_booleans", "_ends", "_masks", "_open", "_others", "asked")

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        asked = everything = 0
        ends: set[Decimal] = set()
        others: dict[Any, int] = {}
        for row, cell in enumerate(cells):
            bit = 1 << row
            if cell is None:
                asked |= bit
            elif cell.everything:
                everything |= bit
            else:
                for value in cell.values:
                    others[value] = others.get(value, 0) | bit
                for low, _, high, _ in cell.spans:
                    ends.update(end for end in (low, high) if end is not None)
        self.asked = asked
        """Rules whose cell in this column must be asked."""
        self._open = asked | everything
        self._ends = sorted(ends)
        self._masks = self._sweep(cells)
        self._others = {key: mask | self._open for key, mask in others.items()}
        self._booleans = {
            value: self._others.get(("boolean", value), self._open) for value in (True, False)
        }

    def _sweep(self, cells: Sequence[Cell | None]) -> list[int]:
        """A mask for each piece: before the first end, on it, between it and the second, …"""
        pieces = 2 * len(self._ends) + 1
        opening, closing = [0] * (pieces + 1), [0] * (pieces + 1)
        masks = [self._open] * pieces
        for row, cell in enumerate(cells):
            bit = 1 << row
            spans = cell.spans if cell is not None else ()
            if len(spans) > 1:
                for span in spans:
                    first, last = self._pieces(span)
                    for piece in range(first, last + 1):
                        masks[piece] |= bit
            elif spans:
                first, last = self._pieces(spans[0])
                if first <= last:
                    opening[first] |= bit
                    closing[last + 1] |= bit
        running = 0
        for piece in range(pieces):
            running = (running & ~closing[piece]) | opening[piece]
            masks[piece] |= running
        return masks

    def _pieces(self, span: Span) -> tuple[int, int]:
        low, low_in, high, high_in = span
        first = 0 if low is None else 2 * bisect_left(self._ends, low) + (1 if low_in else 2)
        last = (
            2 * len(self._ends)
            if high is None
            else 2 * bisect_left(self._ends, high) + (1 if high_in else 0)
        )
        return first, last

    def lookup(self, value: Any) -> int | None:
        """The mask of the rules that match or must be asked; None for a value of other types."""
        kind = type(value)
        if kind is Decimal:
            ends = self._ends
            place = bisect_left(ends, value)
            on = place < len(ends) and ends[place] == value
            return self._masks[2 * place + on]
        if kind is str or value is None:
            return self._others.get(value, self._open)
        if kind is bool:
            return self._booleans[value]
        return None


def rows_of(mask: int) -> list[int]:
    """The rows whose bits are set, from the first."""
    rows = []
    while mask:
        bit = mask & -mask
        rows.append(bit.bit_length() - 1)
        mask ^= bit
    return rows
