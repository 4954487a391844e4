"""Owns the index of words by which open instances are found: what is kept, how it is asked.

A table of ours, because it has to find two Chinese characters in the middle of a name and pinyin
from any syllable on, alike on both databases. It only narrows: what it finds is compared with the
whole search text afterwards.
"""

import re
import unicodedata
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from jiedan.core.pinyin import pinyin_syllables
from jiedan.core.prepared import Prepared
from jiedan.flow.inbox_tables import WordRow
from jiedan.flow.tables import table_of

LETTERS = 12
"""How many letters of a word are kept."""
MOST = 60
"""How many words of one instance are kept."""
RARE = 20_000
"""So many texts are read to find those that hold all of what was typed."""
ENOUGH = 100
"""A word that so few have is looked for no further."""
INITIALS = 6
_RUN = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_EMPTY = ("股份有限公司", "有限责任公司", "有限公司")
"""Almost every firm is called so: nobody is found by it."""
_words = table_of(WordRow)
_FORGET = Prepared(delete(_words).where(_words.c.instance_id == bindparam("b_instance")))
_KEEP = Prepared(insert(_words), ("word", "instance_id"))


def keep_words(database: Connection, instance_id: UUID, *texts: str | None, fresh: bool) -> None:
    """Let an open instance be found by these texts and by nothing else."""
    if not fresh:
        forget_words(database, instance_id)
    words = sorted(set(words_of(" ".join(text for text in texts if text))))[:MOST]
    if words:
        _KEEP.run_all(database, [{"word": one, "instance_id": instance_id} for one in words])


def forget_words(database: Connection, instance_id: UUID) -> None:
    """An instance that is over is found by its number or in the list of who worked on it."""
    _FORGET.run(database, {"b_instance": instance_id})


def words_of(text: str) -> Iterator[str]:
    """The words by which a text is found, some more than once."""
    for run in _runs(text):
        if run[0].isascii():
            yield run[:LETTERS]
            continue
        for place in range(len(run)):
            yield run[place : place + 2]
        syllables = pinyin_syllables(run)
        for place in range(len(syllables)):
            yield "".join(syllables[place:])[:LETTERS]
            yield "".join(one[0] for one in syllables[place : place + INITIALS])


def _runs(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).lower()
    for empty in _EMPTY:
        plain = plain.replace(empty, " ")
    return _RUN.findall(plain)


def asked(word: str) -> list[ColumnElement[bool]]:
    """The conditions on `WordRow` of which an instance that holds `word` meets every one.

    None at all for a word that the index does not know how to find.
    """
    found: list[ColumnElement[bool]] = []
    for run in _runs(word):
        if run[0].isascii():
            found.append(_begins(run[:LETTERS]) if len(run) < LETTERS else _is(run[:LETTERS]))
        elif len(run) == 1:
            found.append(_begins(run))
        else:
            found.extend(_is(run[place : place + 2]) for place in range(len(run) - 1))
    return found


def rarest(session: Session, words: list[str]) -> ColumnElement[bool] | None:
    """The condition on `WordRow` that the fewest open instances meet, of those that all which hold
    the words meet; None when even that one is met by more than RARE."""
    best, fewest = None, RARE + 1
    for condition in [one for word in words for one in asked(word)]:
        met = select(_words.c.word).where(condition).limit(fewest).subquery()
        number = session.execute(select(func.count()).select_from(met)).scalar_one()
        if number < fewest:
            best, fewest = condition, number
        if fewest <= ENOUGH:
            break
    return best


def _is(word: str) -> ColumnElement[bool]:
    return _words.c.word == word


def _begins(word: str) -> ColumnElement[bool]:
    return (_words.c.word >= word) & (_words.c.word < word + "\U0010ffff")
