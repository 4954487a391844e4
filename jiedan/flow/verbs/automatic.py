"""Owns the rules that answer for people: nobody found, the initiator, who agreed before, copies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.errors import JiedanError
from jiedan.flow.access import Task, check_guards, load_task
from jiedan.flow.errors import InstanceLoops
from jiedan.flow.states import TaskState
from jiedan.flow.tables import TaskRow
from jiedan.flow.task_views import Answer
from jiedan.flow.verbs.choosing import Asked, agreed_before, named
from jiedan.flow.verbs.copies import write_copies
from jiedan.flow.verbs.deadlines import plan_timeouts
from jiedan.flow.verbs.deciding import take_answer
from jiedan.flow.verbs.placing import Placement
from jiedan.flow.verbs.settings import process_settings

if TYPE_CHECKING:
    from jiedan.flow.step import Step

AT_MOST = 200
"""So many rules in one transaction; more of them would go in circles."""


def follow_rules(step: Step, already: int) -> int:
    """Do what the rules of one opened task say; how many rules were followed so far."""
    if step.instance.state.is_over:
        step.told_end = True
        _copies_at_end(step)
        return already
    if already > AT_MOST:
        raise InstanceLoops(element=step.placed[0].task.element.name)
    placed = step.placed.pop(0)
    settings = placed.settings
    if settings is None:
        return already
    if settings.timeout:
        plan_timeouts(step, placed)
    if settings.copies:
        _send_copies(step, placed)
    for login, outcome, rule in (*placed.answers, *_repeated(step, placed)):
        _answer(step, placed, login, outcome, rule)
    return already + 1


def _repeated(step: Step, placed: Placement) -> list[tuple[str | None, str, str]]:
    """Who agreed before need not do so again; never where a return led."""
    settings = placed.settings
    if settings is None or settings.repeated == "ask" or placed.is_returned:
        return []
    signers = placed.seats or ((placed.assignee,) if placed.assignee else ())
    known = {login for login, _, _ in placed.answers}
    before = agreed_before(step, settings, only_last=settings.repeated == "next")
    return [
        (login, settings.agreement, "repeated")
        for login in signers
        if login in before and login not in known
    ]


def _answer(step: Step, placed: Placement, login: str | None, outcome: str, rule: str) -> None:
    """Answer as the rule says; what refuses that leaves the task to people."""
    work = step.work
    task = _task_of(step, placed.task.task_id, login)
    if task is None:
        return
    person = None if login is None else step.flow.people.actor(work.session, login)
    actor, work.actor = work.actor, _in_the_name_of(person)
    try:
        with work.savepoint():
            answer_by_rule(step, task, outcome, rule)
    except JiedanError:
        return
    finally:
        work.actor = actor


def answer_by_rule(step: Step, task: Task, outcome: str, rule: str) -> None:
    """Hand in an outcome that no person chose. Guards and listeners are asked as always."""
    variables = step.live.variables(task.token)
    check_guards(step.flow, step.host, task, variables)
    take_answer(step, task, variables, Answer(outcome), {}, rule=rule)


def _in_the_name_of(person: Actor | None) -> Actor:
    if person is None:
        return SYSTEM
    return replace(SYSTEM, roles=person.roles, on_behalf_of=person.login)


def _task_of(step: Step, token_id: UUID, login: str | None) -> Task | None:
    """The task, or somebody's seat, that is still to be answered."""
    seat = select(TaskRow.id).where(
        (TaskRow.id == token_id) | (TaskRow.token_id == token_id),
        TaskRow.state.in_((TaskState.OPEN, TaskState.CLAIMED, TaskState.WAITING)),
    )
    if login is not None:
        seat = seat.where((TaskRow.assignee == login) | TaskRow.assignee.is_(None))
    found = step.work.session.execute(seat.order_by(TaskRow.id).limit(1)).scalar()
    return None if found is None else load_task(step.work.session, found)


def _send_copies(step: Step, placed: Placement) -> None:
    settings, task = placed.settings, placed.task
    if settings is None or task.task_id not in {one.task_id for one in step.opened}:
        return
    asked = Asked(step, task.process_id, task.element.id, step.live.variables(task.task_id))
    _copy_to(asked, settings.copies, task_id=task.task_id)


def _copies_at_end(step: Step) -> None:
    process_id = step.instance.process_id
    settings = process_settings(step.bundle, process_id)
    if settings.copies:
        asked = Asked(step, process_id, "", step.live.variables())
        _copy_to(asked, settings.copies, task_id=None)


def _copy_to(asked: Asked, strategies: tuple[str, ...], *, task_id: UUID | None) -> None:
    step, session = asked.step, asked.step.work.session
    people: list[str] = []
    for strategy in strategies:
        found = named(asked, strategy)
        people += found.people
        for role in found.roles:
            people += step.flow.people.holders(session, role)
    write_copies(
        step.work,
        step.instance,
        people=tuple(dict.fromkeys(people)),
        by=SYSTEM.login,
        process_id=asked.process_id,
        element_id=asked.element_id,
        task_id=task_id,
        note=None,
    )
