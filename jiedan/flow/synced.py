"""Owns what a step's writing hands on: what a person did, what was opened, what is due."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from jiedan.flow.host import Outgoing
from jiedan.flow.platform import DueJob

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The deadline of tasks without one, so that they sort last."""
ANY_KEY = "*"
"""The correlation key of who takes a message with any key."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did that caused the step, for the timeline."""

    task_id: UUID
    actor: str | None
    """None when several signed: each signature has its own line."""
    on_behalf_of: str | None = None
    outcome: str | None = None
    note: str | None = None
    entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenedTask:
    """A user task that this step opened."""

    task_id: UUID
    element_id: str
    name: str
    name_en: str | None
    assignee: str | None
    owners: tuple[str, ...]


@dataclass(slots=True)
class Synced:
    """What was written, as far as the step goes on from it."""

    opened: list[OpenedTask] = field(default_factory=list)
    closed: set[UUID] = field(default_factory=set)
    incidents: int = 0
    ended: bool = False
    due_at: datetime | None = None
    """The earliest moment at which something new is due."""
    jobs: list[DueJob] = field(default_factory=list)
    """What of it is due at once, for a worker anywhere."""
    thrown: list[Outgoing] = field(default_factory=list)
    early: list[Outgoing] = field(default_factory=list)
    """Messages that had come before somebody waited for them."""

    def due(self, moment: datetime | None) -> None:
        if moment is not None and (self.due_at is None or moment < self.due_at):
            self.due_at = moment
