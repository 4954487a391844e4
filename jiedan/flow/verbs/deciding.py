"""Owns what an answer does: it decides its task, or is one voice of several, or says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from jiedan.core import audit
from jiedan.core.files import lock_attachments
from jiedan.core.prepared import Prepared
from jiedan.core.work import Work
from jiedan.flow.access import Task
from jiedan.flow.answering import answer_through, checked_values
from jiedan.flow.ending import end_instance
from jiedan.flow.engine import NothingWaits
from jiedan.flow.errors import TaskNoLongerOpen
from jiedan.flow.owners import names_of
from jiedan.flow.packing import pack_answer
from jiedan.flow.states import TaskState
from jiedan.flow.synced import Act
from jiedan.flow.tables import ActivityRow, DraftRow, TaskRow, table_of
from jiedan.flow.tables_verbs import SeatRow
from jiedan.flow.task_views import Answer
from jiedan.flow.verbs.going_back import go_to_step
from jiedan.flow.verbs.seats import (
    SeatFacts,
    forget_owners,
    load_tree,
    states_of,
    write_states,
)
from jiedan.flow.verbs.settings import StepSettings, settings_of
from jiedan.flow.verbs.tree import AGREED, REFUSED, Node, State, Tree

if TYPE_CHECKING:
    from jiedan.flow.step import Step

_tasks = table_of(TaskRow)
_COMPLETE = Prepared(
    update(_tasks)
    .where(
        _tasks.c.id == bindparam("b_id"),
        _tasks.c.version == bindparam("b_version"),
        (_tasks.c.state == TaskState.OPEN)
        | (_tasks.c.state == TaskState.CLAIMED)
        | (_tasks.c.state == bindparam("b_waiting")),
    )
    .values(
        state=TaskState.COMPLETED,
        version=_tasks.c.version + 1,
        assignee=bindparam("b_login"),
        completed_by=bindparam("b_login"),
        on_behalf_of=bindparam("b_behalf"),
        completed_at=bindparam("b_at"),
        outcome=bindparam("b_outcome"),
        note=bindparam("b_note"),
        answer=bindparam("b_answer"),
        answer_key=bindparam("b_key"),
        has_draft=False,
        sla_at=None,
    )
)


def values_of(step: Step, task: Task, variables: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """The answer's values as the form lets them through. Raises Invalid with fields.

    Who was only asked (a delegate, a signer before or after) may leave the form alone.
    """
    if task.token_id is not None and not answer.values:
        kind = step.work.session.execute(
            select(SeatRow.kind).where(SeatRow.task_id == task.id)
        ).scalar()
        if kind in ("delegate", "before", "after"):
            return {}
    return checked_values(step, task, variables, answer)


def take_answer(
    step: Step,
    task: Task,
    variables: dict[str, Any],
    answer: Answer,
    values: Mapping[str, Any],
    *,
    key: str | None = None,
    rule: str | None = None,
) -> None:
    """Take an answer that has been checked, and run the instance on if it decides the step.

    `rule` names the rule that answers for a person. Call `drain` afterwards.
    """
    settings = settings_of(step.bundle, task.process_id, task.element_id)
    if task.token_id is not None:
        _sign(step, task, settings, answer, values, key=key, rule=rule)
        return
    refuses = answer.outcome in settings.refusals
    if settings.is_plain and rule is None:
        answer_through(step, task, variables, answer.outcome, dict(values))
        hand_in(step.work, task, answer, key, values)
        step.run(_act(step.work, task, answer))
        return
    if rule is not None:
        write_line(step.work, task, "ruled", outcome=answer.outcome, detail={"rule": rule})
    if refuses and settings.reject != "outcome":
        hand_in(step.work, task, answer, key, values)
        _refuse(step, task, settings, answer.note or "", _act(step.work, task, answer))
        return
    said = _count(step, task, settings, answer)
    answer_through(step, task, variables, answer.outcome, dict(values), said=said)
    hand_in(step.work, task, answer, key, values)
    step.run(_act(step.work, task, answer))


def hand_in(
    work: Work,
    task: Task,
    answer: Answer,
    key: str | None,
    values: Mapping[str, Any],
    *,
    also_waiting: bool = False,
) -> None:
    """Write that a task was completed. Raises TaskNoLongerOpen when somebody was faster."""
    done = _COMPLETE.run(
        work.connection,
        {
            "b_id": task.id,
            "b_version": task.version,
            "b_waiting": TaskState.WAITING if also_waiting else TaskState.OPEN,
            "b_login": work.actor.login,
            "b_behalf": work.actor.on_behalf_of,
            "b_at": work.now,
            "b_outcome": answer.outcome,
            "b_note": answer.note,
            "b_key": key,
            "b_answer": pack_answer(values),
        },
    )
    if done != 1:
        raise TaskNoLongerOpen
    if task.has_draft:
        work.session.execute(delete(DraftRow).where(DraftRow.task_id == task.id))
    if task.has_files:
        lock_attachments(work, entity=f"task:{task.id}")
    audit.record(
        work,
        action="task.complete",
        entity=f"task:{task.id}",
        before={"state": task.state, "version": task.version},
        after={"element": task.element_id, "outcome": answer.outcome},
    )


def write_line(
    work: Work,
    task: Task,
    kind: str,
    *,
    outcome: str | None = None,
    note: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """A line of the timeline about a task: who did what, for whom, why."""
    work.session.execute(
        insert(ActivityRow).values(
            instance_id=task.instance.id,
            process_id=task.process_id,
            element_id=task.element_id,
            kind=kind,
            task_id=task.id,
            at=work.now,
            actor=None if work.actor.is_system else work.actor.login,
            on_behalf_of=work.actor.on_behalf_of,
            outcome=outcome,
            note=note or None,
            detail=dict(detail) if detail else None,
        )
    )


# --- one voice of several ----------------------------------------------------------------------
def _sign(
    step: Step,
    task: Task,
    settings: StepSettings,
    answer: Answer,
    values: Mapping[str, Any],
    *,
    key: str | None,
    rule: str | None,
) -> None:
    work = step.work
    tree = load_tree(work.session, task.token)
    node = None if tree is None else tree.nodes.get(task.id)
    if tree is None or node is None or not node.state.is_pending:
        raise TaskNoLongerOpen
    before = states_of(tree)
    hand_in(work, task, answer, key, values, also_waiting=rule is not None)
    forget_owners(step, task.id)
    if node.kind == "delegate":
        node.state = State.ANSWERED
    else:
        node.state = State.REFUSED if answer.outcome in settings.refusals else State.AGREED
    number = 1 + max((one.row.answered or 0 for one in tree.nodes.values()), default=0)
    work.session.execute(
        update(SeatRow)
        .where(SeatRow.task_id == node.id)
        .values(answer=dict(values), answered=number, rule=rule)
    )
    node.row = replace(
        node.row,
        answer=dict(values),
        answered=number,
        outcome=answer.outcome,
        note=answer.note,
        task_state=TaskState.COMPLETED,
    )
    kind = "ruled" if rule else "answered" if node.kind == "delegate" else "signed"
    detail = {"rule": rule} if rule else {"seat": node.kind}
    write_line(work, task, kind, outcome=answer.outcome, note=answer.note, detail=detail)
    if node.kind == "delegate" and node.parent_id is not None:
        _keep_as_draft(step, node.parent_id, values)
    settle(step, task, settings, tree, before)


def settle(
    step: Step, task: Task, settings: StepSettings, tree: Tree, before: dict[UUID, State]
) -> None:
    """Write what follows from a change of seats; the step goes on when it is decided."""
    verdict = tree.settle()
    write_states(step, tree, before)
    if verdict is None:
        return
    said = _verdict(tree, settings, verdict)
    token = replace(task, id=task.token, token_id=None)
    act = Act(
        task_id=token.id, actor=None, outcome=said.outcome, note=None, entered_at=task.created_at
    )
    if verdict == REFUSED and settings.reject != "outcome":
        _refuse(step, token, settings, said.note or "", act)
        return
    whole = _count(step, token, settings, said)
    variables = step.live.variables(token.id)
    answer_through(step, token, variables, said.outcome, dict(said.values), said=whole)
    step.run(act)


def _verdict(tree: Tree, settings: StepSettings, verdict: str) -> Answer:
    """What several signers hand in together: the values of those who carried it, in order."""
    wanted = State.AGREED if verdict == AGREED else State.REFUSED
    carried: list[Node] = sorted(
        (one for one in tree.nodes.values() if one.state is wanted and one.row.answered),
        key=lambda one: one.row.answered,
    )
    values: dict[str, Any] = {}
    for one in carried:
        values |= one.row.answer or {}
    own = [one for one in carried if one.kind in ("own", "beside")] or carried
    last: SeatFacts | None = own[-1].row if own else None
    usual = settings.agreement if verdict == AGREED else settings.refusal
    outcome = last.outcome if last is not None and last.outcome else usual
    return Answer(outcome, values, carried[-1].row.note if carried else None)


def _keep_as_draft(step: Step, task_id: UUID, values: Mapping[str, Any]) -> None:
    """What a delegate filled in is what the owner goes on from."""
    if not values:
        return
    work = step.work
    work.session.execute(delete(DraftRow).where(DraftRow.task_id == task_id))
    work.session.execute(
        insert(DraftRow).values(
            task_id=task_id,
            values=dict(values),
            saved_by=work.actor.login,
            saved_at=work.now,
        )
    )
    work.session.execute(update(_tasks).where(_tasks.c.id == task_id).values(has_draft=True))


# --- a multi-instance item is one voice --------------------------------------------------------
def _count(step: Step, task: Task, settings: StepSettings, answer: Answer) -> str | None:
    """Count the voice of an item; the outcome of the whole body when that is decided by it."""
    if settings.mode is None or not step.live.is_item(task.id):
        return None
    refuses = answer.outcome in settings.refusals
    agreed, refused, total = step.live.count_voice(task.id, agrees=not refuses)
    verdict = verdict_of(settings, agreed, refused, total)
    if verdict is None:
        return None
    outcome = answer.outcome if refuses == (verdict == REFUSED) else None
    said = outcome or (settings.agreement if verdict == AGREED else settings.refusal)
    step.live.decide_items(task.id, {"outcome": said})
    return said


def verdict_of(settings: StepSettings, agreed: int, refused: int, total: int) -> str | None:
    """How voices decide, by the same rules as seats."""
    if settings.mode == "any":
        return AGREED if agreed else REFUSED if refused else None
    if settings.mode == "turn":
        return REFUSED if refused else AGREED if agreed == total else None
    needed = max(1, -(-total * settings.share // 100))
    if settings.mode == "all" and settings.strict and refused:
        return REFUSED
    if agreed >= needed:
        return AGREED
    return REFUSED if total - refused < needed else None


# --- saying no ---------------------------------------------------------------------------------
def _refuse(step: Step, task: Task, settings: StepSettings, reason: str, act: Act) -> None:
    """What a refusal leads to, as the step says."""
    kind, _, argument = settings.reject.partition(":")
    match kind:
        case "end":
            end_instance(step, kind="rejected", reason=reason)
        case "step":
            write_line(step.work, task, "rejected", note=reason, detail={"to": argument})
            go_to_step(step, task, element_id=argument, act=act)
        case _:
            write_line(step.work, task, "rejected", note=reason, detail={"error": argument})
            try:
                step.live.throw_error(task.id, argument, {"outcome": settings.refusal}, reason)
            except NothingWaits as error:
                raise TaskNoLongerOpen from error
            step.run(act)


def _act(work: Work, task: Task, answer: Answer) -> Act:
    return Act(
        task_id=task.id,
        actor=None if work.actor.is_system else work.actor.login,
        on_behalf_of=work.actor.on_behalf_of,
        outcome=answer.outcome,
        note=answer.note,
        entered_at=task.created_at,
    )


def is_holder(work: Work, task: Task) -> bool:
    """Whether the task is in the actor's hands, or free for him to take."""
    return task.assignee is None or task.assignee in names_of(work.actor)
