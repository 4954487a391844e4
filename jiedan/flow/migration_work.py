"""Owns the work of a migration: each instance in a transaction of its own, some at a time."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.errors import JiedanError
from jiedan.core.logs import get_logger
from jiedan.core.work import Work
from jiedan.flow.current import bundle_of
from jiedan.flow.errors import InstanceOver, MigrationRefused, NotMigrated
from jiedan.flow.instance import load_instance
from jiedan.flow.jobs import ClaimedJob, held
from jiedan.flow.migration import look_ahead, migrate_step, revert_step
from jiedan.flow.migration_list import row_of
from jiedan.flow.obstacles import as_stored
from jiedan.flow.opening import live_of
from jiedan.flow.platform import Flow
from jiedan.flow.states import JobKind, JobState, MigrationItemState, MigrationState
from jiedan.flow.step import Step, step_of
from jiedan.flow.tables import JobRow, table_of
from jiedan.flow.tables_migration import MigrationItemRow, MigrationRow

log = get_logger(__name__)

AT_ONCE = 20
"""Instances between two looks whether the job is still ours."""

_jobs = table_of(JobRow)
_items = table_of(MigrationItemRow)


def put_to_work(work: Work, flow: Flow, migration_id: UUID) -> None:
    """Let a worker begin with the phase that the migration is in."""
    work.session.execute(delete(_jobs).where(_jobs.c.id == migration_id))
    work.session.execute(
        insert(_jobs),
        {
            "id": migration_id,
            "kind": JobKind.MIGRATION,
            "state": JobState.DUE,
            "due_at": work.now,
            "attempt": 0,
            # A worker that dies in it must not be the end of it.
            "tries": 100,
            "fence": 0,
            "created_at": work.now,
        },
    )
    flow.due(work, work.now)


def work_migration(flow: Flow, job: ClaimedJob) -> None:
    """What a worker does with the job of a migration: some instances, then the job again."""
    more = work_some(flow, migration_id=job.id, limit=AT_ONCE)
    with flow.platform.work(actor=SYSTEM) as work:
        if not held(work, job):
            return
        if not more:
            work.session.execute(delete(_jobs).where(_jobs.c.id == job.id))
            return
        work.session.execute(
            update(_jobs)
            .where(_jobs.c.id == job.id)
            .values(state=JobState.DUE, attempt=0, lease_until=None, worker=None)
        )
        flow.due(work, work.now)


def work_some(flow: Flow, *, migration_id: UUID, limit: int) -> bool:
    """Try, move or take back up to `limit` instances of a migration; True when there is more."""
    with flow.platform.read() as session:
        row = row_of(session, migration_id)
        phase = _PHASES.get(MigrationState(row.state))
        if phase is None:
            return False
        waiting = session.execute(
            select(_items.c.instance_id)
            .where(_items.c.migration_id == migration_id, _items.c.state == phase.takes)
            .order_by(_items.c.instance_id)
            .limit(limit + 1)
        ).scalars()
        instance_ids = waiting.all()
    for instance_id in instance_ids[:limit]:
        _one(flow, row, phase, instance_id)
    if len(instance_ids) > limit:
        return True
    with flow.platform.work(actor=SYSTEM) as work:
        work.session.execute(
            update(MigrationRow)
            .where(MigrationRow.id == migration_id, MigrationRow.state == row.state)
            .values(state=phase.ends_in, ended_at=work.now)
        )
    return False


@dataclass(frozen=True, slots=True)
class _Phase:
    takes: MigrationItemState
    act: Callable[[Flow, Any, UUID], None]
    good: MigrationItemState
    bad: MigrationItemState
    ends_in: MigrationState


def _one(flow: Flow, row: Any, phase: _Phase, instance_id: UUID) -> None:
    """One instance; whatever happens to it, the others go on."""
    try:
        phase.act(flow, row, instance_id)
    except MigrationRefused as refused:
        obstacles = [as_stored(one) for one in refused.params["found"]]
    except InstanceOver:
        obstacles = [{"rule": "over"}]
    except NotMigrated:
        obstacles = [{"rule": "moved_on"}]
    except _TakenByOthers:
        return
    except JiedanError as error:
        obstacles = [{"rule": "failed", "detail": error.message("en")[:500]}]
    except Exception as error:
        log.exception("an instance could not be migrated", instance=str(instance_id))
        obstacles = [{"rule": "failed", "detail": f"{type(error).__name__}: {error}"[:500]}]
    else:
        return
    with suppress(_TakenByOthers), flow.platform.work(actor=SYSTEM) as work:
        _note(work, row.id, instance_id, phase.takes, phase.bad, obstacles=obstacles)


class _TakenByOthers(Exception):
    """Another worker has done this one."""


def _note(
    work: Work,
    migration_id: UUID,
    instance_id: UUID,
    before: MigrationItemState,
    after: MigrationItemState,
    **values: Any,
) -> None:
    changed = work.session.execute(
        update(_items)
        .where(
            _items.c.migration_id == migration_id,
            _items.c.instance_id == instance_id,
            _items.c.state == before,
        )
        .values(state=after, at=work.now, **values)
    )
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        raise _TakenByOthers


def _try(flow: Flow, row: Any, instance_id: UUID) -> None:
    with flow.platform.read() as session:
        work = Work(session, flow.platform.clock.now(), SYSTEM, flow.platform)
        instance = load_instance(session, instance_id)
        live = live_of(flow, session, instance)
        if live is None:
            raise InstanceOver
        step = Step(work, flow, instance, bundle_of(session, flow, instance.bundle_id), live)
        look_ahead(step, bundle_of(session, flow, row.bundle_id), row.mapping)
    with flow.platform.work(actor=SYSTEM) as work:
        _note(
            work,
            row.id,
            instance_id,
            MigrationItemState.NEW,
            MigrationItemState.READY,
            bundle_id=instance.bundle_id,
            version=instance.version,
        )


def _move(flow: Flow, row: Any, instance_id: UUID) -> None:
    with flow.platform.work(actor=_who(row)) as work:
        step = step_of(work, flow, instance_id)
        before = step.instance.bundle_id, step.instance.version
        target = bundle_of(work.session, flow, row.bundle_id)
        # Noted first: whoever comes second finds it done before anything else happens.
        _note(
            work,
            row.id,
            instance_id,
            MigrationItemState.READY,
            MigrationItemState.MIGRATED,
            bundle_id=before[0],
            version=before[1],
        )
        memory = migrate_step(step, target, row.mapping, row.reason or "")
        work.session.execute(
            update(_items)
            .where(_items.c.migration_id == row.id, _items.c.instance_id == instance_id)
            .values(memory=memory)
        )


def _take_back(flow: Flow, row: Any, instance_id: UUID) -> None:
    with flow.platform.work(actor=_who(row)) as work:
        step = step_of(work, flow, instance_id)
        state = work.session.execute(
            select(_items.c.state).where(
                _items.c.migration_id == row.id, _items.c.instance_id == instance_id
            )
        ).scalar_one()
        if state != MigrationItemState.MIGRATED:
            raise _TakenByOthers
        revert_step(step, row.id, row.reason or "")


_PHASES: Mapping[MigrationState, _Phase] = {
    MigrationState.CHECKING: _Phase(
        MigrationItemState.NEW,
        _try,
        MigrationItemState.READY,
        MigrationItemState.REFUSED,
        MigrationState.CHECKED,
    ),
    MigrationState.RUNNING: _Phase(
        MigrationItemState.READY,
        _move,
        MigrationItemState.MIGRATED,
        MigrationItemState.REFUSED,
        MigrationState.DONE,
    ),
    MigrationState.REVERTING: _Phase(
        MigrationItemState.MIGRATED,
        _take_back,
        MigrationItemState.REVERTED,
        MigrationItemState.KEPT,
        MigrationState.REVERTED,
    ),
}


def _who(row: Any) -> Actor:
    """In whose name a worker acts: whoever said go. The right was checked then."""
    return Actor(row.went_by, row.went_by, frozenset())
