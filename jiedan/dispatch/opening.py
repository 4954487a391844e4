"""Chooses who hands out jobs, from the settings of the installation."""

from __future__ import annotations

from jiedan.core.database import Database
from jiedan.core.errors import Invalid
from jiedan.core.settings import Settings
from jiedan.dispatch.local import Dispatcher
from jiedan.dispatch.postgres import Notifying
from jiedan.flow.platform import Channel, Flow, NoChannel


class QueueNeedsPostgres(Invalid):
    """Many machines need PostgreSQL: give its address in JIEDAN_DATABASE."""


def open_channel(settings: Settings, database: Database) -> Channel:
    """How this process tells others what is due. Raises QueueNeedsPostgres."""
    if settings.dispatch == "procrastinate":
        if database.is_sqlite:
            raise QueueNeedsPostgres
        # Only installations that use the queue load it.
        from jiedan.dispatch.procrastinate import Queue

        return Queue(database)
    return NoChannel() if database.is_sqlite else Notifying()


def open_dispatcher(flow: Flow) -> Dispatcher:
    """Who works the jobs and timers of this process."""
    settings = flow.platform.settings
    if settings.dispatch == "procrastinate":
        from jiedan.dispatch.procrastinate import QueueDispatcher

        return QueueDispatcher(flow, threads=settings.workers)
    return Dispatcher(flow, threads=settings.workers)
