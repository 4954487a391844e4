"""Owns what is done when a step's deadline has passed, as the diagram says."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update

from jiedan.core.actor import SYSTEM
from jiedan.core.again import again_if_undone
from jiedan.core.errors import JiedanError
from jiedan.core.work import Work
from jiedan.flow.access import Task, load_task
from jiedan.flow.delivery import drain
from jiedan.flow.instance import lock_instance
from jiedan.flow.jobs import ClaimedJob, held
from jiedan.flow.notices import notify
from jiedan.flow.owners import ROLE, USER
from jiedan.flow.platform import Flow
from jiedan.flow.states import JobState, TaskState
from jiedan.flow.step import Step, step_if_running
from jiedan.flow.tables import JobRow, TaskRow, table_of
from jiedan.flow.verbs.automatic import answer_by_rule
from jiedan.flow.verbs.deadlines import every, plan_timeout
from jiedan.flow.verbs.deciding import write_line
from jiedan.flow.verbs.handing import give
from jiedan.flow.verbs.settings import settings_of

_jobs, _tasks = table_of(JobRow), table_of(TaskRow)
REMINDER = "%(task)s of %(number)s is overdue since %(due)s."
HANDED_UP = "%(task)s of %(number)s is overdue and was handed up to you."


@again_if_undone
def run_timeout(flow: Flow, job: ClaimedJob) -> None:
    """Do one planned thing with every open seat of a task; a task that is over needs nothing."""
    assert job.instance_id is not None
    assert job.task_id is not None
    with flow.platform.work(actor=SYSTEM) as work:
        step = step_if_running(work, flow, job.instance_id)
        if not held(work, job):
            return
        if step is None:
            _again_later(work, job)
            return
        work.session.execute(delete(_jobs).where(_jobs.c.id == job.id))
        tasks = _open_tasks(work, job)
        if not tasks:
            return
        said = job.handler or ""
        due_at = max((one.due_at for one in tasks if one.due_at), default=work.now)
        if due_at > work.now:
            # The deadline has moved: its time stood still, or somebody gave it more.
            plan_timeout(step, _task(job), said, due_at, left=int(job.inputs.get("left", 1)))
            return
        _do(step, job, said, tasks)
        drain(work, flow)


def _do(step: Step, job: ClaimedJob, said: str, tasks: list[Task]) -> None:
    pause = every(said)
    if pause is not None:
        for task in tasks:
            _tell(step, task, REMINDER, _holders(task))
        left = int(job.inputs.get("left", 1)) - 1
        if left > 0:
            plan_timeout(step, _task(job), said, step.work.now + pause, left=left)
        return
    for task in tasks:
        if said == "up":
            _hand_up(step, task)
        else:
            _answer(step, task, said)


def _answer(step: Step, task: Task, said: str) -> None:
    """Agree or refuse for who did not; a step that refuses to be answered so stays open."""
    fresh = load_task(step.work.session, task.id)
    if fresh.state not in (TaskState.OPEN, TaskState.CLAIMED):
        return
    settings = settings_of(step.bundle, task.process_id, task.element_id)
    outcome = settings.agreement if said == "pass" else settings.refusal
    try:
        with step.work.savepoint():
            answer_by_rule(step, fresh, outcome, "timeout")
    except JiedanError:
        _tell(step, fresh, REMINDER, (*_holders(fresh), ROLE + step.flow.admins))


def _hand_up(step: Step, task: Task) -> None:
    """The task goes to whoever leads its holder; without one, to the role above or the admins."""
    session, flow = step.work.session, step.flow
    chief = None if task.assignee is None else flow.people.supervisor(session, task.assignee)
    if chief is None:
        _tell(step, task, REMINDER, (*_holders(task), ROLE + flow.admins))
        return
    give(step, task, chief)
    detail = {"from": task.assignee, "to": chief, "rule": "timeout"}
    write_line(step.work, task, "transferred", detail=detail)
    _tell(step, task, HANDED_UP, (USER + chief,))


def _open_tasks(work: Work, job: ClaimedJob) -> list[Task]:
    ids = work.session.execute(
        select(_tasks.c.id).where(
            (_tasks.c.id == job.task_id) | (_tasks.c.token_id == job.task_id),
            _tasks.c.state.in_((TaskState.OPEN, TaskState.CLAIMED)),
        )
    ).scalars()
    return [load_task(work.session, one) for one in ids.all()]


def _holders(task: Task) -> tuple[str, ...]:
    return (USER + task.assignee,) if task.assignee else task.owners


def _task(job: ClaimedJob) -> dict[str, Any]:
    return {
        "task_id": job.task_id,
        "process_id": job.process_id,
        "element_id": job.element_id,
    }


def _again_later(work: Work, job: ClaimedJob) -> None:
    """Its instance is suspended; one that is over needs nothing."""
    assert job.instance_id is not None
    if lock_instance(work, job.instance_id).state.is_over:
        work.session.execute(delete(_jobs).where(_jobs.c.id == job.id))
        return
    work.session.execute(
        update(_jobs).where(_jobs.c.id == job.id).values(state=JobState.SUSPENDED, lease_until=None)
    )


def _tell(step: Step, task: Task, msgid: str, owners: tuple[str, ...]) -> None:
    notify(
        step.work,
        owners=owners,
        kind="reminder",
        msgid=msgid,
        params={
            "task": task.name,
            "task.en": task.name_en,
            "number": task.instance.business_key or task.instance.process_id,
            "due": task.due_at.isoformat() if task.due_at else "",
        },
        instance_id=task.instance.id,
        task_id=task.id,
    )
