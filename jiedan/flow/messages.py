"""Owns the message inbox: deduplicate, deliver, buffer, list what nobody waited for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.core.work import Work
from jiedan.flow.pages import Page
from jiedan.flow.platform import Flow
from jiedan.flow.states import MessageState


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a message. `started` when it started the instance."""

    message_id: UUID
    state: MessageState
    instance_id: UUID | None
    started: bool = False
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    id: UUID
    name: str
    correlation_key: str
    key: str
    payload: Mapping[str, Any]
    state: MessageState
    received_at: datetime
    received_by: str
    expires_at: datetime | None
    delivered_at: datetime | None
    instance_id: UUID | None
    note: str | None


def deliver_message(
    flow: Flow,
    *,
    actor: Actor,
    name: str,
    correlation_key: str,
    payload: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Delivered:
    """Take a message from outside: to the instance that waits, to a message start, or the buffer.

    The same key and payload again gets the first result (`replayed`); the same key with another
    payload raises ConflictingPayload.
    """
    raise NotImplementedError


def publish(
    work: Work,
    flow: Flow,
    *,
    name: str,
    correlation_key: str,
    payload: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Delivered:
    """The same from inside a transaction that is already open."""
    raise NotImplementedError


def list_messages(
    flow: Flow,
    *,
    states: frozenset[MessageState] = frozenset(),
    query: str = "",
    after: str | None = None,
    size: int = 20,
) -> Page[Message]:
    """Newest first; `{UNMATCHED}` is the dead-letter list."""
    raise NotImplementedError


def redeliver_message(flow: Flow, *, actor: Actor, message_id: UUID) -> Delivered:
    """Try an unmatched or buffered message again."""
    raise NotImplementedError


def discard_message(flow: Flow, *, actor: Actor, message_id: UUID, reason: str) -> None:
    """Say that an unmatched message needs nobody."""
    raise NotImplementedError
