"""Owns how long lists are cut: pages by a cursor, and counts that stop counting."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import orjson

COUNT_UP_TO = 1000
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; `exact` is False when counting stopped at COUNT_UP_TO."""

    number: int
    exact: bool = True

    def __str__(self) -> str:
        return str(self.number) if self.exact else f"{self.number - 1}+"


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page; `after` is the cursor of the next one, None at the end."""

    items: Sequence[Item]
    after: str | None
    count: Count


def count_of(number: int) -> Count:
    return Count(number, exact=number < COUNT_UP_TO)


def cursor(*keys: Any) -> str:
    """Pack the sort keys of the last item of a page."""
    return base64.urlsafe_b64encode(orjson.dumps(keys, default=str)).decode().rstrip("=")


def read_cursor(text: str | None, *kinds: Callable[[Any], Any]) -> list[Any] | None:
    """Unpack a cursor, each key by its kind; a broken one starts at the first page."""
    if not text:
        return None
    try:
        keys = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return [kind(key) for kind, key in zip(kinds, keys, strict=True)]
    except (ValueError, TypeError):
        return None


def moment(text: str) -> datetime:
    """A moment in a cursor."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
