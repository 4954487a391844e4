"""The daily digest: one mail with what waits, at the time of day a person chose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import shanghai
from jiedan.core.i18n import format_datetime, gettext, ngettext, pick, use_locale
from jiedan.flow.inbox import list_tasks
from jiedan.flow.inbox_tables import NoticeHoursRow
from jiedan.flow.platform import Flow
from jiedan.flow.sync_waits import insert_for
from jiedan.flow.tables import table_of
from jiedan.outgoing.tables import OutgoingRow, SendState
from jiedan.people.directory import load_actor
from jiedan.people.tables import User

SLOT = timedelta(minutes=15)
"""How often it is looked who wants one."""
LINES = 20


def digest(flow: Flow) -> int:
    """Write the digests that fell due in the last quarter of an hour; returns how many."""
    now = flow.platform.clock.now()
    return sum(_write(flow, login, now) for login in _wanted(flow, now))


def _wanted(flow: Flow, now: datetime) -> list[str]:
    # Times of day as text sort like the times; a slot that begins before midnight is two.
    start, end = (f"{shanghai(moment):%H:%M}" for moment in (now - SLOT, now))
    at = NoticeHoursRow.digest_at
    inside = (at > start) & (at <= end) if start < end else (at > start) | (at <= end)
    with flow.platform.read() as session:
        return list(
            session.scalars(
                select(NoticeHoursRow.login)
                .join(User, User.login == NoticeHoursRow.login)
                .where(inside, User.disabled_at.is_(None), User.email != "")
            )
        )


def _write(flow: Flow, login: str, now: datetime) -> int:
    with flow.platform.read() as session:
        actor = load_actor(session, login)
        user = session.get_one(User, login)
        address, locale = user.email, user.locale or flow.platform.settings.locale
    page = list_tasks(flow, actor=actor, view="todo", size=LINES)
    with use_locale(locale):
        text = "\n".join([_opening(page.count.number), *(_line(one) for one in page.items)])
        subject = gettext("Your work today")
    house = flow.platform.settings.public_url.rstrip("/")
    with flow.platform.work(actor=SYSTEM) as work:
        made = work.session.execute(
            insert_for(work.session)(table_of(OutgoingRow))
            .values(
                key=f"digest:{login}:{shanghai(now):%Y-%m-%d}",
                channel="mail",
                address=address,
                login=login,
                subject=subject,
                text=text,
                link=f"{house}/inbox" if house else "",
                locale=locale,
                state=SendState.DUE,
                due_at=work.now,
                attempt=0,
                created_at=work.now,
            )
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(table_of(OutgoingRow).c.id)
        ).first()
    return 1 if made else 0


def _opening(count: int) -> str:
    if not count:
        return gettext("Nothing waits for you.")
    return ngettext("One task waits for you:", "%(n)s tasks wait for you:", count)


def _line(task: Any) -> str:
    name = pick(task.name, task.name_en)
    number = task.business_key or ""
    due = gettext("due %(when)s", when=format_datetime(task.due_at)) if task.due_at else ""
    return " · ".join(part for part in (number, name, due) if part)
