"""Owns what processes on one PostgreSQL tell each other: what is due, and who is alive.

News travels by NOTIFY, which PostgreSQL delivers when the transaction that told it commits. A
worker that listens holds a lock of its own for as long as its connection lives, and a killed
process loses its connections at once, wherever it ran.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from jiedan.core.database import Database
from jiedan.core.logs import get_logger
from jiedan.core.work import Work
from jiedan.dispatch.workers import lock_of
from jiedan.flow.platform import DueJob

log = get_logger(__name__)

CHANNEL = "jiedan_due"
LOOK_AT_LEAST_EVERY = timedelta(seconds=5)
"""Every dispatcher looks that often whatever it hears; only what is due sooner is news."""
HEARING = 0.5
"""Seconds after which a listener asks whether it shall stop."""
SEEN_GONE = 2
"""Looks at which a worker has to be missing: its connection may only have been cut."""

_NOTIFY = text(f"SELECT pg_notify('{CHANNEL}', :news)")
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")


class Notifying:
    """Tells the other processes what is due before they would look anyway."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(6)
        """What this process knows its own news by."""

    def tell(self, work: Work, due_at: datetime, jobs: Sequence[DueJob]) -> None:
        """Heard by every `Ear` when this transaction commits."""
        if due_at <= work.now + LOOK_AT_LEAST_EVERY:
            work.session.execute(_NOTIFY, {"news": f"{self.name} {due_at.isoformat()}"})


class Ear:
    """Hears what is due, and is the sign by which others know that this worker lives."""

    def __init__(
        self,
        database: Database,
        *,
        worker: str,
        ignore: str,
        hear: Callable[[datetime | None], None],
    ) -> None:
        """`hear` gets the moment, or None after a time in which news may have been missed."""
        self._database = database
        self._worker = worker
        self._ignore = ignore
        self._hear = hear
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._missing: dict[str, int] = {}
        self._thread = threading.Thread(target=self._live, name="ear", daemon=True)

    def start(self) -> None:
        """Returns when this worker is known to live, or cannot be."""
        self._thread.start()
        self._listening.wait(10)

    def stop(self) -> None:
        """Hear no more; from now on this worker counts as gone."""
        self._stopping.set()
        self._thread.join()

    def is_gone(self, worker: str) -> bool:
        """Whether nobody of this name has been there for some looks; a look is a call."""
        if worker.count("/") != 2 or worker == self._worker:
            return False
        with self._database.reading() as session:
            free = session.execute(_TRY_LOCK, {"lock": lock_of(worker)}).scalar_one()
        if not free:
            self._missing.pop(worker, None)
            return False
        self._missing[worker] = self._missing.get(worker, 0) + 1
        return self._missing[worker] >= SEEN_GONE

    def _live(self) -> None:
        # Only installations on PostgreSQL load its driver.
        import psycopg

        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error:
                log.exception("the connection that listens was lost")
                self._stopping.wait(1)

    def _listen(self) -> None:
        import psycopg

        with psycopg.connect(conninfo(self._database), autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [lock_of(self._worker)])
            connection.execute(f"LISTEN {CHANNEL}")
            self._listening.set()
            self._hear(None)
            while not self._stopping.is_set():
                for notice in connection.notifies(timeout=HEARING):
                    self._take(notice.payload)
            connection.execute("SELECT pg_advisory_unlock(%s)", [lock_of(self._worker)])

    def _take(self, news: str) -> None:
        teller, _, moment = news.partition(" ")
        if teller == self._ignore:
            return
        try:
            due_at = datetime.fromisoformat(moment)
        except ValueError:
            return
        self._hear(due_at if due_at.tzinfo else None)


def conninfo(database: Database) -> str:
    """The database's address as PostgreSQL's own library writes it."""
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)
