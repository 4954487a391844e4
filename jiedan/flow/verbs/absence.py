"""Owns absence: acting for somebody who is away, and taking over from who leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.errors import JiedanError
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.flow.access import Task, acting_for, facts_of_task, load_task
from jiedan.flow.errors import NotAllowed, ReasonMissing
from jiedan.flow.history import write_note
from jiedan.flow.notices import notify
from jiedan.flow.owners import ROLE, USER
from jiedan.flow.platform import Flow
from jiedan.flow.states import TaskState
from jiedan.flow.synced import NEVER
from jiedan.flow.tables import TaskCandidateRow, TaskRow, table_of
from jiedan.flow.tables_verbs import RedoRow
from jiedan.flow.verbs.errors import ReceiverRefused
from jiedan.flow.verbs.rehearsing import Undone, rehearsed
from jiedan.flow.verbs.results import BulkRow, HandedOver
from jiedan.flow.verbs.seats import load_tree

_tasks, _candidates = table_of(TaskRow), table_of(TaskCandidateRow)
PENDING = (TaskState.OPEN, TaskState.CLAIMED, TaskState.WAITING)
TAKEN_OVER = "You take over %(count)s tasks of %(login)s."


def principals_of(flow: Flow, *, actor: Actor) -> tuple[Actor, ...]:
    """For whom the actor may act now: actors with `on_behalf_of` set, for `list_tasks`.

    Every use case of tasks finds out by itself for whom somebody acts; only lists must be asked.
    Lists show what is the other's in all processes; a substitution for some processes only is
    held to when a task is opened.
    """
    now = flow.platform.clock.now()
    with flow.platform.read() as session:
        people = (
            flow.people.actor(session, login)
            for login in flow.people.principals(session, actor.login, None, now)
        )
        return tuple(acting_for(actor, person) for person in people if person is not None)


def hand_over(
    flow: Flow, *, actor: Actor, login: str, to: str, reason: str, dry_run: bool = False
) -> HandedOver:
    """离职交接: everything that is open for `login` goes to `to`, in one transaction.

    What a duty keeps `to` from, or where he already has a seat, goes to the administrators, who
    can pass it on. For administrators, and for people who hand over their own.
    """
    if actor.login != login and not (actor.has(flow.admins) or actor.is_system):
        raise NotAllowed
    if not reason.strip():
        raise ReasonMissing
    here = rehearsed(flow) if dry_run else flow
    rows: list[BulkRow] = []
    try:
        with here.platform.work(actor=actor) as work:
            person = flow.people.actor(work.session, to)
            if person is None or to == login:
                raise ReceiverRefused(login=to, why=lazy("choose somebody else who is active."))
            for task_id in _open_for(work, login):
                task = load_task(work.session, task_id, lock=True)
                refusal = _refusal(work, flow, task, person)
                _pass_on(work, flow, task, login, to if refusal is None else None)
                rows.append(_row(task, refusal))
                write_note(
                    work,
                    instance_id=task.instance.id,
                    kind="handed_over",
                    process_id=task.process_id,
                    element_id=task.element_id,
                    task_id=task.id,
                    note=reason.strip(),
                    detail={"from": login, "to": to if refusal is None else ROLE + flow.admins},
                )
            work.session.execute(update(RedoRow).where(RedoRow.login == login).values(login=to))
            audit.record(
                work,
                action="task.hand_over",
                entity=f"user:{login}",
                after={"to": to, "tasks": len(rows), "reason": reason.strip()},
            )
            if rows:
                notify(
                    work,
                    owners=(USER + to,),
                    kind="assigned",
                    msgid=TAKEN_OVER,
                    params={"count": sum(row.done for row in rows), "login": login},
                )
    except Undone:
        pass
    return HandedOver(login, to, dry_run, tuple(rows))


def _open_for(work: Work, login: str) -> Iterator[UUID]:
    """What is in somebody's hands by name, instance by instance, so that locks come in order."""
    named = select(_candidates.c.task_id).where(_candidates.c.owner == USER + login)
    found = work.session.execute(
        select(_tasks.c.id)
        .where((_tasks.c.assignee == login) | _tasks.c.id.in_(named), _tasks.c.state.in_(PENDING))
        .order_by(_tasks.c.instance_id, _tasks.c.id)
    ).scalars()
    return iter(found.all())


def _refusal(work: Work, flow: Flow, task: Task, person: Actor) -> JiedanError | None:
    """Why somebody cannot take this one over."""
    tree = None if task.token_id is None else load_tree(work.session, task.token)
    if tree is not None:
        there = {
            one.row.on_behalf_of or one.row.assignee
            for one in tree.nodes.values()
            if one.id != task.id and one.state.value not in ("gone", "removed")
        }
        if person.login in there:
            why = lazy("this person already takes part in the step.")
            return ReceiverRefused(login=person.login, why=why)
    if not flow.duties.concerns(task.element_id):
        return None
    try:
        facts = facts_of_task(work.session, task)
        flow.duties.check(work, action="hand_over", task=facts, actor=person)
    except JiedanError as error:
        return error
    return None


def _pass_on(work: Work, flow: Flow, task: Task, login: str, to: str | None) -> None:
    """Replace somebody in a task: as its holder, and among its candidates."""
    owner = USER + to if to is not None else ROLE + flow.admins
    held = task.assignee == login
    owners = [one for one in task.owners if one != USER + login]
    if USER + login in task.owners or (held and to is None):
        owners = list(dict.fromkeys([*owners, owner]))
    values: dict[str, Any] = {
        "candidates": " ".join(owners) or None,
        "version": _tasks.c.version + 1,
    }
    if held:
        values["assignee"] = to
        if to is None and task.state is TaskState.CLAIMED:
            values["state"] = TaskState.OPEN
    session = work.session
    session.execute(update(_tasks).where(_tasks.c.id == task.id).values(**values))
    session.execute(
        delete(_candidates).where(
            _candidates.c.task_id == task.id,
            _candidates.c.owner.in_((USER + login, owner)),
        )
    )
    shown = task.state is not TaskState.WAITING
    holder = to if held else task.assignee
    session.execute(
        insert(_candidates).values(
            task_id=task.id,
            owner=owner,
            candidate=owner in owners,
            visible=shown and (holder is None or owner == USER + holder),
            due_at=task.due_at or NEVER,
            created_at=task.created_at,
            rank=-task.priority,
        )
    )
    if held and to is None:
        # Nobody holds it: whoever else may take it sees it again.
        session.execute(
            update(_candidates).where(_candidates.c.task_id == task.id).values(visible=shown)
        )


def _row(task: Task, refusal: JiedanError | None) -> BulkRow:
    return BulkRow(
        task_id=task.id,
        business_key=task.instance.business_key,
        title=task.instance.title,
        name=task.name,
        name_en=task.name_en,
        done=refusal is None,
        code=refusal.code if refusal is not None else "",
        refusal=refusal.message() if refusal is not None else "",
    )
