"""The demo's clock: a movable clock that every process of the installation shares."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.clock import MovableClock, as_utc
from jiedan.core.database import Base, Database

REFRESH_SECONDS = 1.0


class ClockOffset(Base):
    """How far the demo's clock is from the machine's, or where it stands still. One row."""

    __tablename__ = "clock_offset"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offset_us: Mapped[int]
    frozen_at: Mapped[datetime | None]


class DemoClock(MovableClock):
    """A movable clock kept in the table `clock_offset`.

    Reading costs no statement: one thread looks at the table at most once a second, the others
    go on with what is known. Moving it is seen here at once and elsewhere within that second.
    """

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._looking = threading.Lock()
        self._next_look = 0.0

    def now(self) -> datetime:
        """The present moment of the demo as an aware UTC datetime."""
        if time.monotonic() >= self._next_look and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return super().now()

    def advance(self, by: timedelta) -> datetime:
        """Push the clock of all processes forward; returns the new time."""
        self._look()
        super().advance(by)
        return self._keep()

    def set(self, moment: datetime) -> datetime:
        """Set the clock of all processes; a frozen clock stays frozen."""
        self._look()
        super().set(moment)
        return self._keep()

    def freeze(self, moment: datetime | None = None) -> datetime:
        """Stop the clock of all processes now, or at `moment`."""
        self._look()
        with self._lock:
            self._frozen = as_utc(moment) if moment is not None else MovableClock.now(self)
        return self._keep()

    def run(self) -> datetime:
        """Let the clock of all processes run on from where it stands."""
        self._look()
        super().run()
        return self._keep()

    def _look(self) -> None:
        self._next_look = time.monotonic() + REFRESH_SECONDS
        try:
            with self._database.reading() as session:
                row = session.execute(
                    select(ClockOffset.offset_us, ClockOffset.frozen_at)
                ).one_or_none()
        except (OperationalError, ProgrammingError):
            # Before the first migration there is no table, and the machine's time will do.
            return
        with self._lock:
            self._offset = timedelta(microseconds=row.offset_us) if row else timedelta(0)
            self._frozen = row.frozen_at if row else None

    def _keep(self) -> datetime:
        row = ClockOffset(
            id=1,
            offset_us=self._offset // timedelta(microseconds=1),
            frozen_at=self._frozen.astimezone(UTC) if self._frozen else None,
        )
        with self._database.writing() as session:
            session.merge(row)
            session.commit()
        self._next_look = time.monotonic() + REFRESH_SECONDS
        return MovableClock.now(self)
