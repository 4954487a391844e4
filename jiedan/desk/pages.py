"""One page of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

Item = TypeVar("Item")
MOST_PER_PAGE = 200
COUNT_UP_TO = 10_000
"""Nobody turns so many pages; to count on would read the whole table."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some rows of a longer list; pages count from 1. `total` is at most COUNT_UP_TO."""

    items: Sequence[Item]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(-(-self.total // self.size), 1)

    @property
    def more(self) -> bool:
        """Whether there are more than were counted."""
        return self.total >= COUNT_UP_TO

    @property
    def has_next(self) -> bool:
        """Whether there is a page behind this one."""
        return self.page < self.pages


def bounds(page: int, size: int) -> tuple[int, int]:
    """A page number and size within reason."""
    return max(page, 1), min(max(size, 1), MOST_PER_PAGE)


def count_rows(session: Session, query: Select[Any]) -> int:
    """How many rows a query finds, up to COUNT_UP_TO."""
    some = query.order_by(None).with_only_columns(literal(1), maintain_column_froms=True)
    counted = select(func.count()).select_from(some.limit(COUNT_UP_TO).subquery())
    return int(session.scalar(counted) or 0)
