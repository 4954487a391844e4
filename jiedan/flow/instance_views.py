"""Owns what the use cases of instances answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.flow.history import HistoryEntry
from jiedan.flow.inbox import TaskItem
from jiedan.flow.incidents import Incident
from jiedan.flow.jobs import Job
from jiedan.flow.states import InstanceState
from jiedan.flow.task_views import Attachment, Comment, NextTask


@dataclass(frozen=True, slots=True)
class Started:
    instance_id: UUID
    business_key: str | None
    state: InstanceState
    next_tasks: tuple[NextTask, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class InstanceItem:
    """One row of a list of instances."""

    instance_id: UUID
    process_id: str
    process_name: str
    process_name_en: str
    version: int
    business_key: str | None
    title: str | None
    summary: Mapping[str, str]
    state: InstanceState
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    waiting_at: tuple[str, ...]
    """Names of the open user tasks, in the reader's language."""


@dataclass(frozen=True, slots=True)
class TokenAt:
    """Where a token rests on the diagram."""

    process_id: str
    element_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message subscription or timer of an instance."""

    kind: str
    element_id: str
    name: str
    correlation_key: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class DiagramOf:
    """One diagram of the instance's bundle."""

    process_id: str
    name: str
    name_en: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class InstanceView:
    item: InstanceItem
    revision: int
    end_note: str | None
    tokens: tuple[TokenAt, ...]
    variables: Mapping[str, Any]
    tasks: tuple[TaskItem, ...]
    waiting: tuple[Waiting, ...]
    jobs: tuple[Job, ...]
    history: tuple[HistoryEntry, ...]
    incidents: tuple[Incident, ...]
    comments: tuple[Comment, ...]
    attachments: tuple[Attachment, ...]
    diagrams: tuple[DiagramOf, ...]
    unreadable: str | None = None
    """Why its stored state cannot be read, if so: tokens and variables are not known then."""
