"""Several people at one instance at the same moment, and a server that is killed at work."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from jiedan.flow.tables import ActivityRow, TaskRow
from tests.bench.over_http import BODY
from tests.bench.rows import Row, at_most
from tests.installation import Client, Installation, end, first_answer, free_port, start_server

Answered = tuple[float, int, Any]
"""Seconds, status, content."""


def measure_four(place: Installation, *, on: str, rounds: int = 25) -> list[Row]:
    """Four people complete the four parallel tasks of one instance at once, again and again."""
    answers: list[Answered] = []
    with place.server() as port:
        clients = [Client(port, token) for token in list(place.tokens.values())[:4]]
        for number in range(rounds + 3):
            started = clients[0].post("/processes/bench_four/instances", {})
            tasks = [task["id"] for task in started["next_tasks"]]
            found = _at_once(
                [_completing(client, task) for client, task in zip(clients, tasks, strict=True)]
            )
            # The first rounds fill the server's caches.
            answers += found if number >= 3 else []
        for client in clients:
            client.close()
    failed = sum(status >= 300 for _, status, _ in answers)
    slowest = max(seconds for seconds, _, _ in answers)
    name = f"4 people on 4 parallel tasks of one instance, slowest, {on}"
    return [at_most(name, slowest, 0.2, unit="s", note=f"{rounds} rounds, {failed} failed")]


def measure_fifty(place: Installation, *, on: str) -> list[Row]:
    """Fifty people complete one task at once: one does, the others are told so."""
    with place.server() as port:
        clients = [Client(port, token) for token in place.tokens.values()][:50]
        for client in clients:
            client.send("GET", "/tasks")
        task = clients[0].post("/processes/bench_order/instances", {})["next_tasks"][0]["id"]
        answers = _at_once([_completing(client, task) for client in clients])
        winners = [content for _, status, content in answers if status < 300]
        told = sum(status == 409 for _, status, _ in answers)
        following = winners[0]["next_tasks"][0]["id"]
        unharmed = clients[0].send("POST", f"/tasks/{following}/completion", BODY)[0] < 300
        for client in clients:
            client.close()
    slowest = max(seconds for seconds, _, _ in answers)
    people = len(clients)
    ok = len(winners) == 1 and told == people - 1 and unharmed
    return [
        Row(
            f"{people} people complete one task at once: winners, {on}",
            len(winners),
            "",
            target=f"1, {people - 1} told so, instance unharmed",
            met=ok,
            note=f"{told} told so; the slowest answer after {slowest:.2f} s",
        )
    ]


def measure_kill(place: Installation, *, kills: int = 3) -> list[Row]:
    """The server is killed at work and started again: what was lost or doubled, how long it took.

    The robustness tests kill at every point and many times; this is the time it takes.
    """
    acknowledged: set[str] = set()
    took: list[float] = []
    for _ in range(kills):
        port = free_port()
        process = start_server(port, place.environment())
        stopping = threading.Event()
        worker = threading.Thread(
            target=_work_until_killed, args=(place, port, stopping, acknowledged)
        )
        worker.start()
        time.sleep(1.0)
        os.kill(process.pid, signal.SIGKILL)
        killed = time.monotonic()
        stopping.set()
        worker.join()
        process.wait()
        if process.stdout:
            process.stdout.close()
        again = free_port()
        process = start_server(again, place.environment())
        first_answer(again, killed)
        client = Client(again, place.token)
        task = client.post("/processes/bench_order/instances", {})["next_tasks"][0]["id"]
        client.post(f"/tasks/{task}/completion", BODY)
        took.append(time.monotonic() - killed)
        client.close()
        end(process)
    lost, doubled = _look(place, acknowledged)
    note = f"{kills} kills, {len(acknowledged)} completions acknowledged before"
    return [
        at_most("kill -9 while working: lost", lost, 0, unit="", note=note),
        at_most("kill -9 while working: doubled", doubled, 0, unit=""),
        at_most("kill -9 while working: to the next completion", max(took), 5.0, unit="s"),
    ]


def _work_until_killed(
    place: Installation, port: int, stopping: threading.Event, acknowledged: set[str]
) -> None:
    client = Client(port, place.token)
    try:
        while not stopping.is_set():
            task = client.post("/processes/bench_order/instances", {})["next_tasks"][0]["id"]
            while task:
                following = client.post(f"/tasks/{task}/completion", BODY)["next_tasks"]
                acknowledged.add(task)
                task = following[0]["id"] if following else None
    except (OSError, RuntimeError):
        # It was killed.
        return
    finally:
        client.close()


def _look(place: Installation, acknowledged: set[str]) -> tuple[int, int]:
    """How many acknowledged completions are gone, how many tasks were completed twice."""
    with place.flow() as flow, flow.platform.read() as session:
        completed = {
            str(one)
            for one in session.scalars(select(TaskRow.id).where(TaskRow.state == "completed"))
        }
        twice = session.execute(
            select(ActivityRow.task_id)
            .where(ActivityRow.kind == "userTask")
            .group_by(ActivityRow.task_id)
            .having(func.count() > 1)
        ).all()
    return len(acknowledged - completed), len(twice)


def _completing(client: Client, task: str) -> Callable[[], Answered]:
    def complete() -> Answered:
        began = time.perf_counter()
        status, content = client.send("POST", f"/tasks/{task}/completion", BODY)
        return time.perf_counter() - began, status, content

    return complete


def _at_once(calls: list[Callable[[], Answered]]) -> list[Answered]:
    barrier = threading.Barrier(len(calls))
    answers: list[Answered] = []

    def call(one: Callable[[], Answered]) -> None:
        barrier.wait()
        answers.append(one())

    threads = [threading.Thread(target=call, args=(one,)) for one in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
