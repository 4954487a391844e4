"""Owns the list of migrations: how far each is, and what became of each instance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from jiedan.flow.errors import MigrationNotFound
from jiedan.flow.migration import target_bundle
from jiedan.flow.migration_plan import RUNNING
from jiedan.flow.pages import COUNT_UP_TO, Page, count_of, cursor, moment, read_cursor
from jiedan.flow.platform import Flow
from jiedan.flow.searching import says, search_words
from jiedan.flow.states import InstanceState, MigrationItemState, MigrationState
from jiedan.flow.tables import InstanceRow, table_of
from jiedan.flow.tables_migration import MigrationItemRow, MigrationRow

_items = table_of(MigrationItemRow)


@dataclass(frozen=True, slots=True)
class Migration:
    id: UUID
    process_id: str
    version: int
    bundle_id: int
    mapping: Mapping[str, str]
    state: MigrationState
    at: datetime
    by: str
    reason: str | None
    went_at: datetime | None
    went_by: str | None
    ended_at: datetime | None
    counts: Mapping[str, int]
    """Instances by `MigrationItemState`."""
    source_bundles: tuple[int, ...] = ()
    """What the instances ran on; only `show_migration` fills it."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class MigrationItem:
    instance_id: UUID
    business_key: str | None
    title: str | None
    from_version: int
    state: MigrationItemState
    obstacles: tuple[Mapping[str, str], ...]
    """`rule`, `process`, `element`, `detail` of each; `flow.obstacles.say` puts it in words."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A running instance that could be migrated."""

    instance_id: UUID
    business_key: str | None
    title: str | None
    version: int
    state: InstanceState
    started_at: datetime


def list_candidates(
    flow: Flow,
    *,
    process_id: str,
    target_version: int | None = None,
    source_version: int | None = None,
    query: str = "",
    after: str | None = None,
    size: int = 20,
) -> Page[Candidate]:
    """The running instances that a migration with the same choice would take, newest first."""
    with flow.platform.read() as session:
        target = target_bundle(session, flow, process_id, target_version)
        wanted = select(
            InstanceRow.id,
            InstanceRow.business_key,
            InstanceRow.title,
            InstanceRow.version,
            InstanceRow.state,
            InstanceRow.started_at,
        ).where(*chosen(process_id, target.id, source_version, query))
        counted = wanted.with_only_columns(InstanceRow.id).limit(COUNT_UP_TO).subquery()
        number = session.execute(select(func.count()).select_from(counted)).scalar_one()
        keys = read_cursor(after, moment, UUID)
        if keys is not None:
            wanted = wanted.where(tuple_(InstanceRow.started_at, InstanceRow.id) < tuple(keys))
        newest = wanted.order_by(InstanceRow.started_at.desc(), InstanceRow.id.desc())
        rows = session.execute(newest.limit(size + 1)).all()
    items = tuple(
        Candidate(
            row.id,
            row.business_key,
            row.title,
            row.version,
            InstanceState(row.state),
            row.started_at,
        )
        for row in rows[:size]
    )
    more = len(rows) > size
    after_last = cursor(items[-1].started_at, items[-1].instance_id) if more else None
    return Page(items, after_last, count_of(number))


def chosen(
    process_id: str, target_id: int, source_version: int | None, query: str
) -> list[ColumnElement[bool]]:
    """Which running instances a choice means."""
    found = [
        InstanceRow.process_id == process_id,
        InstanceRow.state.in_(RUNNING),
        InstanceRow.bundle_id != target_id,
        *map(says, search_words(query)),
    ]
    if source_version is not None:
        found.append(InstanceRow.version == source_version)
    return found


def list_migrations(flow: Flow, *, after: str | None = None, size: int = 20) -> Page[Migration]:
    """Newest first."""
    wanted = select(MigrationRow)
    counted = select(MigrationRow.id).limit(COUNT_UP_TO).subquery()
    keys = read_cursor(after, moment, UUID)
    if keys is not None:
        wanted = wanted.where(
            (MigrationRow.at < keys[0])
            | ((MigrationRow.at == keys[0]) & (MigrationRow.id < keys[1]))
        )
    newest = wanted.order_by(MigrationRow.at.desc(), MigrationRow.id.desc()).limit(size + 1)
    with flow.platform.read() as session:
        rows = session.execute(newest).scalars().all()
        number = session.execute(select(func.count()).select_from(counted)).scalar_one()
        items = tuple(_migration(row, count_items(session, row.id)) for row in rows[:size])
    more = len(rows) > size
    return Page(items, cursor(items[-1].at, items[-1].id) if more else None, count_of(number))


def show_migration(flow: Flow, *, migration_id: UUID) -> Migration:
    """One migration with how far it is. Raises MigrationNotFound."""
    with flow.platform.read() as session:
        row = row_of(session, migration_id)
        bundles = session.execute(
            select(_items.c.bundle_id, func.count())
            .where(_items.c.migration_id == migration_id)
            .group_by(_items.c.bundle_id)
            .order_by(func.count().desc())
        ).all()
        return _migration(row, count_items(session, migration_id), tuple(one[0] for one in bundles))


def list_items(
    flow: Flow,
    *,
    migration_id: UUID,
    states: frozenset[str] = frozenset(),
    after: str | None = None,
    size: int = 20,
) -> Page[MigrationItem]:
    """The instances of a migration, each with its result."""
    wanted = (
        select(*_items.c, InstanceRow.business_key, InstanceRow.title)
        .join(InstanceRow, InstanceRow.id == _items.c.instance_id)
        .where(_items.c.migration_id == migration_id)
    )
    if states:
        wanted = wanted.where(_items.c.state.in_(states))
    counted = wanted.with_only_columns(_items.c.instance_id).limit(COUNT_UP_TO).subquery()
    keys = read_cursor(after, UUID)
    if keys is not None:
        wanted = wanted.where(_items.c.instance_id > keys[0])
    with flow.platform.read() as session:
        rows = session.execute(wanted.order_by(_items.c.instance_id).limit(size + 1)).all()
        number = session.execute(select(func.count()).select_from(counted)).scalar_one()
    items = tuple(
        MigrationItem(
            row.instance_id,
            row.business_key,
            row.title,
            row.version,
            MigrationItemState(row.state),
            tuple(row.obstacles or ()),
            row.at,
        )
        for row in rows[:size]
    )
    more = len(rows) > size
    return Page(items, cursor(items[-1].instance_id) if more else None, count_of(number))


def blocked_at(flow: Flow, *, migration_id: UUID) -> dict[tuple[str, str], int]:
    """How many instances cannot go because of which element (process, element)."""
    found: dict[tuple[str, str], int] = {}
    with flow.platform.read() as session:
        rows = session.execute(
            select(_items.c.obstacles).where(
                _items.c.migration_id == migration_id, _items.c.obstacles.is_not(None)
            )
        ).scalars()
        for obstacles in rows:
            told = [(one.get("process", ""), one.get("element", "")) for one in obstacles or ()]
            for place in set(told):
                found[place] = found.get(place, 0) + 1
    return found


def row_of(session: Session, migration_id: UUID) -> Any:
    """Raises MigrationNotFound."""
    row = session.execute(
        select(*table_of(MigrationRow).c).where(MigrationRow.id == migration_id)
    ).first()
    if row is None:
        raise MigrationNotFound
    return row


def count_items(session: Session, migration_id: UUID) -> dict[str, int]:
    """Instances by state."""
    rows = session.execute(
        select(_items.c.state, func.count())
        .where(_items.c.migration_id == migration_id)
        .group_by(_items.c.state)
    )
    return {row[0]: row[1] for row in rows}


def _migration(row: Any, counts: Mapping[str, int], bundles: tuple[int, ...] = ()) -> Migration:
    return Migration(
        row.id,
        row.process_id,
        row.version,
        row.bundle_id,
        row.mapping,
        MigrationState(row.state),
        row.at,
        row.by,
        row.reason,
        row.went_at,
        row.went_by,
        row.ended_at,
        counts,
        bundles,
    )
