"""Owns saying no: reject a task, cancel a request, submit an old one again."""

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow
from jiedan.flow.verbs.results import Resubmitted, VerbDone


def reject_task(
    flow: Flow, *, actor: Actor, task_id: UUID, reason: str, version: int | None = None
) -> VerbDone:
    """拒绝: end the instance, go to a named step, throw an error or hand in the outcome `reject`.

    Which of them the step's property `jiedan:reject` says. Of several signers it is one voice.
    """
    raise NotImplementedError


def cancel_request(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str) -> VerbDone:
    """撤销: the initiator ends the instance."""
    raise NotImplementedError


def resubmit(flow: Flow, *, actor: Actor, instance_id: UUID) -> Resubmitted:
    """再次提交: start the process again with what the ended instance knew."""
    raise NotImplementedError
