"""Owns the life of an instance: start, suspend, resume, cancel, list, show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.core.work import Work
from jiedan.flow.history import HistoryEntry
from jiedan.flow.inbox import TaskItem
from jiedan.flow.incidents import Incident
from jiedan.flow.jobs import Job
from jiedan.flow.pages import Page
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from jiedan.flow.tasks import Attachment, Comment, NextTask


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
    """Names of the open user tasks."""


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


def start_instance(
    flow: Flow,
    *,
    actor: Actor,
    process_id: str,
    variables: Mapping[str, Any] | None = None,
    business_key: str | None = None,
    key: str | None = None,
    start_element: str | None = None,
) -> Started:
    """Start an instance on the newest version and run it to its first wait state."""
    raise NotImplementedError


def start_in(
    work: Work,
    flow: Flow,
    *,
    process_id: str,
    variables: Mapping[str, Any] | None = None,
    business_key: str | None = None,
) -> Started:
    """The same inside a transaction that is already open."""
    raise NotImplementedError


def suspend_instance(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str) -> None:
    """Nothing of it runs, nobody can complete its tasks, deadlines stand still."""
    raise NotImplementedError


def resume_instance(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str = "") -> None:
    """Go on; deadlines move by the time it was suspended."""
    raise NotImplementedError


def cancel_instance(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str) -> None:
    """End it where it stands; open tasks, jobs, timers and subscriptions go with it."""
    raise NotImplementedError


def list_instances(
    flow: Flow,
    *,
    query: str = "",
    process_id: str | None = None,
    states: frozenset[InstanceState] = frozenset(),
    business_key: str | None = None,
    started_by: str | None = None,
    started_from: datetime | None = None,
    started_to: datetime | None = None,
    after: str | None = None,
    size: int = 20,
) -> Page[InstanceItem]:
    """Newest first. Who may see what is the caller's business."""
    raise NotImplementedError


def show_instance(flow: Flow, *, instance_id: UUID) -> InstanceView:
    """Everything about one instance. Raises InstanceNotFound."""
    raise NotImplementedError


def diagram_of(flow: Flow, *, instance_id: UUID, process_id: str) -> bytes:
    """The BPMN file of one process as this instance runs it."""
    raise NotImplementedError
