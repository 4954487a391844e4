"""Owns the rules for decision tables: readable, complete, without contradictions."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations

from jiedan.dmn import DmnError, load_model
from jiedan.dmn.definitions import Table
from jiedan.dmn.reader import read_definitions
from jiedan.dmn.table_index import Cell, Span, constant_cell
from jiedan.feel import FeelError, compile_unary_tests
from jiedan.flow.content.findings import ERROR, WARNING, Finding

ONE_HIT = frozenset({"FIRST", "PRIORITY", "ANY"})
"""Policies that answer with one row and can therefore end in a row that catches all."""
ROWS_COMPARED = 400


def check_tables(name: str, content: bytes) -> list[Finding]:
    """What is wrong with a decision file."""
    try:
        load_model(content)
        definitions = read_definitions(content)
    except (DmnError, FeelError) as error:
        return [
            _finding(
                name,
                "",
                "",
                "decision_unreadable",
                "The decision file cannot be used: %(reason)s",
                "Correct it in the studio.",
                reason=str(error),
            )
        ]
    return [
        finding
        for decision in definitions.decisions
        if isinstance(decision.logic, Table)
        for finding in _table(name, decision.id, decision.label or decision.name, decision.logic)
    ]


def _table(name: str, decision_id: str, label: str, table: Table) -> Iterator[Finding]:
    if table.hit_policy in ONE_HIT and not _catches_all(table):
        yield _finding(
            name,
            decision_id,
            label,
            "table_open",
            "The table “%(label)s” does not end in a row that catches everything else.",
            "Add a last row whose conditions are all “-”.",
        )
    cells = [[_cell(test) for test in rule.tests] for rule in table.rules]
    if table.hit_policy == "UNIQUE":
        yield from _overlaps(name, decision_id, label, cells)
    if table.hit_policy == "FIRST":
        yield from _hidden(name, decision_id, label, cells)


def _catches_all(table: Table) -> bool:
    if any(output.default is not None for output in table.outputs):
        return True
    return bool(table.rules) and all(test.strip() in ("", "-") for test in table.rules[-1].tests)


def _overlaps(
    name: str, decision_id: str, label: str, cells: list[list[Cell | None]]
) -> Iterator[Finding]:
    numbered = list(enumerate(cells[:ROWS_COMPARED], start=1))
    for (first, one), (second, other) in combinations(numbered, 2):
        if all(_meet(a, b) for a, b in zip(one, other, strict=False)):
            yield _finding(
                name,
                decision_id,
                label,
                "rows_overlap",
                "In “%(label)s” the rows %(first)s and %(second)s can match at once, "
                "but the hit policy is UNIQUE.",
                "Narrow one of them, or choose the hit policy FIRST.",
                first=first,
                second=second,
            )


def _hidden(
    name: str, decision_id: str, label: str, cells: list[list[Cell | None]]
) -> Iterator[Finding]:
    for number, row in enumerate(cells, start=1):
        is_all = all(cell is not None and cell.everything for cell in row)
        if is_all and number < len(cells):
            yield _finding(
                name,
                decision_id,
                label,
                "rows_hidden",
                "In “%(label)s” row %(row)s catches everything, so the rows below it never match.",
                "Move it to the end.",
                level=WARNING,
                row=number,
            )
            return


def _cell(test: str) -> Cell | None:
    try:
        return constant_cell(compile_unary_tests(test or "-").node)
    except FeelError:
        return None


def _meet(one: Cell | None, other: Cell | None) -> bool:
    """Whether a value is certain to exist that passes both; unknown cells count as no."""
    if one is None or other is None:
        return False
    if one.everything or other.everything:
        return True
    if one.values & other.values:
        return True
    return any(_spans_meet(a, b) for a in one.spans for b in other.spans)


def _spans_meet(one: Span, other: Span) -> bool:
    low, low_in = _higher(one[0], one[1], other[0], other[1])
    high, high_in = _lower(one[2], one[3], other[2], other[3])
    if low is None or high is None:
        return True
    return low < high or (low == high and low_in and high_in)


def _higher(
    a: Decimal | None, a_in: bool, b: Decimal | None, b_in: bool
) -> tuple[Decimal | None, bool]:
    if a is None or (b is not None and b > a):
        return b, b_in
    return (a, a_in and b_in) if a == b else (a, a_in)


def _lower(
    a: Decimal | None, a_in: bool, b: Decimal | None, b_in: bool
) -> tuple[Decimal | None, bool]:
    if a is None or (b is not None and b < a):
        return b, b_in
    return (a, a_in and b_in) if a == b else (a, a_in)


def _finding(
    name: str,
    decision_id: str,
    label: str,
    rule: str,
    problem: str,
    mend: str,
    *,
    level: str = ERROR,
    **params: object,
) -> Finding:
    return Finding(
        rule=rule,
        level=level,
        file=name,
        element_id=decision_id or None,
        label=label or decision_id or name,
        problem=problem,
        mend=mend,
        params={"label": label or decision_id or name, **params},
    )
