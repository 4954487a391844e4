"""Values on their way in and out: Python and JSON values ↔ FEEL values."""

from typing import Any


def from_plain(value: Any) -> Any:
    """A FEEL value from a Python value: numbers become Decimal, datetimes FEEL dates and so on.

    Accepts None, bool, int, float, Decimal, str, date, time, datetime, timedelta, Mapping, list,
    tuple, set and FEEL values. Raises UnusableValue for anything else. Texts stay texts.
    """
    raise NotImplementedError


def to_plain(value: Any) -> Any:
    """A JSON-safe value: whole numbers int, other numbers float when exact enough (else text),
    dates, times and durations as ISO 8601 text, ranges and functions as text."""
    raise NotImplementedError


def to_python(value: Any) -> Any:
    """The nearest Python value: Decimal stays; dates, times, datetimes (aware when they have a
    zone) and days-and-time durations become those of `datetime`; years-and-months durations become
    ISO text."""
    raise NotImplementedError
