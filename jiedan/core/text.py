"""Clean text: what people type, brought into one form before anything looks at it."""

from __future__ import annotations

import re
import unicodedata

from jiedan.core.errors import Invalid


class TextTooLong(Invalid):
    """At most %(limit)s characters fit here."""


# Controls, and the characters that reorder or hide text. Zero-width joiners stay: emoji need
# them, and they are refused only in what must be told apart by eye (`identifier_text`).
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u206f\ufeff]"
)
_SPACES = re.compile(r"\s+")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹣ー", "-"))


def clean_text(text: str, *, limit: int | None = None) -> str:
    """Text of several lines: NFC, no control characters, line ends `\\n`, trimmed.

    Raises TextTooLong above `limit` characters.
    """
    tidy = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    tidy = _CONTROLS.sub("", _without_halves(tidy)).strip()
    if limit is not None and len(tidy) > limit:
        raise TextTooLong(limit=limit)
    return tidy


def clean_line(text: str, *, limit: int | None = None) -> str:
    """Text of one line: as `clean_text`, with every run of white space as one space."""
    tidy = _SPACES.sub(" ", clean_text(text)).strip()
    if limit is not None and len(tidy) > limit:
        raise TextTooLong(limit=limit)
    return tidy


def half_width(text: str) -> str:
    """Full-width digits, letters and signs as their plain forms: `１２．５` → `12.5`."""
    return unicodedata.normalize("NFKC", text)


def number_text(text: str) -> str:
    """What was typed where a number belongs: half-width, no spaces, one kind of dash."""
    return _SPACES.sub("", half_width(_INVISIBLE.sub("", text)).translate(_DASHES))


def identifier_text(text: str) -> str:
    """A code as people type it (SKU, login, number): half-width, visible, without spaces."""
    return number_text(_CONTROLS.sub("", text))


def search_text(text: str) -> str:
    """What to compare when searching: half-width, lower case, single spaces."""
    return _SPACES.sub(" ", half_width(_INVISIBLE.sub("", clean_text(text)))).casefold().strip()


def like_pattern(text: str) -> str:
    """A pattern for `LIKE … ESCAPE '\\\\'` that finds `text` anywhere, taken literally."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def spreadsheet_text(text: str) -> str:
    """Text that a spreadsheet shows instead of running: no formula can start with it."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _without_halves(text: str) -> str:
    # Half of a surrogate pair cannot be stored; JSON can carry one.
    return text.encode("utf-8", "ignore").decode("utf-8")
