"""Owns comments and files beside tasks and instances."""

from typing import BinaryIO
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow
from jiedan.flow.tasks import Attachment, Comment


def comment(
    flow: Flow,
    *,
    actor: Actor,
    text: str,
    task_id: UUID | None = None,
    instance_id: UUID | None = None,
) -> Comment:
    """Write a comment on a task or on an instance (who may see the instance, the caller checks)."""
    raise NotImplementedError


def attach(
    flow: Flow, *, actor: Actor, task_id: UUID, stream: BinaryIO, filename: str
) -> Attachment:
    """Put a file beside an open task (SPEC G6)."""
    raise NotImplementedError


def detach(flow: Flow, *, actor: Actor, attachment_id: UUID) -> None:
    """Take a file of an open task away again. Raises AttachmentFixed once it is completed."""
    raise NotImplementedError


def find_attachment(flow: Flow, *, actor: Actor, attachment_id: UUID) -> Attachment:
    """For download; the bytes are `flow.platform.files.open(sha256)`."""
    raise NotImplementedError
