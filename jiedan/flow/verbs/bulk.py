"""Owns doing one verb with many tasks: a result for each, and a dry run."""

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow
from jiedan.flow.task_views import Answer
from jiedan.flow.verbs.results import BulkDone


def bulk_claim(
    flow: Flow, *, actor: Actor, task_ids: tuple[UUID, ...], dry_run: bool = False
) -> BulkDone:
    """批量认领."""
    raise NotImplementedError


def bulk_approve(
    flow: Flow,
    *,
    actor: Actor,
    task_ids: tuple[UUID, ...],
    answer: Answer | None = None,
    dry_run: bool = False,
) -> BulkDone:
    """批量通过: where the step allows it and its form asks for nothing.

    Without `answer` each step's own word for agreeing is handed in.
    """
    raise NotImplementedError


def bulk_transfer(
    flow: Flow,
    *,
    actor: Actor,
    task_ids: tuple[UUID, ...],
    to: str,
    reason: str = "",
    dry_run: bool = False,
) -> BulkDone:
    """批量转办."""
    raise NotImplementedError
