"""Owns the rules for decision tables: readable, complete, without contradictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jiedan.dmn import DmnError, load_model
from jiedan.dmn.definitions import Table
from jiedan.dmn.look import DecisionLook, TableLook, look_at_model
from jiedan.dmn.reader import read_definitions
from jiedan.feel import FeelError, to_plain
from jiedan.flow.content.findings import ERROR, WARNING, Finding

ONE_HIT = frozenset({"FIRST", "PRIORITY", "ANY"})
"""Policies that answer with one row and can therefore end in a row that catches all."""


def check_tables(name: str, content: bytes) -> list[Finding]:
    """What is wrong with a decision file."""
    try:
        load_model(content)
        definitions = read_definitions(content)
        looks = {look.id: look for look in look_at_model(content)}
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
        for finding in _table(
            name, decision.label or decision.name, decision.logic, looks[decision.id]
        )
    ]


def _table(name: str, label: str, table: Table, look: DecisionLook) -> Iterator[Finding]:
    found = look.table
    if found is None:
        return
    if table.hit_policy in ONE_HIT and not found.catch_all:
        yield _finding(
            name,
            look.id,
            label,
            "table_open",
            "The table “%(label)s” does not end in a row that catches everything else.",
            "Add a last row whose conditions are all “-”.",
        )
    elif not found.catch_all:
        yield from _gaps(name, label, look.id, found)
    for overlap in found.overlaps:
        yield _finding(
            name,
            look.id,
            label,
            "rows_overlap",
            "In “%(label)s” the rows %(first)s and %(second)s can match at once, "
            "for example with %(example)s.",
            "Narrow one of them, or choose the hit policy FIRST.",
            first=overlap.first,
            second=overlap.second,
            example=_example(overlap.example),
        )
    for row in found.unreachable:
        yield _finding(
            name,
            look.id,
            label,
            "rows_hidden",
            "In “%(label)s” row %(row)s never matches, because rows above it take all its cases.",
            "Move it up, or take it out.",
            level=WARNING,
            row=row,
        )


def _gaps(name: str, label: str, decision_id: str, found: TableLook) -> Iterator[Finding]:
    for gap in found.gaps[:1]:
        yield _finding(
            name,
            decision_id,
            label,
            "table_gap",
            "No row of “%(label)s” matches %(example)s.",
            "Add a row for it, or a last row whose conditions are all “-”.",
            level=WARNING,
            example=_example(gap.example),
        )


def _example(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {to_plain(value)}" for name, value in values.items())


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
