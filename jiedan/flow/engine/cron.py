"""Cron expressions of timer cycles, in company time: `0 0 9 * * MON-FRI` is nine on weekdays.

Six fields (second, minute, hour, day, month, weekday), as in Zeebe; five begin with the minute.
Each is `*`, `?`, a number or name, a range, a list, or any of these with a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_SHORTHANDS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_YEARS_AHEAD = 9  # a 29 February on a given weekday may be that far away … or never come


class NotCron(ValueError):
    """This is no cron expression."""


@dataclass(frozen=True, slots=True)
class Cron:
    """The numbers that each field allows; weekdays count from Sunday, 0."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first match later than `moment`. Raises NotCron if there is none for years."""
        local = moment.astimezone(zone).replace(microsecond=0) + timedelta(seconds=1)
        clock = (local.hour, local.minute, local.second)
        day = local.date()
        for _ in range(366 * _YEARS_AHEAD):
            if self._allows(day.day, day.month, day.isoweekday() % 7):
                time = self._time_from(clock)
                if time is not None:
                    hour, minute, second = time
                    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)
            day += timedelta(days=1)
            clock = (0, 0, 0)
        raise NotCron("never")

    def _allows(self, day: int, month: int, weekday: int) -> bool:
        return day in self.days and month in self.months and weekday in self.weekdays

    def _time_from(self, clock: tuple[int, int, int]) -> tuple[int, int, int] | None:
        hour, minute, second = clock
        for h in (one for one in self.hours if one >= hour):
            for m in (one for one in self.minutes if h > hour or one >= minute):
                later = (h, m) > (hour, minute)
                for s in (one for one in self.seconds if later or one >= second):
                    return h, m, s
        return None


def parse_cron(text: str) -> Cron:
    """Read an expression. Raises NotCron."""
    fields = _SHORTHANDS.get(text.strip().lower(), text).upper().split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise NotCron(text)
    second, minute, hour, day, month, weekday = fields
    return Cron(
        _sorted(_numbers(second, 0, 59)),
        _sorted(_numbers(minute, 0, 59)),
        _sorted(_numbers(hour, 0, 23)),
        _numbers(day, 1, 31),
        _numbers(month, 1, 12, _MONTHS, first=1),
        frozenset(one % 7 for one in _numbers(weekday, 0, 7, _WEEKDAYS)),
    )


def _sorted(numbers: frozenset[int]) -> tuple[int, ...]:
    return tuple(sorted(numbers))


def _numbers(
    field: str, low: int, high: int, names: list[str] | None = None, first: int = 0
) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step_text = part.partition("/")
        start, dash, end = span.partition("-")
        if span in ("*", "?"):
            begin, finish = low, high
        else:
            begin = _number(start, names, first)
            finish = _number(end, names, first) if dash else (high if step_text else begin)
        step = _number(step_text, None, 0) if step_text else 1
        if not (low <= begin <= finish <= high) or step < 1:
            raise NotCron(field)
        found.update(range(begin, finish + 1, step))
    return frozenset(found)


def _number(text: str, names: list[str] | None, first: int) -> int:
    if names and text in names:
        return names.index(text) + first
    if not (text.isascii() and text.isdigit()):
        raise NotCron(text)
    return int(text)
