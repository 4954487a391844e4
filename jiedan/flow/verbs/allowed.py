"""Owns which verbs the reader of a task's page may use now."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.flow.access import Task
from jiedan.flow.current import Bundle
from jiedan.flow.owners import names_of
from jiedan.flow.states import InstanceState, TaskState
from jiedan.flow.tables_verbs import SeatRow
from jiedan.flow.verbs.settings import ADDING, StepSettings, settings_of

DECIDING = frozenset({"reject", "return", "delegate"}) | ADDING


def allowed_verbs(
    session: Session, bundle: Bundle, task: Task, actor: Actor, verbs: frozenset[str], *, kept: bool
) -> frozenset[str]:
    """The verbs of the page, with those of this family. `kept`: a duty keeps the reader from it."""
    settings = settings_of(bundle, task.process_id, task.element_id)
    found = set()
    running = task.instance.state in (InstanceState.ACTIVE, InstanceState.INCIDENT)
    if task.concerns(actor):
        found.add("copy")
    if running and task.is_open_to(actor):
        if not kept:
            found |= DECIDING
            if task.assignee is None:
                found.add("bulk_claim")
            found.add("bulk_approve")
        if not kept or task.assignee is not None:
            # Who may not decide may still pass it on.
            found |= {"transfer", "bulk_transfer"}
        if _only_asked(session, task):
            found -= ADDING | {"return", "reject", "bulk_approve"}
    pending = task.state.is_open or task.state is TaskState.WAITING
    if running and pending and task.token_id is not None:
        found.add("remove_signer")
    if running and task.state is TaskState.COMPLETED and task.completed_by in names_of(actor):
        found.add("withdraw")
    return verbs | (found & settings.verbs)


def reasons_of(bundle: Bundle, task: Task) -> frozenset[str]:
    """The verbs that need a reason at this step."""
    settings: StepSettings = settings_of(bundle, task.process_id, task.element_id)
    return settings.reasons


def _only_asked(session: Session, task: Task) -> bool:
    """Whether it is a delegate's: an answer is all he can give."""
    if task.token_id is None:
        return False
    kind = session.execute(select(SeatRow.kind).where(SeatRow.task_id == task.id)).scalar()
    return kind == "delegate"
