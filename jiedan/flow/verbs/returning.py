"""Owns going back: return to an executed step, withdraw my own decision."""

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow
from jiedan.flow.verbs.results import Redo, ReturnTarget, VerbDone


def return_targets(flow: Flow, *, actor: Actor, task_id: UUID) -> tuple[ReturnTarget, ...]:
    """The steps this task may be returned to, the latest first; empty when there is none."""
    raise NotImplementedError


def return_task(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    element_id: str,
    reason: str,
    redo: Redo = "all",
    process_id: str | None = None,
    version: int | None = None,
) -> VerbDone:
    """退回: cancel what came after an executed step, on its own branch, and do that step again."""
    raise NotImplementedError


def withdraw_decision(flow: Flow, *, actor: Actor, task_id: UUID, reason: str = "") -> VerbDone:
    """撤回: take back what I decided, as long as nobody has touched what came of it.

    `task_id` is the task that the actor completed.
    """
    raise NotImplementedError
