"""Values that cross the desk's border: ids, dates, quantities, and results that turn into JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from jiedan.core.clock import SHANGHAI
from jiedan.core.database import Base
from jiedan.core.errors import Invalid, Message
from jiedan.core.i18n import LazyText, lazy
from jiedan.core.ids import new_id
from jiedan.core.money import LARGEST
from jiedan.core.sentences import keep
from jiedan.core.text import clean_text, half_width, number_text
from jiedan.core.work import Work

Ref = UUID | str
"""An id, as a UUID or as its text."""

ZERO = Decimal(0)
MAX_QTY = Decimal("9999999")
_QTY = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")
_PCT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True, slots=True)
class Result:
    """What a desk function hands back."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as JSON-safe values: ids and dates as text, decimals as numbers."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


def plain(value: Any) -> Any:
    """A JSON-safe form of ``value``; a whole decimal becomes an int, another one a float."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def as_id(ref: Ref) -> UUID | None:
    """The UUID that ``ref`` means; None for text that is none."""
    if isinstance(ref, UUID):
        return ref
    try:
        return UUID(ref)
    except (ValueError, AttributeError, TypeError):
        return None


def add(work: Work, row: Row) -> Row:
    """Put a new row into the work, with its id, its stamps and its defaults filled."""
    if getattr(row, "id", None) is None:
        row.id = new_id()  # type: ignore[attr-defined]
    if hasattr(type(row), "created_at"):
        row.created_at = work.now  # type: ignore[attr-defined]
        row.created_by = work.actor.login  # type: ignore[attr-defined]
        touch(work, row)
    work.session.add(row)
    work.session.flush()
    return row


def touch(work: Work, row: Base) -> None:
    """Note who changes the row, and when."""
    row.updated_at = work.now  # type: ignore[attr-defined]
    row.updated_by = work.actor.login  # type: ignore[attr-defined]


def shanghai_date(moment: datetime) -> date:
    """The calendar day in Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def half_up(amount: Decimal) -> int:
    """Whole fen, half a fen rounded up as on paper."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def hundredths(value: Decimal) -> Decimal:
    """Two places, rounded half up."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Problems:
    """Collects what is wrong with which field, so that a person reads all of it at once."""

    def __init__(self) -> None:
        self.fields: dict[str, Message] = {}

    def add(self, path: str, message: Message) -> None:
        """Note a problem; the first one per field stays."""
        self.fields.setdefault(path, message)

    def __bool__(self) -> bool:
        return bool(self.fields)

    def raise_as(self, kind: type[Invalid]) -> None:
        """Raise ``kind`` when anything was noted."""
        if self.fields:
            raise kind(self.fields)

    def qty(self, path: str, value: Any, *, zero: bool = False) -> Decimal | None:
        """A quantity above 0 (or from 0), at most 9 999 999 and three decimal places."""
        text = "" if isinstance(value, bool) or value is None else number_text(str(value))
        if not _QTY.fullmatch(text):
            self.add(path, lazy("Enter a quantity with at most three decimal places."))
            return None
        number = Decimal(text)
        if number > MAX_QTY or (number <= 0 and not zero):
            self.add(path, lazy("Enter a quantity above 0 and up to 9,999,999."))
            return None
        return number

    def fen(self, path: str, value: Any, *, zero: bool = False) -> int | None:
        """An amount in whole fen above 0 (or from 0)."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(path, lazy("Enter an amount."))
            return None
        if value > LARGEST or value < 0 or (value == 0 and not zero):
            self.add(path, lazy("Enter an amount above 0 and up to 999,999,999.99."))
            return None
        return value

    def pct(self, path: str, value: Any) -> Decimal | None:
        """A percentage from 0 to 100 with at most two decimal places."""
        text = number_text(str(value))
        if not _PCT.fullmatch(text) or Decimal(text) > 100:
            self.add(path, lazy("Enter a percentage from 0 to 100."))
            return None
        return Decimal(text)

    def day(self, path: str, value: Any) -> date | None:
        """A date from 1990 to 2099."""
        found = possible_day(value)
        if found is None:
            self.add(path, lazy("Enter a date."))
        return found

    def moment(self, path: str, value: Any) -> datetime | None:
        """A moment; one without a time zone is Shanghai time."""
        found = as_moment(value)
        if found is None or not 1990 <= found.year <= 2099:
            self.add(path, lazy("Enter a date and time."))
            return None
        return found

    def text(
        self, path: str, value: Any, *, longest: int, shortest: int = 0, needed: bool = False
    ) -> str | None:
        """Cleaned text of a length within the bounds; None for no text."""
        if isinstance(value, LazyText):
            return keep(value)
        found = clean(value)
        if not found:
            if needed or shortest:
                self.add(path, lazy("Please fill this in."))
            return None
        if len(found) > longest:
            self.add(path, lazy("At most %(n)s characters.", n=longest))
            return None
        if len(found) < shortest:
            self.add(path, lazy("At least %(n)s characters.", n=shortest))
            return None
        return found

    def one_of(self, path: str, value: Any, allowed: frozenset[str], *, needed: bool = True) -> str:
        """One of the allowed codes, or the empty text when none is needed."""
        found = str(value or "")
        if (found or needed) and found not in allowed:
            self.add(path, lazy("Choose one of the offered values."))
            return ""
        return found


def clean(value: Any) -> str:
    """Text without control and direction characters, trimmed; the empty text for None."""
    if isinstance(value, LazyText):
        return keep(value)
    return "" if value is None else clean_text(str(value))


def as_date(value: Any) -> date | None:
    """A date from a date or ISO text; None for anything else."""
    if isinstance(value, datetime):
        return shanghai_date(value)
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(number_text(str(value)))
    except ValueError:
        return None


def possible_day(value: Any) -> date | None:
    """A date from 1990 to 2099; None for anything else, also for days nobody plans for."""
    found = as_date(value)
    return found if found is not None and 1990 <= found.year <= 2099 else None


def as_moment(value: Any) -> datetime | None:
    """A moment from a datetime or ISO text; a naive one is Shanghai time."""
    if not isinstance(value, datetime):
        try:
            value = datetime.fromisoformat(half_width(str(value)).strip())
        except ValueError:
            return None
    moment: datetime = value
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
