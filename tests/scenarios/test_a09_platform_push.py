"""SPEC A09: an order pushed by the platform, from the push to the closed order."""

from __future__ import annotations

from datetime import datetime

import pytest

from jiedan.core.clock import SHANGHAI
from tests.processes import answers
from tests.scenarios.paths import PLATFORM_NO, arrived, carried_out, prepared, push
from tests.world import World


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.req("N2.1.3", "N2.1.4")
def test_a_push_starts_one_order_that_is_due_within_two_hours(world: World) -> None:
    world.wait_until(at(9, 5))
    first = push(world)
    again = push(world)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json()["instance_id"] == again.get_json()["instance_id"]
    assert (first.get_json()["duplicate"], again.get_json()["duplicate"]) == (False, True)
    task = world.hanxue.task("accept_platform_order")
    assert datetime.fromisoformat(task["due_at"]) == at(11, 5)


@pytest.mark.req("N1.1", "N2.1.4", "N2.2.4", "N2.3.5", "N4.3.1")
def test_a_pushed_order_goes_to_the_closed_order(world: World) -> None:
    world.wait_until(at(9, 5))
    instance = push(world).get_json()["instance_id"]
    world.wait_until(at(9, 40))
    world.hanxue.do("accept_platform_order", "accept", {"viewed_all": True, "dept_ok": True})
    world.dengchao.do("decide_evaluation", "accept")
    world.sunyue.do("enter_platform_order", "submit")
    world.qianmin.do("review_order", "approve", answers.review())
    order = world.order(instance)
    assert order["order_no"].startswith("WY20260302-")
    assert order["total_fen"] == 26_700

    carried_out(world, "dengchao")
    prepared(world, "hanxue")
    world.wait_until(at(9, 30, day=4))
    world.fengtao.do(
        "choose_carrier", "dispatch", {"waybill": "ZT9000001", "eta": "2026-03-06T18:00:00+08:00"}
    )
    assert world.order(instance)["shipments"][0]["method"] == "express"

    world.wait_until(at(10, 0, day=5))
    arrived(world, "ZT9000001", "杭州")
    world.fengtao.do("record_receipt", "full")
    number = order["order_no"]
    world.hanxue.post("/messages/customer.delivery.confirmed", {"correlation": number})
    world.hanxue.post(
        "/messages/platform.settled",
        {"correlation": number, "payload": {"amount_fen": 26_700, "settlement_ref": "S-1"}},
    )
    world.run_due()

    order = world.order(instance)
    assert order["state"] == "closed", world.open_tasks(instance)
    assert order["platform_order_no"] == PLATFORM_NO
