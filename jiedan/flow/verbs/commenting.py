"""Owns comments that mention people."""

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow
from jiedan.flow.task_views import Comment


def comment_with_mentions(
    flow: Flow,
    *,
    actor: Actor,
    text: str,
    mentions: tuple[str, ...] = (),
    task_id: UUID | None = None,
    instance_id: UUID | None = None,
) -> Comment:
    """评论: those mentioned (also as `@login` in the text) get a notice and a copy."""
    raise NotImplementedError
