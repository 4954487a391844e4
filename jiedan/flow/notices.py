"""Owns in-app notices to people and roles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.core.work import Work
from jiedan.flow.pages import Count, Page
from jiedan.flow.platform import Flow


@dataclass(frozen=True, slots=True)
class Notice:
    """`msgid % params` through gettext is what the reader sees."""

    id: UUID
    at: datetime
    kind: str
    msgid: str
    params: Mapping[str, Any]
    instance_id: UUID | None
    task_id: UUID | None
    read: bool


def notify(
    work: Work,
    *,
    owners: tuple[str, ...],
    kind: str,
    msgid: str,
    params: Mapping[str, Any],
    instance_id: UUID | None = None,
    task_id: UUID | None = None,
) -> None:
    """Write one notice per owner (`u:login`, `r:ROLE`) in this transaction."""
    raise NotImplementedError


def list_notices(
    flow: Flow, *, actor: Actor, unread_only: bool = False, after: str | None = None, size: int = 20
) -> Page[Notice]:
    """Newest first."""
    raise NotImplementedError


def count_unread(flow: Flow, *, actor: Actor) -> Count:
    raise NotImplementedError


def mark_read(flow: Flow, *, actor: Actor, notice_ids: tuple[UUID, ...] | None = None) -> None:
    """Those given, or all of mine."""
    raise NotImplementedError
