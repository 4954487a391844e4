"""Owns the move of one running instance to another version of its process, and the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.ids import new_id
from jiedan.flow.admin import check_admin, move_jobs
from jiedan.flow.current import Bundle, bundle_of, process_version
from jiedan.flow.delivery import drain, go
from jiedan.flow.engine.matching import Obstacle
from jiedan.flow.engine.migrating import Memory, Moved, move_to
from jiedan.flow.engine.snapshots import ElementRef
from jiedan.flow.errors import DefinitionNotFound, MigrationRefused, NotMigrated
from jiedan.flow.history import write_note
from jiedan.flow.obstacles import say_all
from jiedan.flow.platform import Flow
from jiedan.flow.relocating import relocate_rows
from jiedan.flow.states import (
    InstanceState,
    JobState,
    MigrationItemState,
    MigrationState,
)
from jiedan.flow.step import Step, step_of
from jiedan.flow.tables import BundleRow, InstanceRow, JobRow, table_of
from jiedan.flow.tables_migration import MigrationItemRow, MigrationRow

_jobs = table_of(JobRow)


@dataclass(frozen=True, slots=True)
class Migrated:
    """An instance that now runs on `to_version`."""

    instance_id: UUID
    from_version: int
    to_version: int


@again_if_undone
def migrate_instance(
    flow: Flow,
    *,
    actor: Actor,
    instance_id: UUID,
    target_version: int | None = None,
    mapping: Mapping[str, str] | None = None,
    reason: str,
) -> Migrated:
    """Move a running instance to another version (the newest without `target_version`).

    What it waits for stays what it is: the same task ids, claims, due times of timers. Elements
    go to those with the same id; `mapping` says otherwise: `element` of the instance's own
    process or `process/element` of a called one → the new element id.
    Raises MigrationRefused (nothing was changed), InstanceOver, NotAllowed, ReasonMissing.
    """
    check_admin(flow, actor, reason)
    with flow.platform.work(actor=actor) as work:
        step = step_of(work, flow, instance_id)
        instance = step.instance
        target = target_bundle(work.session, flow, instance.process_id, target_version)
        row = {
            "id": new_id(),
            "process_id": instance.process_id,
            "bundle_id": target.id,
            "version": target.version,
            "mapping": dict(mapping or {}),
            "state": MigrationState.DONE,
            "at": work.now,
            "by": actor.login,
            "reason": reason.strip(),
            "went_at": work.now,
            "went_by": actor.login,
            "ended_at": work.now,
        }
        work.session.execute(insert(table_of(MigrationRow)), row)
        before = instance.version
        item = {
            "migration_id": row["id"],
            "instance_id": instance_id,
            "bundle_id": instance.bundle_id,
            "version": before,
            "state": MigrationItemState.MIGRATED,
            "at": work.now,
        }
        memory = migrate_step(step, target, mapping or {}, reason)
        work.session.execute(insert(table_of(MigrationItemRow)), {**item, "memory": memory})
        return Migrated(instance_id, before, target.version)


@again_if_undone
def revert_instance(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str) -> Migrated:
    """Take back the latest migration of an instance, wherever it has gone since.

    Raises MigrationRefused when it stands where the old version has nothing, and NotMigrated.
    """
    check_admin(flow, actor, reason)
    with flow.platform.work(actor=actor) as work:
        step = step_of(work, flow, instance_id)
        before = step.instance.version
        migration_id = latest_migration(work.session, instance_id)
        if migration_id is None:
            raise NotMigrated
        revert_step(step, migration_id, reason)
        return Migrated(instance_id, before, step.instance.version)


def can_go_back(flow: Flow, *, instance_id: UUID) -> bool:
    """Whether a migration brought an instance to where it is, and can be taken back."""
    with flow.platform.read() as session:
        return latest_migration(session, instance_id) is not None


# --- inside a transaction ------------------------------------------------------------------------
def migrate_step(
    step: Step, target: Bundle, mapping: Mapping[str, str], reason: str
) -> dict[str, Any]:
    """Take the instance of this step to `target` and run it on; what the way back needs.

    Raises MigrationRefused.
    """
    moved = look_ahead(step, target, mapping)
    _settle(step, target, moved, "migrated", reason, mapping)
    return asdict(moved.memory)


def revert_step(step: Step, migration_id: UUID, reason: str) -> None:
    """Take the instance of this step back to where this migration found it.

    Raises MigrationRefused, NotMigrated.
    """
    session = step.work.session
    row = session.execute(
        select(
            MigrationItemRow.bundle_id,
            MigrationItemRow.memory,
            MigrationItemRow.state,
            MigrationRow.bundle_id.label("target_id"),
            MigrationRow.mapping,
        )
        .join(MigrationRow, MigrationRow.id == MigrationItemRow.migration_id)
        .where(
            MigrationItemRow.migration_id == migration_id,
            MigrationItemRow.instance_id == step.instance.id,
        )
    ).one()
    if row.state not in _CAN_GO_BACK or row.target_id != step.instance.bundle_id:
        raise NotMigrated
    source = bundle_of(session, step.flow, row.bundle_id)
    back = Memory(**row.memory)
    moved = look_ahead(step, source, backwards(row.mapping, source, source.root), back)
    _settle(step, source, moved, "migrated_back", reason, {})
    session.execute(
        update(MigrationItemRow)
        .where(
            MigrationItemRow.migration_id == migration_id,
            MigrationItemRow.instance_id == step.instance.id,
        )
        .values(state=MigrationItemState.REVERTED, at=step.work.now, obstacles=None)
    )


_CAN_GO_BACK = (MigrationItemState.MIGRATED, MigrationItemState.KEPT)


def look_ahead(
    step: Step, target: Bundle, mapping: Mapping[str, str], back: Memory | None = None
) -> Moved:
    """How the instance would be in `target`; nothing is changed yet. Raises MigrationRefused."""
    moved = move_to(step.live.state(), step.bundle.model, target.model, mapping, step.host, back)
    obstacles = [*moved.obstacles, *_busy(step, moved)]
    if target.id == step.bundle.id:
        obstacles = [Obstacle("same_version", ElementRef("", "", "process", target.root))]
    if obstacles:
        raise MigrationRefused(
            version=target.version,
            obstacles=say_all(obstacles),
            found=tuple(obstacles),
        )
    return moved


def target_bundle(
    session: Session, flow: Flow, process_id: str, version: int | None = None
) -> Bundle:
    """The newest bundle of a version of a process. Raises ProcessNotFound, DefinitionNotFound."""
    newest, bundle_id = process_version(session, flow, process_id)
    if version is not None and version != newest.version:
        found = session.execute(
            select(BundleRow.id)
            .where(BundleRow.root == process_id, BundleRow.version == version)
            .order_by(BundleRow.id.desc())
            .limit(1)
        ).scalar()
        if found is None:
            raise DefinitionNotFound(kind="process", key=process_id)
        bundle_id = found
    return bundle_of(session, flow, bundle_id)


def latest_migration(session: Session, instance_id: UUID) -> UUID | None:
    """The migration that brought an instance to where it is, if one did and still can be undone."""
    return session.execute(
        select(MigrationItemRow.migration_id)
        .join(MigrationRow, MigrationRow.id == MigrationItemRow.migration_id)
        .join(InstanceRow, InstanceRow.id == MigrationItemRow.instance_id)
        .where(
            MigrationItemRow.instance_id == instance_id,
            MigrationItemRow.state.in_(_CAN_GO_BACK),
            MigrationRow.bundle_id == InstanceRow.bundle_id,
        )
        .order_by(MigrationItemRow.at.desc(), MigrationItemRow.migration_id.desc())
        .limit(1)
    ).scalar()


def backwards(mapping: Mapping[str, str], source: Bundle, root: str) -> dict[str, str]:
    """The mapping of the way back: what became one of two goes by its id, if it can."""
    found: dict[str, str] = {}
    for place, target in mapping.items():
        process_id, _, element_id = place.rpartition("/")
        process_id = process_id or root
        if source.element(process_id, target) is None:
            found[f"{process_id}/{target}"] = element_id
    return found


def _busy(step: Step, moved: Moved) -> list[Obstacle]:
    """Jobs that a worker is just doing cannot be begun anew in another way."""
    if not moved.restarted:
        return []
    running = step.work.session.execute(
        select(_jobs.c.task_id).where(
            _jobs.c.task_id.in_(moved.restarted), _jobs.c.state == JobState.RUNNING
        )
    ).scalars()
    places = {one.task_id: one.source for one in moved.relocations}
    busy = [Obstacle("job_running", places[task_id]) for task_id in running if task_id in places]
    if step.instance.state is InstanceState.SUSPENDED:
        busy += [Obstacle("suspended", places[one]) for one in moved.restarted]
    return busy


def _settle(
    step: Step,
    target: Bundle,
    moved: Moved,
    kind: str,
    reason: str,
    mapping: Mapping[str, str],
) -> None:
    """Write the instance down in its new version, and run it on."""
    assert moved.live is not None
    work, instance = step.work, step.instance
    before, stood = instance.version, _places(moved, "source")
    step.live, step.bundle = moved.live, target
    instance.bundle_id, instance.version = target.id, target.version
    work.session.execute(
        update(InstanceRow)
        .where(InstanceRow.id == instance.id)
        .values(bundle_id=target.id, version=target.version)
    )
    relocate_rows(step, moved.relocations)
    detail = {"from": before, "to": target.version, "mapping": dict(mapping)}
    write_note(work, instance_id=instance.id, kind=kind, note=reason.strip() or None, detail=detail)
    audit.record(
        work,
        action=f"instance.{kind}",
        entity=f"instance:{instance.id}",
        before={"version": before, "at": stood},
        after={"version": target.version, "at": _places(moved, "target"), "reason": reason.strip()},
    )
    if instance.state is InstanceState.SUSPENDED:
        step.save()
        move_jobs(work, instance.id, JobState.DUE, JobState.SUSPENDED)
        drain(work, step.flow)
        return
    go(step)


def _places(moved: Moved, side: str) -> Sequence[str]:
    refs: list[ElementRef] = [getattr(one, side) for one in moved.relocations]
    return sorted(f"{ref.process_id}/{ref.id}" for ref in refs)
