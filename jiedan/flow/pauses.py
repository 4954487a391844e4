"""Owns time that does not count towards deadlines (SPEC G2)."""

from datetime import timedelta

from sqlalchemy import select, update

from jiedan.core.work import Work
from jiedan.flow.instance import Instance
from jiedan.flow.ladder import next_rung
from jiedan.flow.platform import Flow
from jiedan.flow.states import TaskState
from jiedan.flow.tables import InstanceRow, TaskCandidateRow, TaskRow, table_of

_tasks = table_of(TaskRow)


def halt_deadlines(work: Work, instance: Instance) -> None:
    """Let the deadlines of an instance stand still; no rung comes due until `release_deadlines`."""
    if instance.halted_at is not None:
        return
    instance.halted_at = work.now
    work.session.execute(
        update(InstanceRow).where(InstanceRow.id == instance.id).values(halted_at=work.now)
    )
    work.session.execute(
        update(_tasks)
        .where(_tasks.c.instance_id == instance.id, _tasks.c.sla_at.is_not(None))
        .values(sla_at=None)
    )


def release_deadlines(work: Work, flow: Flow, instance: Instance) -> None:
    """Let them go on; deadlines that had not passed move by the time that did not count."""
    if instance.halted_at is None:
        return
    rows = work.session.execute(
        select(
            _tasks.c.id,
            _tasks.c.due_at,
            _tasks.c.sla_stage,
            _tasks.c.created_at,
            _tasks.c.breached_at,
            _tasks.c.paused_seconds,
        ).where(
            _tasks.c.instance_id == instance.id,
            _tasks.c.state.in_((TaskState.OPEN, TaskState.CLAIMED)),
            _tasks.c.due_at.is_not(None),
        )
    ).all()
    for row in rows:
        pause = work.now - max(instance.halted_at, row.created_at)
        paused = row.paused_seconds + int(pause.total_seconds())
        due_at = row.due_at if row.breached_at else row.due_at + pause
        counted_from = row.created_at + timedelta(seconds=paused)
        rung_at = next_rung(flow.rungs(), row.sla_stage, counted_from, due_at)
        work.session.execute(
            update(_tasks)
            .where(_tasks.c.id == row.id)
            .values(due_at=due_at, sla_at=rung_at, paused_seconds=paused)
        )
        work.session.execute(
            update(TaskCandidateRow).where(TaskCandidateRow.task_id == row.id).values(due_at=due_at)
        )
        if rung_at is not None:
            flow.due(work, rung_at)
    instance.halted_at = None
    work.session.execute(
        update(InstanceRow).where(InstanceRow.id == instance.id).values(halted_at=None)
    )
