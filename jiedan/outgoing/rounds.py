"""What is done every minute: notices become messages, messages are sent."""

from __future__ import annotations

import time

from jiedan.core.settings import Settings
from jiedan.flow.platform import Flow, Periodic
from jiedan.outgoing.digest import digest
from jiedan.outgoing.mail import mail_server
from jiedan.outgoing.robots import load_robots
from jiedan.outgoing.sending import send_due
from jiedan.outgoing.spreading import spread

ROUND_SECONDS = 30.0
"""A round ends after this long and says that there is more, so that its lease never runs out."""


def go_round(flow: Flow) -> bool:
    """Spread and send until nothing is due or the time is up; True when there is more."""
    settings = flow.platform.settings
    server = mail_server(settings.mail_url, settings.mail_from)
    robots = load_robots(settings.config_dir / "robots.toml")
    end = time.monotonic() + ROUND_SECONDS
    while time.monotonic() < end:
        spread_now = spread(flow, by_mail=server is not None, robots=robots)
        ended = send_due(flow, server=server, robots=robots)
        if not spread_now and not ended.sent and not ended.failed:
            return False
    return True


def write_digests(flow: Flow) -> bool:
    """The digests of the last quarter of an hour."""
    digest(flow)
    return False


def outgoing_jobs(settings: Settings) -> tuple[Periodic, ...]:
    """What has to be done at which times; nothing where neither mail nor a robot is set up."""
    by_mail = bool(settings.mail_url)
    if not by_mail and not load_robots(settings.config_dir / "robots.toml"):
        return ()
    jobs = [Periodic("send messages", "* * * * *", go_round)]
    if by_mail:
        jobs.append(Periodic("write digests", "*/15 * * * *", write_digests))
    return tuple(jobs)
