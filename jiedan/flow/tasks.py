"""Owns what a person does with a user task: open, claim, unclaim, save a draft, complete."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.work import Work
from jiedan.flow.access import (
    Task,
    check_duties,
    check_guards,
    holder,
    is_mine,
    load_task,
    standing_in,
    task_in,
)
from jiedan.flow.delivery import drain
from jiedan.flow.errors import (
    StaleTask,
    TaskNotClaimed,
    TaskNotFound,
    TaskTaken,
)
from jiedan.flow.handlers import plain
from jiedan.flow.opening import open_page
from jiedan.flow.owners import holder_of
from jiedan.flow.platform import Flow
from jiedan.flow.signatures import require_signature
from jiedan.flow.states import TaskState
from jiedan.flow.step import Step, step_for
from jiedan.flow.synced import NEVER
from jiedan.flow.tables import ActivityRow, DraftRow, TaskCandidateRow, TaskRow, table_of
from jiedan.flow.task_views import (
    Answer,
    Attachment,
    Comment,
    Completed,
    NextTask,
    OpenedTask,
)
from jiedan.flow.team import leads
from jiedan.flow.verbs.deciding import take_answer, values_of

__all__ = [
    "Answer",
    "Attachment",
    "Comment",
    "Completed",
    "NextTask",
    "OpenedTask",
    "claim_task",
    "complete_task",
    "open_task",
    "save_draft",
    "unclaim_task",
]

_tasks = table_of(TaskRow)
_candidates = table_of(TaskCandidateRow)


def open_task(flow: Flow, *, actor: Actor, task_id: UUID) -> OpenedTask:
    """Read a task with its form and initial values. A stranger gets TaskNotFound; who leads those
    whose task it is may look."""
    with flow.platform.read() as session:
        task = load_task(session, task_id)
        actor = standing_in(session, flow, task, actor, flow.platform.clock.now())
        is_stranger = not task.concerns(actor) and not actor.has(flow.admins)
        if is_stranger and not leads(flow, actor, task.owners):
            raise TaskNotFound
        return open_page(flow, session, actor, task)


@again_if_undone
def claim_task(
    flow: Flow, *, actor: Actor, task_id: UUID, version: int | None = None
) -> OpenedTask:
    """Take a task out of the candidates' inboxes. Raises TaskTaken; claiming mine is no error."""
    with flow.platform.work(actor=actor) as work:
        task = task_in(work, flow, task_id)
        task.must_be_open_to(work.actor)
        task.instance.must_be_running()
        if task.assignee is None:
            _must_be(version, task)
            check_duties(work, flow, action="claim", task=task)
            holder = holder_of(work.actor)
            _change(work, task, state=TaskState.CLAIMED, assignee=holder, claimed_at=work.now)
            _show_to(work, task, holder)
            _note(work, task, "claimed")
    return open_task(flow, actor=actor, task_id=task_id)


@again_if_undone
def unclaim_task(
    flow: Flow, *, actor: Actor, task_id: UUID, version: int | None = None
) -> OpenedTask:
    """Give a claimed task back to its candidates. Raises TaskNotClaimed, also without any."""
    with flow.platform.work(actor=actor) as work:
        task = task_in(work, flow, task_id)
        task.must_be_open_to(work.actor)
        if task.assignee is None or not task.owners:
            raise TaskNotClaimed
        _must_be(version, task)
        _change(work, task, state=TaskState.OPEN, assignee=None, claimed_at=None)
        _show_to_candidates(work, task)
        _note(work, task, "unclaimed")
    return open_task(flow, actor=actor, task_id=task_id)


@again_if_undone
def save_draft(
    flow: Flow, *, actor: Actor, task_id: UUID, version: int, values: Mapping[str, Any]
) -> int:
    """Keep what was typed, unvalidated; the answer is the task's new version."""
    with flow.platform.work(actor=actor) as work:
        task = task_in(work, flow, task_id)
        task.must_be_open_to(work.actor)
        _must_be(version, task)
        draft = {"values": plain(dict(values)), "saved_by": actor.login, "saved_at": work.now}
        if task.has_draft:
            work.session.execute(
                update(DraftRow).where(DraftRow.task_id == task.id).values(**draft)
            )
        else:
            work.session.execute(insert(DraftRow).values(task_id=task.id, **draft))
        _change(work, task, has_draft=True)
        return task.version + 1


@again_if_undone
def complete_task(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    version: int | None,
    answer: Answer,
    key: str | None = None,
) -> Completed:
    """Hand in a user task and run its instance to the next wait state, in one transaction.

    Raises TaskNotFound (also for strangers), TaskAlreadyCompleted(by=, at=), StaleTask, Invalid
    with fields, Forbidden from the duties, and what listeners and guards raise; then nothing has
    changed. A replay with the same `key` gets the first result, `replayed=True`.
    """
    with flow.platform.work(actor=actor) as work:
        task = task_in(work, flow, task_id, lock=True)
        if key is not None and task.answer_key == key and task.completed_by == actor.login:
            return _first_result(flow, work, task)
        task.must_be_open_to(work.actor)
        task.instance.must_be_running()
        _must_be(version, task)
        check_duties(work, flow, action="complete", task=task)
        step = step_for(work, flow, task.instance)
        variables = step.live.variables(task.token)
        check_guards(flow, step.host, task, variables)
        values = values_of(step, task, variables, answer)
        require_signature(
            work.session,
            step.bundle.element(task.process_id, task.element_id),
            task_id=task.id,
            login=actor.login,
        )
        take_answer(step, task, variables, answer, values, key=key)
        drain(work, flow)
        return Completed(task.instance.id, step.instance.state, _next_tasks(step, actor))


# --- the rows of a task ------------------------------------------------------------------------
def _change(work: Work, task: Task, **values: Any) -> None:
    changed = work.session.execute(
        update(_tasks)
        .where(
            _tasks.c.id == task.id,
            _tasks.c.version == task.version,
            _tasks.c.state == task.state,
        )
        .values(version=task.version + 1, **values)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        # On PostgreSQL somebody was faster between our look and our change: say who.
        fresh = load_task(work.session, task.id)
        fresh.must_be_open_to(work.actor)
        raise TaskTaken(by=fresh.assignee) if fresh.assignee else StaleTask


def _show_to(work: Work, task: Task, login: str) -> None:
    owner = holder(login)
    work.session.execute(
        update(_candidates)
        .where(_candidates.c.task_id == task.id)
        .values(visible=_candidates.c.owner == owner)
    )
    if owner not in task.owners:
        work.session.execute(
            insert(_candidates).values(
                task_id=task.id,
                owner=owner,
                candidate=False,
                visible=True,
                due_at=task.due_at or NEVER,
                created_at=task.created_at,
                rank=-task.priority,
            )
        )


def _show_to_candidates(work: Work, task: Task) -> None:
    work.session.execute(
        delete(_candidates).where(
            _candidates.c.task_id == task.id, _candidates.c.candidate.is_(False)
        )
    )
    work.session.execute(
        update(_candidates).where(_candidates.c.task_id == task.id).values(visible=True)
    )


def _note(work: Work, task: Task, kind: str) -> None:
    work.session.execute(
        insert(ActivityRow).values(
            instance_id=task.instance.id,
            process_id=task.process_id,
            element_id=task.element_id,
            kind=kind,
            task_id=task.id,
            at=work.now,
            actor=work.actor.login,
            on_behalf_of=work.actor.on_behalf_of,
        )
    )
    audit.record(work, action=f"task.{kind}", entity=f"task:{task.id}")


def _first_result(flow: Flow, work: Work, task: Task) -> Completed:
    """What a replay gets: the tasks that the completion opened, at the same moment."""
    rows = work.session.execute(
        select(
            _tasks.c.id,
            _tasks.c.element_id,
            _tasks.c.name,
            _tasks.c.name_en,
            _tasks.c.candidates,
            _tasks.c.assignee,
            _tasks.c.state,
        )
        .where(
            _tasks.c.instance_id == task.instance.id,
            _tasks.c.created_at == task.completed_at,
            _tasks.c.id > task.id,
        )
        .order_by(_tasks.c.id)
    )
    return Completed(
        instance_id=task.instance.id,
        instance_state=task.instance.state,
        next_tasks=tuple(
            NextTask(
                task_id=row.id,
                element_id=row.element_id,
                name=row.name,
                name_en=row.name_en,
                mine=TaskState(row.state).is_open
                and is_mine(work.actor, (row.candidates or "").split(), row.assignee),
            )
            for row in rows
        ),
        replayed=True,
    )


def _must_be(version: int | None, task: Task) -> None:
    if version is not None and version != task.version:
        raise StaleTask


def _next_tasks(step: Step, actor: Actor) -> tuple[NextTask, ...]:
    return tuple(
        NextTask(
            task_id=one.task_id,
            element_id=one.element_id,
            name=one.name,
            name_en=one.name_en,
            mine=is_mine(actor, one.owners, one.assignee),
        )
        for one in step.opened
    )
