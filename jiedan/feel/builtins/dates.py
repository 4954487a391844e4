"""Functions of dates, times and durations (DMN 1.5 §10.3.4.1, §10.3.4.7 and §10.3.4.9)."""

from decimal import Decimal
from typing import Any

from jiedan.feel.builtins.signature import builtin
from jiedan.feel.errors import Phrase
from jiedan.feel.iso import parse_date, parse_date_time, parse_duration, parse_time
from jiedan.feel.run import Run
from jiedan.feel.temporal import (
    MIDNIGHT_UTC,
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    find_zone,
    make_date,
    make_time,
    months_between,
)
from jiedan.feel.values import NUMBERS

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def _given(value: Any, run: Run, kind: str, text: str) -> Any:
    """The value, or null and a warning when the text gave none."""
    if value is None:
        run.warn('"%(text)s" is not a %(type)s.', text=text[:80], type=Phrase(kind))
    return value


def _whole(*parts: Decimal) -> list[int] | None:
    """The parts as whole numbers; None when one is not."""
    if all(part == part.to_integral_value() and abs(part) < 10**12 for part in parts):
        return [int(part) for part in parts]
    return None


def _date(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Date | None:
    parts = _whole(year, month, day)
    date = make_date(*parts) if parts else None
    return date if date is not None else run.warn("The calendar has no such day.")


def _time(
    run: Run,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    offset: DaysDuration | None = None,
    zone: str | None = None,
) -> Time | None:
    parts = _whole(hour, minute)
    if parts is None or not 0 <= second < 60 or (zone is not None and find_zone(zone) is None):
        return run.warn("The clock has no such time.")
    whole, nanos = divmod(int(NUMBERS.multiply(second, Decimal(SECOND))), SECOND)
    seconds = None if offset is None else offset.nanos // SECOND
    time = make_time(parts[0], parts[1], whole, nanos, seconds, zone)
    return time if time is not None else run.warn("The clock has no such time.")


@builtin("date(from: string)")
def date_of_text(run: Run, text: str) -> Any:
    """The date that the text stands for."""
    return _given(parse_date(text), run, "date", text)


@builtin("date(from: date|date and time)")
def date_of_value(run: Run, value: Date | DateTime) -> Date:
    """The date of a date and time."""
    return value if isinstance(value, Date) else value.date


@builtin("date(year: number, month: number, day: number)")
def date_of_parts(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Any:
    """The date of these parts."""
    return _date(run, year, month, day)


@builtin("time(from: string)")
def time_of_text(run: Run, text: str) -> Any:
    """The time that the text stands for."""
    return _given(parse_time(text), run, "time", text)


@builtin("time(from: time|date|date and time)")
def time_of_value(run: Run, value: Time | Date | DateTime) -> Time:
    """The time of a date and time; midnight UTC for a date."""
    if isinstance(value, Date):
        return MIDNIGHT_UTC
    return value.time if isinstance(value, DateTime) else value


@builtin("time(hour: number, minute: number, second: number, offset?: days|null)")
def time_of_parts(
    run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: DaysDuration | None = None
) -> Any:
    """The time of these parts."""
    return _time(run, hour, minute, second, offset)


@builtin("date and time(from: string)")
def date_time_of_text(run: Run, text: str) -> Any:
    """The date and time that the text stands for."""
    return _given(parse_date_time(text), run, "date and time", text)


@builtin("date and time(from: date and time|date)")
def date_time_of_value(run: Run, value: DateTime) -> DateTime:
    """The value itself; of a date its midnight UTC."""
    return value if isinstance(value, DateTime) else DateTime(value, MIDNIGHT_UTC)


@builtin("date and time(date: date|date and time, time: time)")
def date_time_of_both(run: Run, date: Date | DateTime, time: Time) -> DateTime:
    """The date with the time."""
    return DateTime(date if isinstance(date, Date) else date.date, time)


@builtin("date and time(date: date and time, timezone: string)")
def date_time_in_zone(run: Run, date: DateTime, timezone: str) -> Any:
    """The same moment on the clock of the zone."""
    if find_zone(timezone) is None:
        return run.warn('There is no time zone "%(zone)s".', zone=timezone[:80])
    time = date.time
    return DateTime(date.date, Time(time.hour, time.minute, time.second, time.nano, None, timezone))


@builtin(
    "date and time(year: number, month: number, day: number, hour: number, minute: number, "
    "second: number, offset?: days|null)"
)
def date_time_of_parts(
    run: Run,
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    offset: DaysDuration | None = None,
) -> Any:
    """The date and time of these parts."""
    date, time = _date(run, year, month, day), _time(run, hour, minute, second, offset)
    return None if date is None or time is None else DateTime(date, time)


@builtin(
    "date and time(year: number, month: number, day: number, hour: number, minute: number, "
    "second: number, timezone: string)"
)
def date_time_of_parts_in_zone(
    run: Run,
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    timezone: str,
) -> Any:
    """The date and time of these parts on the clock of the zone."""
    date = _date(run, year, month, day)
    time = _time(run, hour, minute, second, None, timezone)
    return None if date is None or time is None else DateTime(date, time)


@builtin("duration(from: string)")
def duration(run: Run, text: str) -> Any:
    """The duration that the text stands for."""
    return _given(parse_duration(text), run, "duration", text)


@builtin("duration(from: days|months)")
def duration_of_value(run: Run, value: DaysDuration | MonthsDuration) -> Any:
    """The duration itself."""
    return value


@builtin("years and months duration(from: date|date and time, to: date|date and time)")
def years_and_months(run: Run, start: Date | DateTime, end: Date | DateTime) -> MonthsDuration:
    """The whole months between two dates."""
    first = start if isinstance(start, Date) else start.date
    last = end if isinstance(end, Date) else end.date
    return MonthsDuration(months_between(first, last))


@builtin("now()")
def now(run: Run) -> DateTime:
    """The time of the evaluation."""
    moment = run.moment()
    day = Date(moment.year, moment.month, moment.day)
    offset = moment.utcoffset()
    seconds = int(offset.total_seconds()) if offset is not None else 0
    clock = Time(
        moment.hour, moment.minute, moment.second, moment.microsecond * 1000, seconds, None
    )
    return DateTime(day, clock)


@builtin("today()")
def today(run: Run) -> Date:
    """The day of the evaluation."""
    moment = run.moment()
    return Date(moment.year, moment.month, moment.day)


def _day(value: Date | DateTime) -> Date:
    return value if isinstance(value, Date) else value.date


@builtin("day of year(date: date|date and time)")
def day_of_year(run: Run, date: Date | DateTime) -> Decimal:
    """1 to 366."""
    day = _day(date)
    return Decimal(day.days() - Date(day.year, 1, 1).days() + 1)


@builtin("day of week(date: date|date and time)")
def day_of_week(run: Run, date: Date | DateTime) -> str:
    """The English name of the weekday."""
    return _WEEKDAYS[_day(date).weekday() - 1]


@builtin("month of year(date: date|date and time)")
def month_of_year(run: Run, date: Date | DateTime) -> str:
    """The English name of the month."""
    return _MONTHS[_day(date).month - 1]


@builtin("week of year(date: date|date and time)")
def week_of_year(run: Run, date: Date | DateTime) -> Decimal:
    """The ISO 8601 week, 1 to 53."""
    day = _day(date)
    thursday = day.days() - day.weekday() + 4
    year = day.year
    for candidate in (year + 1, year, year - 1):
        first = Date(candidate, 1, 1).days()
        if first <= thursday:
            return Decimal((thursday - first) // 7 + 1)
    return Decimal(1)


@builtin("is(value1: any, value2: any)")
def is_same(run: Run, a: Any, b: Any) -> bool:
    """Whether both are the same value of the same type, time zones included."""
    return _same(a, b)


def _same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if type(a) is list:
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if type(a) is dict:
        return bool(a.keys() == b.keys()) and all(_same(value, b[key]) for key, value in a.items())
    return bool(a == b)
