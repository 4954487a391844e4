"""One page of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

Item = TypeVar("Item")
MOST_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some rows of a longer list; pages count from 1."""

    items: Sequence[Item]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(-(-self.total // self.size), 1)

    @property
    def has_next(self) -> bool:
        """Whether there is a page behind this one."""
        return self.page < self.pages


def bounds(page: int, size: int) -> tuple[int, int]:
    """A page number and size within reason."""
    return max(page, 1), min(max(size, 1), MOST_PER_PAGE)


def count_rows(session: Session, query: Select[Any]) -> int:
    """How many rows a query finds."""
    inner = query.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
    return int(session.scalar(select(inner.scalar_subquery())) or 0)
