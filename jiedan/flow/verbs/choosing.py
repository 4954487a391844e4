"""Owns 谁来办: the strategies that say who is to do a step, and what happens when that fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from jiedan.core.errors import JiedanError
from jiedan.flow.content.read import split_list
from jiedan.flow.engine import OpenTask
from jiedan.flow.owners import ROLE, USER
from jiedan.flow.platform import CompletedFact, TaskFacts
from jiedan.flow.states import TaskState
from jiedan.flow.tables import ActivityRow, TaskRow
from jiedan.flow.verbs.settings import StepSettings

if TYPE_CHECKING:
    from jiedan.flow.step import Step


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a strategy names: people by login, and roles that stay a common queue."""

    people: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.people or self.roles)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a strategy may look at."""

    step: Step
    process_id: str
    element_id: str
    variables: Mapping[str, Any]

    def department_of(self, login: str) -> str | None:
        actor = self.step.flow.people.actor(self.step.work.session, login)
        return None if actor is None else actor.department


def find_people(asked: Asked, settings: StepSettings) -> Found:
    """Whom the first strategy that finds somebody names. Disabled people count as nobody."""
    for strategy in settings.who:
        found = named(asked, strategy)
        if found:
            return found
    return Found()


def named(asked: Asked, strategy: str) -> Found:
    """Whom one strategy names; an unknown one names nobody."""
    if strategy.startswith("="):
        said = asked.step.host.evaluate(strategy[1:], dict(asked.variables))
        return _active(asked, _owners_in(said))
    kind, _, argument = strategy.partition(":")
    choose = STRATEGIES.get(kind.strip())
    return Found() if choose is None else _active(asked, choose(asked, argument.strip()))


def _users(asked: Asked, argument: str) -> Found:
    return Found(split_list(argument))


def _role(asked: Asked, argument: str) -> Found:
    return Found(roles=split_list(argument))


def _department(asked: Asked, argument: str) -> Found:
    flow, session = asked.step.flow, asked.step.work.session
    return Found(
        tuple(one for code in split_list(argument) for one in flow.people.members(session, code))
    )


def _head(asked: Asked, argument: str) -> Found:
    return Found(tuple(one for code in split_list(argument) for one in _heads(asked, code, 1)))


def _chain(asked: Asked, argument: str) -> Found:
    """`chain:SALES,2`: the heads of a department and of the one above."""
    code, _, levels = argument.partition(",")
    return Found(_heads(asked, code.strip(), _levels(levels)))


def _initiator(asked: Asked, argument: str) -> Found:
    return Found((asked.step.instance.started_by,))


def _initiator_head(asked: Asked, argument: str) -> Found:
    code = asked.department_of(asked.step.instance.started_by)
    return Found(_heads(asked, code, 1))


def _initiator_chain(asked: Asked, argument: str) -> Found:
    code = asked.department_of(asked.step.instance.started_by)
    return Found(_heads(asked, code, _levels(argument)))


def _initiator_supervisor(asked: Asked, argument: str) -> Found:
    flow, session = asked.step.flow, asked.step.work.session
    found = flow.people.supervisor(session, asked.step.instance.started_by)
    return Found((found,) if found else ())


def _field(asked: Asked, argument: str) -> Found:
    return _owners_in(asked.variables.get(argument))


def _field_head(asked: Asked, argument: str) -> Found:
    said = asked.variables.get(argument)
    return Found(_heads(asked, said if isinstance(said, str) else None, 1))


def _done_by(asked: Asked, argument: str) -> Found:
    """`done_by:enter_order`: whoever did that step last."""
    found = asked.step.work.session.execute(
        select(TaskRow.completed_by)
        .where(
            TaskRow.instance_id == asked.step.instance.id,
            TaskRow.element_id == argument,
            TaskRow.state == TaskState.COMPLETED,
        )
        .order_by(TaskRow.completed_at.desc(), TaskRow.id.desc())
        .limit(1)
    ).scalar()
    return Found((found,) if found else ())


STRATEGIES: Mapping[str, Callable[[Asked, str], Found]] = {
    "users": _users,
    "role": _role,
    "department": _department,
    "head": _head,
    "chain": _chain,
    "initiator": _initiator,
    "initiator_head": _initiator_head,
    "initiator_chain": _initiator_chain,
    "initiator_supervisor": _initiator_supervisor,
    "field": _field,
    "field_head": _field_head,
    "done_by": _done_by,
}


def _heads(asked: Asked, department: str | None, levels: int) -> tuple[str, ...]:
    flow, session = asked.step.flow, asked.step.work.session
    return tuple(flow.people.heads(session, department))[:levels]


def _levels(text: str) -> int:
    text = text.strip()
    return int(text) if text.isdigit() and int(text) else 1


def _owners_in(said: Any) -> Found:
    """What a variable or an expression says: logins, `u:login`, `r:ROLE`, or a list of them."""
    people, roles = [], []
    for one in said if isinstance(said, list) else [said]:
        if not isinstance(one, str) or not one.strip():
            continue
        if one.startswith(ROLE):
            roles.append(one.removeprefix(ROLE))
        else:
            people.append(one.removeprefix(USER).strip())
    return Found(tuple(dict.fromkeys(people)), tuple(dict.fromkeys(roles)))


def _active(asked: Asked, found: Found) -> Found:
    flow, session = asked.step.flow, asked.step.work.session
    people = dict.fromkeys(
        one for one in found.people if flow.people.actor(session, one) is not None
    )
    return replace(found, people=tuple(people))


# --- what keeps people away --------------------------------------------------------------------
def without_conflicts(step: Step, task: OpenTask, people: tuple[str, ...]) -> tuple[str, ...]:
    """Those whom no separation of duties keeps from the step."""
    if not people or not step.flow.duties.concerns(task.element.id):
        return people
    facts = facts_of(step, task.task_id, task.process_id, task.element.id)
    return tuple(one for one in people if may_do(step, facts, one))


def may_do(step: Step, facts: TaskFacts, login: str) -> bool:
    """Whether the duties let somebody do a step."""
    actor = step.flow.people.actor(step.work.session, login)
    if actor is None:
        return False
    try:
        step.flow.duties.check(step.work, action="receive", task=facts, actor=actor)
    except JiedanError:
        return False
    return True


def facts_of(step: Step, task_id: UUID, process_id: str, element_id: str) -> TaskFacts:
    rows = step.work.session.execute(
        select(TaskRow.element_id, TaskRow.completed_by, TaskRow.on_behalf_of).where(
            TaskRow.instance_id == step.instance.id, TaskRow.state == TaskState.COMPLETED
        )
    )
    return TaskFacts(
        task_id=task_id,
        element_id=element_id,
        instance_id=step.instance.id,
        process_id=process_id,
        business_key=step.instance.business_key,
        completed=tuple(
            CompletedFact(row.element_id, row.completed_by or "", row.on_behalf_of) for row in rows
        ),
    )


def agreed_before(step: Step, settings: StepSettings, *, only_last: bool) -> frozenset[str]:
    """Who agreed in this instance since the last return; `only_last`: at the step just before."""
    rows = step.work.session.execute(
        select(
            ActivityRow.kind,
            ActivityRow.element_id,
            ActivityRow.actor,
            ActivityRow.on_behalf_of,
            ActivityRow.outcome,
        )
        .where(
            ActivityRow.instance_id == step.instance.id,
            ActivityRow.kind.in_(("userTask", "signed", "returned", "withdrawn")),
        )
        .order_by(ActivityRow.id.desc())
    )
    found: set[str] = set()
    last: str | None = None
    for row in rows:
        if row.kind in ("returned", "withdrawn"):
            break
        if row.outcome == "cancelled":
            continue
        if only_last and last not in (None, row.element_id):
            break
        last = row.element_id
        person = row.on_behalf_of or row.actor
        if person and row.outcome not in settings.refusals:
            found.add(person)
    return frozenset(found)
