"""What the house does every day by itself, over all areas: forget what is old, look ahead."""

from __future__ import annotations

from sqlalchemy import exists, select

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import shanghai
from jiedan.core.settings import Settings
from jiedan.desk.portal_guesses import forget_guesses
from jiedan.flow.notices import notify
from jiedan.flow.owners import ROLE
from jiedan.flow.platform import Flow, Periodic
from jiedan.flow.retention import forget_old
from jiedan.flow.tables import NoticeRow
from jiedan.outgoing.rounds import outgoing_jobs
from jiedan.people.sign_in import forget_old_sign_ins

SIGN_INS_AT_ONCE = 5000
NO_CALENDAR = (
    "The public holidays of %(year)s are not known yet and estimated. Please enter them in "
    "config/calendar.toml."
)


def forget(flow: Flow) -> bool:
    """Delete what is past its period (`retention.*`), a bounded part; True when there is more."""
    more = forget_old(flow)
    days = int(flow.platform.parameters.number("retention.sign_ins_days"))
    with flow.platform.work(actor=SYSTEM) as work:
        gone = forget_old_sign_ins(work, days=days, limit=SIGN_INS_AT_ONCE)
        gone += forget_guesses(work, limit=SIGN_INS_AT_ONCE)
    return more or gone >= SIGN_INS_AT_ONCE


def look_at_calendar(flow: Flow) -> bool:
    """Tell the admins, once a day, which year's holidays are only estimated."""
    now = flow.platform.clock.now()
    this_morning = shanghai(now).replace(hour=0, minute=0, second=0, microsecond=0)
    with flow.platform.work(actor=SYSTEM) as work:
        said_today = work.session.execute(
            select(
                exists().where(
                    NoticeRow.owner == ROLE + flow.admins,
                    NoticeRow.kind == "calendar",
                    NoticeRow.at >= this_morning,
                )
            )
        ).scalar_one()
        if said_today:
            return False
        for year in flow.platform.calendar.missing_years(now):
            notify(
                work,
                owners=(ROLE + flow.admins,),
                kind="calendar",
                msgid=NO_CALENDAR,
                params={"year": str(year)},
            )
    return False


def periodic_jobs(settings: Settings) -> tuple[Periodic, ...]:
    """Every periodic job of the product; each dispatcher works them, one machine or many."""
    return (
        Periodic("forget what is old", "30 2 * * *", forget),
        Periodic("look at the calendar", "0 8 * * *", look_at_calendar),
        *outgoing_jobs(settings),
    )
