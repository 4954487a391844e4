"""How values look to people: moments, deadlines, money, names in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from jiedan.core.actor import CUSTOMER_LOGIN, SYSTEM_LOGIN
from jiedan.core.clock import shanghai
from jiedan.core.i18n import (
    current_locale,
    format_date,
    format_datetime,
    format_duration,
    format_money,
    format_number,
    format_time,
    gettext,
    ngettext,
    pick,
)
from jiedan.core.money import capital_yuan
from jiedan.core.sentences import say
from jiedan.desk.masking import needs_money
from jiedan.web.house import house, now, person
from jiedan.web.words import word

SOON = timedelta(hours=4)
_DAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline in words, and how it feels: late, soon or nothing special."""

    text: str
    tone: str


def weekday(day: date) -> str:
    """`周一`, in English `Mon`."""
    return (_DAYS_ZH if current_locale() == "zh" else _DAYS_EN)[day.weekday()]


def moment_short(moment: datetime | None) -> str:
    """As short as it stays clear: `09:30` today, `03-01 09:30` this year, else with the year."""
    if moment is None:
        return ""
    there, here = shanghai(moment), shanghai(now())
    if there.date() == here.date():
        return f"{there:%H:%M}"
    if there.year == here.year:
        if current_locale() == "zh":
            return f"{there:%m-%d %H:%M}"
        return f"{format_date(moment).rsplit(' ', 1)[0]} {there:%H:%M}"
    return format_datetime(moment)


def moment_long(moment: datetime) -> str:
    """`2026年3月2日 周一 09:00`, in English `Mon 2 Mar 2026 09:00`."""
    there = shanghai(moment)
    if current_locale() == "zh":
        return f"{there.year}年{there.month}月{there.day}日 {weekday(there)} {there:%H:%M}"
    return f"{weekday(there)} {format_date(moment)} {there:%H:%M}"


def deadline(due: datetime) -> Deadline:
    """`已超时 2 小时`, `还剩 40 分钟`, `今天 18:00`, `明天 10:30`, `周五 18:00`, `03-25 18:00`."""
    at = now()
    if due < at:
        return Deadline(gettext("%(span)s late", span=format_duration(at - due)), "late")
    left = due - at
    tone = "soon" if left <= SOON else "calm"
    if left <= timedelta(hours=2):
        return Deadline(gettext("%(span)s left", span=format_duration(left)), tone)
    there, here = shanghai(due), shanghai(at)
    days = (there.date() - here.date()).days
    clock = format_time(due)
    if days == 0:
        return Deadline(gettext("today %(time)s", time=clock), tone)
    if days == 1:
        return Deadline(gettext("tomorrow %(time)s", time=clock), tone)
    if days < 7:
        return Deadline(f"{weekday(there)} {clock}", tone)
    return Deadline(moment_short(due), tone)


def said(thing: Any, zh: str = "name", en: str = "name_en") -> str:
    """The name of something that carries both languages, as attributes or as keys."""
    if isinstance(thing, Mapping):
        return pick(str(thing.get(zh) or ""), thing.get(en))
    return pick(str(getattr(thing, zh, "") or ""), getattr(thing, en, None))


def initial(name: str) -> str:
    """One letter for a person: the given name's last character in Chinese, else the first."""
    name = name.strip()
    if not name:
        return "?"
    return name[-1] if "\u4e00" <= name[0] <= "\u9fff" else name[0].upper()


def role_names(roles: Iterable[str]) -> str:
    """Roles as people call them."""
    between = "、" if current_locale() == "zh" else ", "
    return between.join(house().lookups.role_name(role) for role in sorted(roles))


def person_name(login: str | None) -> str:
    """A person by name; a login nobody has stays as it is."""
    if login == SYSTEM_LOGIN:
        return gettext("the system")
    if login == CUSTOMER_LOGIN:
        return gettext("the customer")
    return house().lookups.person_name(login) if login else ""


def owner_names(owners: Iterable[str]) -> str:
    """Whose a task is: `r:OC` and `u:login` as people call them."""
    between = "、" if current_locale() == "zh" else ", "
    lookups = house().lookups
    return between.join(
        lookups.role_name(name) if kind == "r" else lookups.person_name(name)
        for kind, _, name in (owner.partition(":") for owner in owners)
    )


def file_size(count: int) -> str:
    """`12 KB`, `3.4 MB`."""
    if count < 1024 * 1024:
        return f"{max(1, round(count / 1024))} KB"
    return f"{count / 1024 / 1024:.1f} MB"


def quantity(value: Any) -> str:
    """A quantity without needless zeros."""
    return format_number(Decimal(str(value)).normalize() + 0 if value not in (None, "") else None)


def plain(value: Any) -> str | Markup:
    """Any fact as a reader wants it: moments, days and yes or no in words."""
    if value is None or value == "":
        return Markup('<span class="faint">—</span>')
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        return format_datetime(value)
    if isinstance(value, date):
        return format_date(value)
    if isinstance(value, str) and (day := _as_day(value)):
        return format_date(day)
    if isinstance(value, list | tuple):
        between = "、" if current_locale() == "zh" else ", "
        return escape(between.join(str(one) for one in value))
    return escape(say(str(value)))


def _as_day(text: str) -> date | None:
    """A day that was kept as text."""
    try:
        return date.fromisoformat(text) if len(text) == 10 and text[4] == "-" else None
    except ValueError:
        return None


def brief(summary: Mapping[str, str]) -> list[tuple[str, str]]:
    """What lists say of an instance, without the amount for those who need no prices."""
    sees_money = needs_money(person())
    return [one for one in summary.items() if sees_money or one[0] != "Amount"]


def _in_the_readers_language(value: Any) -> Any:
    """A sentence that was kept in a column, wherever a page shows it."""
    return say(value) if type(value) is str else value


def install(app: Flask) -> None:
    """Give templates the filters and the two ways of translating."""
    app.jinja_env.finalize = _in_the_readers_language
    app.jinja_env.filters.update(
        moment=format_datetime,
        moment_short=moment_short,
        moment_long=moment_long,
        day=format_date,
        clock=format_time,
        deadline=deadline,
        money=format_money,
        capital=capital_yuan,
        quantity=quantity,
        said=said,
        initial=initial,
        role_names=role_names,
        person_name=person_name,
        owner_names=owner_names,
        file_size=file_size,
        plain=plain,
        brief=brief,
    )
    app.jinja_env.globals.update(
        _=gettext, gettext=gettext, ngettext=ngettext, pick=pick, word=word
    )
