"""Two calls that meet in the database: one is parked at a chosen point until the other is there.

Each racer is a thread on a server of its own: its own connections, its own caches. Nothing here
sleeps for luck: a racer is parked by the statement that it is about to send, and that the other
waits for it is asked of the database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from jiedan.core.database import Database

PATIENCE = 60.0
"""Seconds after which a racer that does not come is a failure of the test."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a racer is parked: before what it sends next."""

    what: str
    text: str = ""


COMMIT = Point("commit")
"""All is done and locked; only the commit is missing."""
BEGIN = Point("begin")
"""At the door of its transaction."""


def sending(words: str) -> Point:
    """Before the first statement with these words, as the database sees them."""
    return Point("statement", words)


class Racer(threading.Thread):
    """One call, and how it ended."""

    def __init__(self, name: str, call: Callable[[], Any], park: Point | None = None) -> None:
        super().__init__(name=name, daemon=True)
        self.answer: Any = None
        self.error: Exception | None = None
        self.parked, self.released, self.over = (threading.Event() for _ in range(3))
        self.knocked = threading.Event()
        """Has asked for a transaction that writes."""
        self.backend: int | None = None
        """Its process on the PostgreSQL server."""
        self._call, self._park = call, park

    def run(self) -> None:
        try:
            self.answer = self._call()
        except Exception as error:
            self.error = error
        finally:
            self.over.set()
            self.parked.set()

    def passes(self, what: str, statement: str = "") -> None:
        """Called in its own thread before it sends anything."""
        park = self._park
        if park is not None and park.what == what and park.text in statement:
            self._park = None
            self.parked.set()
            if not self.released.wait(PATIENCE):
                raise TimeoutError(f"{self.name} was never released")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a meeting ended."""

    winner: Any
    loser: Any
    refusal: Exception | None
    waited: bool
    """Whether the loser stood at the winner's lock."""


class Doored(Database):
    """A database at whose door racers knock before they may write."""

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Parks who is to be parked at the door, and notes that it came."""
        racer = _racer()
        if racer is not None:
            racer.knocked.set()
            racer.passes("begin")
        with super().writing() as session:
            yield session


@dataclass
class Track:
    """Where racers meet: the engines of all servers on one database."""

    engines: list[Engine]
    deadlocks: int = 0

    def held(
        self,
        winner: Callable[[], Any],
        loser: Callable[[], Any],
        *,
        at: Point = COMMIT,
        until: Point | None = None,
    ) -> Outcome:
        """The winner is parked `at`, all else done, when the loser comes.

        It is released when the loser stands at its lock, or has come as far as `until`.
        """
        first, second = Racer("winner", winner, at), Racer("loser", loser, until)
        first.start()
        self._await(first.parked, first)
        assert not first.over.is_set(), f"the winner never came to {at}: {first.error!r}"
        second.start()
        waited = self._wait_at(second, first)
        first.released.set()
        second.released.set()
        return self._finish(first, second, waited)

    def overtaken(
        self, winner: Callable[[], Any], loser: Callable[[], Any], *, at: Point
    ) -> Outcome:
        """The loser was first and is parked at `at`; the winner goes through meanwhile."""
        first, second = Racer("winner", winner), Racer("loser", loser, at)
        second.start()
        self._await(second.parked, second)
        assert not second.over.is_set(), f"the loser never came to {at}: {second.error!r}"
        first.start()
        self._await(first.over, first)
        second.released.set()
        return self._finish(first, second, waited=False)

    # --- how -----------------------------------------------------------------------------------
    @contextmanager
    def listening(self) -> Iterator[Track]:
        """Look at every statement of every engine."""
        heard: list[tuple[Engine, str, Any]] = []
        for engine in self.engines:
            heard += [
                (engine, "begin", self._begin),
                (engine, "commit", self._commit),
                (engine, "before_cursor_execute", self._statement),
                (engine, "handle_error", self._error),
            ]
        for one in heard:
            event.listen(*one)
        try:
            yield self
        finally:
            for one in heard:
                event.remove(*one)

    def _begin(self, connection: Connection) -> None:
        racer = _racer()
        if racer is None or connection.dialect.name != "postgresql":
            return
        if connection.get_execution_options().get("writes"):
            driver: Any = connection.connection.dbapi_connection
            racer.backend = driver.info.backend_pid

    def _commit(self, connection: Connection) -> None:
        racer = _racer()
        if racer is not None and connection.get_execution_options().get("writes"):
            racer.passes("commit")

    def _statement(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        racer = _racer()
        if racer is not None and connection.get_execution_options().get("writes"):
            racer.passes("statement", statement)

    def _error(self, context: Any) -> None:
        if getattr(context.original_exception, "sqlstate", None) == "40P01":
            self.deadlocks += 1

    def _wait_at(self, loser: Racer, winner: Racer) -> bool:
        """Until the loser stands at the winner's lock, or got through without."""
        if self.engines[0].dialect.name == "sqlite":
            # Whoever wants to write asks for the whole file.
            while not loser.knocked.wait(0.005) and not loser.over.is_set():
                pass
            return not loser.over.is_set()
        asked = text("SELECT :winner = ANY(pg_blocking_pids(:loser))")
        until = time.monotonic() + PATIENCE
        with self.engines[0].connect() as observer:
            while not loser.parked.wait(0.002):
                backends = {"winner": winner.backend, "loser": loser.backend or 0}
                if observer.execute(asked, backends).scalar():
                    return True
                assert time.monotonic() < until, "the loser neither waits nor ends"
                observer.rollback()
        return False

    def _await(self, moment: threading.Event, racer: Racer) -> None:
        assert moment.wait(PATIENCE), f"{racer.name} did not come"

    def _finish(self, winner: Racer, loser: Racer, waited: bool) -> Outcome:
        for one in (winner, loser):
            self._await(one.over, one)
            one.join(PATIENCE)
        if winner.error is not None:
            raise winner.error
        return Outcome(winner.answer, loser.answer, loser.error, waited)


def _racer() -> Racer | None:
    found = threading.current_thread()
    return found if isinstance(found, Racer) else None
