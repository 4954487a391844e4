"""The unit of work: one transaction, committed once, at its end, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.logs import get_logger
from jiedan.core.prepared import committing

if TYPE_CHECKING:
    from jiedan.core.platform import Platform

log = get_logger(__name__)


@dataclass(slots=True)
class Work:
    """One transaction and what belongs to it: the actor, its moment, what follows the commit."""

    session: Session
    now: datetime
    actor: Actor
    platform: Platform
    entries: list[audit.Draft] = field(default_factory=list)
    _connection: Connection | None = None
    _before: list[Callable[[], None]] = field(default_factory=list)
    _after: list[Callable[[], None]] = field(default_factory=list)
    _given_up: list[Callable[[], None]] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """The session's own, for prepared statements; asking the session each time is slow."""
        if self._connection is None:
            self._connection = self.session.connection()
        return self._connection

    def before_commit(self, callback: Callable[[], None]) -> None:
        """Run `callback` inside the transaction, when everything else is done."""
        self._before.append(callback)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run `callback` once the transaction is on disk; it cannot fail the work any more."""
        self._after.append(callback)

    def after_rollback(self, callback: Callable[[], None]) -> None:
        """Run `callback` when the transaction was given up and holds nothing any more."""
        self._given_up.append(callback)

    @contextmanager
    def savepoint(self) -> Iterator[Session]:
        """A part that can fail alone: an exception undoes what was done in it and goes on up.

        Rows, audit entries and callbacks of the part are all forgotten together.
        """
        marks = len(self.entries), len(self._before), len(self._after)
        with self._forgetting(*marks), self.session.begin_nested():
            yield self.session

    @contextmanager
    def _forgetting(self, entries: int, before: int, after: int) -> Iterator[None]:
        try:
            yield
        except BaseException:
            del self.entries[entries:]
            del self._before[before:]
            del self._after[after:]
            raise

    def _commit(self) -> None:
        self.session.flush()
        while self._before:
            self._before.pop(0)()
        self.session.flush()
        # The chain of the audit is locked last, so that nobody waits for anything else while
        # holding it.
        with committing(self.connection):
            audit.write(self.connection, self.entries)
        self.session.commit()

    def _follow_up(self, callbacks: list[Callable[[], None]]) -> None:
        for callback in callbacks:
            try:
                callback()
            except Exception:
                log.exception("a callback after a transaction failed")


@contextmanager
def open_work(platform: Platform, actor: Actor) -> Iterator[Work]:
    """A unit of work; see `Platform.work`."""
    work: Work | None = None
    try:
        with platform.database.writing() as session:
            # The moment is taken when the turn has come, so moments follow the order of commits.
            work = Work(session, platform.clock.now(), actor, platform)
            yield work
            work._commit()
    except BaseException:
        if work is not None:
            work._follow_up(work._given_up)
        raise
    work._follow_up(work._after)
