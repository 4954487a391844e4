"""ISO 8601 times, durations and cycles of timer events, resolved to aware UTC datetimes."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jiedan.flow.engine.cron import NotCron, parse_cron

# A time of day in a diagram without a zone is the company's time, not the server's.
COMPANY_ZONE = ZoneInfo("Asia/Shanghai")

_DURATION = re.compile(
    r"^(?P<sign>-)?P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+(?:\.\d+)?)W)?"
    r"(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)
_CYCLE = re.compile(r"^R(?P<times>-?\d*)/(?:(?P<start>[^P/]+)/)?(?P<every>P[^/]+)$")
_FOREVER = -1


class NotATime(ValueError):
    """This is no ISO 8601 time, duration or cycle."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration that knows months, added to a date by the calendar."""

    months: int
    rest: timedelta

    def after(self, start: datetime) -> datetime:
        """`start` moved on; the 31st becomes the last day of a shorter month."""
        moved = start
        if self.months:
            month = start.month - 1 + self.months
            year, month = start.year + month // 12, month % 12 + 1
            if not MINYEAR <= year <= MAXYEAR:
                raise OverflowError
            moved = start.replace(
                year=year, month=month, day=min(start.day, monthrange(year, month)[1])
            )
        return moved + self.rest

    @property
    def is_positive(self) -> bool:
        return self.months > 0 or self.rest > timedelta(0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a timer is due first, and, for a cycle, how often and how far apart after that."""

    due_at: datetime
    every: str | None = None  # ISO duration or cron expression
    remaining: int = 0  # further firings; -1 for ever


def parse_duration(text: str) -> Duration:
    """`P1Y2M3DT4H5M6S` and its parts. Raises NotATime."""
    match = _DURATION.match(text.strip().upper().replace(",", "."))
    if match is None or text.strip().upper().rstrip("T") in ("P", "-P", ""):
        raise NotATime(text)
    part = {name: float(value or 0) for name, value in match.groupdict().items() if name != "sign"}
    sign = -1 if match["sign"] else 1
    try:
        return Duration(
            sign * int(part["years"] * 12 + part["months"]),
            sign
            * timedelta(
                weeks=part["weeks"],
                days=part["days"],
                hours=part["hours"],
                minutes=part["minutes"],
                seconds=part["seconds"],
            ),
        )
    except OverflowError:
        raise NotATime(text) from None


def parse_datetime(text: str) -> datetime:
    """An ISO date or time, in UTC; without a zone it is company time. Raises NotATime."""
    text = re.sub(r"\[[^\]]+\]$|@[A-Za-z_]+/[A-Za-z_]+$", "", text.strip())  # zone names of FEEL
    try:
        return in_utc(datetime.fromisoformat(text))
    except ValueError:
        raise NotATime(text) from None


def in_utc(moment: datetime) -> datetime:
    """`moment` in UTC; without a zone it is company time."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=COMPANY_ZONE)
    return moment.astimezone(UTC)


def schedule(value: Any, now: datetime) -> Schedule:
    """When a timer with this (evaluated) definition is due. Raises NotATime."""
    if isinstance(value, datetime):
        return Schedule(in_utc(value))
    if isinstance(value, date):
        return Schedule(in_utc(datetime.combine(value, time())))
    if isinstance(value, timedelta):
        return Schedule(_after(value, now))
    if value is None:
        raise NotATime("null")
    text = str(value).strip()
    upper = text.upper()
    try:
        if upper.startswith(("P", "-P")):
            return Schedule(parse_duration(text).after(now))
        if upper.startswith("R"):
            return _cycle(text, now)
        if (" " in text and "T" not in upper.partition(" ")[0]) or text.startswith("@"):
            return Schedule(_cron_after(text, now), text, _FOREVER)
        return Schedule(parse_datetime(text))
    except OverflowError:
        raise NotATime(text) from None


def _cron_after(text: str, moment: datetime) -> datetime:
    try:
        return in_utc(parse_cron(text).after(moment, COMPANY_ZONE))
    except NotCron:
        raise NotATime(text) from None


def _after(length: timedelta, now: datetime) -> datetime:
    try:
        return now + length
    except OverflowError:
        raise NotATime(str(length)) from None


def _cycle(text: str, now: datetime) -> Schedule:
    match = _CYCLE.match(text.upper().replace("--", "/"))
    if match is None:
        raise NotATime(text)
    every = parse_duration(match["every"])
    times = int(match["times"] or _FOREVER)
    if not every.is_positive or times == 0:
        raise NotATime(text)
    first = parse_datetime(match["start"]) if match["start"] else every.after(now)
    return Schedule(first, match["every"], times - 1 if times > 0 else _FOREVER)


def next_in_cycle(due_at: datetime, every: str, remaining: int, now: datetime) -> Schedule | None:
    """The firing after `due_at`; those that were missed while nobody looked are left out."""
    if remaining == 0:
        return None
    try:
        return _following(due_at, every, remaining, now)
    except (OverflowError, NotATime):  # beyond the end of the calendar
        return None


def _following(due_at: datetime, every: str, remaining: int, now: datetime) -> Schedule:
    if not every.startswith("P"):
        return Schedule(_cron_after(every, max(due_at, now)), every, remaining)
    step = parse_duration(every)
    following = step.after(due_at)
    if following <= now and not step.months:
        following += ((now - following) // step.rest) * step.rest
    while following <= now:
        following = step.after(following)
    return Schedule(following, every, remaining - 1 if remaining > 0 else _FOREVER)


def check_literal(text: str) -> None:
    """Raise NotATime unless a timer could be set by this literal text."""
    schedule(text, datetime(2026, 1, 1, tzinfo=UTC))
