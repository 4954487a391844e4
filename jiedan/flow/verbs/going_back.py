"""Owns where a task can be returned to, and what a return leaves behind for doing it again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from jiedan.core.ids import new_id
from jiedan.flow.access import Task
from jiedan.flow.content.read import FLOW_NODES
from jiedan.flow.engine import Live, StartRefused
from jiedan.flow.engine.rewinding import Way
from jiedan.flow.states import TaskState
from jiedan.flow.synced import Act
from jiedan.flow.tables import ActivityRow, TaskRow, table_of
from jiedan.flow.tables_verbs import RedoRow
from jiedan.flow.verbs.errors import NotStraightBack, NoWayBack
from jiedan.flow.verbs.seats import forget_owners, load_tree, states_of, write_states
from jiedan.flow.verbs.settings import settings_of
from jiedan.flow.verbs.tree import State

if TYPE_CHECKING:
    from jiedan.flow.step import Step

_tasks = table_of(TaskRow)


@dataclass(frozen=True, slots=True)
class Executed:
    """When the elements of an instance were left last: (process, element) → number of the line."""

    lines: dict[tuple[str, str], int]
    user_tasks: frozenset[tuple[str, str]]
    straight: dict[tuple[str, str], set[str]]
    """Steps that were returned to, with those that they went straight back to."""

    def way(self, live: Live, token_id: UUID, process_id: str, element_id: str) -> Way | None:
        """The way back from a token to a step; None when it did not come from there."""
        if (process_id, element_id) not in self.user_tasks:
            return None
        jumps = {name: to for (process, name), to in self.straight.items() if process == process_id}
        left = self.since(process_id, element_id)
        return live.way_back(token_id, process_id, element_id, left, jumps)

    def since(self, process_id: str, element_id: str) -> frozenset[str]:
        """Elements of a process that were left since this one was."""
        line = self.lines[process_id, element_id]
        return frozenset(
            element
            for (process, element), left in self.lines.items()
            if process == process_id and left > line
        )


def executed(session: Any, instance_id: UUID) -> Executed:
    """What an instance has left so far, apart from what was taken away."""
    rows = session.execute(
        select(
            ActivityRow.process_id,
            ActivityRow.element_id,
            ActivityRow.kind,
            func.max(ActivityRow.id),
        )
        .where(
            ActivityRow.instance_id == instance_id,
            ActivityRow.kind.in_(FLOW_NODES),
            func.coalesce(ActivityRow.outcome, "").not_in(("cancelled", "error", "returned")),
        )
        .group_by(ActivityRow.process_id, ActivityRow.element_id, ActivityRow.kind)
    ).all()
    returned = session.execute(
        select(ActivityRow.process_id, ActivityRow.element_id, ActivityRow.detail).where(
            ActivityRow.instance_id == instance_id, ActivityRow.kind == "returned"
        )
    )
    straight: dict[tuple[str, str], set[str]] = {}
    for process_id, element_id, detail in returned:
        if detail and detail.get("redo") == "back":
            straight.setdefault((process_id, detail["to"]), set()).add(element_id)
    return Executed(
        {(row[0], row[1]): row[3] for row in rows},
        frozenset((row[0], row[1]) for row in rows if row[2] == "userTask"),
        straight,
    )


def can_come_straight(way: Way, token_id: UUID) -> bool:
    """Whether the step that is returned from can be reached again without doing more."""
    here = way.here
    is_own = here.id == token_id or any(child.id == token_id for child in here.children)
    return way.is_straight and is_own


@dataclass(frozen=True, slots=True)
class Doer:
    """Who did a step last."""

    task_id: UUID
    login: str | None
    at: datetime


def last_doers(session: Any, instance_id: UUID) -> dict[tuple[str, str], list[Doer]]:
    """Who completed which step, the latest first."""
    rows = session.execute(
        select(
            _tasks.c.id,
            _tasks.c.process_id,
            _tasks.c.element_id,
            _tasks.c.completed_by,
            _tasks.c.on_behalf_of,
            _tasks.c.completed_at,
        )
        .where(_tasks.c.instance_id == instance_id, _tasks.c.state == TaskState.COMPLETED)
        .order_by(_tasks.c.completed_at.desc(), _tasks.c.id.desc())
    )
    found: dict[tuple[str, str], list[Doer]] = {}
    for row in rows:
        who = row.on_behalf_of or row.completed_by
        found.setdefault((row.process_id, row.element_id), []).append(
            Doer(row.id, who, row.completed_at)
        )
    return found


def go_to_step(
    step: Step,
    task: Task,
    *,
    element_id: str,
    act: Act,
    redo: str = "all",
    process_id: str | None = None,
) -> None:
    """Go back from a task to a step that was done; what came of that is taken away.

    Raises NoWayBack, NotStraightBack. Call `drain` afterwards.
    """
    session = step.work.session
    done = executed(session, task.instance.id)
    way = None
    for process in [process_id] if process_id else [task.process_id, *step.bundle.processes]:
        way = done.way(step.live, task.token, process, element_id)
        if way is not None:
            process_id = process
            break
    if way is None or process_id is None:
        raise NoWayBack
    straight = None
    if redo == "back":
        if not can_come_straight(way, task.token):
            raise NotStraightBack
        straight = way.here.task_spec.name
    doers = last_doers(session, task.instance.id).get((process_id, element_id), [])
    first = min((one.task_id for one in doers[:1]), default=None)
    _remember(step, task, process_id, element_id, doers, first, redo)
    _leave_seats(step, task)
    try:
        fresh = step.live.go_back(way, straight=straight)
    except StartRefused as error:
        raise NoWayBack from error
    step.returned.add(fresh)
    step.run(replace(act, outcome="returned"))


def take_back(step: Step, way: Way, act: Act | None = None) -> None:
    """Go a way that `way_to` found, without leaving anything but what was remembered."""
    step.returned.add(step.live.go_back(way))
    step.run(act)


def _remember(
    step: Step,
    task: Task,
    process_id: str,
    element_id: str,
    doers: list[Doer],
    since: UUID | None,
    redo: str,
) -> None:
    session, instance_id = step.work.session, task.instance.id
    session.execute(delete(RedoRow).where(RedoRow.instance_id == instance_id))
    rows: list[dict[str, Any]] = []
    if doers and doers[0].login:
        rows.append(_row(task, process_id, element_id, doers[0].login, "holder", None))
    if redo == "back":
        who = step.work.actor.on_behalf_of or step.work.actor.login
        rows.append(_row(task, task.process_id, task.element_id, who, "holder", None))
    if redo in ("back", "missing") and since is not None:
        rows += agreements(step, task, since, only=task.element_id if redo == "back" else None)
    if rows:
        session.execute(insert(table_of(RedoRow)), rows)


def agreements(
    step: Step, task: Task, since: UUID, *, only: str | None = None
) -> list[dict[str, Any]]:
    """Rows of those who agreed at steps that were opened after the task `since`."""
    found = step.work.session.execute(
        select(
            _tasks.c.process_id,
            _tasks.c.element_id,
            _tasks.c.completed_by,
            _tasks.c.on_behalf_of,
            _tasks.c.outcome,
        ).where(
            _tasks.c.instance_id == task.instance.id,
            _tasks.c.state == TaskState.COMPLETED,
            _tasks.c.id > since,
            _tasks.c.id != task.id,
        )
    )
    rows = []
    for one in found:
        settings = settings_of(step.bundle, one.process_id, one.element_id)
        who = one.on_behalf_of or one.completed_by
        if who and one.outcome not in settings.refusals and only in (None, one.element_id):
            rows.append(_row(task, one.process_id, one.element_id, who, "agreed", one.outcome))
    return rows


def _row(
    task: Task, process_id: str, element_id: str, login: str, kind: str, outcome: str | None
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "instance_id": task.instance.id,
        "process_id": process_id,
        "element_id": element_id,
        "login": login,
        "kind": kind,
        "outcome": outcome,
        "answer": None,
    }


def _leave_seats(step: Step, task: Task) -> None:
    """The other signers of the step have nothing to sign any more."""
    tree = load_tree(step.work.session, task.token)
    if tree is None:
        return
    before = states_of(tree)
    for node in tree.nodes.values():
        if node.state.is_pending:
            node.state = State.GONE
            if node.id == task.id:
                node.row = replace(node.row, task_state=TaskState.RETURNED)
    write_states(step, tree, before)


def mark_returned(step: Step, task: Task, reason: str) -> None:
    """The task that was returned is over for who returned it."""
    work = step.work
    work.session.execute(
        update(_tasks)
        .where(_tasks.c.id == task.id)
        .values(
            state=TaskState.RETURNED,
            version=_tasks.c.version + 1,
            completed_at=work.now,
            completed_by=work.actor.login,
            on_behalf_of=work.actor.on_behalf_of,
            outcome="returned",
            note=reason or None,
            sla_at=None,
        )
    )
    forget_owners(step, task.id)
