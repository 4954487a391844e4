"""Functions of texts (DMN 1.5 §10.3.4.3), and conversion to and from text (§10.3.4.1)."""

import re
from decimal import Decimal
from typing import Any

from jiedan.feel.builtins.signature import builtin
from jiedan.feel.errors import Phrase
from jiedan.feel.regex import Pattern, compile_pattern
from jiedan.feel.regex_parser import PatternError
from jiedan.feel.run import Run
from jiedan.feel.show import show
from jiedan.feel.values import NUMBERS

_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,6})?", re.ASCII)


def _position(position: Decimal, length: int) -> int | None:
    """The offset of a position from 1, or from the end when negative."""
    place = int(position) if abs(position) < 10**12 else 0
    if 0 < place <= length:
        return place - 1
    return length + place if -length <= place < 0 else None


@builtin("substring(string: string, start position: number, length?: number)")
def substring(run: Run, string: str, start: Decimal, length: Decimal | None = None) -> Any:
    """The part of the text from that position, of that length."""
    offset = _position(start, len(string))
    if offset is None:
        return run.warn("The text has no position %(position)s.", position=str(start))
    if length is None:
        return string[offset:]
    if length < 1:
        return run.warn("A length must be 1 or more.")
    return string[offset : offset + int(min(length, Decimal(len(string))))]


@builtin("string length(string: string)")
def string_length(run: Run, string: str) -> Decimal:
    """The number of characters."""
    return Decimal(len(string))


@builtin("upper case(string: string)")
def upper_case(run: Run, string: str) -> str:
    """The text in capitals."""
    run.grow(len(string))
    return string.upper()


@builtin("lower case(string: string)")
def lower_case(run: Run, string: str) -> str:
    """The text in small letters."""
    run.grow(len(string))
    return string.lower()


@builtin("substring before(string: string, match: string)")
def substring_before(run: Run, string: str, match: str) -> str:
    """What stands before the match, or nothing."""
    before, found, _ = string.partition(match) if match else ("", "", "")
    return before if found else ""


@builtin("substring after(string: string, match: string)")
def substring_after(run: Run, string: str, match: str) -> str:
    """What stands after the match, or nothing."""
    return string.partition(match)[2] if match else string


@builtin("contains(string: string, match: string)")
def contains(run: Run, string: str, match: str) -> bool:
    """Whether the match stands in the text."""
    return match in string


@builtin("starts with(string: string, match: string)")
def starts_with(run: Run, string: str, match: str) -> bool:
    """Whether the text begins with the match."""
    return string.startswith(match)


@builtin("ends with(string: string, match: string)")
def ends_with(run: Run, string: str, match: str) -> bool:
    """Whether the text ends with the match."""
    return string.endswith(match)


def _pattern(run: Run, pattern: str, flags: str | None) -> Pattern | None:
    try:
        return compile_pattern(pattern, flags or "")
    except PatternError as error:
        return run.warn('"%(pattern)s" is not a pattern: %(reason)s', pattern=pattern[:80],
                        reason=Phrase(error))  # fmt: skip


@builtin("matches(input: string, pattern: string, flags?: string|null)")
def matches(run: Run, input: str, pattern: str, flags: str | None = None) -> bool | None:
    """Whether the pattern is found in the text."""
    compiled = _pattern(run, pattern, flags)
    return None if compiled is None else compiled.search(input, 0, run) is not None


@builtin("replace(input: string, pattern: string, replacement: string, flags?: string|null)")
def replace(
    run: Run, input: str, pattern: str, replacement: str, flags: str | None = None
) -> str | None:
    """The text with all that the pattern finds replaced; $1 is the first group."""
    compiled = _pattern(run, pattern, flags)
    if compiled is None:
        return None
    try:
        return compiled.replace(input, replacement, run, literal="q" in (flags or ""))
    except PatternError as error:
        return run.warn('"%(pattern)s" is not a pattern: %(reason)s', pattern=pattern[:80],
                        reason=Phrase(error))  # fmt: skip


@builtin("split(string: string, delimiter: string)")
def split(run: Run, string: str, delimiter: str) -> list[str] | None:
    """The parts of the text between what the pattern finds."""
    compiled = _pattern(run, delimiter, None)
    if compiled is None:
        return None
    parts = compiled.split(string, run)
    run.room(len(parts or ()))
    run.grow(len(string))
    return parts


@builtin("string join(list: list, delimiter?: string|null)")
def string_join(run: Run, list: Any, delimiter: str | None = None) -> str | None:
    """The texts of the list in one, with the delimiter between; nulls are left out."""
    texts = [entry for entry in list if entry is not None]
    if any(type(entry) is not str for entry in texts):
        return run.warn("Only texts can be joined.")
    between = delimiter or ""
    run.grow(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


@builtin("string(from: any)")
def string(run: Run, value: Any) -> str | None:
    """The value as text."""
    if value is None:
        return None
    run.measure(value)
    text = show(value)
    run.grow(len(text))
    return text


@builtin("number(from: string)")
def number_simple(run: Run, text: str) -> Decimal | None:
    """The number that a text such as "1000.5" stands for."""
    return _number(run, text)


@builtin("number(from: string, grouping separator: string|null, decimal separator?: string|null)")
def number(
    run: Run, text: str, grouping: str | None = None, decimal: str | None = None
) -> Decimal | None:
    """The number that a text such as "1.000,5" stands for."""
    if grouping not in (None, " ", ",", ".") or decimal not in (None, ",", "."):
        return run.warn("A separator is a space, a comma or a point.")
    if grouping is not None and grouping == decimal:
        return run.warn("The separators must differ.")
    if grouping is not None:
        text = text.replace(grouping, "")
    if decimal is not None and decimal != ".":
        if "." in text:
            return run.warn('"%(text)s" is not a number.', text=text[:80])
        text = text.replace(decimal, ".")
    return _number(run, text)


def _number(run: Run, text: str) -> Decimal | None:
    if _NUMBER.fullmatch(text):
        try:
            return NUMBERS.create_decimal(text)
        except ArithmeticError:
            pass
    return run.warn('"%(text)s" is not a number.', text=text[:80])
