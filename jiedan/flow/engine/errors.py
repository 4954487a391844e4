"""What the engine refuses, by name."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from jiedan.flow.engine.snapshots import Finding


class EngineError(Exception):
    """The process engine could not do what it was asked."""


class DefinitionRefused(EngineError):
    """The diagram cannot be run as it is."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(
            "; ".join(f"{item.element_id}: {item.message % dict(item.params)}" for item in findings)
        )
        self.findings = tuple(findings)


class NothingWaits(EngineError):
    """No open task with this id: it was completed, cancelled or never existed."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__(f"no open task {task_id}")
        self.task_id = task_id


class EndlessLoop(EngineError):
    """The instance ran too many automatic elements in one step; it seems to loop for ever."""

    def __init__(self, limit: int, element_id: str) -> None:
        super().__init__(f"more than {limit} automatic elements in one step, last at {element_id}")
        self.limit = limit
        self.element_id = element_id


class StateUnreadable(EngineError):
    """The stored state does not fit the definition or is of an unknown format."""


class LiveBroken(EngineError):
    """A step of this live instance failed half-way: drop it and restore the stored state."""


class StartRefused(EngineError):
    """The process has no such start event."""
