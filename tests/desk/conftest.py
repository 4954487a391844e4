"""The demo company on a real database, and shortcuts through an order's life."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.platform import Platform
from jiedan.core.work import Work
from jiedan.desk.demo import load_base
from tests.desk.desk_day import Desk


@pytest.fixture
def desk(platform: Platform) -> Desk:
    """The demo company on Monday 2 March 2026, 09:00, with everybody at work."""
    with platform.work(actor=SYSTEM) as work:
        load_base(work)
    return Desk(platform)


@pytest.fixture
def empty(platform: Platform) -> Callable[..., Any]:
    """A company without any data: ``with empty() as work``."""

    @contextmanager
    def open_work() -> Iterator[Work]:
        with platform.work(actor=SYSTEM) as work:
            yield work

    return open_work
