"""Owns the rows of seats: loads the tree of a token and writes what settling it changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, insert, literal, select, update

from jiedan.core.ids import new_id
from jiedan.flow.access import Task
from jiedan.flow.ladder import next_rung
from jiedan.flow.owners import USER
from jiedan.flow.states import TaskState
from jiedan.flow.synced import NEVER, OpenedTask
from jiedan.flow.tables import TaskCandidateRow, TaskRow, table_of
from jiedan.flow.tables_verbs import SeatRow
from jiedan.flow.verbs.tree import Node, State, Tree, build

if TYPE_CHECKING:
    from jiedan.flow.step import Step

_tasks, _seats = table_of(TaskRow), table_of(SeatRow)
_candidates = table_of(TaskCandidateRow)


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """A seat with its task, as loaded."""

    task_id: UUID
    assignee: str | None
    owners: tuple[str, ...]
    added_by: str | None
    answer: dict[str, Any] | None
    answered: int | None
    rule: str | None
    task_state: TaskState
    outcome: str | None
    note: str | None
    completed_at: datetime | None
    completed_by: str | None
    on_behalf_of: str | None
    name: str
    name_en: str | None
    element_id: str
    sla_stage: int
    created_at: datetime
    paused_seconds: int
    due_at: datetime | None


def load_tree(session: Any, token_id: UUID) -> Tree | None:
    """The seats of a token; None for a step of one person."""
    rows = session.execute(
        select(
            *_seats.c,
            _tasks.c.assignee,
            _tasks.c.candidates,
            _tasks.c.state.label("task_state"),
            _tasks.c.outcome,
            _tasks.c.note,
            _tasks.c.completed_at,
            _tasks.c.completed_by,
            _tasks.c.on_behalf_of,
            _tasks.c.name,
            _tasks.c.name_en,
            _tasks.c.element_id,
            _tasks.c.sla_stage,
            _tasks.c.created_at,
            _tasks.c.paused_seconds,
            _tasks.c.due_at,
        )
        .join(_tasks, _tasks.c.id == _seats.c.task_id)
        .where(_seats.c.token_id == token_id)
    ).all()
    return build(map(_node, rows)) if rows else None


def _node(row: Any) -> Node:
    return Node(
        id=row.task_id,
        parent_id=row.parent_id,
        set_id=row.set_id,
        kind=row.kind,
        mode=row.mode,
        share=row.share,
        strict=row.strict,
        place=row.place,
        state=State(row.state),
        row=SeatFacts(
            task_id=row.task_id,
            assignee=row.assignee,
            owners=tuple((row.candidates or "").split()),
            added_by=row.added_by,
            answer=row.answer,
            answered=row.answered,
            rule=row.rule,
            task_state=TaskState(row.task_state),
            outcome=row.outcome,
            note=row.note,
            completed_at=row.completed_at,
            completed_by=row.completed_by,
            on_behalf_of=row.on_behalf_of,
            name=row.name,
            name_en=row.name_en,
            element_id=row.element_id,
            sla_stage=row.sla_stage,
            created_at=row.created_at,
            paused_seconds=row.paused_seconds,
            due_at=row.due_at,
        ),
    )


def states_of(tree: Tree) -> dict[UUID, State]:
    """What the rows say now, to compare with after settling."""
    return {node.id: node.state for node in tree.nodes.values()}


def write_states(step: Step, tree: Tree, before: dict[UUID, State]) -> None:
    """Bring the rows of seats and their tasks to what settling made of them."""
    for node in tree.nodes.values():
        if node.state is before.get(node.id):
            continue
        step.database.execute(
            update(_seats).where(_seats.c.task_id == node.id).values(state=node.state)
        )
        if node.row.task_state in (TaskState.COMPLETED, TaskState.RETURNED):
            continue
        match node.state:
            case State.OPEN:
                _open(step, node)
            case State.WAITING:
                _change(step, node, state=TaskState.WAITING, sla_at=None)
                _show(step, node, visible=False)
            case State.GONE | State.REMOVED | State.REFUSED | State.AGREED:
                _change(
                    step, node, state=TaskState.CANCELLED, completed_at=step.work.now, sla_at=None
                )
                forget_owners(step, node.id)


def _open(step: Step, node: Node) -> None:
    row: SeatFacts = node.row
    counted_from = row.created_at + timedelta(seconds=row.paused_seconds)
    rung = None
    if not step.instance.halted_at:
        rung = next_rung(step.flow.rungs(), row.sla_stage, counted_from, row.due_at)
    state = TaskState.CLAIMED if row.assignee else TaskState.OPEN
    _change(step, node, state=state, sla_at=rung)
    _show(step, node, visible=True)
    if rung is not None:
        step.flow.due(step.work, rung)
    step.opened.append(
        OpenedTask(row.task_id, row.element_id, row.name, row.name_en, row.assignee, row.owners)
    )


def _change(step: Step, node: Node, **values: Any) -> None:
    step.database.execute(
        update(_tasks).where(_tasks.c.id == node.id).values(version=_tasks.c.version + 1, **values)
    )


def _show(step: Step, node: Node, *, visible: bool) -> None:
    holder = node.row.assignee
    shown = (_candidates.c.owner == USER + holder) if visible and holder else visible
    step.database.execute(
        update(_candidates).where(_candidates.c.task_id == node.id).values(visible=shown)
    )


def forget_owners(step: Step, task_id: UUID) -> None:
    """Take a task that is over out of every inbox."""
    step.database.execute(delete(_candidates).where(_candidates.c.task_id == task_id))


# --- adding ------------------------------------------------------------------------------------
def first_seat(step: Step, task: Task, holder: str | None) -> None:
    """Make the task of one person the first seat of a step that several sign."""
    step.database.execute(
        insert(_seats).values(
            task_id=task.id,
            token_id=task.id,
            instance_id=step.instance.id,
            set_id=task.id,
            parent_id=None,
            kind="own",
            mode="all",
            share=100,
            strict=True,
            place=0,
            state=State.OPEN,
            added_by=None,
        )
    )
    values: dict[str, Any] = {"token_id": task.id}
    if holder is not None and task.assignee is None:
        values |= {"assignee": holder, "claimed_at": step.work.now, "state": TaskState.CLAIMED}
    step.database.execute(update(_tasks).where(_tasks.c.id == task.id).values(**values))
    if holder is not None and task.assignee is None:
        show_to(step, task, holder)


def show_to(step: Step, task: Task, login: str) -> None:
    """Put a task into one person's inbox and out of the others'."""
    owner = USER + login
    step.database.execute(
        update(_candidates)
        .where(_candidates.c.task_id == task.id)
        .values(visible=_candidates.c.owner == owner)
    )
    if owner not in task.owners:
        step.database.execute(insert(_candidates), [_owner_row(task, task.id, login, visible=True)])


def add_seat(
    step: Step,
    task: Task,
    *,
    login: str,
    set_id: UUID,
    parent_id: UUID | None,
    kind: str,
    mode: str,
    share: int = 100,
    strict: bool = True,
    place: int,
) -> UUID:
    """A seat more, waiting until the tree says that it is its turn; its task's id."""
    seat_id = new_id()
    step.database.execute(
        insert(_tasks).from_select(
            [column.name for column in _COPIED] + list(_FRESH),
            select(*_COPIED, *(_bound(name, step, task, seat_id, login) for name in _FRESH)).where(
                _tasks.c.id == task.id
            ),
        )
    )
    step.database.execute(
        insert(_seats).values(
            task_id=seat_id,
            token_id=task.token,
            instance_id=step.instance.id,
            set_id=set_id,
            parent_id=parent_id,
            kind=kind,
            mode=mode,
            share=share,
            strict=strict,
            place=place,
            state=State.WAITING,
            added_by=step.work.actor.login,
        )
    )
    step.database.execute(insert(_candidates), [_owner_row(task, seat_id, login, visible=False)])
    return seat_id


_COPIED = [
    _tasks.c[name]
    for name in (
        "instance_id",
        "process_id",
        "element_id",
        "name",
        "name_en",
        "code",
        "form_id",
        "form_version",
        "priority",
        "due_at",
        "extra",
    )
]
_FRESH = (
    "id",
    "token_id",
    "state",
    "version",
    "assignee",
    "created_at",
    "claimed_at",
    "sla_stage",
    "paused_seconds",
    "has_draft",
    "has_files",
)


def _bound(name: str, step: Step, task: Task, seat_id: UUID, login: str) -> Any:
    values: dict[str, Any] = {
        "id": seat_id,
        "token_id": task.token,
        "state": TaskState.WAITING,
        "version": 1,
        "assignee": login,
        "created_at": step.work.now,
        "claimed_at": step.work.now,
        "sla_stage": 0,
        "paused_seconds": 0,
        "has_draft": False,
        "has_files": False,
    }
    column = _tasks.c[name]
    return literal(values[name], type_=column.type).label(name)


def _owner_row(task: Task, task_id: UUID, login: str, *, visible: bool) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "owner": USER + login,
        "candidate": False,
        "visible": visible,
        "due_at": task.due_at or NEVER,
        "created_at": task.created_at,
        "rank": -task.priority,
    }
