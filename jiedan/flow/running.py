"""Owns what a worker does with a claimed job: fire a timer, run a handler, let a message go."""

from sqlalchemy import delete, select, update

from jiedan.core import audit
from jiedan.core.actor import SYSTEM
from jiedan.core.again import again_if_undone
from jiedan.core.database import DatabaseBusy
from jiedan.core.logs import get_logger
from jiedan.flow.delivery import go
from jiedan.flow.errors import HandlerMissing, InstanceUnreadable
from jiedan.flow.handling import run_inside, run_outside
from jiedan.flow.job_endings import job_failed, step_of_job
from jiedan.flow.jobs import ClaimedJob, claim_jobs, held
from jiedan.flow.migration_work import work_migration
from jiedan.flow.notices import notify
from jiedan.flow.owners import ROLE
from jiedan.flow.periodic import run_periodic
from jiedan.flow.platform import Flow
from jiedan.flow.sla import climb_ladder
from jiedan.flow.states import JobKind, JobState, MessageState
from jiedan.flow.tables import JobRow, MessageRow, table_of
from jiedan.flow.verbs.timeouts import run_timeout

log = get_logger(__name__)
_jobs = table_of(JobRow)

DEATHS = 20
"""So often a job may be taken up again because nobody said how it ended."""


class WorkersDie(Exception):
    """Every worker that takes up this job is gone before it ends."""


def run_job(flow: Flow, *, job: ClaimedJob) -> None:
    """Do one claimed job and record how it ended; what fails is tried again or an incident."""
    try:
        _run(flow, job)
    except InstanceUnreadable:
        _rest(flow, job)
    except DatabaseBusy:
        # Not the job's fault: it stays held, and is taken up again when its lease ends.
        raise
    except Exception as error:  # also a step that cannot go on must end somewhere
        job_failed(flow, job, error)


def _rest(flow: Flow, job: ClaimedJob) -> None:
    """The incident of its instance says why; when that is mended, it is due again."""
    with flow.platform.work(actor=SYSTEM) as work:
        if held(work, job):
            work.session.execute(
                update(_jobs)
                .where(_jobs.c.id == job.id)
                .values(state=JobState.SUSPENDED, lease_until=None, attempt=job.attempt - 1)
            )


def _run(flow: Flow, job: ClaimedJob) -> None:
    match job.kind:
        case JobKind.TIMER:
            _fire(flow, job)
        case JobKind.MESSAGE:
            _expire(flow, job)
        case JobKind.TIMEOUT:
            run_timeout(flow, job)
        case JobKind.MIGRATION:
            work_migration(flow, job)
        case JobKind.PERIODIC:
            run_periodic(flow, job)
        case JobKind.HANDLER:
            handler = flow.registry.handlers.get(job.handler or "")
            if job.attempt > job.tries + DEATHS:
                said = f"taken up {job.attempt} times, and nobody ever said how it ended"
                job_failed(flow, job, WorkersDie(said))
            elif handler is None:
                job_failed(flow, job, HandlerMissing(name=job.handler or ""))
            elif handler.external:
                run_outside(flow, job, handler)
            else:
                run_inside(flow, job, handler)


def run_due(flow: Flow, *, worker: str = "inline", limit: int = 1000) -> int:
    """Do everything that is due now, here: deadlines, timers, handlers. For tests and the CLI."""
    done = 0
    while done < limit:
        climbed = climb_ladder(flow)
        jobs = claim_jobs(flow, worker=worker, limit=min(20, limit - done))
        for job in jobs:
            run_job(flow, job=job)
        done += climbed + len(jobs)
        if not climbed and not jobs:
            break
    return done


# --- timers and messages -----------------------------------------------------------------------
@again_if_undone
def _fire(flow: Flow, job: ClaimedJob) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        step = step_of_job(work, flow, job)
        if step is None:
            return
        step.live.fire_timers(work.now)
        go(step)
        # Firing has forgotten the row or given it a new time. If it is still ours, the diagram's
        # time has not come yet, or there is no such timer any more.
        due_at = step.live.next_timer()
        mine = (_jobs.c.id == job.id, _jobs.c.state == JobState.RUNNING)
        if due_at is None:
            work.session.execute(delete(_jobs).where(*mine))
        else:
            work.session.execute(
                update(_jobs).where(*mine).values(state=JobState.DUE, due_at=max(due_at, work.now))
            )
            flow.due(work, due_at)


@again_if_undone
def _expire(flow: Flow, job: ClaimedJob) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        # The message before its job, as who delivers it does.
        work.session.execute(select(MessageRow.id).where(MessageRow.id == job.id).with_for_update())
        if not held(work, job):
            return
        gone = work.session.execute(
            update(MessageRow)
            .where(MessageRow.id == job.id, MessageRow.state == MessageState.BUFFERED)
            .values(state=MessageState.UNMATCHED)
        )
        work.session.execute(delete(_jobs).where(_jobs.c.id == job.id))
        if gone.rowcount:  # type: ignore[attr-defined]
            notify(
                work,
                owners=(ROLE + flow.admins,),
                kind="message",
                msgid="Nobody took the message %(name)s.",
                params={"name": job.handler or ""},
            )
            audit.record(work, action="message.unmatched", entity=f"message:{job.id}")
