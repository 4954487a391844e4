"""Owns whose a task is when it opens: strategies, duties, rules for nobody and the initiator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select

from jiedan.flow.engine import OpenTask
from jiedan.flow.owners import ROLE, USER, join_owners, logins_in, roles_in
from jiedan.flow.tables_verbs import RedoRow
from jiedan.flow.verbs.choosing import Asked, Found, find_people, named, without_conflicts
from jiedan.flow.verbs.settings import StepSettings, settings_of

if TYPE_CHECKING:
    from jiedan.flow.current import Bundle
    from jiedan.flow.step import Step

GOING_BACK = frozenset({"return", "withdraw", "reject"})


@dataclass(frozen=True, slots=True)
class Placement:
    """Whose a new task is, and what rules answer it at once."""

    task: OpenTask
    owners: tuple[str, ...]
    assignee: str | None
    seats: tuple[str, ...] = ()
    """Several signers, in their order; the task's own row is the first one's."""
    settings: StepSettings | None = None
    answers: tuple[tuple[str | None, str, str], ...] = ()
    """(for whom, outcome, rule): a rule that answers; for nobody in particular when None."""
    is_returned: bool = False
    """Whether a return led here: rules that agree for somebody are off."""

    @property
    def has_more(self) -> bool:
        """Whether anything follows once the rows are written."""
        said = self.settings
        return said is not None and bool(
            self.answers or said.copies or said.timeout or said.repeated != "ask"
        )


def place(step: Step, task: OpenTask) -> Placement:
    """Whose a task is. Almost always the diagram says so and nothing else is to be asked."""
    settings = settings_of(step.bundle, task.process_id, task.element.id)
    goes_back = _may_go_back(step.bundle)
    if settings.is_plain and not goes_back:
        return _by_diagram(step, task)
    placed = _by_rules(step, task, settings)
    return _again(step, placed) if goes_back else placed


def _by_diagram(step: Step, task: OpenTask) -> Placement:
    """The diagram's candidates, else the lane's roles, else the administrators."""
    owners = join_owners(task.candidate_users, task.candidate_groups)
    assignee = task.assignee
    if assignee is not None and not _is_there(step, assignee):
        assignee = None
    if owners or assignee:
        return Placement(task, owners, assignee)
    return Placement(task, _owners_of_lane(step, task), None)


def _owners_of_lane(step: Step, task: OpenTask) -> tuple[str, ...]:
    element = step.bundle.element(task.process_id, task.element.id)
    if element is not None and element.roles:
        return join_owners((), element.roles)
    # Nobody was found: an admin must see it, or nobody would.
    return (ROLE + step.flow.admins,)


def _by_rules(step: Step, task: OpenTask, settings: StepSettings) -> Placement:
    variables = step.live.variables(task.task_id)
    asked = Asked(step, task.process_id, task.element.id, variables)
    found = find_people(asked, settings) if settings.who else _said(step, task, settings)
    if settings.mode is not None and found.roles:
        # Each of several signers is a person: a role stands for those who hold it.
        session = step.work.session
        held = [one for role in found.roles for one in step.flow.people.holders(session, role)]
        found = Found(tuple(dict.fromkeys([*found.people, *held])))
    people = without_conflicts(step, task, found.people)
    is_returned = _is_returned(step, task)
    people, passed = _initiator(asked, settings, people, is_returned)
    if passed:
        rule = (None, settings.agreement, "initiator")
        return replace(_placed(step, task, settings, found, people), answers=(rule,))
    found = replace(found, people=people)
    if not found:
        return _nobody(asked, task, settings)
    return replace(_placed(step, task, settings, found, people), is_returned=is_returned)


def _said(step: Step, task: OpenTask, settings: StepSettings) -> Found:
    """Whom the diagram's own assignment names."""
    people = (task.assignee,) if task.assignee else task.candidate_users
    there = tuple(one for one in people if _is_there(step, one))
    if there or task.candidate_groups:
        return Found(there, () if task.assignee and there else task.candidate_groups)
    if people or settings.nobody != "admin":
        element = step.bundle.element(task.process_id, task.element.id)
        return Found(roles=() if people or element is None else element.roles)
    return Found(roles=roles_in(_owners_of_lane(step, task)))


def _placed(
    step: Step, task: OpenTask, settings: StepSettings, found: Found, people: tuple[str, ...]
) -> Placement:
    if settings.mode is not None and task.mi_item is None and len(people) > 1:
        return Placement(task, (), people[0], people[: settings.most_signers], settings)
    if len(people) == 1 and not found.roles:
        owners = join_owners(task.candidate_users, task.candidate_groups)
        return Placement(task, owners if task.assignee else (), people[0], settings=settings)
    owners = join_owners(people, found.roles)
    return Placement(task, owners, None, settings=settings)


def _initiator(
    asked: Asked, settings: StepSettings, people: tuple[str, ...], is_returned: bool
) -> tuple[tuple[str, ...], bool]:
    """The people after the rule for a request's own initiator; True when the rule agrees."""
    initiator = asked.step.instance.started_by
    if initiator not in people or settings.initiator == "self" or is_returned:
        return people, False
    others = tuple(one for one in people if one != initiator)
    if settings.initiator == "skip":
        # The others decide; alone, there is nobody to decide.
        return (others, False) if others else (people, True)
    head = asked.step.flow.people.supervisor(asked.step.work.session, initiator)
    if head is None:
        return (others, False) if others else (people, True)
    return tuple(dict.fromkeys(head if one == initiator else one for one in people)), False


def _nobody(asked: Asked, task: OpenTask, settings: StepSettings) -> Placement:
    """Nobody was found, or nobody who may: what the step says about that."""
    step = asked.step
    admins = Placement(task, (ROLE + step.flow.admins,), None, settings=settings)
    if settings.nobody == "pass":
        return replace(admins, answers=((None, settings.agreement, "nobody"),))
    if settings.nobody == "reject":
        return replace(admins, answers=((None, settings.refusal, "nobody"),))
    instead = named(asked, settings.nobody)
    people = without_conflicts(step, task, instead.people)
    if people or instead.roles:
        return _placed(step, task, settings, replace(instead, people=people), people)
    return admins


# --- what a return left behind -----------------------------------------------------------------
def _again(step: Step, placed: Placement) -> Placement:
    """Who had the step before gets it again; who had agreed need not do so again."""
    task = placed.task
    rows = step.work.session.execute(
        select(RedoRow.id, RedoRow.kind, RedoRow.login, RedoRow.outcome)
        .where(
            RedoRow.instance_id == step.instance.id,
            RedoRow.process_id == task.process_id,
            RedoRow.element_id == task.element.id,
        )
        .order_by(RedoRow.id)
    ).all()
    for row in rows:
        alone = not placed.seats and task.mi_item is None
        if row.kind == "holder" and alone and _is_there(step, row.login):
            owners = placed.owners
            if placed.assignee not in (None, row.login):
                owners = owners or (USER + row.login,)
            placed = replace(placed, assignee=row.login, owners=owners)
    signers = placed.seats or ((placed.assignee,) if placed.assignee else logins_in(placed.owners))
    agreed = [
        (row.login, row.outcome, "agreed")
        for row in rows
        if row.kind == "agreed" and (row.login in signers or not signers)
    ]
    used = [
        row.id
        for row in rows
        if row.kind == "holder" or (row.login, row.outcome, "agreed") in agreed
    ]
    if used:
        # Once is enough: when the diagram comes here a second time, everybody is asked again.
        step.work.session.execute(delete(RedoRow).where(RedoRow.id.in_(used)))
    if not agreed:
        return placed
    settings = placed.settings or settings_of(step.bundle, task.process_id, task.element.id)
    return replace(placed, settings=settings, answers=(*placed.answers, *agreed))


def _is_returned(step: Step, task: OpenTask) -> bool:
    body = None if task.mi_item is None else task.mi_item.body_id
    return task.task_id in step.returned or body in step.returned


def _is_there(step: Step, login: str) -> bool:
    return step.flow.people.actor(step.work.session, login) is not None


def _may_go_back(bundle: Bundle) -> bool:
    """Whether any step of the bundle can be gone back from, so that there may be traces of it."""
    known: bool | None = bundle.memo.get("goes_back")
    if known is None:
        known = bundle.memo["goes_back"] = any(
            GOING_BACK & settings_of(bundle, process_id, element_id).verbs
            for process_id, process in bundle.processes.items()
            for element_id, element in process.elements.items()
            if element.kind == "userTask"
        )
    return known


def seat_row(
    *, task_id: UUID, token_id: UUID, instance_id: UUID, settings: StepSettings, place: int
) -> dict[str, Any]:
    """The row of one of a step's own seats."""
    mode = settings.mode or "all"
    return {
        "task_id": task_id,
        "token_id": token_id,
        "instance_id": instance_id,
        "set_id": token_id,
        "parent_id": None,
        "kind": "own",
        "mode": mode,
        "share": settings.share,
        "strict": settings.strict,
        "place": place,
        "state": "waiting" if mode == "turn" and place > 0 else "open",
        "added_by": None,
        "answer": None,
        "answered": None,
        "rule": None,
    }
