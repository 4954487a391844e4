"""SPEC A15 and X18 over the API: an order in production changes, and one is cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.desk import payments
from tests.processes import answers, contracting
from tests.scenarios.paths import submitted
from tests.world import World

GOOD = answers.review()


def in_production(world: World) -> str:
    """Four cabinets for 139 840.00: approved, contracted, paid and begun; the instance."""
    instance = submitted(
        world,
        lines=[{"sku": "P-2001", "qty": "4", "unit_price": "34960.00"}],
        delivery_date="2026-03-31",
        payment_method="deposit_balance",
        term_days=None,
    )
    for login in ("qianmin", "lifang", "wugang"):
        world.person(login).do("review_order", "approve", GOOD)
    signed(world)
    paid(world, instance, "BANK-1", 4_195_200)
    proposed = world.chenjing.open("allocate_order")["assignments"]
    rows = [{**row, "responsible": "xieming"} for row in proposed]
    world.chenjing.do("allocate_order", "allocate", {"assignments": rows})
    world.xieming.do("make_work_plan", "submit")
    world.dengchao.do("review_plan", "approve")
    world.wugang.do(
        "schedule_production",
        "release",
        {
            "plan_start": "2026-03-03T09:00:00+08:00",
            "plan_end": "2026-03-20T18:00:00+08:00",
            "line": "一号线",
            "capacity_hours": "80",
            "material_ok": True,
        },
    )
    world.zhengjie.do("inspect_material", "pass")
    return instance


def signed(world: World) -> None:
    world.chenjing.do("draft_contract", "submit", contracting.DRAFT)
    world.xuwen.do("review_contract", "approve", contracting.clauses())
    world.chenjing.do("customer_review", "accept", {"evidence": "客户邮件"})
    world.majun.do("sign_contract", "signed", {"mode": "paper"}, files=("evidence",))
    world.chenjing.do("archive_contract", "archived", {"paper_location": "A-12"}, files=("scan",))


def paid(world: World, instance: str, ref: str, fen: int) -> None:
    """Money reaches the desk, and the process hears of it."""
    order = world.order(instance)
    with world.flow.platform.work(actor=SYSTEM) as work:
        payments.register_payment(work, ref=ref, amount_fen=fen)
        payments.match_payment(
            work,
            ref=ref,
            splits=[{"order_no": order["order_no"], "amount_fen": fen}],
            purpose="deposit",
            difference_reason="定金",
        )
    world.lifang.post(
        "/messages/payment.deposit.received", {"correlation": order["order_no"], "payload": {}}
    )


def ask(world: World, instance: str, message: str) -> Any:
    number = world.order(instance)["order_no"]
    return world.chenjing.call(
        "POST",
        f"/messages/{message}",
        {"correlation": number, "payload": {"asked_by": "chenjing"}},
    )


@pytest.mark.req("S2.4.9", "N3.3.3", "S3.6.2", "S2.3.1")
def test_two_more_cabinets_in_the_middle_of_production(world: World) -> None:
    instance = in_production(world)
    assert ask(world, instance, "order.change.requested").status_code == 202
    form = world.chenjing.open("request_change")
    lines = [{**row, "qty": "6", "unit_price": "34960.00"} for row in form["lines"]]
    wish = {"source": "customer", "reason": "客户追加两台", "lines": lines}
    world.chenjing.do("request_change", "submit", wish)

    second = ask(world, instance, "order.change.requested")
    assert (second.status_code, second.get_json()["code"]) == (409, "REQUEST_OPEN")
    for login in ("qianmin", "lifang", "wugang"):
        world.person(login).do("review_change", "approve")
    stale = world.wugang.task("report_production")
    world.chenjing.do("ask_consent", "agree", {"evidence": "客户邮件"})
    signed(world)
    assert world.order(instance)["total_fen"] == 13_984_000
    paid(world, instance, "BANK-2", 2_097_600)

    order = world.order(instance)
    assert (order["total_fen"], order["version"], order["deposit_fen"]) == (
        20_976_000,
        2,
        6_292_800,
    )
    old = world.wugang.call(
        "POST",
        f"/tasks/{stale['id']}/completion",
        {"version": stale["version"], "outcome": "done", "variables": {}},
    )
    assert old.status_code in (404, 409)
    (waiting,) = world.open_tasks(instance)
    assert waiting.startswith("schedule_production")


@pytest.mark.req("S2.4.9", "S5.2.2", "N3.3.3", "S3.6.2")
def test_the_customer_cancels_in_the_middle_of_production(world: World) -> None:
    instance = in_production(world)
    assert ask(world, instance, "order.cancel.requested").status_code == 202
    world.chenjing.do(
        "log_cancellation",
        "submit",
        {"reason": "bankrupt", "fault": "customer", "evidence": "来函", "whole": True},
    )
    world.wangqiang.do("approve_cancellation", "approve")
    world.chenjing.do("confirm_fee", "accept", {"evidence": "客户邮件"})

    order = world.order(instance)
    assert order["state"] == "cancelled"
    assert order["balance"]["remaining_fen"] == 0
    assert order["requests"][0]["fen"] == 4_195_200
    assert world.open_tasks(instance) == []
    late = ask(world, instance, "order.change.requested")
    assert (late.status_code, late.get_json()["code"]) == (409, "NOT_CHANGEABLE")
