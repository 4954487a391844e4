"""Numbers that people quote: given out once, readable, and safe against typing errors."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import String, text, update
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.clock import shanghai
from jiedan.core.database import Base
from jiedan.core.errors import Invalid
from jiedan.core.text import identifier_text
from jiedan.core.work import Work

Shape = Literal["checked", "dated", "period", "plain", "random"]


class NumberInvalid(Invalid):
    """This is not a number of ours."""


class NumberCheckFailed(NumberInvalid):
    """The check digit does not fit: please look for a typing error in this number."""


class NumberSeries(Base):
    """The last number given out in a series, such as `XS20260302`."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(String(64), primary_key=True)
    last: Mapped[int]


@dataclass(frozen=True, slots=True)
class Kind:
    """How the numbers of one kind of thing look (SPEC S3.2)."""

    prefixes: tuple[str, ...]
    shape: Shape = "dated"
    digits: int = 4


KINDS: dict[str, Kind] = {
    "order": Kind(("XS", "WY"), "checked"),
    "customer": Kind(("KH",), "plain", 6),
    "kpi": Kind(("KP",), "period"),
    "whistleblower": Kind(("JB",), "random"),
    "inquiry": Kind(("XJ",)),
    "lead": Kind(("QZ",)),
    "contract": Kind(("HT",)),
    "credit": Kind(("XY",)),
    "issue": Kind(("WT",)),
    "complaint": Kind(("TS",)),
    "return": Kind(("TH",)),
    "visit": Kind(("HF",)),
    "finding": Kind(("JC",)),
    "capa": Kind(("GJ",)),
    "access": Kind(("CY",)),
    "consult": Kind(("FL",)),
    "backup": Kind(("BF",)),
}
CHILDREN: dict[str, str] = {
    "change": "C",
    "shipment": "F",
    "acceptance": "Y",
    "production": "M",
    "service": "W",
    "invoice": "P",
}

_KIND_OF = {prefix: name for name, kind in KINDS.items() for prefix in kind.prefixes}
_LETTERS = "".join(sorted(CHILDREN.values()))
_BASE32 = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"
_PATTERNS: dict[Shape, re.Pattern[str]] = {
    "checked": re.compile(
        rf"(?P<prefix>[A-Z]{{2}})(?P<date>\d{{8}})-?(?P<seq>\d{{4,8}})-?(?P<check>\d)"
        rf"(?:-(?P<child>[{_LETTERS}])(?P<child_seq>\d{{2,4}}))?"
    ),
    "dated": re.compile(r"(?P<prefix>[A-Z]{2})(?P<date>\d{8})-?(?P<seq>\d{4,8})"),
    "period": re.compile(r"(?P<prefix>[A-Z]{2})(?P<period>\d{6}|\d{4}Q[1-4])-?(?P<seq>\d{4,8})"),
    "plain": re.compile(r"(?P<prefix>[A-Z]{2})(?P<seq>\d{6,9})"),
    "random": re.compile(rf"(?P<prefix>[A-Z]{{2}})(?P<code>[{_BASE32}]{{10}})"),
}
# One statement takes the number and holds its series until the commit, on both databases.
_TAKE = text(
    "INSERT INTO number_series (series, last) VALUES (:series, 1) "
    "ON CONFLICT (series) DO UPDATE SET last = number_series.last + 1 RETURNING last"
)


def take_number(
    work: Work, *, kind: str, prefix: str | None = None, period: str | None = None
) -> str:
    """The next number of its kind: `take_number(work, kind="order", prefix="WY")`.

    Series start again each day in Shanghai and grow a digit past 9999. A number taken in a
    unit of work that is undone may be given out again, for nobody has seen it. `period` is for
    `kpi`: `202603` or `2026Q1`.
    """
    form = KINDS[kind]
    prefix = prefix or form.prefixes[0]
    if prefix not in form.prefixes:
        raise ValueError(f"{prefix} is no prefix of {kind}")
    if form.shape == "random":
        return prefix + "".join(secrets.choice(_BASE32) for _ in range(10))
    if form.shape == "plain":
        return f"{prefix}{_take(work, prefix):0{form.digits}}"
    if form.shape == "period":
        if not period:
            raise ValueError("a period is missing")
        return f"{prefix}{period}-{_take(work, prefix + period):0{form.digits}}"
    day = f"{shanghai(work.now):%Y%m%d}"
    number = f"{_take(work, prefix + day):0{form.digits}}"
    if form.shape == "dated":
        return f"{prefix}{day}-{number}"
    return f"{prefix}{day}-{number}-{luhn_digit(day + number)}"


def take_child_number(work: Work, *, parent: str, kind: str) -> str:
    """The next number under an order: `XS20260302-0001-1-F02` for its second shipment."""
    series = f"{parent}-{CHILDREN[kind]}"
    return f"{series}{_take(work, series):02}"


def check_number(typed: str, *, kind: str | None = None) -> str:
    """The number as we write it, from what somebody typed: any case, width, spaces, dashes.

    Asks no database. Raises NumberCheckFailed for a wrong check digit, NumberInvalid for what
    is no number of ours, or none of this `kind`.
    """
    text_ = identifier_text(typed).upper() if len(typed) <= 100 else ""
    name = _KIND_OF.get(text_[:2])
    if name is None or (kind is not None and kind != name):
        raise NumberInvalid
    form = KINDS[name]
    match = _PATTERNS[form.shape].fullmatch(text_)
    if match is None:
        raise NumberInvalid
    part = match.groupdict()
    if form.shape in ("plain", "random"):
        return text_
    if form.shape == "period":
        return f"{part['prefix']}{part['period']}-{part['seq']}"
    if not _is_date(part["date"]):
        raise NumberInvalid
    number = f"{part['prefix']}{part['date']}-{part['seq']}"
    if form.shape == "dated":
        return number
    if luhn_digit(part["date"] + part["seq"]) != part["check"]:
        raise NumberCheckFailed
    number = f"{number}-{part['check']}"
    return f"{number}-{part['child']}{part['child_seq']}" if part["child"] else number


def parent_number(number: str) -> str:
    """The order's number in a checked number that may have a suffix."""
    return re.sub(rf"-[{_LETTERS}]\d{{2,4}}$", "", number)


def luhn_digit(digits: str) -> str:
    """The digit that makes `digits` pass the Luhn test when it is put behind them."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def skip_numbers(work: Work, *, by: int = 1000) -> None:
    """Push every series forward, so that after a restore no number is given out again."""
    work.session.execute(update(NumberSeries).values(last=NumberSeries.last + by))


def _take(work: Work, series: str) -> int:
    return int(work.session.execute(_TAKE, {"series": series}).scalar_one())


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
