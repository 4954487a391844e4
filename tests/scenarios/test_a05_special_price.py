"""SPEC A05 and A06: a price below policy passes by special approval only, or not at all."""

from __future__ import annotations

import pytest

from tests.processes import answers
from tests.scenarios.paths import submitted
from tests.world import World

GOOD = answers.review()
WISH = answers.review("客户重要，建议走特批程序处理。", ("PRICE",), PRICE="低于政策价")
WHY = "战略客户，全年采购额八百万元，本单为新产线首批，后续还有三倍数量的订单。"


def requested(world: World, price: str) -> str:
    """The reviewer suggested it and sales asked for it; the id of the instance."""
    instance = submitted(world, price=price)
    world.qianmin.do("review_order", "special", WISH)
    world.chenjing.do("request_special", "submit", {"justification": WHY}, files=("attachments",))
    return instance


@pytest.mark.req("S2.3.3", "S2.3.7")
def test_a_major_deviation_climbs_to_level_two_with_a_cosigner(world: World) -> None:
    instance = requested(world, "960.00")
    order = world.order(instance)
    assert order["state"] == "pending_special"
    assert order["total_fen"] == 9_600_000
    assert float(order["lines"][0]["dev_pct"]) == 13.04

    assert world.open_tasks(instance) == ["decide_special (r:SM)"]
    world.wangqiang.do("decide_special", "approve", {"opinion": "同意，客户重要。"})
    assert world.open_tasks(instance) == ["cosign_special (r:FM)"]
    world.zhouhang.do("cosign_special", "agree", {"opinion": "毛利仍可接受。"})
    assert world.open_tasks(instance) == ["decide_special (r:SD)"]
    world.majun.do(
        "decide_special",
        "approve_with_conditions",
        {"opinion": "同意，但须先收款。", "conditions": "款到发货"},
    )

    order = world.order(instance)
    assert order["state"] == "approved"
    assert [one["text"] for one in order["conditions"]] == ["款到发货"]


@pytest.mark.req("S2.3.7")
def test_requester_and_reviewer_cannot_even_see_the_decision(world: World) -> None:
    """SOD-2: without the role the task does not exist; with it the duty refuses."""
    instance = requested(world, "960.00")
    task = world.wangqiang.task("decide_special", instance)

    for login in ("chenjing", "qianmin"):
        refused = world.person(login).call(
            "POST",
            f"/tasks/{task['id']}/completion",
            {
                "version": task["version"],
                "outcome": "approve",
                "variables": {"opinion": "同意同意"},
            },
        )
        assert refused.status_code in (403, 404)
    assert world.order(instance)["state"] == "pending_special"


@pytest.mark.req("S2.3.6", "S2.3.7")
def test_a_price_below_the_floor_is_refused_and_a_better_one_passes(world: World) -> None:
    instance = requested(world, "850.00")
    world.wangqiang.do("decide_special", "approve", {"opinion": "请上级定夺。"})
    world.majun.do("decide_special", "approve", {"opinion": "请总经理定夺。"})
    assert sorted(world.open_tasks(instance)) == [
        "cosign_special (r:FM)",
        "cosign_special (r:LC)",
    ]
    world.zhouhang.do("cosign_special", "disagree", {"opinion": "低于底价，亏损。"})
    world.xuwen.do("cosign_special", "agree", {"opinion": "无法律障碍。"})
    world.zhuzhi.do("decide_special", "reject", {"opinion": "低于底价不接受。"})
    assert world.order(instance)["state"] == "returned"

    world.chenjing.do(
        "rework_order",
        "resubmit",
        {**answers.entry(price="1080.00"), "negotiation_log": "客户接受一千零八十元。"},
    )
    world.qianmin.do("review_order", "approve", GOOD)
    world.lifang.do("review_order", "approve", GOOD)

    order = world.order(instance)
    assert order["state"] == "approved"
    assert {one["round"] for one in order["reviews"]} == {1, 2}
