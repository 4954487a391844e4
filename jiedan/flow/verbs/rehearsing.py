"""Owns the dry run: a use case done whole and then undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow

if TYPE_CHECKING:
    from jiedan.core.platform import Platform
    from jiedan.core.work import Work


class Undone(Exception):
    """Everything went well and nothing is kept."""


class Rehearsal:
    """A platform whose transactions are never committed; everything else is the platform's."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    @contextmanager
    def work(self, *, actor: Actor) -> Iterator[Work]:
        """A unit of work that ends in Undone instead of a commit."""
        with self._platform.work(actor=actor) as work:
            yield work
            work.session.flush()
            raise Undone


def rehearsed(flow: Flow) -> Flow:
    """The same process platform, on which nothing that is done stays."""
    return replace(flow, platform=Rehearsal(flow.platform))  # type: ignore[arg-type]
