"""Owns which verbs somebody may use now, for pages and the API."""

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow


def verbs_of_instance(flow: Flow, *, actor: Actor, instance_id: UUID) -> frozenset[str]:
    """Of an instance: `cancel`, `urge`, `copy`, `resubmit`, `comment`, as far as allowed now.

    For tasks see `OpenedTask.allowed_verbs` and `OpenedTask.reasons`.
    """
    raise NotImplementedError
