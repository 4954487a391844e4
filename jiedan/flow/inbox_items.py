"""Owns a row of the lists of tasks: what it says and how it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.flow.inbox_tables import SeenRow
from jiedan.flow.states import TaskState
from jiedan.flow.tables import InstanceRow, TaskRow


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
    on_behalf_of: str | None = None
    has_draft: bool = False
    is_new: bool = False
    """Open, and the reader has not opened it yet."""


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
    TaskRow.on_behalf_of,
    TaskRow.has_draft,
    InstanceRow.business_key,
    InstanceRow.title,
    InstanceRow.summary,
).join(InstanceRow, InstanceRow.id == TaskRow.instance_id)


def items_by_id(
    session: Session, task_ids: Sequence[UUID], now: datetime, *, reader: str | None = None
) -> tuple[TaskItem, ...]:
    """These tasks in this order; `reader` learns which are new."""
    if not task_ids:
        return ()
    rows = {row.id: row for row in session.execute(_ITEM.where(TaskRow.id.in_(task_ids)))}
    seen = set(task_ids) if reader is None else _seen(session, task_ids, reader)
    return tuple(
        _item(rows[task_id], now, is_new=task_id not in seen)
        for task_id in task_ids
        if task_id in rows
    )


def tasks_of(session: Session, instance_id: UUID, now: datetime) -> tuple[TaskItem, ...]:
    """All tasks of one instance, oldest first."""
    rows = session.execute(
        _ITEM.where(TaskRow.instance_id == instance_id).order_by(TaskRow.created_at, TaskRow.id)
    )
    return tuple(_item(row, now, is_new=False) for row in rows)


def _seen(session: Session, task_ids: Sequence[UUID], reader: str) -> set[UUID]:
    wanted = select(SeenRow.task_id).where(SeenRow.task_id.in_(task_ids), SeenRow.login == reader)
    return set(session.execute(wanted).scalars())


def _item(row: Any, now: datetime, *, is_new: bool) -> TaskItem:
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
        on_behalf_of=row.on_behalf_of,
        has_draft=row.has_draft,
        is_new=is_new and is_open,
    )
