"""Where a process ends: at the n-th statement, before the n-th commit, or right after it."""

from __future__ import annotations

import os
import random
import signal
import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

PLACES = ("statement", "commit", "committed")


@dataclass(frozen=True, slots=True)
class Doom:
    """The process kills itself the `number`-th time that it comes to `at`."""

    at: str
    """`statement`: before one is sent, `commit`: before one, `committed`: after one, before
    anybody is told."""
    number: int
    since: str = "ready"
    """Counted since the `start` of the process, or since it was `ready` for work."""

    def install(self) -> None:
        """Begin to count."""
        left, lock = [self.number], threading.Lock()

        def count(what: str) -> None:
            if what == self.at:
                with lock:
                    left[0] -= 1
                    if left[0] == 0:
                        os.kill(os.getpid(), signal.SIGKILL)

        original = DefaultDialect.do_commit

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            count("commit")
            original(dialect, connection)
            count("committed")

        DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
        event.listen(Engine, "before_cursor_execute", lambda *_: count("statement"))


def choose_dooms(chance: random.Random, kills: int, *, statements: int, starts: int) -> list[Doom]:
    """`kills` ends of which `starts` fall into a start; every place in turn, in random order.

    A process gets through `statements` at most, and a tenth as many commits.
    """
    most = {"statement": statements, "commit": statements // 10, "committed": statements // 10}
    chosen = [
        Doom(at, chance.randint(1, most[at]))
        for at in (PLACES[number % 3] for number in range(kills - starts))
    ]
    chosen += [Doom("statement", chance.randint(1, 25), "start") for _ in range(starts)]
    chance.shuffle(chosen)
    return chosen
