"""The values the engine hands out: frozen, without any engine object inside.

Times are aware UTC datetimes; ids of tokens are time-ordered UUIDs that stay the same from the
moment an element is entered until it is left, across saving and loading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Severity(StrEnum):
    """How much a finding weighs: an error refuses the deployment, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    REPAIRED = "repaired"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the check has to say about one element of a diagram.

    `message` and `mend` are msgids with `%(name)s` placeholders filled from `params`.
    """

    element_id: str
    element_name: str
    rule: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)
    mend: str = ""
    severity: Severity = Severity.ERROR
    process_id: str = ""


@dataclass(frozen=True, slots=True)
class ElementRef:
    """Which element of which process; the same object for every token that passes it."""

    id: str
    name: str
    kind: str  # the BPMN tag: userTask, serviceTask, exclusiveGateway, …
    process_id: str
    lane: str | None = None
    lane_properties: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)  # zeebe:properties
    headers: Mapping[str, str] = field(default_factory=dict)  # zeebe:taskHeaders
    documentation: str = ""
    scope_id: str = ""  # the embedded subprocess that holds the element, "" at process level


@dataclass(frozen=True, slots=True)
class Listener:
    """A zeebe:taskListener: the handler `type` runs on `event` (completing, assigning, …)."""

    event: str
    type: str


@dataclass(frozen=True, slots=True)
class MultiInstanceItem:
    """Which item of a multi-instance body a token works on."""

    index: int  # from 0
    count: int
    value: Any
    body_id: UUID


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A user task that waits for a person, its expressions already evaluated."""

    task_id: UUID
    element: ElementRef
    process_id: str
    name: str
    form_id: str | None
    assignee: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    due_at: datetime | None
    follow_up_at: datetime | None
    priority: int
    properties: Mapping[str, str]
    listeners: tuple[Listener, ...]
    mi_item: MultiInstanceItem | None
    has_outputs: bool  # explicit ioMapping outputs: the answer itself is not merged
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A service task whose handler answered PENDING and whose result is awaited."""

    task_id: UUID
    element: ElementRef
    handler: str
    inputs: Mapping[str, Any]
    headers: Mapping[str, str]
    retries: int | None
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that must be fired at `due_at`; the same task id again means a new due time."""

    task_id: UUID
    element: ElementRef
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """A message or signal somebody waits for; `correlation_key` None accepts any key."""

    task_id: UUID
    element: ElementRef
    message: str
    correlation_key: str | None
    kind: str = "message"  # or "signal"
    interrupting: bool = True


@dataclass(frozen=True, slots=True)
class Closed:
    """Something that waited and waits no longer: `how` is completed or cancelled."""

    task_id: UUID
    how: str


@dataclass(frozen=True, slots=True)
class Entered:
    """An element was entered in this step; `left_at` and `how` are set if it was left, too.

    `parent_id` is the token of the enclosing subprocess, call or multi-instance body.
    """

    task_id: UUID
    element: ElementRef
    at: datetime
    parent_id: UUID | None = None
    left_at: datetime | None = None
    how: str | None = None  # completed, cancelled, error
    mi_index: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """An element that had been entered in an earlier step was left in this one."""

    task_id: UUID
    element: ElementRef
    at: datetime
    how: str  # completed, cancelled, error


@dataclass(frozen=True, slots=True)
class UncaughtError:
    """A BPMN error that no boundary event or event subprocess caught; its token stays."""

    task_id: UUID
    element: ElementRef
    code: str
    message: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """An element whose expression or decision failed; its token stays until `retry`."""

    task_id: UUID
    element: ElementRef
    message: str
    expression: str | None = None
    cause: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Thrown:
    """A message or signal the diagram sent; signals were already given to this instance."""

    kind: str  # message or signal
    name: str
    correlation_key: str | None
    payload: Mapping[str, Any]
    element: ElementRef
    task_id: UUID


@dataclass(frozen=True, slots=True)
class Token:
    """Where an instance stands: one unfinished element."""

    element: ElementRef
    process_id: str
    task_id: UUID
    state: str  # ready, waiting, failed, inside (a body whose content is running)
    parent_id: UUID | None = None
    mi_item: MultiInstanceItem | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a step did, as the difference to the last time it was asked."""

    opened: tuple[OpenTask, ...] = ()
    closed: tuple[Closed, ...] = ()
    jobs: tuple[WaitingJob, ...] = ()
    jobs_closed: tuple[Closed, ...] = ()
    timers: tuple[Timer, ...] = ()
    timers_closed: tuple[Closed, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    subscriptions_closed: tuple[Closed, ...] = ()
    entered: tuple[Entered, ...] = ()
    left: tuple[Left, ...] = ()
    flows: tuple[tuple[str, str], ...] = ()  # (process id, sequence flow id) in order taken
    thrown: tuple[Thrown, ...] = ()
    uncaught_errors: tuple[UncaughtError, ...] = ()
    failures: tuple[Failure, ...] = ()
    failures_closed: tuple[UUID, ...] = ()
    ended: bool = False
    dead: bool = False  # neither finished nor waiting for anything: an incident
    steps: int = 0  # elements executed
