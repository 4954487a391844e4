"""Owns the lists of user tasks: to do, done, started by me."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.flow.owners import USER, owners_of
from jiedan.flow.pages import COUNT_UP_TO, Count, Page, count_of, cursor, moment, read_cursor
from jiedan.flow.platform import Flow
from jiedan.flow.searching import matching_instances, says, search_words
from jiedan.flow.states import TaskState
from jiedan.flow.tables import InstanceRow, TaskCandidateRow, TaskRow

NAMES_READ = 5000
"""How many of my tasks a search by the task's name reads, the most urgent first."""

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
    owners: tuple[str, ...]
    """Whose it is while nobody holds it: `r:ROLE`, `u:login`."""
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

    `query` looks in number, title, summary and task name, also by pinyin. For what I started see
    `instances.list_instances(started_by=…)`. Sorted by deadline (none last), newest first, or by
    priority; `done` always newest first.
    """
    words = search_words(query)
    now = flow.platform.clock.now()
    with flow.platform.read() as session:
        matching = matching_instances(session, words) if words else None
        wanted = _Wanted(actor, tuple(words), matching, filters or TaskFilters(), now)
        if view == "done":
            return _done(session, wanted, after, size)
        return _todo(session, wanted, sort, after, size)


def count_tasks(flow: Flow, *, actor: Actor) -> InboxCounts:
    """The numbers on the inbox tabs."""
    now = flow.platform.clock.now()
    mine = _count(_Wanted(actor, (), None, TaskFilters(), now))
    overdue = _count(_Wanted(actor, (), None, TaskFilters(overdue=True), now))
    claimed = _count(_Wanted(actor, (), None, TaskFilters(mine_only=True), now))
    with flow.platform.read() as session:
        numbers = session.execute(
            select(mine.scalar_subquery(), overdue.scalar_subquery(), claimed.scalar_subquery())
        ).one()
    return InboxCounts(*(count_of(number) for number in numbers))


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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the reader asked for, as conditions."""

    actor: Actor
    words: tuple[str, ...]
    matching: list[UUID] | None
    """Instances that hold the words; None when there are too many to list."""
    filters: TaskFilters
    now: datetime

    def owners(self) -> tuple[str, ...]:
        if self.filters.mine_only:
            return (USER + self.actor.login,)
        return owners_of(self.actor)

    def of_task(self) -> list[ColumnElement[bool]]:
        """Conditions on the task's row."""
        filters, found = self.filters, []
        if filters.process_id:
            found.append(TaskRow.process_id == filters.process_id)
        if filters.element_id:
            found.append(TaskRow.element_id == filters.element_id)
        if filters.mine_only:
            found.append(TaskRow.assignee == self.actor.login)
        return found

    def of_candidate(self) -> list[ColumnElement[bool]]:
        """Conditions on the row that puts it into an inbox, which the indexes serve."""
        found = []
        if self.filters.overdue:
            found.append(TaskCandidateRow.due_at < self.now)
        if self.filters.min_priority is not None:
            found.append(TaskCandidateRow.rank <= -self.filters.min_priority)
        return found

    def of_text(self) -> list[ColumnElement[bool]]:
        """The words searched for, by the way that finds them soonest."""
        if not self.words:
            return []
        if self.matching is None:
            return [says(word) for word in self.words]
        if self.matching:
            return [TaskRow.instance_id.in_(self.matching)]
        # No instance says so; perhaps the task is called so.
        return [
            func.lower(TaskRow.name).like(f"%{word}%", escape="\\")
            | func.lower(TaskRow.name_en).like(f"%{word}%", escape="\\")
            for word in self.words
        ]

    @property
    def by_name(self) -> bool:
        """Whether tasks are looked for by their own names, which no index helps with."""
        return bool(self.words) and self.matching == []

    def joined(self, wanted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """`wanted` over candidates with every condition, joined only as far as needed."""
        of_task, of_text = self.of_task(), self.of_text()
        if of_task or of_text:
            wanted = wanted.join(TaskRow, TaskRow.id == TaskCandidateRow.task_id)
        if of_text and self.matching is None:
            wanted = wanted.join(InstanceRow, InstanceRow.id == TaskRow.instance_id)
        wanted = wanted.where(
            TaskCandidateRow.visible.is_(True), *self.of_candidate(), *of_task, *of_text
        )
        if self.by_name:
            wanted = wanted.where(TaskCandidateRow.task_id.in_(self.first_tasks()))
        return wanted

    def first_tasks(self) -> Select[*tuple[Any, ...]]:
        """The most urgent of my tasks, as many as may be read one by one."""
        return (
            select(TaskCandidateRow.task_id)
            .where(TaskCandidateRow.owner.in_(self.owners()), TaskCandidateRow.visible.is_(True))
            .order_by(TaskCandidateRow.due_at)
            .limit(NAMES_READ)
        )


_ORDERS: Mapping[Sort, tuple[Any, ...]] = {
    "due": (TaskCandidateRow.due_at, TaskCandidateRow.task_id),
    "created": (TaskCandidateRow.created_at, TaskCandidateRow.task_id),
    "priority": (TaskCandidateRow.rank, TaskCandidateRow.due_at, TaskCandidateRow.task_id),
}
_KINDS: Mapping[Sort, tuple[Any, ...]] = {
    "due": (moment, UUID),
    "created": (moment, UUID),
    "priority": (int, moment, UUID),
}


def _todo(
    session: Session, wanted: _Wanted, sort: Sort, after: str | None, size: int
) -> Page[TaskItem]:
    order = _ORDERS[sort]
    backwards = sort == "created"
    keys = read_cursor(after, *_KINDS[sort])
    if wanted.matching:
        every = sorted(_few(session, wanted, order), reverse=backwards)
        last = tuple(keys or ())
        rest = [row for row in every if not keys or (row < last if backwards else row > last)]
        return _page_of(session, wanted, rest, size, len(every))
    # One walk along an index per owner string, each only as far as a page needs; merged here.
    parts = []
    for owner in wanted.owners():
        part = wanted.joined(select(*order)).where(TaskCandidateRow.owner == owner)
        if keys is not None:
            here = tuple_(*order)
            part = part.where(here < tuple(keys) if backwards else here > tuple(keys))
        part = part.order_by(*(one.desc() if backwards else one for one in order))
        parts.append(select(part.limit(size + 1).subquery()))
    rows = session.execute(union_all(*parts)).all()
    found = sorted({tuple(row) for row in rows}, reverse=backwards)
    number = session.execute(_count(wanted)).scalar_one()
    return _page_of(session, wanted, found, size, number)


def _few(session: Session, wanted: _Wanted, order: tuple[Any, ...]) -> set[tuple[Any, ...]]:
    """My tasks of the few matching instances, found by way of the instance.

    Whose they are is looked at here: in the statement it would tempt the database to walk the
    whole inbox instead.
    """
    task_ids = session.execute(
        select(TaskRow.id).where(
            TaskRow.instance_id.in_(wanted.matching or ()),
            TaskRow.state.in_((TaskState.OPEN, TaskState.CLAIMED)),
            *wanted.of_task(),
        )
    ).scalars()
    rows = session.execute(
        select(TaskCandidateRow.owner, TaskCandidateRow.visible, *order).where(
            TaskCandidateRow.task_id.in_(task_ids.all()), *wanted.of_candidate()
        )
    )
    owners = set(wanted.owners())
    return {tuple(row[2:]) for row in rows if row.visible and row.owner in owners}


def _page_of(
    session: Session, wanted: _Wanted, found: list[tuple[Any, ...]], size: int, number: int
) -> Page[TaskItem]:
    """The first `size` of `found`, whose rows end in the task's id."""
    shown = found[:size]
    items = _items(session, [row[-1] for row in shown], wanted.now)
    after = cursor(*shown[-1]) if len(found) > size else None
    return Page(items, after, count_of(number))


def _done(session: Session, wanted: _Wanted, after: str | None, size: int) -> Page[TaskItem]:
    order = (TaskRow.completed_at, TaskRow.id)
    chosen = (
        select(*order)
        .join(InstanceRow, InstanceRow.id == TaskRow.instance_id)
        .where(TaskRow.completed_by == wanted.actor.login, *wanted.of_text())
    )
    if wanted.filters.process_id:
        chosen = chosen.where(TaskRow.process_id == wanted.filters.process_id)
    if wanted.filters.element_id:
        chosen = chosen.where(TaskRow.element_id == wanted.filters.element_id)
    counted = select(func.count()).select_from(chosen.limit(COUNT_UP_TO).subquery())
    keys = read_cursor(after, moment, UUID)
    if keys is not None:
        chosen = chosen.where(tuple_(*order) < tuple(keys))
    newest = chosen.order_by(*(one.desc() for one in order)).limit(size + 1)
    rows = session.execute(newest).all()
    number = session.execute(counted).scalar_one()
    items = _items(session, [row[1] for row in rows[:size]], wanted.now)
    more = len(rows) > size
    return Page(items, cursor(*rows[size - 1]) if more else None, count_of(number))


def _count(wanted: _Wanted) -> Select[*tuple[Any, ...]]:
    chosen = (
        wanted.joined(select(TaskCandidateRow.task_id).distinct())
        .where(TaskCandidateRow.owner.in_(wanted.owners()))
        .limit(COUNT_UP_TO)
    )
    return select(func.count()).select_from(chosen.subquery())


_ITEM = select(
    TaskRow.id,
    TaskRow.instance_id,
    TaskRow.process_id,
    TaskRow.element_id,
    TaskRow.code,
    TaskRow.name,
    TaskRow.name_en,
    TaskRow.state,
    TaskRow.version,
    TaskRow.assignee,
    TaskRow.candidates,
    TaskRow.priority,
    TaskRow.created_at,
    TaskRow.due_at,
    TaskRow.breached_at,
    TaskRow.outcome,
    TaskRow.completed_at,
    TaskRow.completed_by,
    InstanceRow.business_key,
    InstanceRow.title,
    InstanceRow.summary,
).join(InstanceRow, InstanceRow.id == TaskRow.instance_id)


def _items(session: Session, task_ids: Sequence[UUID], now: datetime) -> tuple[TaskItem, ...]:
    if not task_ids:
        return ()
    rows = {row.id: row for row in session.execute(_ITEM.where(TaskRow.id.in_(task_ids)))}
    return tuple(_item(rows[task_id], now) for task_id in task_ids if task_id in rows)


def tasks_of(session: Session, instance_id: UUID, now: datetime) -> tuple[TaskItem, ...]:
    """All tasks of one instance, oldest first."""
    rows = session.execute(
        _ITEM.where(TaskRow.instance_id == instance_id).order_by(TaskRow.created_at, TaskRow.id)
    )
    return tuple(_item(row, now) for row in rows)


def _item(row: Any, now: datetime) -> TaskItem:
    is_open = TaskState(row.state).is_open
    late = row.due_at is not None and row.due_at < (now if is_open else row.completed_at or now)
    return TaskItem(
        task_id=row.id,
        instance_id=row.instance_id,
        process_id=row.process_id,
        element_id=row.element_id,
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        state=row.state,
        version=row.version,
        business_key=row.business_key,
        title=row.title,
        summary=row.summary or {},
        assignee=row.assignee,
        owners=tuple((row.candidates or "").split()),
        priority=row.priority,
        created_at=row.created_at,
        due_at=row.due_at,
        breached_at=row.breached_at,
        overdue=late,
        outcome=row.outcome,
        completed_at=row.completed_at,
        completed_by=row.completed_by,
    )
