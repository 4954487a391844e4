"""Owns periodic jobs: one row each, due again and again, worked by one worker of all."""

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import delete, select, update

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import SHANGHAI
from jiedan.core.logs import get_logger
from jiedan.core.work import Work
from jiedan.flow.engine.cron import parse_cron
from jiedan.flow.jobs import ClaimedJob, held
from jiedan.flow.notices import notify
from jiedan.flow.owners import ROLE
from jiedan.flow.platform import Flow, Periodic
from jiedan.flow.states import JobKind, JobState
from jiedan.flow.sync_waits import insert_for
from jiedan.flow.tables import JobRow, table_of

log = get_logger(__name__)

TRIES = 3
BREATH = timedelta(seconds=30)
"""Between two runs when the first did not get through with everything."""
FAILED = "The periodic job %(name)s failed: %(error)s"

_jobs = table_of(JobRow)


def plan_periodic(flow: Flow) -> None:
    """Give every periodic job its row; what fell due while nothing ran is due at once.

    A schedule that was changed counts from now on. Rows of jobs that this version of the product
    does not know are left to those that do.
    """
    for periodic in flow.periodic:
        _plan(flow, periodic)


def run_periodic(flow: Flow, job: ClaimedJob) -> None:
    """Do a periodic job, and make it due again: soon when there is more to do."""
    periodic = _known(flow, job)
    if periodic is None:
        with flow.platform.work(actor=SYSTEM) as work:
            work.session.execute(delete(_jobs).where(_jobs.c.id == job.id))
        return
    more = periodic.run(flow)
    with flow.platform.work(actor=SYSTEM) as work:
        if held(work, job):
            due_at = work.now + BREATH if more else next_time(periodic, work.now)
            _due_again(work, flow, job, due_at, error=None)


def give_up_until_next_time(work: Work, flow: Flow, job: ClaimedJob, error: str) -> None:
    """After the last try: tell admins, and try again when its time comes."""
    periodic = _known(flow, job)
    if periodic is None:
        return
    notify(
        work,
        owners=(ROLE + flow.admins,),
        kind="periodic",
        msgid=FAILED,
        params={"name": periodic.name, "error": error},
    )
    _due_again(work, flow, job, next_time(periodic, work.now), error=error)


def next_time(periodic: Periodic, now: datetime) -> datetime:
    """The first moment after `now` that its schedule names, in UTC."""
    return parse_cron(periodic.cron).after(now, SHANGHAI).astimezone(UTC)


def id_of(periodic: Periodic) -> UUID:
    """The id of its row, the same on every machine."""
    return uuid5(NAMESPACE_URL, f"jiedan:periodic:{periodic.name}")


def _plan(flow: Flow, periodic: Periodic) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        due_at = next_time(periodic, work.now)
        fresh = insert_for(work.session)(_jobs).values(
            id=id_of(periodic),
            kind=JobKind.PERIODIC,
            state=JobState.DUE,
            due_at=due_at,
            handler=periodic.name,
            attempt=0,
            tries=TRIES,
            fence=0,
            created_at=work.now,
        )
        # Due later than the schedule says: the schedule has changed.
        work.session.execute(
            fresh.on_conflict_do_update(
                index_elements=["id"],
                set_={"due_at": due_at},
                where=(_jobs.c.state == JobState.DUE) & (_jobs.c.due_at > due_at),
            )
        )
        found = work.session.execute(
            select(_jobs.c.due_at).where(_jobs.c.id == id_of(periodic))
        ).scalar_one()
        flow.due(work, found)


def _known(flow: Flow, job: ClaimedJob) -> Periodic | None:
    return next((one for one in flow.periodic if one.name == job.handler), None)


def _due_again(
    work: Work, flow: Flow, job: ClaimedJob, due_at: datetime, *, error: str | None
) -> None:
    work.session.execute(
        update(_jobs)
        .where(_jobs.c.id == job.id)
        .values(
            state=JobState.DUE,
            due_at=due_at,
            attempt=0,
            last_error=error,
            worker=None,
            lease_until=None,
            done_at=work.now,
        )
    )
    flow.due(work, due_at)
