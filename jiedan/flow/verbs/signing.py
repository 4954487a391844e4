"""Owns added signers: before, after, beside; and taking them away again."""

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow
from jiedan.flow.verbs.results import SignersView, SignMode, VerbDone


def add_signers(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    people: tuple[str, ...],
    how: str,
    mode: SignMode = "all",
    reason: str = "",
    version: int | None = None,
) -> VerbDone:
    """加签: `how` is before, after or beside; `mode` says how many of the added ones must agree."""
    raise NotImplementedError


def remove_signer(
    flow: Flow, *, actor: Actor, task_id: UUID, seat_id: UUID, reason: str = ""
) -> VerbDone:
    """减签: take a signer (or a delegate) away who has not answered yet, with those he added.

    `task_id` is any task of the step that concerns the actor, `seat_id` the seat's task.
    """
    raise NotImplementedError


def signers_of(flow: Flow, *, actor: Actor, task_id: UUID) -> SignersView | None:
    """All seats of the step that this task belongs to; None when one person does it alone."""
    raise NotImplementedError
