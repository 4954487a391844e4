"""A decision model: what a DMN file says, ready to decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jiedan.dmn.results import DecisionResult


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as the catalogue shows it."""

    id: str
    name: str
    label: str | None
    inputs: tuple[str, ...]
    """Names of the input data it needs, its required decisions' included."""
    outputs: tuple[str, ...]
    """Output names of its table, else its own name."""
    hit_policy: str | None
    """UNIQUE, FIRST, PRIORITY, ANY, COLLECT, RULE ORDER, OUTPUT ORDER; None without a table."""


class Model:
    """A loaded model; immutable, may be shared between threads."""

    id: str
    name: str
    decisions: Mapping[str, Decision]
    """By id, in file order."""

    def decide(
        self,
        decision_id: str,
        inputs: Mapping[str, Any],
        *,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> DecisionResult:
        """Take the decision (by id or name) with these inputs (plain Python values allowed).

        Raises UnknownDecision, SeveralRulesMatch, RulesDisagree, LimitExceeded.
        """
        raise NotImplementedError


def load_model(xml: bytes, *, imports: Mapping[str, bytes] | None = None) -> Model:
    """Read a DMN 1.1 to 1.5 file. `imports`: other files by namespace. Raises UnreadableModel,
    and FeelSyntaxError for an expression that cannot be parsed."""
    raise NotImplementedError
