"""Opens the demo: the company, its orders, and the clock on the morning where the story starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import SHANGHAI, MovableClock
from jiedan.demo.company import found_company
from jiedan.demo.orders import FIRST_DAY, bring_orders
from jiedan.demo.past import lengthen_past
from jiedan.flow.definitions import deploy_folders
from jiedan.flow.platform import Flow
from jiedan.people.directory import has_any_user

STORY_STARTS = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
"""SPEC §6.0: Monday morning."""
COPIES = 4
"""Orders of the longer past for each one of the demo's weeks."""


def open_demo(
    flow: Flow, *, count: int, progress: Callable[[int, int], None] | None = None
) -> bool:
    """Fill an empty demo with `count` orders under way and a longer past of finished ones.

    False when it has been opened before; then it stays as it is.
    """
    with flow.platform.read() as session:
        if has_any_user(session):
            return False
    clock = cast(MovableClock, flow.platform.clock)
    clock.freeze(FIRST_DAY)
    found_company(flow.platform)
    deploy_folders(flow, actor=SYSTEM)
    bring_orders(flow, until=STORY_STARTS, count=count, progress=progress)
    clock.set(STORY_STARTS)
    lengthen_past(flow, copies=COPIES * count)
    clock.run()
    return True
