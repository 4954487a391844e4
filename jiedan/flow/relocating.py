"""Owns how the rows of what an instance waits for follow its tokens to another version."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select, update

from jiedan.flow.current import current
from jiedan.flow.engine.migrating import Relocation
from jiedan.flow.states import IncidentState, JobState, TaskState
from jiedan.flow.step import Step
from jiedan.flow.tables import DraftRow, IncidentRow, JobRow, SubscriptionRow, TaskRow, table_of

_tasks = table_of(TaskRow)


def relocate_rows(step: Step, relocations: Iterable[Relocation]) -> None:
    """User tasks get the name, code and form of their new element; who has them stays.

    Jobs, timers, subscriptions and incidents get its id.
    """
    for one in relocations:
        if one.waits_for == "task":
            _task(step, one)
        if one.source.id == one.target.id:
            continue
        session, new = step.work.session, {"element_id": one.target.id}
        open_jobs = (JobState.DUE, JobState.RUNNING, JobState.SUSPENDED, JobState.INCIDENT)
        session.execute(
            update(JobRow)
            .where(JobRow.task_id == one.task_id, JobRow.state.in_(open_jobs))
            .where(JobRow.instance_id == step.instance.id)
            .values(**new)
        )
        session.execute(
            update(SubscriptionRow).where(SubscriptionRow.task_id == one.task_id).values(**new)
        )
        session.execute(
            update(IncidentRow)
            .where(
                IncidentRow.instance_id == step.instance.id,
                IncidentRow.task_id == one.task_id,
                IncidentRow.state == IncidentState.OPEN,
            )
            .values(**new)
        )


def _task(step: Step, moved: Relocation) -> None:
    session, target = step.work.session, moved.target
    row = session.execute(select(*_tasks.c).where(_tasks.c.id == moved.task_id)).one()
    if not TaskState(row.state).is_open:
        return
    element = step.bundle.element(target.process_id, target.id)
    now: dict[str, Any] = {"element_id": target.id, "name": _one_line(target.name or target.id)}
    if element is not None:
        now |= {"name_en": element.setting("name.en"), "code": element.code}
    if moved.form_id != row.form_id:
        form = current(session, step.flow).forms.get(moved.form_id or "")
        now |= {
            "form_id": moved.form_id,
            "form_version": None if form is None else form.version,
            "has_draft": False,
        }
        session.execute(delete(DraftRow).where(DraftRow.task_id == moved.task_id))
    if any(getattr(row, name) != value for name, value in now.items()):
        # Whoever has the old page open is told to load it again.
        session.execute(
            update(_tasks)
            .where(_tasks.c.id == moved.task_id)
            .values(version=_tasks.c.version + 1, **now)
        )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:255]
