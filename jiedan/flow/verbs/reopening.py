"""Owns taking one voice of several back while the step is still open."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import insert, update

from jiedan.flow.owners import USER
from jiedan.flow.states import TaskState
from jiedan.flow.synced import NEVER
from jiedan.flow.tables import TaskCandidateRow, TaskRow, table_of
from jiedan.flow.tables_verbs import SeatRow
from jiedan.flow.verbs.acting import Acting
from jiedan.flow.verbs.deciding import settle
from jiedan.flow.verbs.errors import WithdrawnTooLate
from jiedan.flow.verbs.seats import load_tree, states_of
from jiedan.flow.verbs.tree import Node, State, Tree, decided

_tasks = table_of(TaskRow)


def reopen_seat(act: Acting) -> bool:
    """Take the actor's voice back; False when the step is already decided.

    Raises WithdrawnTooLate when somebody answered because of it: the next in turn, those after
    him, or who had asked him first.
    """
    tree = load_tree(act.work.session, act.task.token)
    node = None if tree is None else tree.nodes.get(act.task.id)
    if tree is None or node is None or decided(tree.root) is not None:
        return False
    if all(not one.state.is_pending for one in tree.nodes.values()):
        return False
    _must_be_unused(tree, node)
    before = states_of(tree)
    holder = node.row.on_behalf_of or node.row.completed_by
    node.state = State.OPEN
    node.row = replace(
        node.row, task_state=TaskState.CLAIMED, answered=None, answer=None, assignee=holder
    )
    session, task = act.work.session, act.task
    session.execute(
        update(SeatRow)
        .where(SeatRow.task_id == node.id)
        .values(answer=None, answered=None, rule=None)
    )
    session.execute(
        update(_tasks)
        .where(_tasks.c.id == node.id)
        .values(
            state=TaskState.CLAIMED,
            assignee=holder,
            completed_at=None,
            completed_by=None,
            on_behalf_of=None,
            outcome=None,
            note=None,
            answer=None,
            answer_key=None,
        )
    )
    session.execute(
        insert(TaskCandidateRow).values(
            task_id=node.id,
            owner=USER + (holder or ""),
            candidate=False,
            visible=True,
            due_at=task.due_at or NEVER,
            created_at=task.created_at,
            rank=-task.priority,
        )
    )
    settle(act.step, act.task, act.settings, tree, before)
    return True


def _must_be_unused(tree: Tree, node: Node) -> None:
    later = [
        one
        for one in tree.nodes.values()
        if one.row.answered and node.row.answered and one.row.answered > node.row.answered
    ]
    follows = {one.id for group in node.below("after") for one in group.seats}
    parent = tree.nodes.get(node.parent_id) if node.parent_id else None
    if parent is not None and node.kind in ("before", "delegate"):
        follows.add(parent.id)
    for one in later:
        in_turn = one.set_id == node.set_id and node.mode == "turn"
        if one.id in follows or in_turn:
            raise WithdrawnTooLate(name=one.row.name)
