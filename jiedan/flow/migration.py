"""Owns the move of one running instance to another version of its process, and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow


@dataclass(frozen=True, slots=True)
class Migrated:
    """An instance that now runs on `to_version`."""

    instance_id: UUID
    from_version: int
    to_version: int


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
    raise NotImplementedError


def revert_instance(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str) -> Migrated:
    """Take back the latest migration of an instance, wherever it has gone since.

    Raises MigrationRefused when it stands where the old version has nothing.
    """
    raise NotImplementedError
