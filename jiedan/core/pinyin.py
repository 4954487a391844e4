"""Pinyin to search by: whole syllables and first letters of a Chinese name."""

from __future__ import annotations


def pinyin_keys(name: str) -> str:
    """`zhangwei zw` for 张维; letters and digits stay as they are."""
    # Its dictionary takes a quarter of a second to load, and most starts add no name.
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(name, style=Style.NORMAL)
    letters = lazy_pinyin(name, style=Style.FIRST_LETTER)
    full = "".join(syllables).replace(" ", "").lower()
    initials = "".join(letters).replace(" ", "").lower()
    return f"{full} {initials}"
