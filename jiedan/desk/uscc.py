"""The unified social credit code of a Chinese company and its check digit (GB 32100)."""

from __future__ import annotations

from jiedan.core.text import identifier_text

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
LENGTH = 18


def normal_uscc(text: str) -> str | None:
    """The code in capitals, or None when its length, letters or check digit are wrong."""
    code = identifier_text(text).upper()
    if len(code) != LENGTH or any(letter not in _ALPHABET for letter in code):
        return None
    return code if code[-1] == check_digit(code[:-1]) else None


def check_digit(first_seventeen: str) -> str:
    """The eighteenth character for the first seventeen."""
    total = sum(
        _ALPHABET.index(letter) * weight
        for letter, weight in zip(first_seventeen, _WEIGHTS, strict=True)
    )
    return _ALPHABET[-total % 31]
