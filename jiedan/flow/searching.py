"""Owns search: the text of an instance with its pinyin, and the instances that match words."""

import functools
import re
import unicodedata
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from jiedan.core.pinyin import pinyin_keys
from jiedan.flow.inbox_tables import WordRow
from jiedan.flow.tables import InstanceRow, table_of
from jiedan.flow.words import asked, rarest

_HAN = re.compile(r"[\u3400-\u9fff]")
_LIMIT = 400
_NUMBER = re.compile(r"[a-z]{1,3}\d{3,}[\d-]*")
_instances = table_of(InstanceRow)

FEW = 1000
"""So many matches are looked up one by one; where there are more, a walk finds a page at once."""


def searchable(*texts: str | None) -> str | None:
    """Lower-case text, with the pinyin of its Chinese beside it: `张三贸易 zhangsanmaoyi zsmy`."""
    said = " ".join(text for text in texts if text)[:_LIMIT]
    return _with_pinyin(said) if said else None


def search_words(query: str) -> list[str]:
    """The words to look for, each with LIKE's own signs escaped by a backslash."""
    plain = unicodedata.normalize("NFKC", query).lower()
    return [re.sub(r"([\\%_])", r"\\\1", word) for word in plain.split()[:8]]


def says(word: str) -> ColumnElement[bool]:
    """The condition that an instance's search text holds a word of `search_words`."""
    return _instances.c.search.like(f"%{word}%", escape="\\")


def matching_instances(
    session: Session, words: list[str], *, open_only: bool = False
) -> list[UUID] | None:
    """The instances that hold all words; None when there are more than FEW.

    With `open_only` the index of words narrows it first, else the texts are read one by one.
    """
    wanted = select(_instances.c.id)
    if len(words) == 1 and _NUMBER.fullmatch(words[0]):
        # The beginning of a number as people copy it: the index on numbers leads straight there.
        start = words[0].upper()
        by_number = wanted.where(
            _instances.c.business_key >= start, _instances.c.business_key < start + "\uffff"
        )
        found = list(session.execute(by_number.limit(FEW + 1)).scalars())
        if found:
            return found if len(found) <= FEW else None
    wanted = wanted.where(*map(says, words))
    if open_only and any(asked(word) for word in words):
        rare = rarest(session, words)
        if rare is None:
            return None
        near = select(table_of(WordRow).c.instance_id).where(rare)
        wanted = wanted.where(_instances.c.id.in_(near))
    found = list(session.execute(wanted.limit(FEW + 1)).scalars())
    return found if len(found) <= FEW else None


@functools.lru_cache(maxsize=4096)
def _with_pinyin(said: str) -> str:
    plain = unicodedata.normalize("NFKC", said).lower()
    chinese = [word for word in plain.split() if _HAN.search(word)]
    return " ".join([plain, *(pinyin_keys(word) for word in chinese)])
