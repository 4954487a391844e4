"""Owns copies for information and whether they were read."""

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.pages import Page
from jiedan.flow.platform import Flow
from jiedan.flow.verbs.results import Copy, VerbDone


def send_copies(
    flow: Flow,
    *,
    actor: Actor,
    people: tuple[str, ...],
    task_id: UUID | None = None,
    instance_id: UUID | None = None,
    note: str = "",
) -> VerbDone:
    """抄送: one copy per person and instance; sent again, it is unread again.

    With `instance_id` the actor must have started it, worked on it or have a copy of it.
    """
    raise NotImplementedError


def list_copies(
    flow: Flow,
    *,
    actor: Actor,
    unread_only: bool = False,
    query: str = "",
    after: str | None = None,
    size: int = 20,
) -> Page[Copy]:
    """抄送我的: newest first."""
    raise NotImplementedError


def count_unread_copies(flow: Flow, *, actor: Actor) -> int:
    """How many copies the actor has not read."""
    raise NotImplementedError


def read_copies(flow: Flow, *, actor: Actor, instance_id: UUID | None = None) -> int:
    """Mark my copy of one instance, or all of mine, as read; how many there were."""
    raise NotImplementedError


def copies_of(flow: Flow, *, instance_id: UUID) -> tuple[Copy, ...]:
    """Who has a copy of an instance and who has read it. The caller checks who may see it."""
    raise NotImplementedError


def has_copy(flow: Flow, *, actor: Actor, instance_id: UUID) -> bool:
    """Whether the actor may look at the instance because of a copy."""
    raise NotImplementedError
