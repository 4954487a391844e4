"""The platform: what every use case is given, and how it is put together from the settings."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.core.calendar import WorkingCalendar, load_calendar
from jiedan.core.clock import Clock, SystemClock
from jiedan.core.database import Database
from jiedan.core.demo_clock import DemoClock
from jiedan.core.files import FileStore
from jiedan.core.parameters import Parameters, load_parameters
from jiedan.core.settings import Settings
from jiedan.core.work import Work, open_work


@dataclass(slots=True)
class Platform:
    """Everything that outlives a request."""

    settings: Settings
    clock: Clock
    calendar: WorkingCalendar
    parameters: Parameters
    database: Database
    files: FileStore

    def work(self, *, actor: Actor) -> AbstractContextManager[Work]:
        """A transaction that commits once, at the end of the `with`; an exception undoes it.

        One at a time in a thread: what is called inside gets the `Work` passed on.
        """
        return open_work(self, actor)

    def read(self) -> AbstractContextManager[Session]:
        """A session that sees one consistent state and refuses to write."""
        return self.database.reading()

    def look(self) -> AbstractContextManager[Session]:
        """A session for who talks to the outside: no transaction stays open between its reads."""
        return self.database.looking()

    def close(self) -> None:
        """Let go of all connections."""
        self.database.close()


def build_platform(
    settings: Settings, *, clock: Clock | None = None, database: Database | None = None
) -> Platform:
    """The platform for these settings; the demo gets the clock that can be moved."""
    database = database or Database(
        settings.database(),
        pool_size=settings.database_pool,
        busy_seconds=settings.database_busy_seconds,
    )
    if clock is None:
        clock = DemoClock(database) if settings.demo else SystemClock()
    parameters = load_parameters(
        settings.config_dir / "parameters.toml", database=database, clock=clock
    )
    return Platform(
        settings=settings,
        clock=clock,
        calendar=load_calendar(settings.config_dir / "calendar.toml"),
        parameters=parameters,
        database=database,
        files=FileStore(
            settings.data_dir / "files",
            limit_bytes=lambda: int(parameters.number("upload.max_mb") * 1024 * 1024),
        ),
    )
