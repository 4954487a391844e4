"""Owns dispatching on one machine: APScheduler sleeps until something is due, a pool works it.

There is one alarm, set to the earliest due time in the database. A commit that makes something
due earlier sets it earlier; nothing is asked per instance. Any number of processes may run a
dispatcher on one database: who works a job is decided by the database, and on PostgreSQL each
hears at once what the others make due, and that one of them is gone.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor as SchedulerThreads
from apscheduler.schedulers.background import BackgroundScheduler

from jiedan.core.clock import MovableClock, SystemClock
from jiedan.core.logs import get_logger
from jiedan.dispatch.postgres import LOOK_AT_LEAST_EVERY, Ear, Notifying
from jiedan.dispatch.workers import is_gone, worker_name
from jiedan.flow.jobs import ClaimedJob, claim_jobs, next_due, release_abandoned
from jiedan.flow.periodic import plan_periodic
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_job
from jiedan.flow.sla import climb_ladder

log = get_logger(__name__)

LOOK_FOR_THE_DEAD_EVERY = timedelta(seconds=2)
LOOK_AGAIN = timedelta(milliseconds=50)
"""When what is due could not be taken, because somebody holds its row for a moment."""
LOOK_WHEN_FULL = timedelta(milliseconds=500)
"""For deadlines only: who finishes a job looks for the next one."""
LOOK_AT_CLOCK_EVERY = 1.0
"""Seconds between looks at a clock that can be moved."""
AFTER_A_FAILURE = timedelta(seconds=5)

_ALARM, _CLOCK = "alarm", "clock"


class Dispatcher:
    """Works jobs, timers and deadlines of one Flow at their due time."""

    patience: timedelta | None = None
    """How long the first try of a handler is left to a queue, if there is one."""

    def __init__(self, flow: Flow, *, threads: int = 4) -> None:
        self.flow = flow
        self.worker = worker_name()
        self._threads = threads
        self._machine = SystemClock()
        self._lock = threading.Lock()
        self._alarm_at: datetime | None = None
        self._busy = 0
        self._stopping = False
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="worker")
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": SchedulerThreads(1)},
            # Its one thread takes alarms in turn; one that rings during another must not be lost.
            job_defaults={"coalesce": True, "max_instances": 3, "misfire_grace_time": None},
        )
        self._clock_seen = flow.platform.clock.now() - self._machine.now()
        self._dead_seen = self._machine.now()
        database, channel = flow.platform.database, flow.channel
        self._ear: Ear | None = None
        if not database.is_sqlite:
            mine = channel.name if isinstance(channel, Notifying) else ""
            self._ear = Ear(database, worker=self.worker, ignore=mine, hear=self._hear)

    def start(self) -> None:
        """Take over what a dead process left, catch up on what is due, and go on from there."""
        if self._ear:
            self._ear.start()
        self._release_abandoned()
        self.flow.wake = self.wake
        self._scheduler.start()
        plan_periodic(self.flow)
        if isinstance(self.flow.platform.clock, MovableClock):
            self._scheduler.add_job(
                self._look_at_clock, "interval", seconds=LOOK_AT_CLOCK_EVERY, id=_CLOCK
            )
        self._set_alarm(self._machine.now())

    def stop(self) -> None:
        """Finish what is being worked on and rest."""
        self._stopping = True
        self.flow.wake = lambda due_at: None
        self._scheduler.shutdown(wait=True)
        self._pool.shutdown(wait=True)
        if self._ear:
            self._ear.stop()

    def wake(self, due_at: datetime) -> None:
        """Something will be due at `due_at` by the platform's clock."""
        now = self._machine.now()
        # An alarm that was to ring in the past rings as soon as it can, and needs no second one.
        rings_at = max(now, now + (due_at - self.flow.platform.clock.now()))
        with self._lock:
            if self._alarm_at is not None and self._alarm_at <= rings_at:
                return
        self._set_alarm(rings_at)

    def _hear(self, due_at: datetime | None) -> None:
        """Another process said something, or may have done so."""
        if due_at is None:
            self._set_alarm(self._machine.now())
        else:
            self.wake(due_at)

    def _set_alarm(self, rings_at: datetime) -> None:
        if self._stopping:
            return
        with self._lock:
            self._alarm_at = rings_at
        self._scheduler.add_job(
            self._ring, "date", run_date=rings_at, id=_ALARM, replace_existing=True
        )

    def _ring(self) -> None:
        with self._lock:
            self._alarm_at = None
        try:
            self._look_for_the_dead()
            self._work_what_is_due()
            self._plan()
        except Exception:
            # A database that is away for a moment must not end the dispatcher.
            log.exception("the dispatcher could not look")
            self._set_alarm(self._machine.now() + AFTER_A_FAILURE)

    def _work_what_is_due(self) -> None:
        while climb_ladder(self.flow) and not self._stopping:
            pass
        while not self._stopping:
            with self._lock:
                free = self._threads - self._busy
            if free <= 0:
                # Whoever finishes first rings again.
                return
            jobs = claim_jobs(self.flow, worker=self.worker, limit=free, patience=self.patience)
            if not jobs:
                return
            self._take(jobs)
            for job in jobs:
                self._pool.submit(self._run, job)

    def _take(self, jobs: list[ClaimedJob]) -> None:
        with self._lock:
            self._busy += len(jobs)

    def _run(self, job: ClaimedJob) -> None:
        try:
            run_job(self.flow, job=job)
        except Exception:
            # The lease ends and somebody tries again.
            log.exception("a job could not be worked", job=str(job.id), kind=job.kind)
        finally:
            with self._lock:
                was_full = self._busy >= self._threads
                self._busy -= 1
            if was_full:
                self.wake(self.flow.platform.clock.now())

    def _plan(self) -> None:
        """Set the alarm to what is due next."""
        now = self._machine.now()
        due = next_due(self.flow, patience=self.patience)
        # Another process may make something due without waking this one.
        moments = [now + LOOK_AT_LEAST_EVERY]
        if due.due_at is not None:
            moments.append(now + (due.due_at - self.flow.platform.clock.now()))
        if due.lease_until is not None:
            moments += [due.lease_until, self._dead_seen + LOOK_FOR_THE_DEAD_EVERY]
        with self._lock:
            full = self._busy >= self._threads
            already = self._alarm_at
        rings_at = max(min(moments), now + (LOOK_WHEN_FULL if full else LOOK_AGAIN))
        if already is None or rings_at < already:
            self._set_alarm(rings_at)

    def _look_for_the_dead(self) -> None:
        now = self._machine.now()
        if now - self._dead_seen >= LOOK_FOR_THE_DEAD_EVERY:
            self._dead_seen = now
            self._release_abandoned()

    def _release_abandoned(self) -> None:
        release_abandoned(self.flow, is_gone=self._is_gone)

    def _is_gone(self, worker: str) -> bool:
        # A lock in the database is surer than the number of a process, and known everywhere.
        return self._ear.is_gone(worker) if self._ear else is_gone(worker, me=self.worker)

    def _look_at_clock(self) -> None:
        """When somebody moved the clock, what was far away may be due."""
        ahead = self.flow.platform.clock.now() - self._machine.now()
        moved = abs(ahead - self._clock_seen) > timedelta(seconds=LOOK_AT_CLOCK_EVERY * 3)
        self._clock_seen = ahead
        if moved:
            self._set_alarm(self._machine.now())
