"""One case under decision: its inputs, what was decided so far, which rules fired."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jiedan.dmn.results import FiredRule
from jiedan.feel.errors import Warnings
from jiedan.feel.limits import LIMITS, Limits
from jiedan.feel.run import Run


class Case(Run):
    """The state of one decide()."""

    __slots__ = ("decided", "decision", "decisions_open", "fired", "given")

    def __init__(
        self,
        given: Mapping[str, Any],
        warnings: Warnings | None = None,
        functions: Mapping[str, Any] | None = None,
        limits: Limits = LIMITS,
        now: datetime | None = None,
    ) -> None:
        super().__init__(warnings, functions, limits, now)
        self.given = given
        """Input name → value as given."""
        self.decided: dict[Any, Any] = {}
        """Element → value, each worked out once."""
        self.decisions_open: set[Any] = set()
        self.decision = ""
        """Id of the decision being taken."""
        self.fired: list[FiredRule] = []
