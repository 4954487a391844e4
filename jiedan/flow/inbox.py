"""Owns the lists of user tasks: to do, done, drafts, and what a lead's team has to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, insert, or_, select
from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.flow.inbox_filters import KEYS, Sorted, TaskFilters, Wanted, read_order, wanted_by
from jiedan.flow.inbox_items import TaskItem, items_by_id, tasks_of
from jiedan.flow.inbox_pages import count_of_mine, newest_first, page_of
from jiedan.flow.inbox_tables import SeenRow
from jiedan.flow.owners import owners_of
from jiedan.flow.pages import Count, Page
from jiedan.flow.platform import Flow
from jiedan.flow.tables import DraftRow, InstanceRow, TaskCandidateRow, TaskRow, table_of
from jiedan.flow.team import team_owners

__all__ = [
    "KEYS",
    "InboxCounts",
    "Sorted",
    "TaskFilters",
    "TaskItem",
    "View",
    "count_tasks",
    "list_tasks",
    "mark_seen",
    "numbers_worked_on",
    "read_order",
    "tasks_of",
]

View = Literal["todo", "done", "drafts", "team"]


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """Each is counted up to 99."""

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
    sort: str = "due",
    after: str | None = None,
    size: int = 20,
) -> Page[TaskItem]:
    """A page of tasks. `todo` is what is assigned to me or unclaimed and mine by role or login;
    `team` what the roles below mine have to do, held by somebody or not; `drafts` what I began
    to fill in; `done` what I completed.

    `query` looks in number, title, summary and task name, also by pinyin. `sort` takes up to
    three keys of KEYS, each turned round by a `-`: `priority,-created`; `done` and `drafts` are
    always newest first. For what I started see `instances.list_instances(started_by=…)`.
    """
    now = flow.platform.clock.now()
    filters = filters or TaskFilters()
    with flow.platform.read() as session:
        team = team_owners(session, flow, actor) if view == "team" else None
        wanted = wanted_by(actor, query=query, filters=filters, now=now, team=team)
        if view == "done":
            return _done(session, wanted, after, size)
        if view == "drafts":
            return _drafts(session, wanted, after, size)
        return page_of(session, wanted, read_order(sort), after, size)


def count_tasks(flow: Flow, *, actor: Actor) -> InboxCounts:
    """The numbers on the inbox tabs."""
    now = flow.platform.clock.now()
    with flow.platform.read() as session:

        def count(*, overdue: bool = False, mine_only: bool = False) -> Count:
            filters = TaskFilters(overdue=overdue, mine_only=mine_only)
            wanted = wanted_by(actor, query="", filters=filters, now=now)
            return count_of_mine(session, wanted)

        todo = count()
        # Who has nothing to do has nothing late either.
        nothing = Count(0)
        return InboxCounts(
            todo,
            count(overdue=True) if todo.number else nothing,
            count(mine_only=True) if todo.number else nothing,
        )


def mark_seen(flow: Flow, *, actor: Actor, task_id: UUID) -> None:
    """The actor has opened this task: it is new no more."""
    with flow.platform.read() as session:
        if session.get(SeenRow, (task_id, actor.login)) is not None:
            return
    with flow.platform.work(actor=actor) as work:
        if work.session.get(SeenRow, (task_id, actor.login)) is None:
            work.session.execute(
                insert(table_of(SeenRow)), {"task_id": task_id, "login": actor.login}
            )


def numbers_worked_on(actor: Actor) -> Select[str | None]:
    """Business keys of the instances in which the actor completed a task or has one to do."""
    done = select(TaskRow.instance_id).where(TaskRow.completed_by == actor.login)
    todo = (
        select(TaskRow.instance_id)
        .join(TaskCandidateRow, TaskCandidateRow.task_id == TaskRow.id)
        .where(TaskCandidateRow.owner.in_(owners_of(actor)), TaskCandidateRow.visible.is_(True))
    )
    return select(InstanceRow.business_key).where(
        InstanceRow.business_key.is_not(None),
        or_(InstanceRow.id.in_(done), InstanceRow.id.in_(todo)),
    )


def _done(session: Session, wanted: Wanted, after: str | None, size: int) -> Page[TaskItem]:
    order = (TaskRow.completed_at, TaskRow.id)
    chosen = _narrowed(select(*order).where(TaskRow.completed_by == wanted.actor.login), wanted)
    ids, following, number = newest_first(session, chosen, order, after, size)
    return Page(_items(session, ids, wanted), following, number)


def _drafts(session: Session, wanted: Wanted, after: str | None, size: int) -> Page[TaskItem]:
    order = (DraftRow.saved_at, DraftRow.task_id)
    chosen = _narrowed(
        select(*order)
        .join(TaskRow, TaskRow.id == DraftRow.task_id)
        .where(DraftRow.saved_by == wanted.actor.login, TaskRow.completed_at.is_(None)),
        wanted,
    )
    ids, following, number = newest_first(session, chosen, order, after, size)
    return Page(_items(session, ids, wanted), following, number)


def _narrowed(chosen: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    filters = wanted.filters
    if wanted.by_instance():
        chosen = chosen.join(InstanceRow, InstanceRow.id == TaskRow.instance_id).where(
            *wanted.of_instance()
        )
    if filters.process_id:
        chosen = chosen.where(TaskRow.process_id == filters.process_id)
    if filters.element_id:
        chosen = chosen.where(TaskRow.element_id == filters.element_id)
    if filters.min_priority is not None:
        chosen = chosen.where(TaskRow.priority >= filters.min_priority)
    return chosen


def _items(session: Session, ids: Sequence[UUID], wanted: Wanted) -> tuple[TaskItem, ...]:
    return items_by_id(session, ids, wanted.now)
