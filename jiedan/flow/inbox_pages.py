"""Owns how a page of the inbox is found: by a walk along an index, or among a few sorted here.

A page must not cost more because a million tasks are open. Where a filter leaves few tasks, they
are found by that filter's own index and sorted in memory; otherwise they are frequent, and a walk
in the wanted order meets enough of them soon. Orders that no index knows sort the SORTED most
urgent tasks only.
"""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_, union_all
from sqlalchemy.orm import Session

from jiedan.flow.inbox_filters import Sorted, Wanted
from jiedan.flow.inbox_items import TaskItem, items_by_id
from jiedan.flow.pages import Count, Page, cursor, moment, read_cursor
from jiedan.flow.searching import FEW, matching_instances
from jiedan.flow.tables import InstanceRow, TaskCandidateRow, TaskRow

COUNTED = 100
"""Up to so many are counted; beyond that it is "99+"."""
SORTED = 2000
"""How many of the most urgent are sorted by keys that no index knows."""
_DUE = (TaskCandidateRow.due_at, TaskCandidateRow.task_id)
_CREATED = (TaskCandidateRow.created_at, TaskCandidateRow.task_id)
_RANK = (TaskCandidateRow.rank, TaskCandidateRow.due_at, TaskCandidateRow.task_id)
_Walk = tuple[tuple[Any, ...], tuple[Callable[[Any], Any], ...], bool]
_WALKS: dict[str, _Walk] = {
    "due": (_DUE, (moment, UUID), False),
    "-due": (_DUE, (moment, UUID), True),
    "created": (_CREATED, (moment, UUID), True),
    "-created": (_CREATED, (moment, UUID), False),
    "priority": (_RANK, (int, moment, UUID), False),
    "priority,due": (_RANK, (int, moment, UUID), False),
    "-priority": (_RANK, (int, moment, UUID), True),
}


def page_of(
    session: Session, wanted: Wanted, order: tuple[Sorted, ...], after: str | None, size: int
) -> Page[TaskItem]:
    """The page after a cursor; its count says how many there are in all, as far as counted."""
    if not wanted.owners:
        return Page((), None, Count(0))
    walk = _WALKS.get(",".join(map(str, order)))
    near = _near(session, wanted)
    if near is None and walk is None:
        near = _first(session, wanted, SORTED)
    if near is not None:
        return _sorted_page(session, wanted, near, order, after, size)
    assert walk is not None
    return _walked_page(session, wanted, walk, after, size)


def count_of_mine(session: Session, wanted: Wanted) -> Count:
    """How many there are, as far as is counted."""
    if not wanted.owners:
        return Count(0)
    found = session.execute(_walk_of(wanted, _WALKS["due"], None, COUNTED)).all()
    return _count(len({row[-1] for row in found}))


# --- a walk ------------------------------------------------------------------------------------
def _walked_page(
    session: Session, wanted: Wanted, walk: _Walk, after: str | None, size: int
) -> Page[TaskItem]:
    _, kinds, backwards = walk
    keys = read_cursor(after, int, *kinds)
    before = keys[0] if keys else 0
    last = tuple(keys[1:]) if keys else None
    limit = max(size + 1, COUNTED - before)
    rows = session.execute(_walk_of(wanted, walk, last, limit)).all()
    found = sorted({tuple(row) for row in rows}, reverse=backwards)[:limit]
    shown = found[:size]
    items = items_by_id(session, [row[-1] for row in shown], wanted.now, reader=wanted.actor.login)
    more = len(found) > size
    return Page(
        items,
        cursor(before + size, *shown[-1]) if more else None,
        _count(before + len(found)) if len(found) < limit else Count(before + limit, exact=False),
    )


def _walk_of(
    wanted: Wanted, walk: _Walk, last: tuple[Any, ...] | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """One walk along an index per owner string, each only as far as a page needs; merged."""
    order, _, backwards = walk
    parts = []
    for condition in _inboxes(wanted):
        part = wanted.joined(select(*order)).where(*condition)
        if last is not None:
            here = tuple_(*order)
            part = part.where(here < last if backwards else here > last)
        part = part.order_by(*(one.desc() if backwards else one for one in order))
        parts.append(select(part.limit(limit).subquery()))
    if len(parts) == 1:
        return parts[0]
    every = union_all(*parts).subquery()
    keys = tuple(every.c)
    merged = select(*keys).order_by(*(one.desc() if backwards else one for one in keys))
    return merged.distinct().limit(limit)


def _inboxes(wanted: Wanted) -> Iterable[tuple[ColumnElement[bool], ...]]:
    for owner in wanted.owners:
        mine = TaskCandidateRow.owner == owner
        if not wanted.held_too:
            yield (mine,)
            continue
        yield (mine, TaskCandidateRow.visible.is_(True))
        yield (mine, TaskCandidateRow.visible.is_(False))


# --- a few, sorted here ------------------------------------------------------------------------
def _near(session: Session, wanted: Wanted) -> list[UUID] | None:
    """The tasks that one filter leaves, when they are few; not all of them need fit the others."""
    filters = wanted.filters
    if wanted.by_instance():
        instances = _instances(session, wanted)
        if instances == [] and wanted.words:
            # No instance says so; perhaps the task is called so.
            return _first(session, wanted, SORTED)
        if instances is not None:
            return _of_instances(session, instances)
    if filters.element_id:
        found = _limited(
            session,
            select(TaskRow.id).where(
                TaskRow.element_id == filters.element_id, TaskRow.completed_at.is_(None)
            ),
        )
        if found is not None:
            return found
    if filters.min_priority is not None:
        urgent = select(TaskCandidateRow.task_id).where(
            TaskCandidateRow.owner.in_(wanted.owners),
            TaskCandidateRow.visible.is_(True) if not wanted.held_too else _EITHER,
            TaskCandidateRow.rank <= -filters.min_priority,
        )
        return _limited(session, urgent)
    return None


_EITHER = TaskCandidateRow.visible.in_((True, False))


def _instances(session: Session, wanted: Wanted) -> list[UUID] | None:
    words = [*wanted.words, *wanted.customer_words()]
    if words:
        found = matching_instances(session, words, open_only=True)
        if found is not None:
            return found
    filters = wanted.filters
    amounts = []
    if filters.min_amount is not None:
        amounts.append(InstanceRow.amount >= filters.min_amount)
    if filters.max_amount is not None:
        amounts.append(InstanceRow.amount <= filters.max_amount)
    if not amounts:
        return None
    return _limited(
        session,
        select(InstanceRow.id).where(
            InstanceRow.amount.is_not(None), InstanceRow.ended_at.is_(None), *amounts
        ),
    )


def _limited(session: Session, wanted: Select[UUID]) -> list[UUID] | None:
    found = list(session.execute(wanted.limit(FEW + 1)).scalars())
    return found if len(found) <= FEW else None


def _of_instances(session: Session, instances: list[UUID]) -> list[UUID]:
    if not instances:
        return []
    return list(
        session.execute(
            select(TaskRow.id).where(
                TaskRow.instance_id.in_(instances), TaskRow.completed_at.is_(None)
            )
        ).scalars()
    )


def _first(session: Session, wanted: Wanted, number: int) -> list[UUID]:
    """The most urgent of my tasks, whatever the filters say."""
    plain = []
    for condition in _inboxes(wanted):
        one = select(*_DUE).where(*condition)
        if not wanted.held_too:
            one = one.where(TaskCandidateRow.visible.is_(True))
        plain.append(select(one.order_by(*_DUE).limit(number).subquery()))
    return list({row[1] for row in session.execute(union_all(*plain)).all()})


def _sorted_page(
    session: Session,
    wanted: Wanted,
    near: list[UUID],
    order: tuple[Sorted, ...],
    after: str | None,
    size: int,
) -> Page[TaskItem]:
    found = _sort(_rows(session, wanted, near), order)
    ids = [row.task_id for row in found]
    keys = read_cursor(after, int, str)
    start = 0
    if keys is not None:
        # What the cursor stood on may be done by now: then its place counts.
        last = next((place for place, one in enumerate(ids) if str(one) == keys[1]), None)
        start = keys[0] if last is None else last + 1
    shown = ids[start : start + size]
    items = items_by_id(session, shown, wanted.now, reader=wanted.actor.login)
    more = len(ids) > start + size
    after = cursor(start + size, shown[-1]) if more else None
    return Page(items, after, Count(len(ids)))


def _rows(session: Session, wanted: Wanted, near: list[UUID]) -> list[Any]:
    """The tasks among these that are mine and fit every filter, each once."""
    if not near:
        return []
    columns = (
        TaskCandidateRow.task_id,
        TaskCandidateRow.owner,
        TaskCandidateRow.due_at,
        TaskCandidateRow.created_at,
        TaskCandidateRow.rank,
        TaskRow.element_id,
        InstanceRow.title,
        InstanceRow.amount,
    )
    # By way of the tasks: whose they are is looked at here, because in the statement it would
    # tempt the database to walk the whole inbox instead.
    statement = (
        select(*columns)
        .select_from(TaskRow)
        .join(TaskCandidateRow, TaskCandidateRow.task_id == TaskRow.id)
        .join(InstanceRow, InstanceRow.id == TaskRow.instance_id)
        .where(
            TaskRow.id.in_(near),
            *wanted.of_candidate(),
            *wanted.of_task(),
            *wanted.of_instance(),
        )
    )
    owners = set(wanted.owners)
    rows = {row.task_id: row for row in session.execute(statement) if row.owner in owners}
    return list(rows.values())


def _sort(rows: list[Any], order: tuple[Sorted, ...]) -> list[Any]:
    rows.sort(key=lambda row: (row.due_at, row.task_id))
    for one in reversed(order):
        backwards = one.turned != (one.key in ("created", "amount"))
        rows.sort(key=_VALUES[one.key], reverse=backwards)
    return rows


_VALUES: dict[str, Callable[[Any], Any]] = {
    "due": lambda row: row.due_at,
    "created": lambda row: row.created_at,
    "priority": lambda row: row.rank,
    "step": lambda row: row.element_id,
    "customer": lambda row: row.title or "\uffff",
    "amount": lambda row: row.amount if row.amount is not None else -1,
}


def _count(number: int) -> Count:
    return Count(number) if number < COUNTED else Count(COUNTED, exact=False)


def newest_first(
    session: Session,
    wanted: Select[*tuple[Any, ...]],
    order: tuple[Any, Any],
    after: str | None,
    size: int,
) -> tuple[list[UUID], str | None, Count]:
    """A page of task ids by (moment, id), the newest first: what a person did or keeps."""
    keys = read_cursor(after, int, moment, UUID)
    before = keys[0] if keys else 0
    if keys is not None:
        wanted = wanted.where(tuple_(*order) < (keys[1], keys[2]))
    limit = max(size + 1, COUNTED - before)
    rows = session.execute(wanted.order_by(*(one.desc() for one in order)).limit(limit)).all()
    more = len(rows) > size
    return (
        [row[1] for row in rows[:size]],
        cursor(before + size, *rows[size - 1]) if more else None,
        _count(before + len(rows)) if len(rows) < limit else Count(before + limit, exact=False),
    )
