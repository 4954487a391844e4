"""Owns what every act of an admin on an instance shares: the right, the reason, the jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import update

from jiedan.core.actor import Actor
from jiedan.core.work import Work
from jiedan.flow.errors import NotAllowed, ReasonMissing
from jiedan.flow.platform import DueJob, Flow
from jiedan.flow.states import JobState
from jiedan.flow.step import Step, step_of
from jiedan.flow.tables import JobRow, table_of


def check_admin(flow: Flow, actor: Actor, reason: str) -> None:
    """Raises NotAllowed or ReasonMissing."""
    if not (actor.has(flow.admins) or actor.is_system):
        raise NotAllowed
    if not reason.strip():
        raise ReasonMissing


@contextmanager
def admin_step(
    flow: Flow, actor: Actor, instance_id: UUID, reason: str
) -> Iterator[tuple[Work, Step]]:
    """A transaction of an admin on one instance, which needs a reason."""
    check_admin(flow, actor, reason)
    with flow.platform.work(actor=actor) as work:
        yield work, step_of(work, flow, instance_id)


def move_jobs(work: Work, instance_id: UUID, source: JobState, target: JobState) -> list[DueJob]:
    """Change the state of an instance's jobs; returns those for whom it is time by now."""
    jobs = table_of(JobRow)
    rows = work.session.execute(
        update(jobs)
        .where(jobs.c.instance_id == instance_id, jobs.c.state == source)
        .values(state=target)
        .returning(jobs.c.id, jobs.c.due_at)
    )
    return [DueJob(row.id, instance_id) for row in rows.all() if row.due_at <= work.now]
