"""Two servers and two workers on one PostgreSQL, of which one each is killed at work."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from jiedan.core.database import Database
from tests.installation import Client, first_answer, free_port, furnish
from tests.robustness.books import check_the_books
from tests.robustness.load import Load
from tests.robustness.outside import open_outside
from tests.robustness.test_crash import CONTENT, nursery

SEED = 20260302
PATIENT = 240.0
"""Seconds for a server to start on a machine that is busy with other tests."""
ORDERS_BETWEEN = 12
"""Orders that are started before the first kill, between the two, and after them."""


def wait_for(load: Load, orders: int) -> None:
    until = time.monotonic() + 60
    while len(load.noted.started) < orders and time.monotonic() < until:
        time.sleep(0.02)
    assert load.noted.surprises == []
    assert len(load.noted.started) >= orders


def end_hard(alive: set[int]) -> None:
    """Whatever became of the test, nothing runs on."""
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


def tasks_at(port: int, token: str) -> set[str]:
    client = Client(port, token)
    try:
        status, page = client.send("GET", "/tasks?size=100")
        assert status == 200
        return {task["id"] for task in page["items"]}
    finally:
        client.close()


@pytest.mark.parametrize("dispatch", ["procrastinate", "apscheduler"])
def test_a_server_and_a_worker_are_killed_and_the_others_finish_everything_once(
    tmp_path: Path, postgres: Database, dispatch: str
) -> None:
    address = postgres.url.render_as_string(hide_password=False)
    place = furnish(
        tmp_path, address, content=CONTENT / "crash", people={"teller": "FO"}, deployed=False
    )
    ports = free_port(), free_port()
    log = tmp_path / "complaints.log"
    with (
        open_outside() as (outside, told_at),
        nursery(place, told_at, log, JIEDAN_DISPATCH=dispatch) as nest,
        ExitStack() as left_over,
    ):

        def run(*command: str) -> int:
            pid = nest.run(*command)
            alive.add(pid)
            return pid

        alive: set[int] = set()
        left_over.callback(end_hard, alive)

        # Servers leave all work to the workers, who must hear of it.
        servers = [run("serve", "--no-worker", "--port", str(port)) for port in ports]
        for port in ports:
            first_answer(port, time.monotonic(), within=PATIENT)
        workers = [run("worker"), run("worker")]
        load = Load(*ports, clerk=place.token, teller=place.tokens["teller"], seed=SEED)
        load.begin()
        wait_for(load, ORDERS_BETWEEN)
        os.kill(workers[0], signal.SIGKILL)
        wait_for(load, 2 * ORDERS_BETWEEN)
        os.kill(servers[0], signal.SIGKILL)
        wait_for(load, 3 * ORDERS_BETWEEN)
        servers[0] = run("serve", "--no-worker", "--port", str(ports[0]))
        first_answer(ports[0], time.monotonic(), within=PATIENT)
        load.start_no_more()
        seen = [tasks_at(port, place.token) for port in ports]
        until = time.monotonic() + 60
        while load.open_orders and time.monotonic() < until and not load.noted.surprises:
            time.sleep(0.02)
        load.end()
        for pid in (*servers, workers[1]):
            os.kill(pid, signal.SIGTERM)
            nest.reap(pid)
            alive.discard(pid)

    assert load.noted.surprises == []
    # The load went on meanwhile: what both show overlaps, and neither is blind.
    assert all(seen)
    assert seen[0] & seen[1]
    with place.flow() as flow:
        check_the_books(
            flow,
            started=load.noted.started,
            completed=load.noted.completed.keys(),
            outside=outside,
        )
