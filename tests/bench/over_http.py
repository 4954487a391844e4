"""A real server process on this machine, measured over its API."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import threading
import time
from pathlib import Path

from jiedan.core.settings import SOURCE_ROOT
from tests.bench.rows import Row, at_least, at_most, just
from tests.installation import (
    Client,
    Installation,
    end,
    first_answer,
    free_port,
    plain_environment,
    start_server,
)

BODY = {"version": 1, "outcome": "done", "variables": {"quantity": 7, "remark": "ok"}}


def measure_latency(place: Installation, *, name: str, target: float, seconds: float) -> list[Row]:
    """Completing one task after the other by one client."""
    with place.server() as port:
        client = Client(port, place.token)
        for _ in range(30):
            _finish_order(client, [])
        taken: list[float] = []
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            _finish_order(client, taken)
        client.close()
    p99 = statistics.quantiles(taken, n=100)[98] * 1000
    p50 = statistics.median(taken) * 1000
    label = f"completing a user task over HTTP, p50, {name}"
    return [at_most(label, p50, target, unit="ms", note=f"p99 {p99:.1f} ms")]


def measure_rate(place: Installation, *, clients: int = 4, seconds: float = 8.0) -> list[Row]:
    """Completions per second with the clients on the same machine."""
    with place.server() as port:
        counts = [0] * clients
        until = time.perf_counter() + seconds + 1.5
        counting_from = until - seconds
        failures: list[Exception] = []

        def work(mine: int) -> None:
            try:
                client = Client(port, place.token)
                while time.perf_counter() < until:
                    done = _finish_order(client, [])
                    if time.perf_counter() > counting_from:
                        counts[mine] += done
                client.close()
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(one,)) for one in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    return [
        at_least(
            "completions/s of one server, the load on the same machine",
            sum(counts) / seconds,
            250,
            unit="/s",
            note=f"{clients} clients, starts of orders not counted",
        )
    ]


def measure_start(folder: Path) -> list[Row]:
    """From the command to the first answer with the product's own content."""
    taken = []
    for _ in range(4):
        port, began = free_port(), time.monotonic()
        process = start_server(port, {"JIEDAN_DATA": str(folder / "plain")})
        taken.append(first_answer(port, began))
        end(process)
    demo = [_make_run(folder / "demo") for _ in range(4)]
    return [
        just(
            "start to first request, nothing there yet",
            taken[0],
            unit="s",
            note="makes the tables and deploys all content",
        ),
        at_most("start to first request", min(taken[1:]), 1.5, unit="s"),
        at_most(
            "make run, second start, to first request",
            min(demo[1:]),
            1.0,
            unit="s",
            note=f"with set-up and demo; the first took {demo[0]:.0f} s with few orders",
        ),
    ]


def _make_run(data: Path) -> float:
    port, began = free_port(), time.monotonic()
    process = subprocess.Popen(
        ["make", "-s", "run"],
        cwd=SOURCE_ROOT,
        env={
            **plain_environment(),
            "PORT": str(port),
            "JIEDAN_DATA": str(data),
            "JIEDAN_DEMO_ORDERS": "3",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return first_answer(port, began, within=300)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _finish_order(client: Client, taken: list[float]) -> int:
    task = client.post("/processes/bench_order/instances", {})["next_tasks"][0]["id"]
    done = 0
    while task:
        began = time.perf_counter()
        following = client.post(f"/tasks/{task}/completion", BODY)["next_tasks"]
        taken.append(time.perf_counter() - began)
        done += 1
        task = following[0]["id"] if following else None
    return done
