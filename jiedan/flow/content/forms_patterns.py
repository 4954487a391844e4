"""Regular expressions from form files: which ones are too dangerous to run.

Python's matcher backtracks: `(a+)+b` takes longer than the age of the universe on 60 letters.
A form may use a pattern only when no repetition contains another repetition or a choice.
"""

from __future__ import annotations

import functools
import re
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

MAX_PATTERN = 200
MAX_SUBJECT = 1000
"""A longer text is not matched at all; it does not fit."""

_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
_BACKTRACKING = {"GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT"}


def dangerous_pattern(pattern: str) -> str | None:
    """Why a pattern may not be used, in a word; None when it may."""
    if len(pattern) > MAX_PATTERN:
        return "too long"
    try:
        tree = sre.parse(pattern)
    except (re.error, RecursionError, OverflowError) as problem:
        return str(problem)
    loops = [0]
    reason = _danger(tree, inside=False, loops=loops)
    if reason is None and loops[0] > 3:
        return "more than three open repetitions"
    return reason


def fits_pattern(pattern: str, text: str) -> bool:
    """Whether the whole text matches, as an HTML `pattern` does."""
    if len(text) > MAX_SUBJECT or dangerous_pattern(pattern) is not None:
        return False
    return _compiled(pattern).fullmatch(text) is not None


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _danger(tree: Any, *, inside: bool, loops: list[int]) -> str | None:
    for operator, argument in tree:
        name = str(operator)
        if name in _BACKTRACKING:
            return "looks around or back"
        if name in _REPEATS:
            low, high, body = argument
            endless = high is sre.MAXREPEAT or high > 64
            if inside and high != low:
                return "a repetition inside a repetition"
            loops[0] += 1 if endless else 0
            reason = _danger(body, inside=inside or high > 1, loops=loops)
        elif name == "BRANCH":
            if inside:
                return "a choice inside a repetition"
            reason = next(
                (r for arm in argument[1] if (r := _danger(arm, inside=inside, loops=loops))),
                None,
            )
        elif name == "SUBPATTERN":
            reason = _danger(argument[-1], inside=inside, loops=loops)
        elif name == "ATOMIC_GROUP":
            reason = _danger(argument, inside=inside, loops=loops)
        else:
            reason = None
        if reason:
            return reason
    return None
