"""Owns the list of jobs: what is due, who claims it, what admins see of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, true, tuple_, update

from jiedan.core import audit
from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.clock import SystemClock
from jiedan.core.prepared import Prepared
from jiedan.core.work import Work
from jiedan.flow.errors import JobNotFound, NotAllowed
from jiedan.flow.pages import COUNT_UP_TO, Page, count_of, cursor, moment, read_cursor
from jiedan.flow.platform import DueJob, Flow
from jiedan.flow.states import JobKind, JobState
from jiedan.flow.tables import InstanceRow, JobRow, TaskRow, table_of

LEASE = timedelta(seconds=60)
"""How long a worker that says nothing keeps a job beyond its handler's own timeout."""

_jobs = table_of(JobRow)
_HELD = Prepared(
    select(_jobs.c.id)
    .where(
        _jobs.c.id == bindparam("b_id"),
        _jobs.c.fence == bindparam("b_fence"),
        _jobs.c.state == JobState.RUNNING,
    )
    .with_for_update()
)
_WALL = SystemClock()
"""Leases run by the machine's clock: moving the demo's clock must not take work from anybody."""


@dataclass(frozen=True, slots=True)
class Job:
    id: UUID
    kind: str
    state: str
    due_at: datetime
    instance_id: UUID | None
    business_key: str | None
    process_id: str | None
    element_id: str | None
    handler: str | None
    attempt: int
    tries: int
    worker: str | None
    lease_until: datetime | None
    last_error: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker holds until `lease_until`, by `fence`."""

    id: UUID
    kind: JobKind
    fence: int
    attempt: int
    tries: int
    lease_until: datetime
    instance_id: UUID | None
    task_id: UUID | None
    process_id: str | None
    element_id: str | None
    handler: str | None
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NextDue:
    """When the dispatcher has something to do: by the platform's clock, and by the machine's."""

    due_at: datetime | None
    lease_until: datetime | None


def next_due(flow: Flow, *, patience: timedelta | None = None) -> NextDue:
    """The earliest job or rung of a deadline, and the earliest end of a lease.

    With `patience`, without what is left to the queue.
    """
    due = select(func.min(JobRow.due_at)).where(JobRow.state == JobState.DUE)
    if patience is not None:
        due = due.where(or_(JobRow.kind != JobKind.HANDLER, JobRow.attempt > 0))
    rung = select(func.min(TaskRow.sla_at))
    lease = select(func.min(JobRow.lease_until)).where(JobRow.state == JobState.RUNNING)
    with flow.platform.read() as session:
        row = session.execute(
            select(due.scalar_subquery(), rung.scalar_subquery(), lease.scalar_subquery())
        ).one()
    moments = [one for one in row[:2] if one is not None]
    return NextDue(min(moments, default=None), row[2])


def claim_jobs(
    flow: Flow,
    *,
    worker: str,
    limit: int = 10,
    only: UUID | None = None,
    patience: timedelta | None = None,
) -> list[ClaimedJob]:
    """Take what is due, the longest due first; also what another worker's lease let go.

    `only` takes this job or none. With `patience`, the first try of a handler is left to the
    queue that knows of it, until it has been due for so long.
    """
    with flow.platform.work(actor=SYSTEM) as work:
        wall = _WALL.now()
        due = (_jobs.c.state == JobState.DUE) & (_jobs.c.due_at <= work.now)
        if patience is not None:
            due &= or_(
                _jobs.c.kind != JobKind.HANDLER,
                _jobs.c.attempt > 0,
                _jobs.c.due_at <= work.now - patience,
            )
        lapsed = (_jobs.c.state == JobState.RUNNING) & (_jobs.c.lease_until <= wall)
        this = true() if only is None else _jobs.c.id == only
        taken = {"worker": worker[:64], "lease_until": wall + LEASE}
        rows = _take(work, due & this, limit, taken)
        if len(rows) < limit:
            # Asked apart, each is a look into an index; together they would be one at all jobs.
            rows += _take(work, lapsed & this, limit - len(rows), taken)
    jobs = [
        ClaimedJob(
            id=row.id,
            kind=JobKind(row.kind),
            fence=row.fence,
            attempt=row.attempt,
            tries=row.tries,
            lease_until=row.lease_until,
            instance_id=row.instance_id,
            task_id=row.task_id,
            process_id=row.process_id,
            element_id=row.element_id,
            handler=row.handler,
            inputs=row.inputs or {},
        )
        for row in sorted(rows, key=lambda row: row.due_at)
    ]
    for job in jobs:
        _extend(flow, job)
    return jobs


def _take(work: Work, ready: Any, limit: int, taken: Mapping[str, Any]) -> list[Any]:
    some = (
        select(_jobs.c.id)
        .where(ready)
        .order_by(_jobs.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = work.session.execute(
        update(_jobs)
        .where(_jobs.c.id.in_(some.scalar_subquery()))
        .values(
            state=JobState.RUNNING,
            fence=_jobs.c.fence + 1,
            attempt=_jobs.c.attempt + 1,
            **taken,
        )
        .returning(*_jobs.c)
    )
    return list(rows.all())


def release_abandoned(flow: Flow, *, is_gone: Callable[[str], bool]) -> int:
    """Let go of jobs whose worker `is_gone`, rather than wait for the end of their lease.

    An external handler may have done its work before its worker died: it is called again, with
    the same idempotency key.
    """
    held_by = select(_jobs.c.worker).where(_jobs.c.state == JobState.RUNNING).distinct()
    with flow.platform.read() as session:
        workers = session.execute(held_by).scalars().all()
    gone = [worker for worker in workers if worker and is_gone(worker)]
    if not gone:
        return 0
    with flow.platform.work(actor=SYSTEM) as work:
        rows = work.session.execute(
            update(_jobs)
            .where(_jobs.c.worker.in_(gone), _jobs.c.state == JobState.RUNNING)
            .values(state=JobState.DUE, lease_until=None, worker=None)
            .returning(_jobs.c.id, _jobs.c.instance_id)
        ).all()
        if rows:
            flow.due(work, work.now, jobs=[DueJob(row.id, row.instance_id) for row in rows])
        return len(rows)


def list_jobs(
    flow: Flow,
    *,
    states: frozenset[str] = frozenset(),
    instance_id: UUID | None = None,
    after: str | None = None,
    size: int = 20,
) -> Page[Job]:
    """By due time."""
    wanted = _all_jobs()
    if states:
        wanted = wanted.where(JobRow.state.in_(states))
    if instance_id is not None:
        wanted = wanted.where(JobRow.instance_id == instance_id)
    counted = wanted.with_only_columns(JobRow.id).limit(COUNT_UP_TO).subquery()
    keys = read_cursor(after, moment, UUID)
    if keys is not None:
        wanted = wanted.where(tuple_(JobRow.due_at, JobRow.id) > tuple(keys))
    with flow.platform.read() as session:
        rows = session.execute(wanted.order_by(JobRow.due_at, JobRow.id).limit(size + 1)).all()
        number = session.execute(select(func.count()).select_from(counted)).scalar_one()
    items = tuple(_job(row) for row in rows[:size])
    more = len(rows) > size
    return Page(items, cursor(items[-1].due_at, items[-1].id) if more else None, count_of(number))


def find_job(session: Any, job_id: UUID) -> Job:
    """One job. Raises JobNotFound."""
    row = session.execute(_all_jobs().where(JobRow.id == job_id)).first()
    if row is None:
        raise JobNotFound
    return _job(row)


def run_now(flow: Flow, *, actor: Actor, job_id: UUID) -> None:
    """Make a waiting job due at once; a timer fires only if the diagram's own time has come."""
    if not (actor.has(flow.admins) or actor.is_system):
        raise NotAllowed
    with flow.platform.work(actor=actor) as work:
        row = work.session.execute(
            update(_jobs)
            .where(_jobs.c.id == job_id, _jobs.c.state == JobState.DUE)
            .values(due_at=work.now)
            .returning(_jobs.c.instance_id, _jobs.c.kind)
        ).first()
        if row is None:
            raise JobNotFound
        audit.record(work, action="job.run_now", entity=f"job:{job_id}")
        jobs = [DueJob(job_id, row.instance_id)] if row.kind == JobKind.HANDLER else []
        flow.due(work, work.now, jobs=jobs)


def held(work: Work, job: ClaimedJob) -> bool:
    """Whether this worker still holds the job: nobody took it over, nothing cancelled it."""
    return _HELD.first(work.connection, {"b_id": job.id, "b_fence": job.fence}) is not None


def jobs_of(session: Any, instance_id: UUID) -> tuple[Job, ...]:
    """The jobs and timers of one instance that are not over, by due time."""
    rows = session.execute(
        _all_jobs()
        .where(
            JobRow.instance_id == instance_id,
            JobRow.state.not_in((JobState.DONE, JobState.CANCELLED)),
        )
        .order_by(JobRow.due_at, JobRow.id)
    )
    return tuple(_job(row) for row in rows)


def _extend(flow: Flow, job: ClaimedJob) -> None:
    """A handler that may take longer than the lease gets a longer one."""
    handler = flow.registry.handlers.get(job.handler or "")
    if job.kind is not JobKind.HANDLER or handler is None or handler.timeout <= LEASE / 2:
        return
    with flow.platform.work(actor=SYSTEM) as work:
        work.session.execute(
            update(_jobs)
            .where(_jobs.c.id == job.id, _jobs.c.fence == job.fence)
            .values(lease_until=_WALL.now() + LEASE + handler.timeout)
        )


def _all_jobs() -> Any:
    return select(*_jobs.c, InstanceRow.business_key).outerjoin(
        InstanceRow, InstanceRow.id == JobRow.instance_id
    )


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        state=row.state,
        due_at=row.due_at,
        instance_id=row.instance_id,
        business_key=row.business_key,
        process_id=row.process_id,
        element_id=row.element_id,
        handler=row.handler,
        attempt=row.attempt,
        tries=row.tries,
        worker=row.worker,
        lease_until=row.lease_until,
        last_error=row.last_error,
        created_at=row.created_at,
    )
