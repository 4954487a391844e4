"""Owns the activity history: who did what in an instance, when, why, and which rule fired."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.flow.platform import Flow


@dataclass(frozen=True, slots=True)
class FiredDecision:
    decision_id: str
    value: Any
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of the timeline. `kind` is a BPMN type, or what a person or the clock did:
    claimed, unclaimed, completed, suspended, resumed, cancelled, incident, retried, skipped,
    breached, escalated, message."""

    at: datetime
    kind: str
    process_id: str
    element_id: str
    name: str
    name_en: str
    entered_at: datetime | None
    actor: str | None
    on_behalf_of: str | None
    outcome: str | None
    note: str | None
    task_id: UUID | None
    decisions: tuple[FiredDecision, ...]
    detail: Mapping[str, Any]


def list_history(flow: Flow, *, instance_id: UUID, limit: int = 1000) -> tuple[HistoryEntry, ...]:
    """Oldest first; the newest `limit` entries."""
    raise NotImplementedError


def visits(flow: Flow, *, process_id: str, version: int | None = None) -> dict[str, int]:
    """How often each element was left: the heat map."""
    raise NotImplementedError
