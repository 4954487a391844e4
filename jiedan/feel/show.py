"""Values as text: what string(x) gives, and how a value is written in FEEL."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jiedan.feel.iso import show_date, show_date_time, show_days, show_months, show_time
from jiedan.feel.lexer import WORD, squeeze
from jiedan.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from jiedan.feel.values import FeelFunction, Range


def show_number(value: Decimal) -> str:
    """Digits without exponent and without trailing zeros, unless that needs over 40 digits."""
    if value.is_zero():
        return "0"
    text = format(value, "f") if -40 < value.adjusted() < 40 else str(value.normalize())
    return text.rstrip("0").rstrip(".") if "." in text and "E" not in text else text


def quote(text: str) -> str:
    """The text as a FEEL string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _range(value: Range) -> str:
    if value.negated:
        return f"!={literal(value.low)}"
    opening = "[" if value.low_closed else "("
    closing = "]" if value.high_closed else ")"
    if value.low is None and not value.low_closed:
        return f"({'<=' if value.high_closed else '<'} {literal(value.high)})"
    if value.high is None and not value.high_closed:
        return f"({'>=' if value.low_closed else '>'} {literal(value.low)})"
    return f"{opening}{literal(value.low)}..{literal(value.high)}{closing}"


def _key(name: str) -> str:
    plain = name == squeeze(name) and all(map(WORD.fullmatch, name.split(" ")))
    return name if plain else quote(name)


_SHOWN: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    Decimal: show_number,
    str: str,
    Date: show_date,
    Time: show_time,
    DateTime: show_date_time,
    DaysDuration: show_days,
    MonthsDuration: show_months,
    Range: _range,
    FeelFunction: repr,
    list: lambda value: f"[{', '.join(map(literal, value))}]",
    dict: lambda value: (
        "{" + ", ".join(f"{_key(name)}: {literal(entry)}" for name, entry in value.items()) + "}"
    ),
}


def show(value: Any) -> str:
    """The text of a value; a string is itself."""
    return _SHOWN[type(value)](value)


_AT = frozenset({Date, Time, DateTime, DaysDuration, MonthsDuration})


def literal(value: Any) -> str:
    """The value as FEEL source, e.g. "a" with its quotes, @"2026-03-02"."""
    if type(value) is str:
        return quote(value)
    if type(value) in _AT:
        return f'@"{show(value)}"'
    return show(value)
