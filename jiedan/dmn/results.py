"""What a decision answers: its value and the rules that led to it."""

from dataclasses import dataclass
from typing import Any

from jiedan.feel import FeelWarning


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule of a decision table that matched."""

    index: int
    """Row number, from 1."""
    id: str | None
    annotation: str
    inputs: dict[str, Any]
    """Input expression text → the value it had."""
    outputs: dict[str, Any]
    """Output name → the value this rule gives."""
    decision_id: str = ""


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The answer of one decision."""

    value: Any
    """FEEL value; `jiedan.feel.to_plain` makes it JSON."""
    fired: tuple[FiredRule, ...] = ()
    """Rules of this decision's own table that matched, in the order of the answer."""
    warnings: tuple[FeelWarning, ...] = ()
    required: tuple[FiredRule, ...] = ()
    """Rules that fired in the decisions it required."""
