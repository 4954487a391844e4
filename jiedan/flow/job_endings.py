"""Owns how a claimed job meets its instance, and what becomes of a job that failed."""

from sqlalchemy import update

from jiedan.core.actor import SYSTEM
from jiedan.core.again import again_if_undone
from jiedan.core.logs import get_logger
from jiedan.core.work import Work
from jiedan.flow.delivery import go
from jiedan.flow.host import delay_after, incident_row, said, trace_of
from jiedan.flow.instance import lock_instance
from jiedan.flow.jobs import ClaimedJob, held
from jiedan.flow.periodic import give_up_until_next_time
from jiedan.flow.platform import Flow
from jiedan.flow.states import IncidentKind, InstanceState, JobKind, JobState
from jiedan.flow.step import Step, step_if_running, step_of
from jiedan.flow.tables import JobRow, table_of

log = get_logger(__name__)
_jobs = table_of(JobRow)


def step_of_job(work: Work, flow: Flow, job: ClaimedJob) -> Step | None:
    """The job's instance, if the job is still ours and the instance can run."""
    assert job.instance_id is not None
    step = step_if_running(work, flow, job.instance_id)
    if not held(work, job):
        return None
    if step is None:
        state = lock_instance(work, job.instance_id).state
        suspended = state is InstanceState.SUSPENDED
        work.session.execute(
            update(_jobs)
            .where(_jobs.c.id == job.id)
            .values(
                state=JobState.SUSPENDED if suspended else JobState.CANCELLED,
                lease_until=None,
                attempt=job.attempt - 1,
            )
        )
    return step


@again_if_undone
def job_failed(flow: Flow, job: ClaimedJob, error: Exception) -> None:
    """Give a job back for another try, or make it an incident; in a transaction of its own."""
    with flow.platform.work(actor=SYSTEM) as work:
        if job.instance_id is not None:
            # The instance before its job, as every step does.
            lock_instance(work, job.instance_id)
        if held(work, job):
            try_later(work, flow, job, error)


def try_later(work: Work, flow: Flow, job: ClaimedJob, error: Exception) -> None:
    """The same inside a transaction that holds the instance and the job."""
    log.warning("a handler failed", handler=job.handler, attempt=job.attempt, error=said(error))
    if job.attempt < job.tries:
        due_at = work.now + delay_after(flow, error, attempt=job.attempt)
        work.session.execute(
            update(_jobs)
            .where(_jobs.c.id == job.id)
            .values(
                state=JobState.DUE,
                due_at=due_at,
                last_error=said(error),
                lease_until=None,
                worker=None,
            )
        )
        flow.due(work, due_at)
        return
    if job.kind is JobKind.PERIODIC:
        return give_up_until_next_time(work, flow, job, said(error))
    assert job.instance_id is not None
    step = step_of(work, flow, job.instance_id)
    step.host.gathered.incidents.append(
        incident_row(
            job.instance_id,
            kind=IncidentKind.HANDLER_FAILED,
            message=said(error),
            trace=trace_of(error),
            at=work.now,
            job_id=job.id,
            task_id=job.task_id,
            process_id=job.process_id,
            element_id=job.element_id,
        )
    )
    work.session.execute(
        update(_jobs)
        .where(_jobs.c.id == job.id)
        .values(state=JobState.INCIDENT, last_error=said(error), lease_until=None)
    )
    go(step)
