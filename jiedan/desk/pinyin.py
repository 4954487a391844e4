"""Pinyin to search by: whole syllables and first letters of a Chinese name."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin


def pinyin_keys(name: str) -> str:
    """``huadongjinggong hdjg`` for 华东精工; letters and digits stay as they are."""
    syllables = [part.lower() for part in lazy_pinyin(name, style=Style.NORMAL)]
    letters = lazy_pinyin(name, style=Style.FIRST_LETTER)
    full = "".join(syllables).replace(" ", "")
    initials = "".join(letters).lower().replace(" ", "")
    return f"{full} {initials}"[:500]
