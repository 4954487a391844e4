"""Owns what the use cases of user tasks take and answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.flow.states import TaskState


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person hands in: the button pressed and the form's values, already validated.

    `values` are those that `jiedan.flow.content.forms` lets through; complete_task validates
    them again against the task's own form version.
    """

    outcome: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class NextTask:
    task_id: UUID
    element_id: str
    name: str
    name_en: str | None
    mine: bool
    """Whether the actor may do it: the page goes straight on to it."""


@dataclass(frozen=True, slots=True)
class Completed:
    instance_id: UUID
    instance_state: str
    next_tasks: tuple[NextTask, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    id: UUID
    at: datetime
    by: str
    text: str
    task_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    id: UUID
    filename: str
    sha256: str
    size: int
    mime: str
    at: datetime
    by: str
    task_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OpenedTask:
    """Everything that a task page shows."""

    task_id: UUID
    version: int
    instance_id: UUID
    process_id: str
    element_id: str
    code: str | None
    name: str
    name_en: str | None
    state: TaskState
    business_key: str | None
    title: str | None
    summary: Mapping[str, str]
    form_id: str | None
    form_version: int | None
    schema: Mapping[str, Any] | None
    """The form-js schema of `form_version`."""
    values: Mapping[str, Any]
    """Initial values: the loader's, or the draft's when there is one."""
    facts: tuple[Any, ...]
    """What the loader wants shown beside the form."""
    variables: Mapping[str, Any]
    assignee: str | None
    candidate_roles: tuple[str, ...]
    candidate_users: tuple[str, ...]
    priority: int
    created_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    completed_by: str | None
    completed_at: datetime | None
    outcome: str | None
    draft_saved_at: datetime | None
    verbs: frozenset[str]
    """What the reader may do now: claim, unclaim, save, complete, comment, attach."""
    comments: tuple[Comment, ...]
    attachments: tuple[Attachment, ...]
    properties: Mapping[str, str]
    """The element's zeebe:properties."""
    documentation: str
    refusal: str | None = None
    """The code of the error that claiming would meet now (separation of duties), if any."""
    answer: Mapping[str, Any] | None = None
    """What was handed in, once it is completed; without what the form hid."""
    loaded: Mapping[str, Any] = field(default_factory=dict)
    """The loader's values, also when there is a draft: read-only fields keep them."""
    allowed_verbs: frozenset[str] = frozenset()
    """`verbs`, and what the step's settings allow besides: transfer, delegate, add_before,
    add_after, add_beside, remove_signer, return, reject, withdraw, copy, bulk_approve."""
    reasons: frozenset[str] = frozenset()
    """The verbs that need a reason here."""
    on_behalf_of: str | None = None
    """For whom the reader would act: somebody who is away."""
