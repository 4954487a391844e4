"""Owns how a sentence of ours is kept in a column: translated when it is read, not when written.

Between two control characters that no person can type into a text (`core.text` removes them)
stand the sentence in English and its values, so a kept sentence can also stand inside another.
"""

from __future__ import annotations

import json
import re
from typing import Any

from jiedan.core.i18n import LazyText, gettext

_OPEN, _CLOSE = "\x1e", "\x1f"
_KEPT = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")


def keep(sentence: LazyText | str) -> str:
    """The text to store for a sentence; what a person wrote stays as it is."""
    if not isinstance(sentence, LazyText):
        return sentence
    params = {name: _plain(value) for name, value in sentence.params.items()}
    return f"{_OPEN}{json.dumps([sentence.msgid, params], ensure_ascii=False)}{_CLOSE}"


def say(text: str) -> str:
    """A stored text as the present reader reads it."""
    return _KEPT.sub(_said, text) if _OPEN in text else text


def restored(text: str) -> LazyText | str:
    """The sentence that was kept as this text; a person's text as it is."""
    found = _KEPT.fullmatch(text)
    return LazyText(*json.loads(found[1])) if found else text


def _said(found: re.Match[str]) -> str:
    try:
        msgid, params = json.loads(found[1])
    except ValueError:
        # Cut off somewhere on its way; what is left is better than nothing.
        return found[1]
    spoken = {name: say(one) if isinstance(one, str) else one for name, one in params.items()}
    return gettext(msgid, **spoken)


def _plain(value: Any) -> Any:
    if isinstance(value, LazyText):
        return keep(value)
    return value if isinstance(value, int | float | str) else str(value)
