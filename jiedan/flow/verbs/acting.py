"""Owns the frame of a verb: one transaction in which it is allowed, reasoned, done and recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.i18n import LazyText, lazy
from jiedan.core.work import Work
from jiedan.flow.access import Task, facts_of_task, is_mine, load_task, task_in
from jiedan.flow.current import bundle_of
from jiedan.flow.delivery import drain
from jiedan.flow.errors import ReasonMissing, StaleTask
from jiedan.flow.owners import names_of, roles_in
from jiedan.flow.platform import Flow
from jiedan.flow.states import TaskState
from jiedan.flow.step import Step, step_for
from jiedan.flow.task_views import NextTask
from jiedan.flow.verbs.deciding import write_line
from jiedan.flow.verbs.errors import ReceiverRefused, VerbNotAllowed
from jiedan.flow.verbs.results import VerbDone
from jiedan.flow.verbs.seats import load_tree
from jiedan.flow.verbs.settings import StepSettings, settings_of

NAMES: Mapping[str, LazyText] = {
    "transfer": lazy("transfer"),
    "delegate": lazy("delegate"),
    "add_before": lazy("add signers before"),
    "add_after": lazy("add signers after"),
    "add_beside": lazy("add signers beside"),
    "remove_signer": lazy("remove a signer"),
    "return": lazy("return"),
    "reject": lazy("reject"),
    "withdraw": lazy("withdraw"),
    "cancel": lazy("cancel the request"),
    "copy": lazy("send a copy"),
    "urge": lazy("urge"),
    "resubmit": lazy("submit again"),
    "bulk_claim": lazy("claim in bulk"),
    "bulk_approve": lazy("approve in bulk"),
    "bulk_transfer": lazy("transfer in bulk"),
}
"""What the verbs are called in sentences."""


@dataclass(slots=True)
class Acting:
    """A verb under way: who, what, by which settings."""

    verb: str
    work: Work
    flow: Flow
    task: Task
    settings: StepSettings
    step: Step
    reason: str

    def record(self, kind: str, **detail: Any) -> None:
        """A line in the timeline and one in the audit."""
        write_line(self.work, self.task, kind, note=self.reason, detail=detail)
        audit.record(
            self.work,
            action=f"task.{self.verb}",
            entity=f"task:{self.task.id}",
            after={**detail, "reason": self.reason},
        )

    def done(self) -> VerbDone:
        """What the verb answers. Call it when everything has run."""
        return VerbDone(
            verb=self.verb,
            instance_id=self.task.instance.id,
            task_id=self.task.id,
            instance_state=self.step.instance.state,
            next_tasks=next_tasks(self.step, self.work.actor),
        )


@contextmanager
def acting(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    verb: str,
    reason: str = "",
    version: int | None = None,
    must_hold: bool = True,
    by_admin: bool = False,
) -> Iterator[Acting]:
    """One transaction of a verb on a task. Leaving it runs what the verb set going.

    Raises TaskNotFound for strangers, VerbNotAllowed, ReasonMissing, StaleTask, and what keeps
    the task from the actor now unless he need not hold it. With `by_admin` an administrator may
    do it with anybody's open task.
    """
    with flow.platform.work(actor=actor) as work:
        repairs = by_admin and actor.has(flow.admins)
        if repairs:
            task = load_task(work.session, task_id, lock=True)
            must_hold = task.is_open_to(actor) or not pending(task)
        else:
            task = task_in(work, flow, task_id, lock=True)
        bundle = bundle_of(work.session, flow, task.instance.bundle_id)
        settings = settings_of(bundle, task.process_id, task.element_id)
        if must_hold:
            task.must_be_open_to(work.actor)
        task.instance.must_be_running()
        if not repairs:
            require(verb, settings.verbs)
        said = reason_for(verb, reason, settings.reasons)
        if version is not None and version != task.version:
            raise StaleTask
        step = step_for(work, flow, task.instance)
        yield Acting(verb, work, flow, task, settings, step, said)
        drain(work, flow)


def pending(task: Task) -> bool:
    """Whether it is open, or waits for its turn."""
    return task.state.is_open or task.state is TaskState.WAITING


def require(verb: str, verbs: frozenset[str]) -> None:
    """Raises VerbNotAllowed."""
    if verb not in verbs:
        raise VerbNotAllowed(verb=NAMES.get(verb, verb))


def reason_for(verb: str, reason: str, reasons: frozenset[str]) -> str:
    """The reason as it is kept. Raises ReasonMissing where one is needed."""
    said = reason.strip()[:2000]
    if verb in reasons and not said:
        raise ReasonMissing
    return said


def receiver(act: Acting, login: str, *, for_actor: bool = False) -> Actor:
    """Somebody who is to get the task, or a seat beside it.

    `for_actor` also keeps from him what the actor is kept from (SOD-15). Raises ReceiverRefused
    and what the separation of duties raises.
    """
    task, flow, session = act.task, act.flow, act.work.session
    person = flow.people.actor(session, login)
    if person is None:
        raise ReceiverRefused(login=login, why=lazy("there is nobody active of that name."))
    taken = {task.assignee, *names_of(act.work.actor)}
    tree = None if task.token_id is None else load_tree(session, task.token)
    if tree is not None:
        pending = (one.row.assignee for one in tree.nodes.values() if one.state.is_pending)
        answered = (
            one.row.on_behalf_of or one.row.completed_by
            for one in tree.nodes.values()
            if one.row.answered and one.kind != "delegate"
        )
        taken |= {*pending, *answered}
    if login in taken:
        raise ReceiverRefused(login=login, why=lazy("this person already takes part in the step."))
    if act.settings.receivers == "role":
        wanted = frozenset(roles_in(task.owners)) or roles_of_step(act)
        if wanted and not person.has_any(*wanted):
            raise ReceiverRefused(login=login, why=lazy("the step is for other roles."))
    facts = facts_of_task(session, task)
    judged = person
    if for_actor:
        judged = replace(person, on_behalf_of=names_of(act.work.actor)[-1])
    flow.duties.check(act.work, action=act.verb, task=facts, actor=judged)
    return person


def roles_of_step(act: Acting) -> frozenset[str]:
    """The roles of the lane."""
    element = act.step.bundle.element(act.task.process_id, act.task.element_id)
    return frozenset() if element is None else frozenset(element.roles)


def next_tasks(step: Step, actor: Actor) -> tuple[NextTask, ...]:
    """The tasks a step opened, as its caller sees them."""
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
