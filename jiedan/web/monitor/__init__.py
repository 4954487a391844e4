"""The monitor: every instance on its diagram, incidents and their repair, messages and jobs."""

from jiedan.core.actor import Actor
from jiedan.core.i18n import lazy
from jiedan.flow.incidents import list_incidents
from jiedan.web.house import flow
from jiedan.web.instance_rights import SEE_ALL
from jiedan.web.monitor import (
    diagrams,
    incidents,
    instances,
    jobs,
    messages,
    migrations,
    outgoing,
    repair,
    tokens,
)
from jiedan.web.monitor.routes import blueprint
from jiedan.web.navigation import PROCESSES, Badge, Entry


def incident_badge(actor: Actor) -> Badge | None:
    """How many incidents wait for an admin."""
    count = list_incidents(flow(), size=1).count
    return Badge(str(count), alarm=True) if count.number else None


NAVIGATION = (
    Entry(
        "monitor.list_all",
        lazy("Monitor"),
        "monitor",
        PROCESSES,
        60,
        roles=SEE_ALL,
        badge=incident_badge,
        on_phone=6,
    ),
)

__all__ = [
    "NAVIGATION",
    "blueprint",
    "diagrams",
    "incidents",
    "instances",
    "jobs",
    "messages",
    "migrations",
    "outgoing",
    "repair",
    "tokens",
]
