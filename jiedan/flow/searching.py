"""Owns the search text: what it says, and the same in pinyin and its initials."""

import functools
import re
import unicodedata

from jiedan.core.pinyin import pinyin_keys

_HAN = re.compile(r"[\u3400-\u9fff]")
_LIMIT = 400


def searchable(*texts: str | None) -> str | None:
    """Lower-case text, with the pinyin of its Chinese beside it: `张三贸易 zhangsanmaoyi zsmy`."""
    said = " ".join(text for text in texts if text)[:_LIMIT]
    return _with_pinyin(said) if said else None


def search_words(query: str) -> list[str]:
    """The words to look for, each with LIKE's own signs escaped by a backslash."""
    plain = unicodedata.normalize("NFKC", query).lower()
    return [re.sub(r"([\\%_])", r"\\\1", word) for word in plain.split()[:8]]


@functools.lru_cache(maxsize=4096)
def _with_pinyin(said: str) -> str:
    plain = unicodedata.normalize("NFKC", said).lower()
    chinese = [word for word in plain.split() if _HAN.search(word)]
    return " ".join([plain, *(pinyin_keys(word) for word in chinese)])
