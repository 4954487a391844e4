"""SPEC A01: a stock sale on credit, from the first call to the closed order."""

from __future__ import annotations

from datetime import datetime

import pytest

from jiedan.core import audit
from jiedan.core.clock import SHANGHAI
from jiedan.desk.aftercare import planned_contacts
from tests.processes import answers
from tests.scenarios.paths import arrived, carried_out, prepared
from tests.world import World

INVOICE = {
    "invoice_title": "华东精工有限公司",
    "tax_no": "91310000MA1FL0000X",
    "invoice_type": "vat_special",
}


def entered(world: World) -> str:
    """The call was logged, the order accepted and entered; the id of its instance."""
    instance = str(world.linxiao.start(channel="sales", entry="inquiry")["id"])
    world.linxiao.do("log_inquiry", "answered", answers.inquiry())
    customer = world.customer("KH000001")
    world.sunyue.do("accept_order", "accept", answers.acceptance(customer))
    world.sunyue.do("enter_order", "submit", answers.entry(**INVOICE))
    return instance


def approved(world: World) -> str:
    """The order passed the pre-check and both reviews; the id of its instance."""
    instance = entered(world)
    world.chenjing.do("precheck_order", "submit", answers.precheck())
    world.qianmin.do("review_order", "approve", answers.review())
    world.lifang.do("review_order", "approve", answers.review())
    return instance


@pytest.mark.req("S2.1.1", "S2.2.1", "S2.2.5", "S2.3.1", "S3.6.1")
def test_the_order_has_its_number_its_total_and_two_reviewers(world: World) -> None:
    instance = entered(world)
    world.chenjing.do("precheck_order", "submit", answers.precheck())

    order = world.order(instance)

    assert order["order_no"] == "XS20260302-0001-1"
    assert order["total_fen"] == 11_040_000
    assert order["state"] == "in_review"
    assert sorted(world.open_tasks(instance)) == ["review_order (r:FO)", "review_order (r:OR)"]


@pytest.mark.req("S1.1", "S2.3.5", "S2.4.1", "S2.5.6", "S3.6.2", "S4.2.1")
def test_a_stock_sale_on_credit_goes_from_the_call_to_the_closed_order(world: World) -> None:
    instance = approved(world)
    proposal = world.chenjing.open("allocate_order")["assignments"]
    assert [row["dept"] for row in proposal] == ["仓储物流部"]
    carried_out(world, "chenjing")
    prepared(world, "chenjing")
    world.wait_until(datetime(2026, 3, 5, 9, 0, tzinfo=SHANGHAI))
    world.fengtao.do("choose_carrier", "dispatch", {"waybill": "YD1234567890"})
    shipment = world.order(instance)["shipments"][0]
    assert shipment["method"] == "freight"
    assert shipment["weight_kg"] == 120

    world.wait_until(datetime(2026, 3, 6, 10, 0, tzinfo=SHANGHAI))
    arrived(world, "YD1234567890", "嘉定")
    world.fengtao.do("record_receipt", "full", {"proof": "签收单 001"})
    lines = [
        {
            **row,
            "qty_accepted": row["qty_delivered"],
            "qty_rejected": "0",
            "spec_ok": True,
            "quality_ok": True,
            "performance": "ok",
        }
        for row in world.chenjing.open("record_acceptance")["lines"]
    ]
    world.chenjing.do(
        "record_acceptance", "submit", {"lines": lines, "accepted_by": "周工", "sign": "验收单 1"}
    )
    world.lifang.do(
        "issue_invoice", "issued", {"type": "vat_special", "e_invoice_no": "26312000000123456789"}
    )
    world.wait(days=30)
    number = world.order(instance)["order_no"]
    world.lifang.post(
        "/messages/payment.received",
        {
            "correlation": number,
            "payload": {"payment_ref": "BANK-1", "amount_fen": 11_040_000, "payer": "华东精工"},
        },
    )
    world.run_due()

    order = world.order(instance)
    assert order["state"] == "closed"
    assert world.open_tasks(instance) == []
    assert world.hezheng.get(f"/instances/{instance}")["state"] == "completed"
    with world.flow.platform.read() as session:
        assert audit.verify(session).ok
        assert {one.kind for one in planned_contacts(session, order_id=order["order_id"])} == {
            "survey",
            "visit",
        }
