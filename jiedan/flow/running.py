"""Owns what a worker does with a claimed job: fire a timer, run a handler, let a message go."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, update

from jiedan.core import audit
from jiedan.core.actor import SYSTEM
from jiedan.core.logs import get_logger
from jiedan.core.work import Work
from jiedan.flow.delivery import go
from jiedan.flow.errors import HandlerMissing, InstanceUnreadable
from jiedan.flow.handlers import BpmnError, Context, Handler, plain
from jiedan.flow.host import StepHost, as_result, delay_after, incident_row, said, trace_of
from jiedan.flow.instance import load_instance, lock_instance
from jiedan.flow.jobs import ClaimedJob, claim_jobs, held
from jiedan.flow.migration_work import work_migration
from jiedan.flow.notices import notify
from jiedan.flow.owners import ROLE
from jiedan.flow.periodic import give_up_until_next_time, run_periodic
from jiedan.flow.platform import Flow
from jiedan.flow.sla import climb_ladder
from jiedan.flow.states import IncidentKind, InstanceState, JobKind, JobState, MessageState
from jiedan.flow.step import Step, step_if_running, step_of
from jiedan.flow.tables import JobRow, MessageRow, table_of
from jiedan.flow.verbs.timeouts import run_timeout

log = get_logger(__name__)
_jobs = table_of(JobRow)


class HandlerTooSlow(Exception):
    """The handler did not answer in time."""


def run_job(flow: Flow, *, job: ClaimedJob) -> None:
    """Do one claimed job and record how it ended; what fails is tried again or an incident."""
    try:
        _run(flow, job)
    except InstanceUnreadable:
        _rest(flow, job)
    except Exception as error:  # also a step that cannot go on must end somewhere
        _failed(flow, job, error)


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
            if handler is None:
                _failed(flow, job, HandlerMissing(name=job.handler or ""))
            elif handler.external:
                _run_outside(flow, job, handler)
            else:
                _run_inside(flow, job, handler)


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
def _fire(flow: Flow, job: ClaimedJob) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        step = _step(work, flow, job)
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


def _expire(flow: Flow, job: ClaimedJob) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
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


# --- handlers ----------------------------------------------------------------------------------
def _run_inside(flow: Flow, job: ClaimedJob, handler: Handler) -> None:
    """Another try of a handler that belongs into the step's transaction."""
    with flow.platform.work(actor=SYSTEM) as work:
        step = _step(work, flow, job)
        if step is None:
            return
        context = _context(step.host, job)
        try:
            arguments = handler.arguments(job.inputs)
            result = step.host.invoke(handler, arguments, context)
        except BpmnError as error:
            _throw(step, job, error)
        except Exception as error:  # recorded, retried, then an incident
            _try_later(work, flow, job, error)
        else:
            _finish(step, job, result)


def _run_outside(flow: Flow, job: ClaimedJob, handler: Handler) -> None:
    """Run a handler that talks to the outside, holding no lock, then move the token on."""
    assert job.instance_id is not None
    with flow.platform.read() as session:
        instance = load_instance(session, job.instance_id)
    if instance.state not in (InstanceState.ACTIVE, InstanceState.INCIDENT):
        with flow.platform.work(actor=SYSTEM) as work:
            _step(work, flow, job)
        return
    with flow.platform.read() as session:
        work = Work(session, flow.platform.clock.now(), SYSTEM, flow.platform)
        host = StepHost(work, flow, instance, outside=True)
        context = _context(host, job)
        try:
            arguments = handler.arguments(job.inputs)
            answer = within(handler.timeout, partial(handler.call, context, **arguments))
            result = as_result(answer)
        except BpmnError as error:
            return _after_outside(flow, job, host, partial(_throw_error, error))
        except Exception as error:
            return _failed(flow, job, error)
    return _after_outside(flow, job, host, partial(_give_result, result))


Ending = Callable[[Step, ClaimedJob], None]


def _after_outside(flow: Flow, job: ClaimedJob, host: StepHost, end: Ending) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        step = _step(work, flow, job)
        if step is None:
            return
        # What the handler asked for while it ran outside belongs to this transaction.
        step.host.gathered = host.gathered
        if host.instance.renamed:
            step.instance.business_key = host.instance.business_key
            step.instance.title = host.instance.title
            step.instance.summary = host.instance.summary
            step.instance.amount = host.instance.amount
            step.instance.renamed = True
        end(step, job)


def _throw_error(error: BpmnError, step: Step, job: ClaimedJob) -> None:
    _throw(step, job, error)


def _give_result(result: dict[str, Any], step: Step, job: ClaimedJob) -> None:
    _finish(step, job, result)


def _finish(step: Step, job: ClaimedJob, result: dict[str, Any]) -> None:
    assert job.task_id is not None
    _done(step.work, job)
    step.live.finish_job(job.task_id, result)
    go(step)


def _throw(step: Step, job: ClaimedJob, error: BpmnError) -> None:
    assert job.task_id is not None
    _done(step.work, job)
    step.live.throw_error(job.task_id, error.code, plain(error.variables))
    go(step)


def _done(work: Work, job: ClaimedJob) -> None:
    work.session.execute(
        update(_jobs)
        .where(_jobs.c.id == job.id)
        .values(state=JobState.DONE, done_at=work.now, lease_until=None, inputs=None)
    )


def _failed(flow: Flow, job: ClaimedJob, error: Exception) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        if held(work, job):
            _try_later(work, flow, job, error)


def _try_later(work: Work, flow: Flow, job: ClaimedJob, error: Exception) -> None:
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


def within(limit: timedelta, call: Callable[[], Any]) -> Any:
    """What `call` returns, or HandlerTooSlow after `limit`; its late answer goes nowhere."""
    box: dict[str, Any] = {}

    def fill() -> None:
        try:
            box["answer"] = call()
        except BaseException as error:
            box["error"] = error

    thread = threading.Thread(target=fill, name="handler", daemon=True)
    thread.start()
    thread.join(limit.total_seconds())
    if thread.is_alive():
        raise HandlerTooSlow(f"no answer within {limit.total_seconds():g} seconds")
    if "error" in box:
        raise box["error"]
    return box["answer"]


def _context(host: StepHost, job: ClaimedJob) -> Context:
    return host.context(
        element_id=job.element_id or "",
        process_id=job.process_id or "",
        task_id=job.task_id,
        attempt=job.attempt,
        variables=job.inputs,
    )


def _step(work: Work, flow: Flow, job: ClaimedJob) -> Step | None:
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
