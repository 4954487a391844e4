"""One evaluation under way: its warnings, its functions and how far it may still go."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeVar

from jiedan.feel.errors import (
    ListTooLong,
    NestedTooDeep,
    TookTooLong,
    TooManySteps,
    TooMuchText,
    Warnings,
)
from jiedan.feel.limits import LIMITS, Limits

NO_FUNCTIONS: Mapping[str, Any] = {}
_PACE = 1000
_DEPTH = 100
"""How deep a value may be nested when it is written out."""
Null = TypeVar("Null")
"""Whatever type the null stands in for."""


class Run:
    """The state of one evaluation."""

    __slots__ = (
        "calls",
        "functions",
        "grown",
        "limits",
        "look",
        "now",
        "started",
        "steps",
        "warnings",
    )

    def __init__(
        self,
        warnings: Warnings | None = None,
        functions: Mapping[str, Any] | None = None,
        limits: Limits = LIMITS,
        now: datetime | None = None,
    ) -> None:
        self.warnings = warnings
        self.functions = functions or NO_FUNCTIONS
        self.limits = limits
        self.steps = limits.steps
        self.look = max(limits.steps - _PACE, 0)
        self.started = 0.0
        self.grown = limits.grown
        self.calls = 0
        self.now = now

    def warn(self, message_id: str, **params: Any) -> Null | None:
        """Report what made a part of the expression null; returns that null."""
        if self.warnings is not None:
            self.warnings.add(message_id, **params)
        return None

    def spend(self, steps: int = 1) -> None:
        """Count steps; raises TooManySteps or TookTooLong."""
        self.steps -= steps
        if self.steps < self.look:
            self._pause()

    def _pause(self) -> None:
        if self.steps < 0:
            raise TooManySteps(limit=self.limits.steps)
        self.look = max(self.steps - _PACE, 0)
        if self.started == 0.0:
            self.started = monotonic()
        elif (monotonic() - self.started) * 1000 > self.limits.milliseconds:
            raise TookTooLong(limit=self.limits.milliseconds)

    def room(self, items: int) -> None:
        """Make sure that a list may have so many entries, and count them as steps."""
        if items > self.limits.items:
            raise ListTooLong(limit=self.limits.items)
        self.spend(items)

    def grow(self, characters: int) -> None:
        """Count characters of a new text; raises TooMuchText."""
        self.grown -= characters
        if self.grown < 0:
            raise TooMuchText(limit=self.limits.grown)

    def measure(self, value: Any, factor: int = 1) -> None:
        """Make sure that a value, written out, stays within `factor` times the limits.

        Lists may share their parts, so a small value can be endless when it is written out.
        Raises TooManySteps, TooMuchText or NestedTooDeep.
        """
        steps, characters = self.limits.steps * factor, self.limits.grown * factor
        waiting = [(value, 0)]
        while waiting:
            current, depth = waiting.pop()
            steps -= 1
            if type(current) is str:
                characters -= len(current)
            elif isinstance(current, list | dict):
                entries = list(current.values()) if isinstance(current, dict) else current
                steps -= len(entries) // 8
                if steps < len(waiting):
                    raise TooManySteps(limit=self.limits.steps * factor)
                waiting += [(entry, depth + 1) for entry in entries]
            if depth > _DEPTH:
                raise NestedTooDeep(limit=_DEPTH)
            if characters < 0:
                raise TooMuchText(limit=self.limits.grown * factor)
            if steps < 0:
                raise TooManySteps(limit=self.limits.steps * factor)

    def enter(self) -> None:
        """Go into a function; raises NestedTooDeep."""
        self.calls += 1
        if self.calls > self.limits.calls:
            raise NestedTooDeep(limit=self.limits.calls)
        self.spend()

    def leave(self) -> None:
        """Come back from a function."""
        self.calls -= 1

    def moment(self) -> datetime:
        """The time of this evaluation, the same each time it is asked."""
        if self.now is None:
            self.now = datetime.now(UTC)
        return self.now


Functions = Mapping[str, Callable[..., Any]]
