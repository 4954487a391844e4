"""Owns migrations of many instances: chosen and tried first, then done, and taken back.

Each instance has a transaction and a result of its own; a job works through them some at a time,
so that a migration goes on where it stopped when a worker dies.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.ids import new_id
from jiedan.core.work import Work
from jiedan.flow.admin import check_admin
from jiedan.flow.current import bundle_of
from jiedan.flow.errors import MigrationInState, NotAllowed, NothingToMigrate, TooManyToMigrate
from jiedan.flow.migration import target_bundle
from jiedan.flow.migration_list import chosen, count_items, row_of
from jiedan.flow.migration_plan import check_mapping
from jiedan.flow.migration_work import put_to_work
from jiedan.flow.platform import Flow
from jiedan.flow.states import MigrationItemState, MigrationState
from jiedan.flow.tables import InstanceRow, table_of
from jiedan.flow.tables_migration import MigrationItemRow, MigrationRow

MOST_INSTANCES = 5000

_items = table_of(MigrationItemRow)


def begin_migration(
    flow: Flow,
    *,
    actor: Actor,
    process_id: str,
    target_version: int | None = None,
    source_version: int | None = None,
    query: str = "",
    instance_ids: Sequence[UUID] | None = None,
    mapping: Mapping[str, str] | None = None,
) -> UUID:
    """Choose running instances of a process for a version and try them; nothing changes yet.

    Exactly those that `instance_ids`, or the version and the words of `query`, name now.
    Raises NothingToMigrate, TooManyToMigrate, MappingUnknown, NotAllowed.
    """
    _must_be_admin(flow, actor)
    with flow.platform.work(actor=actor) as work:
        target = target_bundle(work.session, flow, process_id, target_version)
        check_mapping(target, mapping or {})
        wanted = select(InstanceRow.id, InstanceRow.bundle_id, InstanceRow.version).where(
            *chosen(process_id, target.id, source_version, query)
        )
        if instance_ids is not None:
            if len(instance_ids) > MOST_INSTANCES:
                raise TooManyToMigrate(limit=MOST_INSTANCES, count=len(instance_ids))
            wanted = wanted.where(InstanceRow.id.in_(list(instance_ids)))
        rows = work.session.execute(wanted.limit(MOST_INSTANCES + 1)).all()
        if not rows:
            raise NothingToMigrate
        if len(rows) > MOST_INSTANCES:
            raise TooManyToMigrate(limit=MOST_INSTANCES, count=f"{MOST_INSTANCES}+")
        migration_id = new_id()
        work.session.execute(
            insert(table_of(MigrationRow)),
            {
                "id": migration_id,
                "process_id": process_id,
                "bundle_id": target.id,
                "version": target.version,
                "mapping": dict(mapping or {}),
                "state": MigrationState.CHECKING,
                "at": work.now,
                "by": actor.login,
            },
        )
        work.session.execute(
            insert(_items),
            [
                {
                    "migration_id": migration_id,
                    "instance_id": row.id,
                    "bundle_id": row.bundle_id,
                    "version": row.version,
                    "state": MigrationItemState.NEW,
                    "at": work.now,
                }
                for row in rows
            ],
        )
        put_to_work(work, flow, migration_id)
        return migration_id


def change_mapping(
    flow: Flow, *, actor: Actor, migration_id: UUID, mapping: Mapping[str, str]
) -> None:
    """Say otherwise what becomes of elements, and try again. Raises MigrationInState."""
    _must_be_admin(flow, actor)
    with flow.platform.work(actor=actor) as work:
        row = _turn(work, migration_id, MigrationState.CHECKED, MigrationState.CHECKING)
        check_mapping(bundle_of(work.session, flow, row.bundle_id), mapping)
        work.session.execute(
            update(MigrationRow)
            .where(MigrationRow.id == migration_id)
            .values(mapping=dict(mapping))
        )
        work.session.execute(
            update(_items)
            .where(_items.c.migration_id == migration_id)
            .values(state=MigrationItemState.NEW, obstacles=None)
        )
        put_to_work(work, flow, migration_id)


def run_migration(flow: Flow, *, actor: Actor, migration_id: UUID, reason: str) -> None:
    """Take every instance there that the trial found ready. Raises MigrationInState."""
    check_admin(flow, actor, reason)
    with flow.platform.work(actor=actor) as work:
        _turn(
            work,
            migration_id,
            MigrationState.CHECKED,
            MigrationState.RUNNING,
            reason=reason.strip(),
            went_at=work.now,
            went_by=actor.login,
        )
        if not count_items(work.session, migration_id).get(MigrationItemState.READY):
            raise NothingToMigrate
        audit.record(
            work,
            action="migration.run",
            entity=f"migration:{migration_id}",
            after={"reason": reason.strip()},
        )
        put_to_work(work, flow, migration_id)


def revert_migration(flow: Flow, *, actor: Actor, migration_id: UUID, reason: str) -> None:
    """Take every instance back that can go back; again for those that could not before."""
    check_admin(flow, actor, reason)
    with flow.platform.work(actor=actor) as work:
        state = row_of(work.session, migration_id).state
        before = MigrationState.REVERTED if state == "reverted" else MigrationState.DONE
        _turn(
            work,
            migration_id,
            before,
            MigrationState.REVERTING,
            went_at=work.now,
            went_by=actor.login,
            reason=reason.strip(),
        )
        work.session.execute(
            update(_items)
            .where(_items.c.migration_id == migration_id, _items.c.state == MigrationItemState.KEPT)
            .values(state=MigrationItemState.MIGRATED)
        )
        if not count_items(work.session, migration_id).get(MigrationItemState.MIGRATED):
            raise NothingToMigrate
        audit.record(
            work,
            action="migration.revert",
            entity=f"migration:{migration_id}",
            after={"reason": reason.strip()},
        )
        put_to_work(work, flow, migration_id)


def _turn(
    work: Work,
    migration_id: UUID,
    before: MigrationState,
    after: MigrationState,
    **values: Any,
) -> Any:
    """Go from one phase to the next, if nobody else has."""
    row = row_of(work.session, migration_id)
    changed = work.session.execute(
        update(MigrationRow)
        .where(MigrationRow.id == migration_id, MigrationRow.state == before)
        .values(state=after, ended_at=None, **values)
    )
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        raise MigrationInState
    return row


def _must_be_admin(flow: Flow, actor: Actor) -> None:
    if not (actor.has(flow.admins) or actor.is_system):
        raise NotAllowed
