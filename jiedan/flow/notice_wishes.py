"""Owns what people want to be told, by which channel, and when they are left in peace.

Whoever sends by a channel asks `wants` for each person, and `is_quiet` before sending at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.core.clock import shanghai
from jiedan.core.errors import Invalid
from jiedan.core.i18n import LazyText, lazy
from jiedan.flow.inbox_tables import NoticeHoursRow, NoticeWishRow
from jiedan.flow.platform import Flow
from jiedan.flow.tables import table_of

IN_APP, MAIL, ROBOT = "app", "mail", "robot"
CHANNELS: Mapping[str, LazyText] = {
    IN_APP: lazy("In the app"),
    MAIL: lazy("Mail"),
    ROBOT: lazy("Group robot"),
}
OTHER = "other"
KINDS: Mapping[str, LazyText] = {
    "task": lazy("A task for me by name: transferred, delegated, added to sign"),
    "reminder": lazy("A task is due soon"),
    "breach": lazy("A task is late"),
    "escalation": lazy("A task was handed up to me"),
    "urge": lazy("Somebody urges me"),
    "mention": lazy("Somebody mentions me"),
    "copy": lazy("A copy for information"),
    "result": lazy("What became of what I started"),
    "incident": lazy("Something failed and waits for an administrator"),
    OTHER: lazy("Everything else the processes tell"),
}
"""What a notice is about; kinds that are not here count as `other`."""
ALWAYS = frozenset({("incident", IN_APP), ("task", IN_APP)})
"""What nobody can switch off."""
_QUIETER: frozenset[tuple[str, str]] = frozenset({("copy", ROBOT), (OTHER, MAIL), (OTHER, ROBOT)})
"""What is off until somebody wants it."""
_wishes, _hours = table_of(NoticeWishRow), table_of(NoticeHoursRow)


class HoursInvalid(Invalid):
    """This is not a time of day."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Times of day in Shanghai; None where nothing was chosen."""

    quiet_from: time | None = None
    quiet_to: time | None = None
    digest_at: time | None = None

    def is_quiet(self, now: datetime) -> bool:
        """Whether `now` lies in the quiet hours, which may pass midnight."""
        if self.quiet_from is None or self.quiet_to is None or self.quiet_from == self.quiet_to:
            return False
        clock = shanghai(now).time().replace(tzinfo=None)
        if self.quiet_from < self.quiet_to:
            return self.quiet_from <= clock < self.quiet_to
        return clock >= self.quiet_from or clock < self.quiet_to


def kind_of(kind: str) -> str:
    """The kind under which people choose."""
    return kind if kind in KINDS else OTHER


def wishes_of(session: Session, login: str) -> dict[tuple[str, str], bool]:
    """(kind, channel) → wanted, for every kind and channel."""
    return wishes_of_all(session, [login])[login]


def wishes_of_all(
    session: Session, logins: Iterable[str]
) -> dict[str, dict[tuple[str, str], bool]]:
    """The wishes of several people by login, in one statement."""
    usual = {
        (kind, channel): (kind, channel) not in _QUIETER for kind in KINDS for channel in CHANNELS
    }
    found = {login: dict(usual) for login in logins}
    for row in session.execute(select(_wishes).where(_wishes.c.login.in_(found))):
        if (row.kind, row.channel) in usual and (row.kind, row.channel) not in ALWAYS:
            found[row.login][row.kind, row.channel] = row.wanted
    return found


def wants(session: Session, login: str, kind: str, channel: str) -> bool:
    """Whether a person wants notices of a kind by a channel."""
    return wishes_of(session, login).get((kind_of(kind), channel), False)


def hours_of(session: Session, login: str) -> Hours:
    """A person's quiet hours and digest."""
    return hours_of_all(session, [login]).get(login, Hours())


def hours_of_all(session: Session, logins: Iterable[str]) -> dict[str, Hours]:
    """The hours of those of several people who chose any, in one statement."""
    rows = session.execute(select(_hours).where(_hours.c.login.in_(list(logins))))
    return {
        row.login: Hours(*(_time(text) for text in (row.quiet_from, row.quiet_to, row.digest_at)))
        for row in rows
    }


def unwanted_kinds(session: Session, login: str) -> tuple[frozenset[str], bool]:
    """Kinds the bell leaves out, and whether it leaves out all that are not listed."""
    off = {
        kind
        for (kind, channel), wanted in wishes_of(session, login).items()
        if channel == IN_APP and not wanted
    }
    return frozenset(off - {OTHER}), OTHER in off


def set_wishes(
    flow: Flow,
    *,
    actor: Actor,
    wanted: frozenset[tuple[str, str]],
    quiet_from: str = "",
    quiet_to: str = "",
    digest_at: str = "",
) -> None:
    """Keep what the actor wants: (kind, channel) that are ticked, and times like `22:00`.

    Raises HoursInvalid with fields.
    """
    given = {"quiet_from": quiet_from, "quiet_to": quiet_to, "digest_at": digest_at}
    wrong = {name: lazy("A time like 22:00, please.") for name, text in given.items() if _bad(text)}
    if not wrong and bool(quiet_from) != bool(quiet_to):
        missing = "quiet_to" if quiet_from else "quiet_from"
        wrong[missing] = lazy("Quiet hours need a beginning and an end.")
    if wrong:
        raise HoursInvalid(wrong)
    with flow.platform.work(actor=actor) as work:
        work.session.execute(delete(_wishes).where(_wishes.c.login == actor.login))
        work.session.execute(delete(_hours).where(_hours.c.login == actor.login))
        work.session.execute(
            insert(_wishes),
            [
                {
                    "login": actor.login,
                    "kind": kind,
                    "channel": channel,
                    "wanted": (kind, channel) in wanted or (kind, channel) in ALWAYS,
                }
                for kind in KINDS
                for channel in CHANNELS
            ],
        )
        work.session.execute(
            insert(_hours),
            {"login": actor.login, **{name: text or None for name, text in given.items()}},
        )


def _bad(text: str) -> bool:
    return bool(text) and _time(text) is None


def _time(text: str | None) -> time | None:
    try:
        return time.fromisoformat(text) if text and len(text) == 5 else None
    except ValueError:
        return None
