"""Owns jobs: handlers run outside a step, and timers; who claims them, how they end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.pages import Page
from jiedan.flow.platform import Flow


@dataclass(frozen=True, slots=True)
class Job:
    id: UUID
    kind: str
    state: str
    due_at: datetime
    instance_id: UUID | None
    business_key: str | None
    process_id: str | None
    element_id: str | None
    handler: str | None
    attempt: int
    tries: int
    worker: str | None
    lease_until: datetime | None
    last_error: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker holds until `lease_until`, by `fence`."""

    id: UUID
    kind: str
    fence: int
    attempt: int
    tries: int
    lease_until: datetime
    instance_id: UUID | None
    task_id: UUID | None
    process_id: str | None
    element_id: str | None
    handler: str | None
    inputs: Mapping[str, Any]


def next_due(flow: Flow) -> datetime | None:
    """When the dispatcher has to wake up next: a job, a lease that ends, or a deadline's rung."""
    raise NotImplementedError


def claim_jobs(flow: Flow, *, worker: str, limit: int = 10) -> list[ClaimedJob]:
    """Take what is due, the longest due first; also what another worker's lease let go."""
    raise NotImplementedError


def run_job(flow: Flow, *, job: ClaimedJob) -> None:
    """Do one claimed job and record how it ended; never raises for a failing handler."""
    raise NotImplementedError


def run_due(flow: Flow, *, worker: str = "inline", limit: int = 1000) -> int:
    """Do everything that is due now, here: deadlines, timers, handlers. For tests and the CLI."""
    raise NotImplementedError


def list_jobs(
    flow: Flow,
    *,
    states: frozenset[str] = frozenset(),
    instance_id: UUID | None = None,
    after: str | None = None,
    size: int = 20,
) -> Page[Job]:
    """By due time."""
    raise NotImplementedError


def run_now(flow: Flow, *, actor: Actor, job_id: UUID) -> None:
    """Make a waiting job or timer due at once."""
    raise NotImplementedError
