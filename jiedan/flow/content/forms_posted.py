"""Reading what a browser posts: flat names into records, tables and rows.

A name is the path that errors use too: `delivery_place.city`, `lines[2].sku`. Names that begin
with an underscore belong to the page (`_outcome`, `_row`), not to the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jiedan.core.errors import TooLarge

MAX_PAIRS = 10_000
MAX_ROW = 999
_PART = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[(\d{1,3})\])?")


def read_posted(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The nested answer of a posted form; a name given several times makes a list.

    Row numbers only say the order: rows 0, 2, 7 become rows 0, 1, 2. Names that are no path are
    kept as they are, so that the check can refuse them as unknown.
    """
    raw: dict[str, Any] = {}
    for count, (name, value) in enumerate(pairs):
        if count >= MAX_PAIRS:
            raise TooLarge
        if name.startswith("_") or name == "csrf_token":
            continue
        _put(raw, name, value)
    tidy = _tidy(raw)
    assert isinstance(tidy, dict)
    return tidy


class _Rows(dict[int, Any]):
    """Rows by the number that the page gave them."""


def _put(raw: dict[str, Any], name: str, value: str) -> None:
    parts = [_PART.fullmatch(part) for part in name.split(".")]
    if not all(parts):
        raw[name] = value
        return
    place: Any = raw
    for position, part in enumerate(parts):
        assert part is not None
        key, row = part.group(1), part.group(2)
        last = position == len(parts) - 1
        if row is not None:
            rows = place.setdefault(key, _Rows())
            if not isinstance(rows, _Rows):
                return
            place = rows.setdefault(int(row), {})
            if last:
                return
            continue
        if last:
            place[key] = _joined(place[key], value) if key in place else value
            return
        place = place.setdefault(key, {})
        if not isinstance(place, dict) or isinstance(place, _Rows):
            return


def _joined(before: Any, value: str) -> Any:
    if isinstance(before, list):
        return [*before, value]
    return [before, value] if isinstance(before, str) else before


def _tidy(node: Any) -> Any:
    if isinstance(node, _Rows):
        return [_tidy(node[number]) for number in sorted(node)]
    if isinstance(node, Mapping):
        return {key: _tidy(value) for key, value in node.items()}
    return node
