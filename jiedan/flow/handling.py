"""Owns how a worker works a handler's job: inside a step's transaction, or outside of any."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import update

from jiedan.core.actor import SYSTEM
from jiedan.core.again import again_if_undone
from jiedan.core.work import Work
from jiedan.flow.delivery import go
from jiedan.flow.handlers import BpmnError, Context, Handler, plain
from jiedan.flow.host import StepHost, as_result
from jiedan.flow.instance import load_instance
from jiedan.flow.job_endings import job_failed, step_of_job, try_later
from jiedan.flow.jobs import ClaimedJob
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState, JobState
from jiedan.flow.step import Step
from jiedan.flow.tables import JobRow, table_of

_jobs = table_of(JobRow)
Ending = Callable[[Step, ClaimedJob], None]


@again_if_undone
def run_inside(flow: Flow, job: ClaimedJob, handler: Handler) -> None:
    """Another try of a handler that belongs into the step's transaction."""
    with flow.platform.work(actor=SYSTEM) as work:
        step = step_of_job(work, flow, job)
        if step is None:
            return
        context = _context(step.host, job)
        try:
            arguments = handler.arguments(job.inputs)
            result = step.host.invoke(handler, arguments, context)
        except BpmnError as error:
            _throw(step, job, error)
        except Exception as error:  # recorded, retried, then an incident
            try_later(work, flow, job, error)
        else:
            _finish(step, job, result)


def run_outside(flow: Flow, job: ClaimedJob, handler: Handler) -> None:
    """Run a handler that talks to the outside, holding no lock, then move the token on."""
    assert job.instance_id is not None
    with flow.platform.read() as session:
        instance = load_instance(session, job.instance_id)
    if instance.state not in (InstanceState.ACTIVE, InstanceState.INCIDENT):
        with flow.platform.work(actor=SYSTEM) as work:
            step_of_job(work, flow, job)
        return
    with flow.platform.look() as session:
        work = Work(session, flow.platform.clock.now(), SYSTEM, flow.platform)
        host = StepHost(work, flow, instance, outside=True)
        context = _context(host, job)
        try:
            arguments = handler.arguments(job.inputs)
            answer = flow.watch.call(
                handler.name, handler.timeout, partial(handler.call, context, **arguments)
            )
            result = as_result(answer)
        except BpmnError as error:
            return _after_outside(flow, job, host, partial(_throw_error, error))
        except Exception as error:
            return job_failed(flow, job, error)
    return _after_outside(flow, job, host, partial(_give_result, result))


@again_if_undone
def _after_outside(flow: Flow, job: ClaimedJob, host: StepHost, end: Ending) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        step = step_of_job(work, flow, job)
        if step is None:
            return
        # What the handler asked for while it ran outside belongs to this transaction.
        step.host.gathered = host.gathered.copy()
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


def _context(host: StepHost, job: ClaimedJob) -> Context:
    return host.context(
        element_id=job.element_id or "",
        process_id=job.process_id or "",
        task_id=job.task_id,
        attempt=job.attempt,
        variables=job.inputs,
    )
