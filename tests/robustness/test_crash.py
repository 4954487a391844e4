"""kill −9 at fifty random points of a server under load: nothing lost, nothing done twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.settings import SOURCE_ROOT
from jiedan.flow.states import JobKind, JobState
from jiedan.flow.tables import (
    ActivityRow,
    InstanceRow,
    JobRow,
    MessageRow,
    NoticeRow,
    SubscriptionRow,
    TaskCandidateRow,
    TaskRow,
)
from tests.installation import (
    Installation,
    first_answer,
    free_port,
    furnish,
    plain_environment,
    start_server,
)
from tests.robustness.load import Load
from tests.robustness.outside import Outside, open_outside

CONTENT = Path(__file__).parent / "content"
SEED = 20260302
TIMED, INSIDE, STARTING = 22, 24, 6
"""Kills at a random time, at a statement or around a commit, and during a start."""
BOUND = 15.0
"""Seconds within which a killed server serves again on a machine that is busy with other tests;
alone it is well under the five seconds that are promised."""
ELEMENTS = {
    "order_came",
    "enter_crash",
    "book_inside",
    "send_outside",
    "wait_a_moment",
    "await_paid",
    "review_crash",
    "order_ended",
}


class Nursery:
    """Starts servers that may kill themselves, and buries them."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process, self.port = process, port

    def start(self, doom: dict[str, Any] | None = None) -> int:
        """A server; its process."""
        return self.run("serve", "--port", str(self.port), doom=doom)

    def run(self, *command: str, doom: dict[str, Any] | None = None) -> int:
        """A command of the product; its process."""
        return int(self._ask({"start": {"command": command, "doom": doom}})["pid"])

    def reap(self, pid: int) -> int:
        """Wait until that server is dead; the signal that killed it."""
        return os.WTERMSIG(self._ask({"reap": pid})["status"])

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def nursery(place: Installation, outside: str, log: Path, **more: str) -> Iterator[Nursery]:
    with log.open("w") as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.robustness.nursery"],
            cwd=SOURCE_ROOT,
            env={**plain_environment(), **place.environment(), "OUTSIDE": outside, **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
    try:
        yield Nursery(process, free_port())
    finally:
        process.communicate(timeout=30)


def dooms(chance: random.Random) -> list[dict[str, Any] | None]:
    """Where each server dies; None is at a random time from outside."""
    inside: list[dict[str, Any] | None] = []
    for number in range(INSIDE):
        at, most = (("statement", 250), ("commit", 25), ("committed", 25))[number % 3]
        inside.append({"from": "ready", "at": at, "number": chance.randint(1, most)})
    starting = [
        {"from": "start", "at": "statement", "number": chance.randint(1, 25)}
        for _ in range(STARTING)
    ]
    chosen = [*inside, *starting, *[None] * TIMED]
    chance.shuffle(chosen)
    return chosen


@pytest.mark.req("S5.4.4")
def test_a_server_killed_fifty_times_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    # The handlers that the diagram names are known to the nursery only.
    place = furnish(tmp_path, content=CONTENT / "crash", people={"teller": "FO"}, deployed=False)
    chance = random.Random(SEED)
    signals: list[int] = []
    recoveries: list[float] = []
    planned = dooms(chance)

    with (
        open_outside() as (outside, address),
        nursery(place, address, tmp_path / "complaints.log") as nest,
    ):
        load = Load(nest.port, clerk=place.token, teller=place.tokens["teller"], seed=SEED)
        load.begin()
        for doom in planned:
            began = time.monotonic()
            pid = nest.start(doom)
            if doom is None:
                recoveries.append(first_answer(nest.port, began))
                time.sleep(chance.random() * 0.4)
                os.kill(pid, signal.SIGKILL)
            signals.append(nest.reap(pid))
        load.start_no_more()
        pid = nest.start()
        until = time.monotonic() + 60
        while load.open_orders and time.monotonic() < until and not load.noted.surprises:
            time.sleep(0.02)
        load.end()
        os.kill(pid, signal.SIGTERM)
        nest.reap(pid)

    noted = load.noted
    print(
        f"{len(signals)} kills, {len(noted.started)} orders, {len(noted.completed)} completions, "
        f"{noted.interrupted} calls cut off, {len(outside.calls)} outside calls, "
        f"slowest of {len(recoveries)} recoveries {max(recoveries):.2f} s"
    )
    assert noted.surprises == []
    assert len(signals) >= 50
    assert set(signals) == {signal.SIGKILL}
    assert max(recoveries) < BOUND
    # The kills fell into work under way, and much was done between them.
    assert noted.interrupted >= 20
    assert len(noted.completed) >= 50
    check_the_books(place, load, outside)


def check_the_books(place: Installation, load: Load, outside: Outside) -> None:
    """Hold the database and the outside to what was acknowledged."""
    noted = load.noted
    with place.flow() as flow, flow.platform.read() as session:
        instances = dict(pairs(session, InstanceRow.id, InstanceRow.state))
        left = Counter(pairs(session, ActivityRow.instance_id, ActivityRow.element_id))
        completed = dict(pairs(session, TaskRow.id, TaskRow.state))
        booked = Counter(session.scalars(select(NoticeRow.msgid).where(NoticeRow.kind == "booked")))
        messages = Counter(pairs(session, MessageRow.key, MessageRow.state))
        jobs = Counter(session.scalars(select(JobRow.state).where(JobRow.kind != JobKind.PERIODIC)))
        rests = [
            session.scalars(select(table)).all() for table in (SubscriptionRow, TaskCandidateRow)
        ]
        verified = audit.verify(session)
    # Every acknowledged start is there, once, and nothing that nobody asked for.
    assert {str(one) for one in instances} == set(noted.started.values())
    assert set(instances.values()) == {"completed"}
    # Every element was left once by each: timers fired once, messages were taken once.
    assert set(left) == {(one, element) for one in instances for element in ELEMENTS}
    assert set(left.values()) == {1}
    # Every acknowledged completion stands.
    assert {str(one) for one in completed} == set(noted.completed)
    assert set(completed.values()) == {"completed"}
    # The handler inside the step left its row once.
    assert booked == Counter(dict.fromkeys(noted.started, 1))
    # The outside was told of every order, again only under the same key.
    keys = dict(outside.calls)
    assert set(keys) == set(noted.started)
    assert len(set(outside.calls)) == len(keys) == len(set(keys.values()))
    assert messages == Counter({(f"paid-{order}", "delivered"): 1 for order in noted.started})
    # Nothing is left over.
    assert set(jobs) <= {JobState.DONE}
    assert rests == [[], []]
    assert verified.ok


def pairs(session: Session, *columns: Any) -> list[tuple[Any, ...]]:
    """Whole columns side by side."""
    return [tuple(row) for row in session.execute(select(*columns))]


def test_a_killed_server_serves_again_from_its_command(tmp_path: Path) -> None:
    place = furnish(tmp_path, content=CONTENT / "hands")
    port = free_port()
    first = start_server(port, place.environment())
    first.kill()
    first.communicate()

    began = time.monotonic()
    second = start_server(port, place.environment())
    recovered = first_answer(port, began)
    second.kill()
    second.communicate()

    print(f"from the command to the first answer: {recovered:.2f} s")
    assert recovered < BOUND
