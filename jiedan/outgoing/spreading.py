"""Turns notices into messages to mailboxes and robots, as each person wants to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import SHANGHAI, shanghai
from jiedan.core.i18n import gettext, use_locale
from jiedan.core.work import Work
from jiedan.flow.notice_wishes import MAIL, ROBOT, Hours, hours_of_all, kind_of, wishes_of_all
from jiedan.flow.notices import Notice
from jiedan.flow.owners import logins_in, roles_in
from jiedan.flow.platform import Flow
from jiedan.flow.sync_waits import insert_for
from jiedan.flow.tables import NoticeRow, table_of
from jiedan.outgoing.robots import Robot
from jiedan.outgoing.tables import OutgoingRow, SendState
from jiedan.people.tables import User, UserRole

AT_ONCE = 200
"""Notices in one transaction."""
FRESH = timedelta(hours=1)
"""Older notices are not sent any more: nobody wants yesterday's when mail is switched on today."""
PLAIN = frozenset(
    {"number", "task", "task.en", "name", "name.en", "due", "at", "by", "who", "n", "percent"}
)
"""Values that a mail may say. Numbers of papers (`order_no` …) may, too; anything else could be
confidential (SPEC G4), and the mail only says that there is news."""
NEWS = "There is news about %(number)s."

_notices, _outgoing = table_of(NoticeRow), table_of(OutgoingRow)


@dataclass(frozen=True, slots=True)
class Reader:
    """A person as far as messages are concerned."""

    login: str
    mail: str
    locale: str
    roles: frozenset[str]


def spread(flow: Flow, *, by_mail: bool, robots: Mapping[str, Robot]) -> int:
    """Write the messages that fresh notices call for; returns how many notices were looked at."""
    with flow.platform.work(actor=SYSTEM) as work:
        rows = work.session.execute(
            select(_notices)
            .where(_notices.c.spread_at.is_(None), _notices.c.at > work.now - FRESH)
            .order_by(_notices.c.at)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        if not rows:
            return 0
        readers = _readers(work, flow, [row.owner for row in rows])
        messages: dict[str, dict[str, Any]] = {}
        for message in _messages(work, flow, rows, readers, by_mail=by_mail, robots=robots):
            messages.setdefault(message["key"], message)
        if messages:
            fresh = insert_for(work.session)(_outgoing).on_conflict_do_nothing(
                index_elements=["key"]
            )
            work.session.execute(fresh, list(messages.values()))
        work.session.execute(
            update(_notices)
            .where(_notices.c.id.in_([row.id for row in rows]))
            .values(spread_at=work.now)
        )
        return len(rows)


def _messages(
    work: Work,
    flow: Flow,
    rows: Sequence[Any],
    readers: Mapping[str, Reader],
    *,
    by_mail: bool,
    robots: Mapping[str, Robot],
) -> Iterable[dict[str, Any]]:
    wishes = wishes_of_all(work.session, readers)
    hours = hours_of_all(work.session, readers)
    for row in rows:
        notice = _notice(row)
        link = _link(flow, notice)
        people = _people_of(row.owner, readers)
        kind = kind_of(row.kind)
        for reader in people if by_mail else ():
            if not reader.mail or not wishes[reader.login][kind, MAIL]:
                continue
            due_at = awake(hours.get(reader.login), work.now)
            yield _message(
                work, notice, MAIL, reader.mail, reader.locale, link, due_at, reader.login
            )
        wanted = {role for one in people if wishes[one.login][kind, ROBOT] for role in one.roles}
        addressed = set(roles_in((row.owner,))) or wanted
        for robot in robots.values():
            if row.kind in robot.kinds and robot.roles & addressed:
                yield _message(work, notice, ROBOT, robot.name, robot.locale, link, work.now, None)


def _message(
    work: Work,
    notice: Notice,
    channel: str,
    address: str,
    locale: str,
    link: str,
    due_at: datetime,
    login: str | None,
) -> dict[str, Any]:
    with use_locale(locale):
        text = told(notice)
    # One group hears once what was told to several of it.
    about = notice.id if channel == MAIL else f"{notice.task_id or notice.instance_id}:{text}"
    return {
        "key": f"{channel}:{address}:{about}"[:200],
        "channel": channel,
        "address": address,
        "login": login,
        "subject": text[:300],
        "text": text,
        "link": link,
        "locale": locale,
        "state": SendState.DUE,
        "due_at": due_at,
        "attempt": 0,
        "created_at": work.now,
    }


def told(notice: Notice) -> str:
    """What leaves the house of a notice: its text, or only that there is news."""
    numbers = [name for name in notice.params if name.endswith("_no")]
    if set(notice.params) <= PLAIN.union(numbers):
        return notice.text()
    known = [str(notice.params[name]) for name in ("number", *numbers) if name in notice.params]
    return gettext(NEWS, number=next(filter(None, known), None) or gettext("your work"))


def awake(hours: Hours | None, now: datetime) -> datetime:
    """`now`, or the end of the quiet hours in which it lies."""
    if hours is None or hours.quiet_to is None or not hours.is_quiet(now):
        return now
    end = datetime.combine(shanghai(now).date(), hours.quiet_to, SHANGHAI)
    return end if end > now else end + timedelta(days=1)


def _notice(row: Any) -> Notice:
    return Notice(
        id=row.id,
        at=row.at,
        kind=row.kind,
        msgid=row.msgid,
        params=row.params,
        instance_id=row.instance_id,
        task_id=row.task_id,
        read=False,
    )


def _link(flow: Flow, notice: Notice) -> str:
    settings = flow.platform.settings
    house = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    return f"{house}/tasks/{notice.task_id}" if notice.task_id else f"{house}/notices"


def _readers(work: Work, flow: Flow, owners: Iterable[str]) -> dict[str, Reader]:
    """Everybody whom these owners stand for, by login, in two statements."""
    logins, roles = logins_in(owners), roles_in(owners)
    holders = select(UserRole.login).where(UserRole.role.in_(set(roles)))
    people = work.session.execute(
        select(User.login, User.email, User.locale).where(
            User.disabled_at.is_(None), User.login.in_(set(logins)) | User.login.in_(holders)
        )
    ).all()
    held: dict[str, set[str]] = {}
    for login, role in work.session.execute(
        select(UserRole.login, UserRole.role).where(
            UserRole.login.in_([person.login for person in people])
        )
    ):
        held.setdefault(login, set()).add(role)
    house = flow.platform.settings.locale
    return {
        one.login: Reader(
            one.login, one.email, one.locale or house, frozenset(held.get(one.login, ()))
        )
        for one in people
    }


def _people_of(owner: str, readers: Mapping[str, Reader]) -> list[Reader]:
    if roles := roles_in((owner,)):
        return [one for one in readers.values() if one.roles & set(roles)]
    return [readers[login] for login in logins_in((owner,)) if login in readers]
