"""The arena: two servers on one database, with caches and connections of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.platform import Platform, build_platform
from jiedan.flow.definitions import deploy
from jiedan.flow.handlers import Registry
from jiedan.flow.instances import show_instance, start_instance
from jiedan.flow.jobs import ClaimedJob, claim_jobs
from jiedan.flow.platform import Flow
from jiedan.flow.tables import (
    ActivityRow,
    InstanceRow,
    JobRow,
    MessageRow,
    SubscriptionRow,
    TaskCandidateRow,
    TaskRow,
)
from jiedan.flow.tasks import Answer, Completed, complete_task
from tests.flow.conftest import ADMIN, CLERK
from tests.flow.diagrams import diagram
from tests.flow.races.instrument import BEGIN, Doored, Outcome, Point, Track, sending

LOCKING = "FOR NO KEY UPDATE"
"""How an instance is locked on PostgreSQL."""


def complete(flow: Flow, task_id: UUID, actor: Actor = CLERK, **values: Any) -> Completed:
    """Hand in a task whatever its version is."""
    return complete_task(
        flow, actor=actor, task_id=task_id, version=None, answer=Answer("done", values)
    )


@dataclass(frozen=True)
class Books:
    """What the database says of one instance, and of everything around it."""

    state: str
    revision: int
    tokens: Counter[str]
    """Where the engine stands, as it was stored."""
    tasks: Counter[tuple[str, str]]
    """(element, state)."""
    left: Counter[str]
    """How often each element was left, persons' acts included."""
    jobs: Counter[tuple[str, str]]
    """(kind, state)."""
    messages: Counter[str]
    waiting: int
    """Subscriptions."""
    inboxes: int
    """Rows of candidates."""

    def said(self) -> dict[str, Any]:
        """Where it stands, in short."""
        return {"tokens": self.tokens, "tasks": self.tasks, "left": self.left}


@dataclass
class Arena:
    """Two servers, `here` and `there`."""

    here: Flow
    there: Flow
    track: Track

    @property
    def on_sqlite(self) -> bool:
        return self.here.platform.database.is_sqlite

    def deploy(self, **bodies: str) -> None:
        """Diagrams given as `name=body`."""
        files = {f"{name}.bpmn": diagram(name, body) for name, body in bodies.items()}
        deploy(self.here, actor=ADMIN, files=files)

    def start(self, process_id: str = "order", **variables: Any) -> UUID:
        """A new instance, known to both servers' caches."""
        started = start_instance(
            self.here, actor=CLERK, process_id=process_id, variables=variables
        ).instance_id
        return started

    def task(self, instance_id: UUID, element_id: str) -> UUID:
        """The task at an element of an instance."""
        with self.here.platform.read() as session:
            return session.execute(
                select(TaskRow.id)
                .where(TaskRow.instance_id == instance_id, TaskRow.element_id == element_id)
                .order_by(TaskRow.created_at.desc(), TaskRow.id.desc())
            ).scalars().first() or pytest.fail(f"no task at {element_id}")

    def job(self, worker: str = "worker") -> ClaimedJob:
        """The one job that is due, in the hands of a worker `there`."""
        jobs = claim_jobs(self.there, worker=worker)
        assert len(jobs) == 1
        return jobs[0]

    def meetings(
        self, *, at: str = LOCKING
    ) -> list[Callable[[Callable[[], Any], Callable[[], Any]], Outcome]]:
        """The two ways to meet: before the winner's commit, and after the loser's first look.

        On SQLite a transaction that writes has the file for itself, so who is overtaken stands
        at its door; on PostgreSQL before the first statement with the words `at`.
        """
        door = BEGIN if self.on_sqlite else sending(at)
        return [self.track.held, lambda winner, loser: self.overtaken(winner, loser, door)]

    def overtaken(
        self, winner: Callable[[], Any], loser: Callable[[], Any], door: Point
    ) -> Outcome:
        return self.track.overtaken(winner, loser, at=door)

    def books(self, instance_id: UUID) -> Books:
        """Read by a server that has nothing in memory."""
        flow = Flow(self.here.platform, registry=self.here.registry)
        view = show_instance(flow, instance_id=instance_id)
        with flow.platform.read() as session:
            assert audit.verify(session).ok
            row = session.execute(
                select(InstanceRow.state, InstanceRow.revision).where(InstanceRow.id == instance_id)
            ).one()

            def pairs(table: Any, *columns: Any) -> Counter[Any]:
                rows = session.execute(select(*columns).where(table.instance_id == instance_id))
                return Counter(tuple(one) if len(columns) > 1 else one[0] for one in rows)

            task_ids = select(TaskRow.id).where(TaskRow.instance_id == instance_id)
            inboxes = session.execute(
                select(TaskCandidateRow.owner).where(TaskCandidateRow.task_id.in_(task_ids))
            ).all()
            return Books(
                state=row.state,
                revision=row.revision,
                tokens=Counter(one.element_id for one in view.tokens),
                tasks=pairs(TaskRow, TaskRow.element_id, TaskRow.state),
                left=pairs(ActivityRow, ActivityRow.element_id),
                jobs=pairs(JobRow, JobRow.kind, JobRow.state),
                messages=Counter(session.execute(select(MessageRow.state)).scalars()),
                waiting=sum(pairs(SubscriptionRow, SubscriptionRow.task_id).values()),
                inboxes=len(inboxes),
            )


@pytest.fixture
def arena(both_databases: Platform, registry: Registry) -> Iterator[Arena]:
    """Two servers on a fresh database, on SQLite and on PostgreSQL in turn."""
    platform = both_databases
    databases = [Doored(platform.database.url, durable=False, pool_size=4) for _ in range(2)]
    flows = [
        Flow(
            build_platform(platform.settings, clock=platform.clock, database=one),
            registry=registry,
        )
        for one in databases
    ]
    with Track([one.engine for one in databases]).listening() as track:
        yield Arena(*flows, track)
    for one in databases:
        one.close()
    # Locks are taken in one order: nobody ever had to be sent away.
    assert track.deadlocks == 0
