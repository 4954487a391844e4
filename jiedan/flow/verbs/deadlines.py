"""Owns what happens at a step's deadline besides the ladder: agree, refuse, hand up, remind."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from jiedan.core.ids import new_id
from jiedan.flow.states import JobKind, JobState
from jiedan.flow.tables import JobRow, table_of
from jiedan.flow.verbs.placing import Placement

if TYPE_CHECKING:
    from jiedan.flow.step import Step

_EVERY = re.compile(r"^remind:PT(?:(\d+)H)?(?:(\d+)M)?(?:\*(\d+))?$")
"""`remind:PT4H*3`: every four hours, at most three times."""


def plan_timeouts(step: Step, placed: Placement) -> None:
    """Leave a job for each thing that is to happen when the deadline has passed."""
    settings, task = placed.settings, placed.task
    if settings is None or task.due_at is None:
        return
    for said in settings.timeout:
        plan_timeout(step, task_row(placed), said, task.due_at, left=times_of(said))


def task_row(placed: Placement) -> dict[str, Any]:
    """What a job must know of its task."""
    task = placed.task
    return {
        "task_id": task.task_id,
        "process_id": task.process_id,
        "element_id": task.element.id,
    }


def plan_timeout(
    step: Step, task: dict[str, Any], said: str, due_at: datetime, *, left: int
) -> None:
    """One job: `said` at `due_at`, with so many repetitions left."""
    step.work.session.execute(
        insert(table_of(JobRow)).values(
            id=new_id(),
            kind=JobKind.TIMEOUT,
            state=JobState.DUE,
            due_at=due_at,
            instance_id=step.instance.id,
            handler=said[:128],
            inputs={"left": left},
            attempt=0,
            tries=3,
            fence=0,
            created_at=step.work.now,
            **task,
        )
    )
    step.flow.due(step.work, due_at)


def every(said: str) -> timedelta | None:
    """How long to wait between reminders; None when it is no reminder."""
    found = _EVERY.match(said)
    if found is None:
        return None
    hours, minutes = int(found[1] or 0), int(found[2] or 0)
    return max(timedelta(hours=hours, minutes=minutes), timedelta(minutes=5))


def times_of(said: str) -> int:
    """How often a reminder comes at most."""
    found = _EVERY.match(said)
    return 1 if found is None else int(found[3] or 3)
