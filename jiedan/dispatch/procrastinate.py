"""Owns dispatching on many machines: a queue in PostgreSQL that tells the next free worker.

A step that makes a handler's job due puts its id into Procrastinate's queue, in its own
transaction; some worker of some machine has it a moment after the commit. Our row stays the
truth: who takes an id from the queue claims the row, and an id whose row is done, cancelled or
held by another means nothing. Timers, deadlines and later tries are not queued: the alarm of
every dispatcher rings for them, and the database decides who fires. The alarms also take what
the queue has not got to for a while, so that nothing depends on the queue but speed.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import procrastinate
import structlog
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

from jiedan.core.clock import SystemClock
from jiedan.core.database import Database, dump_json
from jiedan.core.work import Work
from jiedan.dispatch.local import Dispatcher
from jiedan.dispatch.postgres import Notifying, conninfo
from jiedan.flow.jobs import claim_jobs
from jiedan.flow.platform import DueJob, Flow

log = structlog.get_logger(__name__)

QUEUE = "jiedan"
TASK = "jiedan.work"
PATIENCE = timedelta(seconds=5)
"""How long a job may lie in the queue before an alarm takes it."""
HEARTBEAT = 3.0
DEAD_AFTER = 12.0
"""Seconds without a heartbeat after which what a worker had in hand is taken off the queue."""
TIDY_EVERY = timedelta(seconds=10)
AFTER_A_FAILURE = 1.0

_DEFER = text(
    """
    SELECT procrastinate_defer_jobs_v1(array_agg(
        ROW(:queue, :task, 0, one->>'lock', NULL, jsonb_build_object('job_id', one->>'id'), NULL)
        ::procrastinate_job_to_defer_v1))
    FROM jsonb_array_elements(CAST(:jobs AS jsonb)) AS one
    """
)
_LET_GO = text(
    """
    DELETE FROM procrastinate_jobs AS job
    WHERE job.status = 'doing' AND job.queue_name = :queue AND NOT EXISTS (
        SELECT FROM procrastinate_workers AS worker WHERE worker.id = job.worker_id
        AND worker.last_heartbeat > now() - make_interval(secs => :dead_after))
    """
)
_VERSION = text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')")
_SAY_VERSION = "COMMENT ON TABLE procrastinate_jobs IS 'procrastinate {}'"
_LOCK = 7_203_955_002


class Queue(Notifying):
    """Puts jobs into the queue in the transaction that makes them due."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        prepare_queue(database)

    def tell(self, work: Work, due_at: datetime, jobs: Sequence[DueJob]) -> None:
        """Also to the alarms of the other processes, who wait for timers and deadlines."""
        super().tell(work, due_at, jobs)
        if jobs:
            rows = [{"id": job.id, "lock": job.instance_id or job.id} for job in jobs]
            work.session.execute(_DEFER, {"queue": QUEUE, "task": TASK, "jobs": dump_json(rows)})


class QueueDispatcher(Dispatcher):
    """Works what comes through the queue, and what is due, beside any number of others."""

    patience = PATIENCE

    def __init__(self, flow: Flow, *, threads: int = 4) -> None:
        super().__init__(flow, threads=threads)
        self._tidied = SystemClock().now()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: asyncio.Task[None] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="queue", daemon=True)

    def start(self) -> None:
        """Begin to take jobs, from the queue and by the clock."""
        super().start()
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more and finish what is being worked on."""
        self._ended.set()
        loop, listener = self._loop, self._listener
        if loop and listener and self._thread.is_alive():
            loop.call_soon_threadsafe(listener.cancel)
        self._thread.join()
        super().stop()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                asyncio.run(self._listen())
            except Exception:
                # The database is away for a moment; the alarms go on trying as well.
                log.exception("the queue was lost")
            self._ended.wait(AFTER_A_FAILURE)

    async def _listen(self) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo(self.flow.platform.database), min_size=2, max_size=4
        )
        app = procrastinate.App(connector=connector)

        @app.task(name=TASK, queue=QUEUE)
        async def work(job_id: str) -> None:
            running = asyncio.get_running_loop()
            await running.run_in_executor(self._pool, self._work_queued, UUID(job_id))

        async with app.open_async():
            self._loop = asyncio.get_running_loop()
            self._listener = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._threads,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=DEAD_AFTER,
                )
            )
            if not self._ended.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await self._listener

    def _work_queued(self, job_id: UUID) -> None:
        try:
            jobs = claim_jobs(self.flow, worker=self.worker, limit=1, only=job_id)
        except Exception:
            # The row is still due, and an alarm rings for it.
            log.exception("a job could not be claimed", job=str(job_id))
            return
        self._take(jobs)
        for job in jobs:
            self._run(job)

    def _look_for_the_dead(self) -> None:
        super()._look_for_the_dead()
        now = self._machine.now()
        if now - self._tidied >= TIDY_EVERY:
            self._tidied = now
            tidy_queue(self.flow.platform.database)


def tidy_queue(database: Database) -> int:
    """Take off the queue what dead workers had in hand: it would block its instance for good."""
    with database.writing() as session:
        gone = session.execute(_LET_GO, {"queue": QUEUE, "dead_after": DEAD_AFTER})
        session.commit()
    return int(gone.rowcount)  # type: ignore[attr-defined]


def prepare_queue(database: Database) -> None:
    """Make the queue's tables, or bring them to the version of the library; once at a start."""
    wanted = importlib.metadata.version("procrastinate")
    with database.reading() as session:
        if session.execute(_VERSION).scalar() == f"procrastinate {wanted}":
            return
    with _alone(database), database.engine.begin() as connection:
        present = connection.execute(_VERSION).scalar()
        exists = connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar()
        if not exists:
            _run(connection, SchemaManager.get_schema())
        elif present != f"procrastinate {wanted}":
            _upgrade(connection, present=(present or "").removeprefix("procrastinate "))
        _run(connection, _SAY_VERSION.format(wanted))


@contextlib.contextmanager
def _alone(database: Database) -> Iterator[None]:
    """While no other process prepares the queue.

    The wait is over before the transaction begins, so that it sees what the other one made.
    """
    with database.engine.connect() as plain:
        gate = plain.execution_options(isolation_level="AUTOCOMMIT")
        gate.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
        try:
            yield
        finally:
            gate.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))


def _upgrade(connection: Connection, *, present: str) -> None:
    folder = Path(SchemaManager.get_migrations_path())
    for path in sorted(folder.glob("*.sql")):
        if _numbers(path.name.partition("_")[0]) > _numbers(present):
            _run(connection, path.read_text("utf-8"))


def _run(connection: Connection, script: str) -> None:
    """Several statements as they stand; percent signs mean nothing."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(script)
    finally:
        cursor.close()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
