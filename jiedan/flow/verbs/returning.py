"""Owns going back: return to an executed step, withdraw my own decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.ids import new_id
from jiedan.flow.access import Task, load_task, standing_in
from jiedan.flow.current import bundle_of
from jiedan.flow.engine.rewinding import Way
from jiedan.flow.errors import TaskNotFound
from jiedan.flow.opening import live_of
from jiedan.flow.owners import names_of
from jiedan.flow.platform import Flow
from jiedan.flow.states import TaskState
from jiedan.flow.synced import Act
from jiedan.flow.tables import ActivityRow, TaskRow, table_of
from jiedan.flow.tables_verbs import RedoRow, SeatRow
from jiedan.flow.verbs.acting import Acting, acting
from jiedan.flow.verbs.errors import NothingToWithdraw, VerbNotAllowed, WithdrawnTooLate
from jiedan.flow.verbs.going_back import (
    Executed,
    agreements,
    can_come_straight,
    executed,
    go_to_step,
    last_doers,
    mark_returned,
    take_back,
)
from jiedan.flow.verbs.reopening import reopen_seat
from jiedan.flow.verbs.results import Redo, ReturnTarget, VerbDone
from jiedan.flow.verbs.settings import settings_of

_tasks, _activities = table_of(TaskRow), table_of(ActivityRow)
EFFECTS = frozenset(
    {"serviceTask", "sendTask", "receiveTask", "callActivity", "subProcess", "transaction"}
)
"""What has effects that no withdrawal takes back."""


def return_targets(flow: Flow, *, actor: Actor, task_id: UUID) -> tuple[ReturnTarget, ...]:
    """The steps this task may be returned to, the latest first; empty when there is none."""
    with flow.platform.read() as session:
        task = load_task(session, task_id)
        actor = standing_in(session, flow, task, actor, flow.platform.clock.now())
        if not task.concerns(actor):
            raise TaskNotFound
        bundle = bundle_of(session, flow, task.instance.bundle_id)
        settings = settings_of(bundle, task.process_id, task.element_id)
        live = live_of(flow, session, task.instance)
        if live is None or not task.state.is_open or "return" not in settings.verbs:
            return ()
        done = executed(session, task.instance.id)
        doers = last_doers(session, task.instance.id)
        found = []
        for process_id, element_id in done.user_tasks:
            way = done.way(live, task.token, process_id, element_id)
            who = doers.get((process_id, element_id))
            if way is None or not who:
                continue
            element = bundle.element(process_id, element_id)
            ways: list[Redo] = ["all", "missing"]
            if can_come_straight(way, task.token):
                ways.insert(1, "back")
            found.append(
                ReturnTarget(
                    process_id=process_id,
                    element_id=element_id,
                    name=element.name if element is not None else element_id,
                    name_en=element.name_en if element is not None else "",
                    done_by=tuple(dict.fromkeys(one.login for one in who if one.login)),
                    done_at=who[0].at,
                    redo=tuple(one for one in ways if one in settings.redo),
                )
            )
    lines = done.lines
    return tuple(sorted(found, key=lambda one: lines[one.process_id, one.element_id], reverse=True))


@again_if_undone
def return_task(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    element_id: str,
    reason: str,
    redo: Redo = "all",
    process_id: str | None = None,
    version: int | None = None,
) -> VerbDone:
    """退回: cancel what came after an executed step, on its own branch, and do that step again.

    What came after it is what a path leads to over elements that were left since; branches that
    run beside it live on. Afterwards everything comes again (`all`), only what nobody had agreed
    to (`missing`), or the task straight back (`back`). Raises NoWayBack, NotStraightBack.
    """
    with acting(
        flow, actor=actor, task_id=task_id, verb="return", reason=reason, version=version
    ) as act:
        if redo not in act.settings.redo:
            raise VerbNotAllowed(verb=redo)
        mark_returned(act.step, act.task, act.reason)
        act.record("returned", to=element_id, redo=redo)
        go_to_step(
            act.step,
            act.task,
            element_id=element_id,
            act=_act(act),
            redo=redo,
            process_id=process_id,
        )
    return act.done()


@again_if_undone
def withdraw_decision(flow: Flow, *, actor: Actor, task_id: UUID, reason: str = "") -> VerbDone:
    """撤回: take back what I decided, as long as nobody has touched what came of it.

    `task_id` is the task that the actor completed. A voice among several is taken back alone
    while the step is open. Raises NothingToWithdraw, and WithdrawnTooLate once somebody claimed,
    drafted or decided what came next, or the process did something with effects.
    """
    with acting(
        flow, actor=actor, task_id=task_id, verb="withdraw", reason=reason, must_hold=False
    ) as act:
        task = act.task
        mine = set(names_of(act.work.actor))
        if task.state is not TaskState.COMPLETED or not mine & set(_done_by(act)):
            raise NothingToWithdraw
        act.record("withdrawn")
        if task.token_id is None or not reopen_seat(act):
            _take_back(act)
    return act.done()


def _done_by(act: Acting) -> tuple[str, ...]:
    row = act.work.session.execute(
        select(_tasks.c.completed_by, _tasks.c.on_behalf_of).where(_tasks.c.id == act.task.id)
    ).one()
    return tuple(one for one in row if one)


def _take_back(act: Acting) -> None:
    task, step, session = act.task, act.step, act.work.session
    done = executed(session, task.instance.id)
    if (task.process_id, task.element_id) not in done.user_tasks:
        raise NothingToWithdraw
    way = _way_of_what_came(act, done)
    left = done.since(task.process_id, task.element_id)
    _must_be_untouched(act, way, left)
    # The others of a step that several signed keep what they said.
    session.execute(delete(RedoRow).where(RedoRow.instance_id == task.instance.id))
    rows = []
    if task.token_id is not None:
        first = min(session.scalars(select(SeatRow.task_id).where(SeatRow.token_id == task.token)))
        kept = agreements(step, task, first, only=task.element_id)
        mine = names_of(act.work.actor)
        rows = [one for one in kept if one["login"] not in mine]
    else:
        rows.append(_holder(task, act))
    if rows:
        session.execute(insert(table_of(RedoRow)), rows)
    _mark(act)
    take_back(step, way)


def _way_of_what_came(act: Acting, done: Executed) -> Way:
    task = act.task
    for token in act.step.live.tokens():
        way = done.way(act.step.live, token.task_id, task.process_id, task.element_id)
        if way is not None:
            return way
    raise NothingToWithdraw


def _must_be_untouched(act: Acting, way: Way, left: frozenset[str]) -> None:
    task, session, bundle = act.task, act.work.session, act.step.bundle
    for element_id in left:
        element = bundle.element(task.process_id, element_id)
        if element is not None and element.kind in EFFECTS:
            raise WithdrawnTooLate(name=element.name)
    gone = set(way.tokens())
    tokens = [one for one in act.step.live.tokens() if {one.task_id, one.parent_id} & gone]
    for token in tokens:
        if token.element.kind in EFFECTS:
            raise WithdrawnTooLate(name=token.element.name)
    ids = [token.task_id for token in tokens]
    touched = session.execute(
        select(_tasks.c.name)
        .where(
            (_tasks.c.id.in_(ids) | _tasks.c.token_id.in_(ids)),
            (_tasks.c.version > 1)
            | (_tasks.c.claimed_at > _tasks.c.created_at)
            | _tasks.c.has_files
            | _tasks.c.has_draft,
        )
        .limit(1)
    ).scalar()
    if touched is not None:
        raise WithdrawnTooLate(name=touched)
    others = session.execute(
        select(_tasks.c.name)
        .where(
            _tasks.c.instance_id == task.instance.id,
            _tasks.c.process_id == task.process_id,
            _tasks.c.element_id.in_(left),
            _tasks.c.state == TaskState.COMPLETED,
            _tasks.c.created_at >= task.completed_at,
            _tasks.c.id > task.id,
            _tasks.c.completed_by != "system",
        )
        .limit(1)
    ).scalar()
    if others is not None:
        raise WithdrawnTooLate(name=others)


def _mark(act: Acting) -> None:
    """The withdrawn decision stays to be seen, but counts no more."""
    act.work.session.execute(
        _tasks.update()
        .where(_tasks.c.id == act.task.id)
        .values(state=TaskState.RETURNED, version=_tasks.c.version + 1)
    )


def _holder(task: Task, act: Acting) -> dict[str, Any]:
    return {
        "id": new_id(),
        "instance_id": task.instance.id,
        "process_id": task.process_id,
        "element_id": task.element_id,
        "login": names_of(act.work.actor)[-1],
        "kind": "holder",
        "outcome": None,
        "answer": None,
    }


def _act(act: Acting) -> Act:
    actor = act.work.actor
    return Act(
        task_id=act.task.token,
        actor=actor.login,
        on_behalf_of=actor.on_behalf_of,
        outcome="returned",
        note=act.reason or None,
        entered_at=act.task.created_at,
    )
