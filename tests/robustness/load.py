"""A mixed load that does not give up: people, starts and messages that try again until answered.

What was answered is written down, so that the database can be held to it afterwards.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.installation import Client

GIVE_UP = 60.0
"""Seconds without any answer after which a try is a failure of the test."""
MOST_OPEN = 40


@dataclass
class Noted:
    """What the server acknowledged, and what should never have been answered."""

    started: dict[str, str] = field(default_factory=dict)
    """Order → instance."""
    completed: dict[str, str] = field(default_factory=dict)
    """Task → instance."""
    sent: set[str] = field(default_factory=set)
    """Orders whose message was taken."""
    surprises: list[str] = field(default_factory=list)
    interrupted: int = 0
    """Calls that were cut off by a kill and had to be tried again."""


class Load:
    """Threads that work the servers at `ports` until told to finish."""

    def __init__(self, *ports: int, clerk: str, teller: str, seed: int) -> None:
        """`clerk` and `teller` are tokens: of who starts and completes, and who tells."""
        self.noted = Noted()
        self._ports, self._clerk, self._teller = ports, clerk, teller
        self._seed = seed
        self._starting = threading.Event()
        self._starting.set()
        self._working = threading.Event()
        self._working.set()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work, one), daemon=True)
            for one, work in enumerate([self._start, self._send, *[self._complete] * 3])
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def start_no_more(self) -> None:
        """Let what is open come to its end."""
        self._starting.clear()

    def end(self) -> None:
        self._working.clear()
        for thread in self._threads:
            thread.join(GIVE_UP)

    @property
    def open_orders(self) -> int:
        return len(self.noted.started) - len(self.noted.completed) // 2

    # --- what they do --------------------------------------------------------------------------
    def _start(self, caller: Caller) -> None:
        number = 0
        while self._working.is_set():
            if not self._starting.is_set() or self.open_orders > MOST_OPEN:
                time.sleep(0.01)
                continue
            number += 1
            order = f"order-{number}"
            status, answer = caller.insist(
                "POST",
                "/processes/crash_order/instances",
                {"variables": {"order": order}},
                key=f"start-{order}",
            )
            if status in (200, 201):
                self.noted.started[order] = answer["id"]
            else:
                self._surprise("start", status, answer)

    def _send(self, caller: Caller) -> None:
        while self._working.is_set():
            for order in self.noted.started.keys() - self.noted.sent:
                status, answer = caller.insist(
                    "POST",
                    "/messages/crash.paid",
                    {"correlation": order, "payload": {"paid": 1}, "key": f"paid-{order}"},
                )
                if status in (200, 202):
                    self.noted.sent.add(order)
                else:
                    self._surprise("message", status, answer)
            time.sleep(0.01)

    def _complete(self, caller: Caller) -> None:
        while self._working.is_set():
            status, page = caller.insist("GET", "/tasks?size=50")
            if status != 200:
                self._surprise("list", status, page)
                continue
            tasks = page["items"]
            if not tasks:
                time.sleep(0.01)
            for task in caller.chance.sample(tasks, min(4, len(tasks))):
                status, answer = caller.insist(
                    "POST",
                    f"/tasks/{task['id']}/completion",
                    {"version": task["version"], "outcome": "done", "variables": {}},
                    key=task["id"],
                )
                if status == 200:
                    self.noted.completed[task["id"]] = answer["instance_id"]
                else:
                    self._surprise("completion", status, answer)

    # --- how they do it ------------------------------------------------------------------------
    def _guarded(self, work: Callable[[Caller], None], number: int) -> None:
        try:
            token = self._teller if work == self._send else self._clerk
            ports = self._ports[number % len(self._ports) :] + self._ports
            caller = Caller(self.noted, ports, token, random.Random(self._seed + number))
            try:
                work(caller)
            finally:
                caller.hang_up()
        except Exception as error:
            self.noted.surprises.append(f"{work.__name__}: {error!r}")

    def _surprise(self, what: str, status: int, answer: Any) -> None:
        self.noted.surprises.append(f"{what}: {status} {answer}")


class Caller:
    """One connection that is made anew, to the next server, whenever the server is gone."""

    def __init__(
        self, noted: Noted, ports: tuple[int, ...], token: str, chance: random.Random
    ) -> None:
        self.chance = chance
        self._noted, self._token = noted, token
        self._ports = itertools.cycle(ports)
        self._client: Client | None = None

    def insist(self, method: str, path: str, body: Any = None, *, key: str = "") -> tuple[int, Any]:
        """The answer to a call, sent again and again until there is one."""
        until = time.monotonic() + GIVE_UP
        sent = False
        while True:
            try:
                if self._client is None:
                    self._client = Client(next(self._ports), self._token)
                sent = True
                return self._client.send(method, path, body, key=key)
            except OSError:
                self.hang_up()
                if sent:
                    self._noted.interrupted += 1
                    sent = False
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def hang_up(self) -> None:
        """End the connection, if there is one."""
        if self._client is not None:
            self._client.close()
            self._client = None
