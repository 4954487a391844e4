"""Owns giving a task to somebody else: transfer, and delegate, which comes back."""

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow
from jiedan.flow.verbs.results import VerbDone


def transfer_task(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    to: str,
    reason: str = "",
    version: int | None = None,
) -> VerbDone:
    """转办: the task is `to`'s now and the actor is out of it.

    Raises ReceiverRefused (unknown, disabled, already in the step, kept from it by a duty),
    ReasonMissing, VerbNotAllowed.
    """
    raise NotImplementedError


def delegate_task(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    to: str,
    reason: str = "",
    version: int | None = None,
) -> VerbDone:
    """委派: `to` answers first; then the task comes back to the actor, who decides.

    What the delegate fills in lies in the owner's draft. `remove_signer` takes it back.
    """
    raise NotImplementedError
