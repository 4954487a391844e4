"""Looks at decision tables without inputs: gaps, overlaps, rules that never fire, catch-alls.

Each column is cut into classes of values that its cells cannot tell apart, each with an example. A
walk through all combinations of classes, merging those that leave the same rules, finds values that
no rule takes, values that two rules take, and rules that no value reaches. Cells that read other
names may match or not; they neither prove nor disprove anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jiedan.dmn.column_classes import ColumnClass, classes_of
from jiedan.dmn.definitions import DecisionElement, Definitions, InputClause, Table, Text
from jiedan.dmn.items import component_names
from jiedan.dmn.reader import read_definitions
from jiedan.dmn.table_index import rows_of
from jiedan.dmn.tables import LISTS, normal_policy
from jiedan.feel.expression import compile_unary_tests
from jiedan.feel.look import Look, look_at_expression

_WALK = 20_000
"""Combinations looked at before the walk gives up."""
_MANY = 20
"""Gaps and overlaps told at most."""

Example = dict[str, Any]
"""Input expression → a value for it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Inputs that no rule takes."""

    example: Example
    only_fractions: bool
    """Whether all values lie between whole numbers, so that whole inputs never fall in."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rules (from 1) that match at once though the hit policy forbids it."""

    first: int
    second: int
    example: Example


@dataclass(frozen=True, slots=True)
class TableLook:
    """What was found in one table."""

    gaps: tuple[Gap, ...]
    overlaps: tuple[Overlap, ...]
    unreachable: tuple[int, ...]
    """Rules (from 1) that never fire."""
    catch_all: bool
    """Whether the last rule takes everything, or there is a default answer."""
    complete: bool
    """Whether all combinations were looked at; False for very large tables."""


@dataclass(frozen=True, slots=True)
class DecisionLook:
    """What can be said about one decision."""

    id: str
    name: str
    reads: frozenset[str]
    """Names its expressions read."""
    table: TableLook | None
    expressions: tuple[tuple[str, Look], ...]
    """Text → what can be said about it; input expressions, answers and literal expressions."""


def look_at_model(xml: bytes) -> tuple[DecisionLook, ...]:
    """Look at each decision of a file. Raises UnreadableModel and FeelSyntaxError."""
    definitions = read_definitions(xml)
    return tuple(_look_at_decision(each, definitions) for each in definitions.decisions)


def _look_at_decision(element: DecisionElement, definitions: Definitions) -> DecisionLook:
    names = {
        *(each.variable.name for each in definitions.inputs),
        *(each.variable.name for each in definitions.decisions),
        *(each.variable.name for each in definitions.knowledge),
        *(each.variable.name for each in definitions.services),
        *component_names(definitions.items),
    }
    logic = element.logic
    texts: list[Text] = []
    table = None
    if isinstance(logic, Text):
        texts = [logic]
    elif isinstance(logic, Table):
        table = look_at_table(logic)
        texts = [clause.expression for clause in logic.inputs]
        texts += [answer for rule in logic.rules for answer in rule.answers]
    looks = {
        each.text: look_at_expression(
            each.text, names=dict.fromkeys(names) if definitions.inputs else None
        )
        for each in texts
        if each.text.strip()
    }
    reads = frozenset(name for look in looks.values() for name in look.names)
    return DecisionLook(element.id, element.name, reads, table, tuple(looks.items()))


def look_at_table(table: Table) -> TableLook:
    """Look at one table. Raises FeelSyntaxError for a cell that cannot be read."""
    walk = _Walk(table)
    walk.go()
    everything = (1 << len(table.rules)) - 1
    return TableLook(
        gaps=tuple(walk.gaps) if normal_policy(table) not in LISTS else (),
        overlaps=tuple(walk.overlaps.values()),
        unreachable=tuple(row + 1 for row in rows_of(everything & ~walk.reached))
        if walk.complete
        else (),
        catch_all=_catches_all(table),
        complete=walk.complete,
    )


def _catches_all(table: Table) -> bool:
    if any(output.default is not None for output in table.outputs):
        return True
    return bool(table.rules) and all(test.strip() in ("", "-") for test in table.rules[-1].tests)


def _column(clause: InputClause, place: int, table: Table) -> list[ColumnClass]:
    texts = [rule.tests[place].strip() if place < len(rule.tests) else "" for rule in table.rules]
    allowed = compile_unary_tests(clause.allowed) if clause.allowed else None
    return classes_of(
        [compile_unary_tests(text or "-") for text in texts], allowed, clause.expression.type
    )


class _Walk:
    """The walk through the combinations of classes."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._policy = normal_policy(table)
        self._names = [clause.expression.text.strip() for clause in table.inputs]
        self._columns = [_column(clause, place, table) for place, clause in enumerate(table.inputs)]
        self._seen: set[tuple[int, int, int]] = set()
        self._default = any(output.default is not None for output in table.outputs)
        self._left = _WALK
        self.gaps: list[Gap] = []
        self.overlaps: dict[tuple[int, int], Overlap] = {}
        self.reached = 0
        self.complete = True

    def go(self) -> None:
        """Walk from the first column on."""
        everything = (1 << len(self._table.rules)) - 1
        self._step(0, everything, everything, ())

    def _step(self, place: int, sure: int, possible: int, chosen: tuple[ColumnClass, ...]) -> None:
        if not possible:
            self._gap(chosen)
            return
        if place == len(self._columns):
            self._leaf(sure, possible, chosen)
            return
        if (place, sure, possible) in self._seen:
            return
        self._seen.add((place, sure, possible))
        for each in self._columns[place]:
            self._left -= 1
            if self._left < 0:
                self.complete = False
                return
            self._step(place + 1, sure & each.sure, possible & each.possible, (*chosen, each))

    def _leaf(self, sure: int, possible: int, chosen: tuple[ColumnClass, ...]) -> None:
        first = sure & -sure
        if self._policy == "FIRST" and first:
            possible &= 2 * first - 1
        self.reached |= possible
        if self._policy in ("UNIQUE", "ANY") and sure != first:
            self._overlap(rows_of(sure), chosen)

    def _overlap(self, rows: list[int], chosen: tuple[ColumnClass, ...]) -> None:
        for first, second in _pairs(rows):
            if len(self.overlaps) >= _MANY:
                return
            if self._policy == "ANY" and self._answers(first) == self._answers(second):
                continue
            pair = (first + 1, second + 1)
            if pair not in self.overlaps:
                self.overlaps[pair] = Overlap(*pair, self._example(chosen))

    def _answers(self, row: int) -> list[str]:
        return [answer.text.strip() for answer in self._table.rules[row].answers]

    def _gap(self, chosen: tuple[ColumnClass, ...]) -> None:
        if self._default or len(self.gaps) >= _MANY:
            return
        rest = tuple(column[0] for column in self._columns[len(chosen) :])
        fractions = any(each.only_fractions for each in chosen)
        self.gaps.append(Gap(self._example((*chosen, *rest)), fractions))

    def _example(self, chosen: tuple[ColumnClass, ...]) -> Example:
        return {name: each.example for name, each in zip(self._names, chosen, strict=True)}


def _pairs(rows: list[int]) -> Iterator[tuple[int, int]]:
    for place, first in enumerate(rows):
        for second in rows[place + 1 :]:
            yield first, second
