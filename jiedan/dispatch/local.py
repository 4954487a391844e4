"""Owns dispatching on one machine: APScheduler sleeps until something is due, a pool works it.

There is one alarm, set to the earliest due time in the database. A commit that makes something
due earlier sets it earlier; nothing is asked per instance. Any number of processes may run a
dispatcher on one database: who works a job is decided by the database.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as SchedulerThreads
from apscheduler.schedulers.background import BackgroundScheduler

from jiedan.core.clock import MovableClock, SystemClock
from jiedan.dispatch.workers import is_gone, worker_name
from jiedan.flow.jobs import ClaimedJob, claim_jobs, next_due, release_abandoned
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_job
from jiedan.flow.sla import climb_ladder

log = structlog.get_logger(__name__)

LOOK_AT_LEAST_EVERY = timedelta(seconds=5)
"""Another process may make something due without waking this one; the alarm is never later."""
LOOK_AT_CLOCK_EVERY = 1.0
"""Seconds between looks at a clock that can be moved."""
AFTER_A_FAILURE = timedelta(seconds=5)

_ALARM, _CLOCK = "alarm", "clock"


class Dispatcher:
    """Works jobs, timers and deadlines of one Flow at their due time."""

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

    def start(self) -> None:
        """Take over what a dead process left, catch up on what is due, and go on from there."""
        release_abandoned(self.flow, is_gone=partial(is_gone, me=self.worker))
        self.flow.wake = self.wake
        self._scheduler.start()
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

    def wake(self, due_at: datetime) -> None:
        """Something will be due at `due_at` by the platform's clock."""
        rings_at = self._machine.now() + (due_at - self.flow.platform.clock.now())
        with self._lock:
            if self._alarm_at is not None and self._alarm_at <= rings_at:
                return
        self._set_alarm(rings_at)

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
            jobs = claim_jobs(self.flow, worker=self.worker, limit=free)
            if not jobs:
                return
            with self._lock:
                self._busy += len(jobs)
            for job in jobs:
                self._pool.submit(self._run, job)

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
                self._set_alarm(self._machine.now())

    def _plan(self) -> None:
        """Set the alarm to what is due next."""
        now = self._machine.now()
        due = next_due(self.flow)
        moments = [now + LOOK_AT_LEAST_EVERY]
        if due.due_at is not None:
            moments.append(now + (due.due_at - self.flow.platform.clock.now()))
        if due.lease_until is not None:
            moments.append(due.lease_until)
        with self._lock:
            full = self._busy >= self._threads
            already = self._alarm_at
        rings_at = max(min(moments), now + timedelta(milliseconds=20) if full else now)
        if already is None or rings_at < already:
            self._set_alarm(rings_at)

    def _look_at_clock(self) -> None:
        """When somebody moved the clock, what was far away may be due."""
        ahead = self.flow.platform.clock.now() - self._machine.now()
        moved = abs(ahead - self._clock_seen) > timedelta(seconds=LOOK_AT_CLOCK_EVERY * 3)
        self._clock_seen = ahead
        if moved:
            self._set_alarm(self._machine.now())
