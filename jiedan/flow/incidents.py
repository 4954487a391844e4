"""Owns incidents: what needs an admin, and the ways to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.pages import Page
from jiedan.flow.platform import Flow


@dataclass(frozen=True, slots=True)
class Incident:
    id: UUID
    instance_id: UUID
    business_key: str | None
    process_id: str | None
    element_id: str | None
    element_name: str
    element_name_en: str
    kind: str
    message: str
    trace: str | None
    state: str
    at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    reason: str | None
    variables: Mapping[str, Any] | None = None
    """What the failed element sees; only `show_incident` fills it."""


def list_incidents(
    flow: Flow,
    *,
    open_only: bool = True,
    instance_id: UUID | None = None,
    after: str | None = None,
    size: int = 20,
) -> Page[Incident]:
    """Newest first."""
    raise NotImplementedError


def show_incident(flow: Flow, *, incident_id: UUID) -> Incident:
    """One incident with the variables at its element, to edit before a retry."""
    raise NotImplementedError


def retry_incident(
    flow: Flow,
    *,
    actor: Actor,
    incident_id: UUID,
    variables: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Run the failed step again, with edited variables merged in first if given."""
    raise NotImplementedError


def skip_incident(
    flow: Flow,
    *,
    actor: Actor,
    incident_id: UUID,
    reason: str,
    variables: Mapping[str, Any] | None = None,
) -> None:
    """Go on as if the step had succeeded with `variables` as its result."""
    raise NotImplementedError
