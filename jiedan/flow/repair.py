"""Owns what an admin does with one job: look at it, try it now, edit and try, skip it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.work import Work
from jiedan.flow.delivery import go
from jiedan.flow.engine import NothingWaits
from jiedan.flow.errors import JobBusy, JobNotFound, NotAllowed, ReasonMissing
from jiedan.flow.handlers import plain
from jiedan.flow.history import write_note
from jiedan.flow.idempotency import first_result, keep_result
from jiedan.flow.incidents import retry_incident, skip_incident
from jiedan.flow.jobs import Job, find_job
from jiedan.flow.platform import DueJob, Flow
from jiedan.flow.states import IncidentState, JobKind, JobState
from jiedan.flow.step import step_of
from jiedan.flow.tables import IncidentRow, JobRow, table_of

_jobs = table_of(JobRow)


@dataclass(frozen=True, slots=True)
class JobView:
    """One job with what its handler is given, and what can be done about it."""

    job: Job
    inputs: Mapping[str, Any]
    incident_id: UUID | None
    """The open incident that it ended in."""
    mendable: bool
    """Whether it can be edited, retried and skipped here."""


def show_job(flow: Flow, *, job_id: UUID) -> JobView:
    """One job as it stands. Raises JobNotFound."""
    with flow.platform.read() as session:
        job = find_job(session, job_id)
        inputs = session.execute(select(_jobs.c.inputs).where(_jobs.c.id == job_id)).scalar()
        incident_id = session.execute(_incident_of(job_id)).scalar()
    waiting = job.state == JobState.DUE and job.kind == JobKind.HANDLER
    return JobView(job, inputs or {}, incident_id, waiting or incident_id is not None)


@again_if_undone
def retry_job(
    flow: Flow,
    *,
    actor: Actor,
    job_id: UUID,
    variables: Mapping[str, Any] | None = None,
    reason: str = "",
    key: str | None = None,
) -> None:
    """Try it at once with all its tries, with edited variables merged in first if given.

    A job that ended in an incident is retried as that. Raises JobNotFound, JobBusy.
    """
    incident_id = _open_incident(flow, actor, job_id)
    if incident_id is not None:
        return retry_incident(
            flow,
            actor=actor,
            incident_id=incident_id,
            variables=variables,
            reason=reason,
            key=key,
        )
    edited: dict[str, Any] = plain(dict(variables or {}))
    request = [str(job_id), edited, reason]
    with flow.platform.work(actor=actor) as work:
        if first_result(work, key, "job.retry", request) is not None:
            return None
        row = _waiting(work, flow, job_id)
        if edited:
            step = step_of(work, flow, row.instance_id)
            step.live.merge_variables(edited, row.task_id)
            go(step)
        work.session.execute(
            update(_jobs)
            .where(_jobs.c.id == job_id)
            .values(due_at=work.now, attempt=0, inputs={**(row.inputs or {}), **edited})
        )
        _record(work, row, "retried", reason, edited)
        keep_result(work, key, "job.retry", request, {})
        flow.due(work, work.now, jobs=[DueJob(job_id, row.instance_id)])


@again_if_undone
def skip_job(
    flow: Flow,
    *,
    actor: Actor,
    job_id: UUID,
    reason: str,
    variables: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> None:
    """Go on as if its handler had succeeded with `variables` as its result.

    Raises JobNotFound, JobBusy, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    incident_id = _open_incident(flow, actor, job_id)
    if incident_id is not None:
        return skip_incident(
            flow,
            actor=actor,
            incident_id=incident_id,
            reason=reason,
            variables=variables,
            key=key,
        )
    result: dict[str, Any] = plain(dict(variables or {}))
    request = [str(job_id), result, reason]
    with flow.platform.work(actor=actor) as work:
        if first_result(work, key, "job.skip", request) is not None:
            return None
        row = _waiting(work, flow, job_id)
        step = step_of(work, flow, row.instance_id)
        _record(work, row, "skipped", reason, result)
        try:
            step.live.skip(row.task_id, result)
        except NothingWaits as error:
            raise JobBusy from error
        go(step)
        keep_result(work, key, "job.skip", request, {})


def _open_incident(flow: Flow, actor: Actor, job_id: UUID) -> UUID | None:
    if not (actor.has(flow.admins) or actor.is_system):
        raise NotAllowed
    with flow.platform.read() as session:
        return session.execute(_incident_of(job_id)).scalar()


def _incident_of(job_id: UUID) -> Any:
    return select(IncidentRow.id).where(
        IncidentRow.job_id == job_id, IncidentRow.state == IncidentState.OPEN
    )


def _waiting(work: Work, flow: Flow, job_id: UUID) -> Any:
    """The row of a handler's job that waits for its next try, under its instance's lock."""
    found = select(*_jobs.c).where(_jobs.c.id == job_id)
    row = work.session.execute(found).first()
    if row is None:
        raise JobNotFound
    if row.kind != JobKind.HANDLER or row.instance_id is None:
        raise JobBusy
    step_of(work, flow, row.instance_id).instance.must_be_running()
    row = work.session.execute(found.with_for_update()).first()
    if row is None or row.state != JobState.DUE:
        raise JobBusy
    return row


def _record(work: Work, row: Any, how: str, reason: str, variables: dict[str, Any]) -> None:
    write_note(
        work,
        instance_id=row.instance_id,
        kind=how,
        process_id=row.process_id or "",
        element_id=row.element_id or "",
        note=reason.strip() or None,
        detail={"variables": sorted(variables)} if variables else None,
    )
    audit.record(
        work,
        action=f"job.{how}",
        entity=f"instance:{row.instance_id}",
        after={
            "job": str(row.id),
            "element": row.element_id,
            "reason": reason.strip(),
            "variables": variables or None,
        },
    )
