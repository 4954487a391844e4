"""The service layer measured in one process on a durable SQLite file."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event

from app import create_app, create_dispatcher
from jiedan.flow.platform import Flow
from tests.bench.limits import ORDER, completions_in_memory
from tests.bench.rows import Row, at_most, just, share_of
from tests.bench.steps import Loop, complete, finish_order, start
from tests.installation import Installation


def measure_service(place: Installation, *, commits: float) -> list[Row]:
    """Rates of completions beside the limits, with an order of eight lines and without data."""
    rows: list[Row] = []
    with place.flow() as flow:
        for what, variables in (("an order of 8 lines", ORDER), ("no data", None)):
            in_memory = completions_in_memory(variables=variables)
            rate, by_cpu, median, with_starts = _rates(flow, variables)
            rows += [
                just(f"limit: the library in memory, {what}", in_memory.by_clock, unit="/s"),
                share_of(
                    f"completions/s, service layer, one process, durable, {what}",
                    rate,
                    in_memory.by_clock,
                    0.4 if variables else None,
                    unit="/s",
                ),
                Row(
                    f"the same in a second of the process's own work, {what}",
                    by_cpu,
                    "/s",
                    in_memory.by_cpu,
                    by_cpu / in_memory.by_cpu,
                    note="does not depend on what else the machine does",
                ),
                Row(
                    "the same (limit: durable commits of SQLite alone)",
                    rate,
                    "/s",
                    commits,
                    rate / commits,
                ),
                just(
                    f"completion, service layer, p50, {what}",
                    median * 1000,
                    unit="ms",
                    note=f"{with_starts:.0f}/s with the starts of the orders counted in",
                ),
            ]
    return rows


def _rates(flow: Flow, variables: Mapping[str, Any] | None) -> tuple[float, float, float, float]:
    """Per second of completing; per second of CPU; the median; per second of everything."""
    for _ in range(30):
        finish_order(flow, variables=variables)
    done, began = 0, time.perf_counter()
    taken: list[float] = []
    while time.perf_counter() - began < 5.0:
        done += finish_order(flow, taken.append, variables)
    whole = time.perf_counter() - began
    by_cpu = _rate_by_cpu(flow, variables)
    return done / sum(taken), by_cpu, statistics.median(taken), done / whole


def _rate_by_cpu(flow: Flow, variables: Mapping[str, Any] | None, orders: int = 150) -> float:
    tasks: list[UUID | None] = [start(flow, "bench_order", variables) for _ in range(orders)]
    done, spent = 0, time.process_time()
    while tasks := [task for task in tasks if task is not None]:
        done += len(tasks)
        tasks = [complete(flow, task) for task in tasks if task is not None]
    return done / (time.process_time() - spent)


def measure_statements(place: Installation, *, on: str) -> list[Row]:
    """SQL statements and commits of a completion over the API, the caller's token included."""
    platform = place.platform()
    client = create_app(platform=platform).test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {place.token}"}

    def post(path: str, body: Any) -> Any:
        answer = client.post(f"/api/v1{path}", json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.get_json()

    counts: list[tuple[int, int]] = []
    for order in range(12):
        task = post("/processes/bench_order/instances", {})["next_tasks"][0]["id"]
        while task:
            with _counting() as seen:
                body = {"version": 1, "outcome": "done", "variables": {"quantity": 7}}
                following = post(f"/tasks/{task}/completion", body)["next_tasks"]
            task = following[0]["id"] if following else None
            if order >= 2:
                counts.append((len(seen["statements"]), seen["commits"]))
    platform.close()
    return [
        at_most(
            f"SQL statements per completion over HTTP, {on} (mean)",
            statistics.mean(one[0] for one in counts),
            12,
            unit="",
            note=f"at most {max(one[0] for one in counts)}",
        ),
        at_most(f"commits per completion, {on}", max(one[1] for one in counts), 1, unit=""),
    ]


def measure_growth(place: Installation) -> list[Row]:
    """A completion of an instance that executed few, many and very many tasks.

    Old and new take turns, so that what else the machine does meets both alike.
    """
    rows = []
    with place.flow() as flow:
        old = Loop(flow)
        medians: dict[int, float] = {}
        ratios: dict[int, float] = {}
        for executed in (10, 1_000, 10_000):
            old.go_to(executed)
            aged, fresh = _in_turns(flow, old)
            medians[executed], ratios[executed] = aged, aged / fresh
            rows.append(
                just(f"completion after {executed:,} executed tasks, p50", aged * 1000, unit="ms")
            )
        rows.append(at_most("the same after 1,000 ÷ after 10", ratios[1_000], 1.1, unit="×"))
        rows.append(at_most("the same after 10,000 ÷ after 10", ratios[10_000], 1.1, unit="×"))
    return rows


def _in_turns(flow: Flow, old: Loop) -> tuple[float, float]:
    """The median seconds of the old loop and of young ones, taken alternately."""
    aged: list[float] = []
    fresh: list[float] = []
    for _ in range(12):
        young = Loop(flow)
        young.go_to(10)
        for _ in range(10):
            aged.append(old.turn())
            fresh.append(young.turn())
    return statistics.median(aged), statistics.median(fresh)


def measure_idle(
    place: Installation, *, on: str, instances: int = 800, seconds: float = 11.0
) -> list[Row]:
    """What open instances cost while nothing is due, with a dispatcher on duty."""
    with place.flow() as flow:
        before = _on_duty(flow, seconds)
        for _ in range(instances):
            complete(flow, start(flow, "bench_order"))
        after = _on_duty(flow, seconds)
    per_two_minutes = 120 / seconds / instances
    statements = max(0.0, (after[0] - before[0]) * per_two_minutes)
    cpu = max(0.0, (after[1] - before[1]) * per_two_minutes)
    return [
        at_most(
            f"SQL statements of an idle open instance in 120 s, {on}",
            round(statements, 2),
            0,
            unit="",
            note=f"{instances} of them; the dispatcher alone: {before[0]} in {seconds:.0f} s",
        ),
        just(f"CPU of an idle open instance in 120 s, {on}", cpu * 1_000_000, unit="µs"),
    ]


def _on_duty(flow: Flow, seconds: float) -> tuple[int, float]:
    """Statements and CPU seconds of a dispatcher that has nothing to do."""
    dispatcher = create_dispatcher(flow)
    dispatcher.start()
    time.sleep(1.0)
    with _counting() as seen:
        began = sum(os.times()[:2])
        time.sleep(seconds)
        spent = sum(os.times()[:2]) - began
    dispatcher.stop()
    return len(seen["statements"]), spent


def measure_bytes(place: Installation, *, orders: int = 300) -> list[Row]:
    """What the database grows by for each finished order of three tasks."""
    path = Path(place.database.removeprefix("sqlite:///"))
    with place.flow() as flow:
        for _ in range(100):
            finish_order(flow)
        before = _size(flow, path)
        for _ in range(orders):
            finish_order(flow)
        after = _size(flow, path)
    each = (after - before) / orders
    return [at_most("database bytes per finished 3-task order", each, 6 * 1024, unit="B")]


def _size(flow: Flow, path: Path) -> int:
    with flow.platform.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


@contextmanager
def _counting() -> Iterator[dict[str, Any]]:
    """Statements and writing commits of this process while the block runs."""
    seen: dict[str, Any] = {"statements": [], "commits": 0}

    def statement(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        seen["statements"].append(text)

    def commit(connection: Any) -> None:
        seen["commits"] += 1

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)
