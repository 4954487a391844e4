"""Hit policies: what the answer is when some rules match (DMN 1.5 §8.2.8)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from jiedan.dmn.errors import RulesDisagree, SeveralRulesMatch
from jiedan.feel.builtins import BUILTINS
from jiedan.feel.compare import equal
from jiedan.feel.run import Run

Answer = dict[str, Any] | Any
"""What one rule gives: a value, or a context of several outputs."""

AGGREGATORS = {"SUM": "sum", "MIN": "min", "MAX": "max"}


def unique(decision: str, rows: Sequence[int], answers: Sequence[Answer]) -> Answer:
    """The answer of the only rule."""
    if len(rows) > 1:
        raise SeveralRulesMatch(decision=decision, rules=", ".join(str(row + 1) for row in rows))
    return answers[0]


def agreed(decision: str, rows: Sequence[int], answers: Sequence[Answer], run: Run) -> Answer:
    """The answer that all rules give."""
    for answer in answers[1:]:
        if equal(answers[0], answer, run) is not True:
            raise RulesDisagree(decision=decision, rules=", ".join(str(row + 1) for row in rows))
    return answers[0]


def aggregate(answers: Sequence[Answer], aggregation: str, run: Run) -> Answer:
    """The number, sum, smallest or largest of the answers."""
    if aggregation == "COUNT":
        return Decimal(len(answers))
    if answers and type(answers[0]) is dict:
        names = answers[0].keys()
        return {
            name: aggregate([answer[name] for answer in answers], aggregation, run)
            for name in names
        }
    return BUILTINS[AGGREGATORS[aggregation]].call(run, [list(answers)], None)


def rank(
    answers: Sequence[tuple[Any, ...]], priorities: Sequence[Sequence[Any] | None]
) -> list[int]:
    """The places of the answers, the most important first: by the order of the allowed values,
    output by output."""

    def key(place: int) -> list[int]:
        return [
            _place(value, order)
            for value, order in zip(answers[place], priorities, strict=True)
            if order
        ]

    return sorted(range(len(answers)), key=key)


def _place(value: Any, order: Sequence[Any]) -> int:
    for place, allowed in enumerate(order):
        if equal(value, allowed):
            return place
    return len(order)
