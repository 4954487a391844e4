"""Owns the lists of user tasks: to do, done, started by me."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.pages import Count, Page
from jiedan.flow.platform import Flow

View = Literal["todo", "done"]
Sort = Literal["due", "created", "priority"]


@dataclass(frozen=True, slots=True)
class TaskFilters:
    process_id: str | None = None
    element_id: str | None = None
    overdue: bool = False
    min_priority: int | None = None
    mine_only: bool = False
    """Only what is assigned to me."""


@dataclass(frozen=True, slots=True)
class TaskItem:
    """One row of an inbox."""

    task_id: UUID
    instance_id: UUID
    process_id: str
    element_id: str
    code: str | None
    name: str
    name_en: str | None
    state: str
    version: int
    business_key: str | None
    title: str | None
    summary: Mapping[str, str]
    assignee: str | None
    priority: int
    created_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    overdue: bool
    outcome: str | None
    completed_at: datetime | None
    completed_by: str | None


@dataclass(frozen=True, slots=True)
class InboxCounts:
    todo: Count
    overdue: Count
    claimed: Count


def list_tasks(
    flow: Flow,
    *,
    actor: Actor,
    view: View = "todo",
    query: str = "",
    filters: TaskFilters | None = None,
    sort: Sort = "due",
    after: str | None = None,
    size: int = 20,
) -> Page[TaskItem]:
    """A page of my tasks: `todo` is what is assigned to me or unclaimed and mine by role or login.

    `query` looks in number, title and summary, also by pinyin. For what I started see
    `instances.list_instances(started_by=…)`.
    """
    raise NotImplementedError


def count_tasks(flow: Flow, *, actor: Actor) -> InboxCounts:
    """The numbers on the inbox tabs."""
    raise NotImplementedError
