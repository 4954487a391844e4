"""Owns urging: the initiator reminds those who are to act, not too often."""

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow
from jiedan.flow.verbs.results import Urged


def urge(flow: Flow, *, actor: Actor, instance_id: UUID, text: str = "") -> Urged:
    """催办: a notice to everybody whom the instance waits for. Raises UrgedTooOften."""
    raise NotImplementedError
