"""Pinyin to search by: whole syllables and first letters of a Chinese name."""

from __future__ import annotations

import functools


def pinyin_keys(name: str) -> str:
    """`zhangwei zw` for 张维; letters and digits stay as they are."""
    # Its dictionary takes a quarter of a second to load, and most starts add no name.
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(name, style=Style.NORMAL)
    letters = lazy_pinyin(name, style=Style.FIRST_LETTER)
    full = "".join(syllables).replace(" ", "").lower()
    initials = "".join(letters).replace(" ", "").lower()
    return f"{full} {initials}"


@functools.lru_cache(maxsize=4096)
def pinyin_syllables(name: str) -> tuple[str, ...]:
    """`("zhang", "wei")` for 张维."""
    from pypinyin import Style, lazy_pinyin

    return tuple(one.lower() for one in lazy_pinyin(name, style=Style.NORMAL) if one)
