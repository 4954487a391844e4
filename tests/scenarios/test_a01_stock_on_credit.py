"""SPEC A01: a stock sale on credit, from the first call to the closed order."""

from __future__ import annotations

import pytest

from tests.world import World


@pytest.mark.req("S2.1.1", "S2.2.1", "S2.2.5")
def test_a_call_becomes_an_order_with_its_number(world: World) -> None:
    started = world.linxiao.start(channel="sales", entry="inquiry")

    opened = world.linxiao.task("log_inquiry", started["id"])

    assert "complete" in opened["verbs"]
