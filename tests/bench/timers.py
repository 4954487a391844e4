"""Timers: how late they ring, and how fast very many that are due at once are worked off."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, insert, select

from app import create_dispatcher
from jiedan.core.ids import new_id
from jiedan.flow.engine.formats import decode, encode
from jiedan.flow.instances import start_instance
from jiedan.flow.platform import Flow
from jiedan.flow.tables import InstanceRow, JobRow, StateRow, TaskRow, table_of
from tests.bench.rows import Row, at_least, at_most
from tests.installation import CLERK, Installation

WAITS = timedelta(seconds=2)
"""What the diagram says."""
_ID = re.compile(rb"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
_instances, _states = table_of(InstanceRow), table_of(StateRow)
_jobs, _tasks = table_of(JobRow), table_of(TaskRow)


def measure_lateness(place: Installation, *, timers: int = 400) -> list[Row]:
    """From the moment a timer was due to the task behind it, with a dispatcher on duty."""
    with place.flow() as flow:
        dispatcher = create_dispatcher(flow)
        dispatcher.start()
        for _ in range(timers):
            start_instance(flow, actor=CLERK, process_id="bench_timer")
        _wait_for_tasks(flow, timers)
        dispatcher.stop()
        with flow.platform.read() as session:
            rows = session.execute(
                select(_instances.c.started_at, _tasks.c.created_at)
                .join(_tasks, _tasks.c.instance_id == _instances.c.id)
                .where(_instances.c.process_id == "bench_timer")
            ).all()
    late = [(row.created_at - row.started_at - WAITS).total_seconds() for row in rows]
    note = f"{timers} timers; p50 {statistics.median(late) * 1000:.0f} ms"
    p99 = statistics.quantiles(late, n=100)[98]
    return [at_most("timer lateness, p99", p99, 1.0, unit="s", note=note)]


def measure_drain(
    place: Installation, *, timers: int = 100_000, seconds: float = 20.0
) -> list[Row]:
    """How many of so many due timers a dispatcher works off in a second."""
    with place.flow() as flow:
        _fill(flow, timers)
        dispatcher = create_dispatcher(flow)
        began = time.perf_counter()
        dispatcher.start()
        while time.perf_counter() - began < seconds and _left(flow):
            time.sleep(0.5)
        dispatcher.stop()
        spent, done = time.perf_counter() - began, timers - _left(flow)
    note = f"{done:,} in {spent:.0f} s, most not in memory; at this rate all in "
    note += f"{timers * spent / max(done, 1):.0f} s"
    name = f"timers worked off per second, {timers:,} due at once"
    return [at_least(name, done / spent, 300, unit="/s", note=note)]


def _fill(flow: Flow, timers: int) -> None:
    """So many instances that wait for a timer which is due: copies of one with other ids."""
    started = start_instance(flow, actor=CLERK, process_id="bench_timer")
    # Until the timer is due; a copy of what is not due yet would have to be waited for as well.
    time.sleep(WAITS.total_seconds())
    with flow.platform.read() as session:
        one = started.instance_id
        instance = _row(session, _instances, _instances.c.id == one)
        job = _row(session, _jobs, _jobs.c.instance_id == one)
        state = _row(session, _states, _states.c.instance_id == one)
    text = _as_text(state["content"])
    for start in range(1, timers, 5_000):
        many = [_copy(one, instance, job, text) for _ in range(start, min(start + 5_000, timers))]
        with flow.platform.database.writing() as session:
            for place, table in enumerate((_instances, _states, _jobs)):
                session.execute(insert(table), [rows[place] for rows in many])
            session.commit()


def _as_text(content: bytes) -> bytes:
    """A stored state as JSON text."""
    return orjson.dumps(decode(content))


def _copy(
    one: UUID, instance: dict[str, Any], job: dict[str, Any], text: bytes
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The rows of one more instance like it."""
    fresh: dict[UUID, UUID] = {one: new_id()}

    def renamed(found: re.Match[bytes]) -> bytes:
        old = found[0].decode()
        new = fresh.setdefault(UUID(old), new_id())
        return (str(new) if "-" in old else new.hex).encode()

    document = orjson.loads(_ID.sub(renamed, text))
    timer = fresh.setdefault(job["task_id"], new_id())
    return (
        instance | {"id": fresh[one]},
        {"instance_id": fresh[one], "finished": False, "content": encode(document)},
        job | {"id": timer, "task_id": timer, "instance_id": fresh[one]},
    )


def _row(session: Any, table: Any, where: Any) -> dict[str, Any]:
    return dict(session.execute(select(table).where(where)).one()._mapping)


def _left(flow: Flow) -> int:
    with flow.platform.read() as session:
        return int(session.execute(select(func.count()).select_from(_jobs)).scalar_one())


def _wait_for_tasks(flow: Flow, wanted: int, *, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with flow.platform.read() as session:
            found = session.execute(select(func.count()).select_from(_tasks)).scalar_one()
        if found >= wanted:
            return
        time.sleep(0.1)
    raise RuntimeError("the timers did not ring")
