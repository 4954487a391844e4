"""The instrument of kills: a process works a mixed load until it dies, the next one goes on.

Each process is a fork that has everything loaded, opens the database anew, takes over what the
dead one held, and works: people start and complete, messages come in, a dispatcher of two threads
works jobs, timers, and a handler that talks to the outside. What it was answered it writes into a
pipe, so that the database can be held to it. Whoever was cut off asks again with the same key.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.core.clock import SystemClock
from jiedan.core.database import Database
from jiedan.core.platform import build_platform
from jiedan.core.schema import migrate
from jiedan.core.settings import Settings
from jiedan.dispatch.local import Dispatcher
from jiedan.flow.definitions import deploy
from jiedan.flow.handlers import REGISTRY
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import start_instance
from jiedan.flow.messages import deliver_message
from jiedan.flow.platform import Flow
from jiedan.flow.tasks import Answer, complete_task
from tests.robustness import crash_handlers  # noqa: F401  registers them
from tests.robustness.doom import Doom

CONTENT = Path(__file__).parent / "content" / "crash"
CLERK = Actor("clerk", "Clerk", frozenset({"OC"}))
ADMIN = Actor("adi", "Adi", frozenset({"AD"}))
MOST_OPEN = 12
GIVE_UP = 60
"""Seconds after which a process that neither dies nor ends is a failure."""


@dataclass
class Told:
    """What was asked, and what of it was answered before the end."""

    asked: dict[str, None] = field(default_factory=dict)
    """`start ORDER`, `pay ORDER`, `do TASK`, in order; without those that were answered."""
    started: dict[str, str] = field(default_factory=dict)
    """Order → instance."""
    paid: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)
    cut_off: int = 0
    """Calls that nobody answered."""

    @property
    def open(self) -> int:
        return len(self.started) - len(self.completed) // 2

    def hear(self, line: str) -> None:
        """One line of a process: `? act`, or `! act answer`."""
        mark, act, what, *answer = line.split(" ")
        asked = f"{act} {what}"
        if mark == "?":
            self.asked[asked] = None
            return
        self.asked.pop(asked, None)
        if act == "start":
            self.started[what] = answer[0]
        elif act == "pay":
            self.paid.add(what)
        else:
            self.completed.add(what)


@dataclass
class Killed:
    """How one process ended."""

    doom: Doom
    up_after: float | None
    """Seconds until it was ready for work; None when it died before."""


class Place:
    """One database that process after process opens."""

    def __init__(self, settings: Settings, url: str, *, durable: bool = False) -> None:
        self.told = Told()
        self.kills: list[Killed] = []
        self._settings, self._url, self._durable = settings, url, durable

    @contextmanager
    def flow(self) -> Iterator[Flow]:
        """Everything anew, as a process that has just started."""
        database = Database(self._url, durable=self._durable)
        platform = build_platform(self._settings, clock=SystemClock(), database=database)
        try:
            yield Flow(platform, registry=REGISTRY)
        finally:
            platform.close()

    def prepare(self) -> None:
        """Make the tables, deploy."""
        files = {path.name: path.read_bytes() for path in CONTENT.iterdir()}
        with self.flow() as flow:
            migrate(flow.platform.database)
            deploy(flow, actor=ADMIN, files=files)

    def kill(self, doom: Doom, *, seed: int) -> None:
        """Let a process work until its doom."""
        began = time.monotonic()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(reading)
                self._live(doom, writing, seed)
            finally:
                os._exit(1)
        os.close(writing)
        up_after = self._listen(reading, began)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"it ended by itself ({status}), not by {doom}"
        assert os.WTERMSIG(status) == signal.SIGKILL, f"signal {os.WTERMSIG(status)}"
        self.kills.append(Killed(doom, up_after))
        self.told.cut_off += len(self.told.asked)

    def finish(self) -> None:
        """Let the last process bring everything to its end; nobody kills it."""
        with self.flow() as flow, _dispatcher(flow):
            worker = _Worker(flow, self.told, self.told.hear, random.Random(0))
            worker.ask_again()
            until = time.monotonic() + GIVE_UP
            while self.told.open or len(self.told.paid) < len(self.told.started):
                assert time.monotonic() < until, f"{self.told.open} orders do not go on"
                worker.go_on()

    def _listen(self, reading: int, began: float) -> float | None:
        up_after: float | None = None
        with os.fdopen(reading) as lines:
            for line in lines:
                if not line.endswith("\n"):
                    break
                if line == "up\n":
                    up_after = time.monotonic() - began
                else:
                    self.told.hear(line.strip())
        return up_after

    def _live(self, doom: Doom, writing: int, seed: int) -> None:
        signal.alarm(GIVE_UP)

        def say(line: str) -> None:
            self.told.hear(line)
            os.write(writing, f"{line}\n".encode())

        if doom.since == "start":
            doom.install()
        with self.flow() as flow, _dispatcher(flow):
            os.write(writing, b"up\n")
            if doom.since == "ready":
                doom.install()
            worker = _Worker(flow, self.told, say, random.Random(seed))
            worker.ask_again()
            while True:
                worker.act()


class _Worker:
    """The people and the customers, one act after the other."""

    def __init__(self, flow: Flow, told: Told, say: Any, chance: random.Random) -> None:
        self._flow, self._told, self._say, self._chance = flow, told, say, chance

    def ask_again(self) -> None:
        """What was cut off, with the same keys."""
        for asked in list(self._told.asked):
            act, what = asked.split(" ")
            getattr(self, f"_{act}")(what)

    def act(self) -> None:
        """Any of the three."""
        if self._told.open < MOST_OPEN:
            self._start(f"order-{len(self._told.started) + 1}")
        self.go_on()

    def go_on(self) -> None:
        """Do what waits for people and customers."""
        for order in [one for one in self._told.started if one not in self._told.paid][:2]:
            self._pay(order)
        tasks = [str(one.task_id) for one in list_tasks(self._flow, actor=CLERK, size=20).items]
        if not tasks:
            time.sleep(0.002)
        for task in self._chance.sample(tasks, min(3, len(tasks))):
            self._do(task)

    def _start(self, order: str) -> None:
        self._say(f"? start {order}")
        started = start_instance(
            self._flow,
            actor=CLERK,
            process_id="crash_order",
            variables={"order": order},
            key=f"start-{order}",
        )
        self._say(f"! start {order} {started.instance_id}")

    def _pay(self, order: str) -> None:
        self._say(f"? pay {order}")
        deliver_message(
            self._flow,
            actor=CLERK,
            name="crash.paid",
            correlation_key=order,
            payload={"paid": 1},
            key=f"paid-{order}",
        )
        self._say(f"! pay {order}")

    def _do(self, task: str) -> None:
        self._say(f"? do {task}")
        complete_task(
            self._flow,
            actor=CLERK,
            task_id=UUID(task),
            version=None,
            answer=Answer("done"),
            key=task,
        )
        self._say(f"! do {task}")


@contextmanager
def _dispatcher(flow: Flow) -> Iterator[None]:
    dispatcher = Dispatcher(flow, threads=2)
    dispatcher.start()
    try:
        yield
    finally:
        dispatcher.stop()
