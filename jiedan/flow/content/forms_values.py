"""What a typed-in value means, kind by kind (SPEC §0.2): text in, checked value out, and back.

A checked value has two faces: the one that FEEL sees (Decimal yuan, dates) and the JSON-safe one
that is stored (integer fen, ISO text). Reading the stored face gives the same value again, so an
answer may be checked twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from jiedan.core.clock import SHANGHAI, shanghai
from jiedan.core.i18n import LazyText, lazy
from jiedan.core.money import LARGEST, AmountInvalid, parse_yuan, yuan_text
from jiedan.core.text import clean_line, clean_text, half_width, number_text
from jiedan.flow.content.forms_schema import Field, Kind, Limits

MAX_TEXT = 20_000
MAX_CHOICES = 200
MAX_QTY = Decimal(9_999_999)
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,9})?|\.\d{1,9})", re.ASCII)
_MOBILE = re.compile(r"(\+?86)?1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(r"(\+?86)?0\d{2,3}[2-9]\d{6,7}(x\d{1,6})?", re.ASCII)
_SHORT_LINE = re.compile(r"[48]00\d{7}", re.ASCII)
_ABROAD = re.compile(r"\+(?!86)[1-9]\d{6,14}(x\d{1,6})?", re.ASCII)
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+",
    re.ASCII,
)


class Wrong(Exception):
    """A value that cannot be taken; carries what to tell the person."""

    def __init__(self, message: LazyText) -> None:
        self.message = message
        super().__init__(message.msgid)


def is_empty(raw: Any) -> bool:
    """Whether nothing was filled in."""
    if isinstance(raw, str):
        return not raw.strip()
    if isinstance(raw, list | tuple):
        return all(is_empty(each) for each in raw)
    return raw is None


def read_value(field: Field, raw: Any) -> Any:
    """The value that `raw` means for `field`, None when empty. Raises Wrong."""
    kind = field.kind
    if kind is Kind.BOOL:
        return _bool(raw)
    if kind in (Kind.MANY, Kind.FILE) or field.multiple:
        return _several(raw)
    if isinstance(raw, list | tuple) and len(raw) == 1:
        raw = raw[0]
    if is_empty(raw):
        return None
    if isinstance(raw, Mapping | list | tuple):
        raise Wrong(lazy("This is not a single value."))
    return _READERS.get(kind, _text)(field, raw)


def _bool(raw: Any) -> bool | None:
    if raw is None or raw == "" or raw == []:
        return None
    if isinstance(raw, list | tuple):
        raw = raw[-1]
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word in {"true", "on", "1", "yes"}:
        return True
    if word in {"false", "off", "0", "no"}:
        return False
    raise Wrong(lazy("Choose yes or no."))


def _several(raw: Any) -> tuple[str, ...] | None:
    if is_empty(raw):
        return None
    many = list(raw) if isinstance(raw, list | tuple) else [raw]
    if len(many) > MAX_CHOICES or any(isinstance(one, Mapping | list | tuple) for one in many):
        raise Wrong(lazy("This is not a list of choices."))
    kept = [clean_line(str(one)) for one in many if not is_empty(one)]
    return tuple(dict.fromkeys(kept)) or None


def _text(field: Field, raw: Any) -> str:
    if isinstance(raw, bool):
        raise Wrong(lazy("This is not a text."))
    text = clean_text(str(raw)) if field.kind is Kind.LINES else clean_line(str(raw))
    if len(text) > MAX_TEXT:
        raise Wrong(lazy("At most %(n)s characters.", n=MAX_TEXT))
    return text


def read_number(raw: Any) -> Decimal:
    """A decimal from a number or from text as people type it: full-width digits, 1,200.50, 1 200.

    Raises Wrong for anything else: letters, NaN, 1e999, floats that are not finite.
    """
    if isinstance(raw, bool):
        raise Wrong(lazy("This is not a number."))
    if isinstance(raw, int | Decimal):
        number = Decimal(raw)
        if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
            raise Wrong(lazy("This is not a number."))
        return number
    text = number_text(str(raw)).replace("。", ".")
    if "," in text:
        if not re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text, re.ASCII):
            raise Wrong(lazy("This is not a number."))
        text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        raise Wrong(lazy("This is not a number."))
    try:
        return Decimal(text)
    except InvalidOperation as problem:
        raise Wrong(lazy("This is not a number.")) from problem


def _decimals(number: Decimal, most: int) -> Decimal:
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > most:
        if most == 0:
            raise Wrong(lazy("A whole number, please."))
        raise Wrong(lazy("At most %(n)s decimals.", n=most))
    return number


def _number(field: Field, raw: Any) -> Decimal:
    most = field.limits.decimals
    return _decimals(read_number(raw), 9 if most is None else most)


def _int(field: Field, raw: Any) -> int:
    return int(_decimals(read_number(raw), 0))


def _qty(field: Field, raw: Any) -> Decimal:
    number = _decimals(read_number(raw), 3)
    least = field.limits.min
    if number < 0 or (number == 0 and (least is None or least > 0)):
        raise Wrong(lazy("More than 0, please."))
    if number > MAX_QTY:
        raise Wrong(lazy("At most %(n)s.", n="9,999,999"))
    return number


def _pct(field: Field, raw: Any) -> Decimal:
    if isinstance(raw, str):
        raw = half_width(raw).strip().removesuffix("%").strip()
    number = _decimals(read_number(raw), 2)
    if not 0 <= number <= 100:
        raise Wrong(lazy("Between 0 and 100, please."))
    return number


def _money(field: Field, raw: Any) -> int:
    """Fen: an integer is fen already, a text is yuan as people type it."""
    if isinstance(raw, float):
        raise Wrong(lazy(AmountInvalid.msgid()))
    if isinstance(raw, int) and not isinstance(raw, bool):
        fen = raw
    else:
        try:
            fen = parse_yuan(str(raw))
        except AmountInvalid as wrong:
            raise Wrong(lazy(wrong.msgid())) from wrong
    if not 0 <= fen <= LARGEST:
        raise Wrong(lazy(AmountInvalid.msgid()))
    return fen


def _date(field: Field, raw: Any) -> date:
    if isinstance(raw, datetime):
        return shanghai(raw).date()
    if isinstance(raw, date):
        return raw
    text = half_width(str(raw)).strip()
    text = re.sub(r"[年月/.]", "-", text).removesuffix("日")
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text, re.ASCII)
    if not found:
        raise Wrong(lazy("A date such as 2026-03-12."))
    try:
        day = date(*(int(part) for part in found.groups()))
    except ValueError as problem:
        raise Wrong(lazy("There is no such day.")) from problem
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Wrong(lazy("Between %(first)s and %(last)s.", first=FIRST_DAY, last=LAST_DAY))
    return day


def _moment(field: Field, raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw if raw.tzinfo else raw.replace(tzinfo=SHANGHAI)
    text = half_width(str(raw)).strip().replace("/", "-")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise Wrong(lazy("A date and time such as 2026-03-12 09:30.")) from problem
    if not re.search(r"\d[T ]\d", text):
        raise Wrong(lazy("A date and time such as 2026-03-12 09:30."))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SHANGHAI)
    if not FIRST_DAY < moment.date() < LAST_DAY:
        raise Wrong(lazy("Between %(first)s and %(last)s.", first=FIRST_DAY, last=LAST_DAY))
    return shanghai(moment)


def _time(field: Field, raw: Any) -> str:
    text = half_width(str(raw)).strip()
    try:
        return f"{time.fromisoformat(text):%H:%M}"
    except ValueError as problem:
        raise Wrong(lazy("A time such as 09:30.")) from problem


def _phone(field: Field, raw: Any) -> str:
    text = half_width(str(raw)).strip().lower()
    text = re.sub(r"(?:转|分机|ext\.?|#)", "x", text)
    text = re.sub(r"[\s()\-.]", "", text)
    if any(p.fullmatch(text) for p in (_MOBILE, _LANDLINE, _SHORT_LINE, _ABROAD)):
        return text
    raise Wrong(lazy("A phone number such as 13812345678 or 021-61234567."))


def _email(field: Field, raw: Any) -> str:
    text = half_width(str(raw)).strip().lower()
    local = text.partition("@")[0]
    if len(text) > 254 or ".." in text or local.startswith(".") or not _EMAIL.fullmatch(text):
        raise Wrong(lazy("An e-mail address such as name@example.com."))
    return text


_READERS = {
    Kind.NUMBER: _number,
    Kind.INT: _int,
    Kind.QTY: _qty,
    Kind.PCT: _pct,
    Kind.MONEY: _money,
    Kind.DATE: _date,
    Kind.DT: _moment,
    Kind.TIME: _time,
    Kind.PHONE: _phone,
    Kind.EMAIL: _email,
}


def for_feel(kind: Kind, value: Any) -> Any:
    """The value as conditions see it: money in yuan, several choices as a list."""
    if kind is Kind.MONEY and isinstance(value, int):
        return Decimal(value) / 100
    if isinstance(value, tuple):
        return list(value)
    return value


def for_storage(kind: Kind, value: Any) -> Any:
    """The JSON-safe value: fen, decimal text, ISO dates and moments."""
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        if kind is Kind.NUMBER and whole:
            return int(value)
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return shanghai(value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value


def for_typing(kind: Kind, value: Any) -> str:
    """The value as the control of a page wants it, to be typed over."""
    if value is None:
        return ""
    if kind is Kind.MONEY and isinstance(value, int):
        return yuan_text(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return f"{shanghai(value):%Y-%m-%dT%H:%M}"
    return str(value)


def check_limits(limits: Limits, kind: Kind, value: Any) -> LazyText | None:
    """What a value breaks of its fixed limits (not those given by expressions)."""
    if isinstance(value, str):
        if limits.min_length and len(value) < limits.min_length:
            return lazy("At least %(n)s characters.", n=limits.min_length)
        if limits.max_length is not None and len(value) > limits.max_length:
            return lazy("At most %(n)s characters.", n=limits.max_length)
    number = for_feel(kind, value)
    if isinstance(number, int | Decimal) and not isinstance(number, bool):
        if limits.min is not None and number < limits.min:
            return lazy("At least %(n)s.", n=f"{limits.min:,f}")
        if limits.max is not None and number > limits.max:
            return lazy("At most %(n)s.", n=f"{limits.max:,f}")
    if isinstance(value, tuple):
        if limits.min_length and len(value) < limits.min_length:
            return lazy("Choose at least %(n)s.", n=limits.min_length)
        if limits.max_length is not None and len(value) > limits.max_length:
            return lazy("Choose at most %(n)s.", n=limits.max_length)
    return None
