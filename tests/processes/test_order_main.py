"""P00: one order from the first call to its end, and every other end that it can take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.audit import verify
from jiedan.core.errors import Conflict, Invalid
from jiedan.desk import holds, payments
from jiedan.desk.aftercare import planned_contacts
from jiedan.desk.contracts import order_contract
from tests.processes import answers, contracting
from tests.processes import fulfilment as half
from tests.processes.house import House
from tests.processes.test_order_execution import REPORT, emptied

GOOD = answers.review()


def approved(house: House, **changes: Any) -> None:
    """An order of KH000001 that everybody concerned has reviewed."""
    half.furnish(house)
    house.start("chenjing", channel="sales", entry="order")
    house.do("sunyue", "accept_order", "accept", **answers.acceptance(house.customer("KH000001")))
    house.do("sunyue", "enter_order", "submit", **answers.entry(**changes))
    house.do("chenjing", "precheck_order", "submit", **answers.precheck())
    for login, role in (("qianmin", "r:OR"), ("lifang", "r:FO"), ("wugang", "r:PM")):
        if any(one.owners == (role,) for one in house.items()):
            house.do(login, "review_order", "approve", **GOOD)


def tailor_made(house: House) -> None:
    """SPEC A02: four cabinets and four man-days, 147 200.00, approved."""
    approved(
        house,
        lines=[
            {"sku": "P-2001", "qty": "4", "unit_price": "34960.00"},
            {"sku": "P-3001", "qty": "4", "unit_price": "1840.00"},
        ],
        delivery_date="2026-03-31",
        payment_method="deposit_balance",
        term_days=None,
    )


def signed(house: House) -> None:
    """The contract went all its way, and is filed."""
    tailor_made(house)
    contracting.signed(house)


def pay(house: House, ref: str, fen: int) -> None:
    """Money for the deposit reaches the bank and the desk hears of it."""
    order = house.order()
    with house.platform.work(actor=SYSTEM) as work:
        payments.register_payment(
            work, ref=ref, amount_fen=fen, customer_id=house.customer("KH000001")
        )
        payments.match_payment(
            work,
            ref=ref,
            splits=[{"order_id": order.order_id, "amount_fen": fen}],
            purpose="deposit",
            difference_reason="定金",
        )
    house.message("payment.deposit.received", order.order_no)


@pytest.mark.req("S1.1", "S2.3.5", "S3.6.2", "S6.1.5", "N5.4.1")
def test_a_stock_order_on_credit_goes_all_the_way_to_its_file(house: House) -> None:
    """SPEC A01."""
    half.furnish(house)
    house.start("linxiao", channel="sales", entry="inquiry")
    house.do("linxiao", "log_inquiry", "answered", **answers.inquiry())
    house.do("sunyue", "accept_order", "accept", **answers.acceptance(house.customer("KH000001")))
    invoice = {
        "invoice_title": "华东精工有限公司",
        "tax_no": "91310000MA1FL0000X",
        "invoice_type": "vat_special",
    }
    house.do("sunyue", "enter_order", "submit", **answers.entry(**invoice))
    house.do("chenjing", "precheck_order", "submit", **answers.precheck())
    house.do("qianmin", "review_order", "approve", **GOOD)
    house.do("lifang", "review_order", "approve", **GOOD)

    proposal = house.open("chenjing", "allocate_order").values["assignments"]
    assert [row["dept"] for row in proposal] == ["仓储物流部"]
    rows = [{**row, "responsible": "xieming"} for row in proposal]
    house.do("chenjing", "allocate_order", "allocate", assignments=rows)
    half.take(house, "xieming", "make_work_plan", "submit")
    half.take(house, "duchuan", "pick_goods", "done")
    house.do("xieming", "self_check", "pass", **half.checked(house))
    half.dispatched(house, method="freight")
    assert house.order().state == "ready"
    house.clock.advance(timedelta(days=1))
    house.message(
        "carrier.status",
        "SF1234567890",
        code="delivered",
        at=house.clock.now().isoformat(),
        place="上海嘉定",
    )
    half.take(house, "fengtao", "record_receipt", "full", proof="签收单 001")
    row = house.open("chenjing", "record_acceptance").values["lines"][0]
    good = {**row, "qty_accepted": row["qty_delivered"], "qty_rejected": "0"}
    house.do(
        "chenjing",
        "record_acceptance",
        "submit",
        lines=[good],
        accepted_by="周工",
        sign="验收单 001",
    )
    half.take(house, "lifang", "issue_invoice", "issued", e_invoice_no="26312000000000000001")
    house.clock.advance(timedelta(days=30))
    house.message(
        "payment.received",
        house.order().order_no,
        payment_ref="BANK-77",
        amount_fen=11_040_000,
        payer="华东精工有限公司",
        received_at=house.clock.now().isoformat(),
    )

    assert house.incidents() == []
    assert house.waiting() == []
    assert house.order().state == "closed"
    assert house.view().item.state == "completed"
    with house.platform.read() as session:
        planned = planned_contacts(session, order_id=house.order().order_id)
        assert verify(session).ok
    assert [(one.kind, one.mode) for one in planned] == [
        ("survey", "questionnaire"),
        ("visit", "phone"),
    ]


# --- contract and deposit ------------------------------------------------------------------------
@pytest.mark.req("N2.3.2", "S5.3.3", "S3.6.2", "S2.3.1")
def test_tailor_made_goods_need_a_contract_and_thirty_per_cent_before_work_starts(
    house: House,
) -> None:
    """SPEC A02: 147 200.00 and 44 160.00."""
    tailor_made(house)

    assert house.order().total_fen == 14_720_000
    assert house.order().state == "contract_pending"
    assert house.open("chenjing", "draft_contract").values["template"] == "custom"
    contracting.signed(house)

    assert house.order().state == "awaiting_deposit"
    assert house.waiting() == []
    assert house.variables()["deposit_fen"] == 4_416_000
    with house.platform.read() as session:
        found = order_contract(session, order_id=house.order().order_id)
    assert found is not None
    assert found.state == "archived"
    pay(house, "BANK-1", 4_416_000)
    assert house.waiting() == ["allocate_order"]


@pytest.mark.req("S3.6.2")
def test_part_of_the_deposit_keeps_the_order_waiting(house: House) -> None:
    """SPEC A03, X11."""
    signed(house)
    pay(house, "BANK-1", 4_000_000)
    assert house.order().state == "awaiting_deposit"
    assert house.variables()["deposit_left_fen"] == 416_000

    pay(house, "BANK-2", 416_000)
    assert house.waiting() == ["allocate_order"]


@pytest.mark.req("S3.6.2")
def test_an_overdue_deposit_may_be_extended(house: House) -> None:
    signed(house)
    house.pass_time(days=10, hours=1)
    assert house.waiting() == ["handle_deposit_overdue"]
    with pytest.raises(Invalid):
        house.do("lifang", "handle_deposit_overdue", "extend", note="客户付款流程较长")
    house.do(
        "lifang", "handle_deposit_overdue", "extend", note="客户付款流程较长", new_date="2026-03-20"
    )

    assert house.waiting() == []
    house.pass_time(days=9)
    assert house.waiting() == ["handle_deposit_overdue"]


@pytest.mark.req("S3.6.2")
def test_an_order_without_its_deposit_may_be_cancelled(house: House) -> None:
    signed(house)
    house.pass_time(days=11)
    house.do("chenjing", "handle_deposit_overdue", "cancel", note="客户不再需要")

    assert house.order().state == "lost"
    assert house.view().item.state == "completed"


@pytest.mark.req("S2.3.7", "S3.6.2")
def test_a_deposit_is_waived_by_the_second_level_only(house: House) -> None:
    signed(house)
    house.pass_time(days=11)
    house.do("chenjing", "handle_deposit_overdue", "waive", note="客户信用良好")
    why = "客户为 A 级，全年回款八百万元，本单定金因其财务系统切换推迟两周支付，风险可控。"
    house.do("chenjing", "request_special", "submit", ("attachments",), justification=why)
    house.do("wangqiang", "decide_special", "approve", opinion="同意免定金。")
    house.do("majun", "decide_special", "approve", opinion="同意免定金。")

    assert house.waiting() == ["allocate_order"]


@pytest.mark.req("S2.3.7")
def test_a_refused_waiver_leaves_the_deposit_due(house: House) -> None:
    signed(house)
    house.pass_time(days=11)
    house.do("chenjing", "handle_deposit_overdue", "waive", note="客户信用良好")
    house.do("chenjing", "request_special", "abandon")

    assert house.waiting() == ["handle_deposit_overdue"]
    assert house.order().state == "awaiting_deposit"


# --- aborting ------------------------------------------------------------------------------------
def aborted(house: House) -> None:
    """The goods cannot be had: execution failed and management is asked."""
    approved(house)
    emptied(house, 0)
    proposal = house.open("chenjing", "allocate_order").values["assignments"]
    rows = [{**row, "responsible": "xieming"} for row in proposal]
    house.do("chenjing", "allocate_order", "allocate", assignments=rows)
    half.take(house, "xieming", "make_work_plan", "submit")
    half.take(house, "xieming", "report_shortage", "report", **REPORT)
    house.do("dengchao", "decide_shortage", "decide", choice="cancel", note="无法供货")


ABORT = {"cause": "供应商停产，无法按期供货。", "customer_told": True}


@pytest.mark.req("S5.2.2")
def test_a_failed_execution_goes_to_management(house: House) -> None:
    aborted(house)

    assert house.waiting() == ["handle_abort"]
    assert house.item("handle_abort").owners == ("r:SM",)


@pytest.mark.req("S5.2.2")
def test_management_cancels_an_aborted_order_and_everything_is_undone(house: House) -> None:
    aborted(house)
    house.do("wangqiang", "handle_abort", "cancel", **ABORT)

    assert house.order().state == "cancelled"
    assert house.view().item.state == "completed"
    assert house.incidents() == []


@pytest.mark.req("S5.2.2")
def test_management_closes_an_aborted_order_by_hand(house: House) -> None:
    aborted(house)
    house.do("wangqiang", "handle_abort", "manual_close", **ABORT)

    assert house.order().state == "cancelled"
    assert house.view().item.state == "completed"


@pytest.mark.req("S5.2.2")
def test_an_aborted_order_may_be_executed_again(house: House) -> None:
    aborted(house)
    house.do("wangqiang", "handle_abort", "retry_stage", **ABORT)

    assert house.waiting() == ["allocate_order"]
    assert house.incidents() == []


@pytest.mark.req("S5.1.6")
def test_a_held_order_moves_no_further(house: House) -> None:
    """SPEC G9."""
    approved(house)
    with house.platform.work(actor=SYSTEM) as work:
        holds.hold_order(work, order_id=house.order().order_id, reason="客户涉诉")

    proposal = house.open("chenjing", "allocate_order").values["assignments"]
    rows = [{**row, "responsible": "xieming"} for row in proposal]
    with pytest.raises(Conflict) as refused:
        house.do("chenjing", "allocate_order", "allocate", assignments=rows)
    assert refused.value.code == "ORDER_ON_HOLD"
