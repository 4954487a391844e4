"""Owns who may do what with a user task: candidates, assignee, duties, guards."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from jiedan.core.actor import Actor
from jiedan.core.prepared import Prepared
from jiedan.core.work import Work
from jiedan.flow.errors import (
    TaskAlreadyCompleted,
    TaskNoLongerOpen,
    TaskNotFound,
    TaskTaken,
    TaskWaits,
)
from jiedan.flow.handlers import MissingInput
from jiedan.flow.host import StepHost
from jiedan.flow.instance import COLUMNS, Instance, instance_from
from jiedan.flow.owners import USER, names_of, owners_of
from jiedan.flow.platform import CompletedFact, Flow, TaskFacts
from jiedan.flow.states import TaskState
from jiedan.flow.tables import InstanceRow, TaskRow, table_of

_tasks, _instances = table_of(TaskRow), table_of(InstanceRow)
_COLUMNS = (
    _tasks.c.id.label("task_id"),
    _tasks.c.instance_id,
    _tasks.c.process_id.label("task_process_id"),
    _tasks.c.element_id,
    _tasks.c.name,
    _tasks.c.name_en,
    _tasks.c.code,
    _tasks.c.form_id,
    _tasks.c.form_version,
    _tasks.c.state.label("task_state"),
    _tasks.c.version.label("task_version"),
    _tasks.c.assignee,
    _tasks.c.candidates,
    _tasks.c.priority,
    _tasks.c.created_at,
    _tasks.c.due_at,
    _tasks.c.breached_at,
    _tasks.c.completed_at,
    _tasks.c.completed_by,
    _tasks.c.outcome,
    _tasks.c.has_draft,
    _tasks.c.has_files,
    _tasks.c.answer_key,
    _tasks.c.token_id,
    *COLUMNS,
)
_TASK = (
    select(*_COLUMNS)
    .join(_instances, _instances.c.id == _tasks.c.instance_id)
    .where(_tasks.c.id == bindparam("task_id"))
)
# Instance first: whoever holds an instance may go on to lock its tasks, never the other way.
_LOCK = Prepared(_TASK.with_for_update(of=(_instances, _tasks), key_share=True))
_LOAD = Prepared(_TASK)
_FACTS = select(_tasks.c.element_id, _tasks.c.completed_by, _tasks.c.on_behalf_of).where(
    _tasks.c.instance_id == bindparam("instance_id"),
    _tasks.c.state == TaskState.COMPLETED,
)


@dataclass(frozen=True, slots=True)
class Task:
    """A task row with its instance, as loaded for one call."""

    id: UUID
    instance: Instance
    process_id: str
    element_id: str
    name: str
    name_en: str | None
    code: str | None
    form_id: str | None
    form_version: int | None
    state: TaskState
    version: int
    assignee: str | None
    owners: tuple[str, ...]
    priority: int
    created_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    completed_at: datetime | None
    completed_by: str | None
    outcome: str | None
    has_draft: bool
    has_files: bool
    answer_key: str | None
    token_id: UUID | None = None
    """Of a step that several sign: the engine's task that they decide together."""

    @property
    def token(self) -> UUID:
        """The engine's task."""
        return self.token_id or self.id

    def is_candidate(self, actor: Actor) -> bool:
        """Whether the actor may take it, by login or by role."""
        return not set(self.owners).isdisjoint(owners_of(actor))

    def concerns(self, actor: Actor) -> bool:
        """Whether the actor has anything to do with it; to everybody else it does not exist."""
        mine = (self.assignee, self.completed_by)
        return any(one in mine for one in names_of(actor)) or self.is_candidate(actor)

    def is_open_to(self, actor: Actor) -> bool:
        """Whether the actor could complete it now, as far as the assignment goes."""
        if not self.state.is_open:
            return False
        if self.assignee is None:
            return self.is_candidate(actor)
        return self.assignee in names_of(actor)

    def must_be_open_to(self, actor: Actor) -> None:
        """Raises TaskAlreadyCompleted, TaskNoLongerOpen or TaskTaken."""
        if self.state is TaskState.COMPLETED:
            raise TaskAlreadyCompleted(by=self.completed_by, at=self.completed_at)
        if self.state is TaskState.WAITING:
            raise TaskWaits
        if not self.state.is_open:
            raise TaskNoLongerOpen
        if self.assignee is not None and self.assignee not in names_of(actor):
            raise TaskTaken(by=self.assignee)


def load_task(session: Any, task_id: UUID, *, lock: bool = False) -> Task:
    """A task with its instance. Raises TaskNotFound."""
    wanted = _LOCK if lock else _LOAD
    row = wanted.first(session.connection(), {"task_id": task_id})
    if row is None:
        raise TaskNotFound
    return Task(
        id=row.task_id,
        instance=instance_from(row, row.instance_id),
        process_id=row.task_process_id,
        element_id=row.element_id,
        name=row.name,
        name_en=row.name_en,
        code=row.code,
        form_id=row.form_id,
        form_version=row.form_version,
        state=TaskState(row.task_state),
        version=row.task_version,
        assignee=row.assignee,
        owners=tuple((row.candidates or "").split()),
        priority=row.priority,
        created_at=row.created_at,
        due_at=row.due_at,
        breached_at=row.breached_at,
        completed_at=row.completed_at,
        completed_by=row.completed_by,
        outcome=row.outcome,
        has_draft=row.has_draft,
        has_files=row.has_files,
        answer_key=row.answer_key,
        token_id=row.token_id,
    )


def task_for(session: Any, actor: Actor, task_id: UUID, *, lock: bool = False) -> Task:
    """The same for somebody whom it concerns; a stranger gets TaskNotFound."""
    task = load_task(session, task_id, lock=lock)
    if not task.concerns(actor):
        raise TaskNotFound
    return task


def task_in(work: Work, flow: Flow, task_id: UUID, *, lock: bool = False) -> Task:
    """The same; whoever stands in for somebody whose task it is acts for him from here on."""
    task = load_task(work.session, task_id, lock=lock)
    work.actor = standing_in(work.session, flow, task, work.actor, work.now)
    if not task.concerns(work.actor):
        raise TaskNotFound
    return task


def standing_in(session: Any, flow: Flow, task: Task, actor: Actor, now: datetime) -> Actor:
    """The actor, or the actor in the name of somebody away whose task it is."""
    if task.is_open_to(actor) or not (task.state.is_open or task.state is TaskState.WAITING):
        return actor
    for login in flow.people.principals(session, actor.login, task.instance.process_id, now):
        person = flow.people.actor(session, login)
        if person is not None and (task.is_open_to(person) or task.assignee == login):
            return acting_for(actor, person)
    return actor


def acting_for(actor: Actor, person: Actor) -> Actor:
    """Somebody with the roles of whom he stands in for; what both are kept from stays so."""
    return replace(
        person, login=actor.login, name=actor.name, on_behalf_of=person.login, ip=actor.ip
    )


def check_duties(work: Work, flow: Flow, *, action: str, task: Task) -> None:
    """Separation of duties at claim and at completion; raises what the policy raises."""
    if flow.duties.concerns(task.element_id):
        facts = facts_of_task(work.session, task)
        flow.duties.check(work, action=action, task=facts, actor=work.actor)


def facts_of_task(session: Any, task: Task) -> TaskFacts:
    """What the separation of duties is judged by."""
    rows = session.execute(_FACTS, {"instance_id": task.instance.id})
    return TaskFacts(
        task_id=task.id,
        element_id=task.element_id,
        instance_id=task.instance.id,
        process_id=task.process_id,
        business_key=task.instance.business_key,
        completed=tuple(
            CompletedFact(row.element_id, row.completed_by or "", row.on_behalf_of) for row in rows
        ),
    )


def check_guards(flow: Flow, host: StepHost, task: Task, variables: dict[str, Any]) -> None:
    """Ask every guard that the instance's variables concern; a guard refuses by raising."""
    for guard in flow.registry.guards.values():
        try:
            arguments = guard.arguments(variables)
        except MissingInput:
            continue
        guard.call(
            host.context(
                element_id=task.element_id,
                process_id=task.process_id,
                task_id=task.id,
                variables=variables,
            ),
            **arguments,
        )


def is_mine(actor: Actor, owners: Iterable[str], assignee: str | None) -> bool:
    """Whether an open task would be in the actor's inbox."""
    if assignee is not None:
        return assignee in names_of(actor)
    return not set(owners).isdisjoint(owners_of(actor))


def holder(login: str) -> str:
    return USER + login
