"""The two languages: which one is in force, what a sentence is called in it, how values look."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from jiedan.core.clock import shanghai
from jiedan.core.po import Catalogue, read_catalogues

LOCALES: Mapping[str, str] = {"zh": "中文", "en": "English"}
"""The languages by their short code; `html_lang()` gives the tag for a page."""
DEFAULT_LOCALE = "zh"
LOCALE_FOLDER = Path(__file__).resolve().parent.parent / "locale"

_current: ContextVar[str] = ContextVar("locale", default=DEFAULT_LOCALE)


def known_locale(tag: str | None) -> str | None:
    """`zh` or `en` for any spelling of them (`zh-CN`, `zh_Hans`, `en-GB`), else None."""
    short = (tag or "").replace("_", "-").split("-")[0].lower()
    return short if short in LOCALES else None


def set_locale(tag: str) -> None:
    """Put a language in force for the current thread or request; unknown ones are ignored."""
    short = known_locale(tag)
    if short:
        _current.set(short)


def current_locale() -> str:
    """The language in force: `zh` or `en`."""
    return _current.get()


def html_lang() -> str:
    """The language in force as a page's `lang` attribute wants it."""
    return "zh-CN" if current_locale() == "zh" else "en"


@contextmanager
def use_locale(tag: str) -> Iterator[None]:
    """Put a language in force for the length of a `with` block."""
    token = _current.set(known_locale(tag) or current_locale())
    try:
        yield
    finally:
        _current.reset(token)


@functools.cache
def _chinese() -> Catalogue:
    return read_catalogues(sorted((LOCALE_FOLDER / "zh_CN").glob("*.po")))


def load_catalogues() -> int:
    """Read all translations now rather than at the first sentence; returns how many there are."""
    return len(_chinese().singular)


def gettext(msgid: str, /, **params: Any) -> str:
    """The sentence `msgid` in the language in force, with `%(name)s` filled from `params`.

    A sentence without translation is returned in English. Without `params` nothing is filled
    in, as gettext does; so a literal per cent sign is doubled only in sentences with params.
    """
    text = msgid
    if _current.get() == "zh":
        text = _chinese().singular.get(msgid) or msgid
    return text % params if params else text


def ngettext(singular: str, plural: str, n: int, /, **params: Any) -> str:
    """Like `gettext` for a sentence that counts: `n` chooses the form and is filled in too."""
    text = singular if n == 1 else plural
    if _current.get() == "zh":
        text = _chinese().plural.get(singular) or _chinese().singular.get(singular) or text
    return text % {"n": n, "num": n, **params}


def pgettext(context: str, msgid: str, /, **params: Any) -> str:
    """Like `gettext` for a word that means different things in different places."""
    text = msgid
    if _current.get() == "zh":
        catalogue = _chinese()
        text = (
            catalogue.singular.get(f"{context}\x04{msgid}")
            or catalogue.singular.get(msgid)
            or msgid
        )
    return text % params if params else text


def pick(zh: str, en: str | None) -> str:
    """The text of the language in force, for content that carries both."""
    return zh if _current.get() == "zh" or not en else en


class LazyText:
    """A sentence that is translated each time it is shown, not when it is written down."""

    __slots__ = ("msgid", "params")

    def __init__(self, msgid: str, params: Mapping[str, Any] | None = None) -> None:
        self.msgid = msgid
        self.params = dict(params or {})

    def __str__(self) -> str:
        return gettext(self.msgid, **self.params)

    def __repr__(self) -> str:
        return f"lazy({self.msgid!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LazyText):
            return (self.msgid, self.params) == (other.msgid, other.params)
        return str(self) == other

    def __hash__(self) -> int:
        return hash(self.msgid)

    def __bool__(self) -> bool:
        return bool(self.msgid)

    def __mod__(self, params: Any) -> str:
        text: str = str(self) % params
        return text

    def __add__(self, other: object) -> str:
        return str(self) + str(other)

    def __radd__(self, other: object) -> str:
        return str(other) + str(self)


def lazy(msgid: str, /, **params: Any) -> LazyText:
    """A sentence to be translated when it is shown; for constants and error fields."""
    return LazyText(msgid, params)


class LocalText:
    """A text that carries both languages itself: names of roles, rules and parameters."""

    __slots__ = ("en", "zh")

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return pick(self.zh, self.en)

    def __repr__(self) -> str:
        return f"LocalText({self.zh!r}, {self.en!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LocalText):
            return (self.zh, self.en) == (other.zh, other.en)
        return str(self) == other

    def __hash__(self) -> int:
        return hash((self.zh, self.en))


def format_date(value: date | datetime | None) -> str:
    """A day as people read it in Shanghai: `2026-03-02`, in English `2 Mar 2026`."""
    if value is None:
        return ""
    day = shanghai(value) if isinstance(value, datetime) else value
    if current_locale() == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year:04}-{day.month:02}-{day.day:02}"


def format_time(value: datetime | None) -> str:
    """The wall clock in Shanghai, `09:00`."""
    return "" if value is None else f"{shanghai(value):%H:%M}"


def format_datetime(value: datetime | None) -> str:
    """Day and wall clock in Shanghai: `2026-03-02 09:00`, in English `2 Mar 2026 09:00`."""
    return "" if value is None else f"{format_date(value)} {format_time(value)}"


def format_money(fen: int | None) -> str:
    """An amount of fen as `¥1,200.00`; nothing for None."""
    if fen is None:
        return ""
    sign, rest = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}¥{rest // 100:,}.{rest % 100:02}"


def format_number(value: Any) -> str:
    """A count or a quantity with thousands separators and no trailing zeros: `1,200.5`."""
    if value is None:
        return ""
    text = f"{value:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_duration(span: timedelta) -> str:
    """A length of time in its one largest unit, rounded down: `3 小时`, `3 hours`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds >= 86_400:
        return ngettext("%(n)s day", "%(n)s days", seconds // 86_400)
    if seconds >= 3_600:
        return ngettext("%(n)s hour", "%(n)s hours", seconds // 3_600)
    return ngettext("%(n)s minute", "%(n)s minutes", max(1, seconds // 60))


def format_deadline(due: datetime | None, now: datetime) -> str:
    """How a deadline stands: `还剩 3 小时` before it, `已超时 1 天` after it."""
    if due is None:
        return ""
    if due >= now:
        return gettext("%(span)s left", span=format_duration(due - now))
    return gettext("overdue by %(span)s", span=format_duration(now - due))


def format_ago(moment: datetime | None, now: datetime) -> str:
    """How long ago something was: `3 小时前`; within a minute `刚刚`."""
    if moment is None:
        return ""
    if now - moment < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(span)s ago", span=format_duration(now - moment))


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
