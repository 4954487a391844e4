"""SPEC A08: an overdue customer is held until the money comes; a blacklisted one is rejected."""

from __future__ import annotations

import pytest

from tests.scenarios.paths import submitted
from tests.world import World


@pytest.mark.req("S5.1.3", "S5.1.4")
def test_an_overdue_customer_is_held_and_released_by_the_payment(world: World) -> None:
    instance = submitted(world, "KH000003", qty="10", price="1200.00", term_days=15)
    assert sorted(world.open_tasks(instance)) == ["handle_credit_hold (r:FO u:chenjing)"]
    order = world.order(instance)
    assert order["held"] is True

    world.lifang.post(
        "/messages/payment.received",
        {
            "correlation": order["order_no"],
            "payload": {"payment_ref": "BANK-7", "amount_fen": 3_800_000, "payer": "北原贸易"},
        },
    )

    assert world.order(instance)["held"] is False
    assert world.open_tasks(instance) == ["review_order (r:OR)"]


@pytest.mark.req("S1.3.1", "S2.3.7")
def test_a_blacklisted_customer_is_rejected_and_cannot_be_asked_for(world: World) -> None:
    instance = submitted(
        world, "KH000004", qty="10", price="1200.00", payment_method="prepay_full", term_days=None
    )

    order = world.order(instance)
    assert order["state"] == "rejected"
    assert order["state_reason"].startswith("BLACKLIST")
    assert world.open_tasks(instance) == []
