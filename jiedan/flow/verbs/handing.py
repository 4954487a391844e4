"""Owns giving a task to somebody else: transfer, and delegate, which comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.ids import new_id
from jiedan.flow.access import Task
from jiedan.flow.notices import notify
from jiedan.flow.owners import USER, holder_of, roles_in
from jiedan.flow.platform import Flow
from jiedan.flow.states import TaskState
from jiedan.flow.step import Step
from jiedan.flow.synced import NEVER, OpenedTask
from jiedan.flow.tables import TaskCandidateRow, TaskRow, table_of
from jiedan.flow.verbs.acting import Acting, acting, receiver
from jiedan.flow.verbs.deciding import settle
from jiedan.flow.verbs.results import VerbDone
from jiedan.flow.verbs.seats import add_seat, first_seat, load_tree, states_of

_tasks, _candidates = table_of(TaskRow), table_of(TaskCandidateRow)
TRANSFERRED = "%(by)s transferred %(task)s of %(number)s to you."
DELEGATED = "%(by)s asks you to answer %(task)s of %(number)s first."


@again_if_undone
def transfer_task(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    to: str,
    reason: str = "",
    version: int | None = None,
) -> VerbDone:
    """转办: the task is `to`'s now and the actor is out of it.

    Administrators transfer anybody's. Raises ReceiverRefused (unknown, disabled, already in the
    step), what the separation of duties raises, ReasonMissing, VerbNotAllowed.
    """
    with acting(
        flow,
        actor=actor,
        task_id=task_id,
        verb="transfer",
        reason=reason,
        version=version,
        by_admin=True,
    ) as act:
        receiver(act, to)
        before = act.task.assignee
        give(act.step, act.task, to)
        act.record("transferred", to=to, **({"from": before} if before else {}))
        tell(act, (to,), TRANSFERRED)
        act.step.opened.append(_opened(act.task, to))
    return act.done()


@again_if_undone
def delegate_task(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    to: str,
    reason: str = "",
    version: int | None = None,
) -> VerbDone:
    """委派: `to` answers first; then the task comes back to the actor, who decides.

    What the delegate fills in lies in the owner's draft. `remove_signer` takes it back.
    """
    with acting(
        flow, actor=actor, task_id=task_id, verb="delegate", reason=reason, version=version
    ) as act:
        receiver(act, to, for_actor=True)
        task = seated(act)
        add_seat(
            act.step,
            task,
            login=to,
            set_id=new_id(),
            parent_id=task.id,
            kind="delegate",
            mode="any",
            place=place_after(act),
        )
        act.record("delegated", to=to)
        resettle(act)
        tell(act, (to,), DELEGATED)
    return act.done()


def give(step: Step, task: Task, login: str) -> None:
    """Make a task somebody's, and nobody else's, with what was filled in so far."""
    database = step.database
    extra = dict(
        database.execute(select(_tasks.c.extra).where(_tasks.c.id == task.id)).scalar() or {}
    )
    chief = next(
        (
            step.flow.supervisors[one]
            for one in roles_in(task.owners)
            if one in step.flow.supervisors
        ),
        None,
    )
    if chief is not None:
        # Whom the ladder would have called for the role is still called.
        extra.setdefault("escalate", chief)
    waits = task.state is TaskState.WAITING
    values: dict[str, Any] = {
        "assignee": login,
        "candidates": None,
        "claimed_at": step.work.now,
        "state": TaskState.WAITING if waits else TaskState.CLAIMED,
        "version": _tasks.c.version + 1,
        "extra": extra or None,
    }
    database.execute(update(_tasks).where(_tasks.c.id == task.id).values(**values))
    database.execute(delete(_candidates).where(_candidates.c.task_id == task.id))
    database.execute(
        insert(_candidates).values(
            task_id=task.id,
            owner=USER + login,
            candidate=False,
            visible=not waits,
            due_at=task.due_at or NEVER,
            created_at=task.created_at,
            rank=-task.priority,
        )
    )


def seated(act: Acting) -> Task:
    """The task as a seat; a task of one person becomes the first seat of its step."""
    if act.task.token_id is None:
        holder = act.task.assignee or holder_of(act.work.actor)
        first_seat(act.step, act.task, holder)
        act.task = replace(act.task, token_id=act.task.id, assignee=holder, state=TaskState.CLAIMED)
    return act.task


def place_after(act: Acting) -> int:
    """A number after all seats there are."""
    tree = load_tree(act.work.session, act.task.token)
    return 0 if tree is None else 1 + max(node.place for node in tree.nodes.values())


def resettle(act: Acting) -> None:
    """Work out whose turn it is after seats came or went."""
    tree = load_tree(act.work.session, act.task.token)
    if tree is not None:
        settle(act.step, act.task, act.settings, tree, states_of(tree))


def tell(act: Acting, people: tuple[str, ...], msgid: str) -> None:
    """A notice to those who have something to do because of it."""
    task = act.task
    notify(
        act.work,
        owners=tuple(USER + login for login in people),
        kind="assigned",
        msgid=msgid,
        params={
            "by": act.work.actor.name,
            "task": task.name,
            "task.en": task.name_en,
            "number": task.instance.business_key or task.instance.process_id,
        },
        instance_id=task.instance.id,
        task_id=task.id,
    )


def _opened(task: Task, login: str) -> OpenedTask:
    return OpenedTask(task.id, task.element_id, task.name, task.name_en, login, ())
