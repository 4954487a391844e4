"""P12: goods come back for money, for others, or to be repaired; or they do not."""

from __future__ import annotations

from typing import Any

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.errors import Conflict, Forbidden, Invalid
from jiedan.desk import billing, invoices, payments, refunds, returns, stock
from jiedan.desk.returns import ReturnFacts
from tests.processes import fulfilment as half
from tests.processes.house import House, people
from tests.processes.test_order_execution import emptied

WHY = "客户为长期合作伙伴，本次属合理诉求，破例退回可保住后续全年框架订单合作。"


def asked(house: House, order_id: str, qty: str = "10", **changes: Any) -> None:
    """After-sales writes the wish down on the order's page."""
    house.start("luodan", "return_refund", order_no=half.order(house, order_id).order_no)
    half.take(
        house,
        "luodan",
        "request_return",
        "submit",
        **{
            "reason": "quality",
            "want": "refund",
            **changes,
            "lines": [
                {**row, "qty": qty}
                for row in house.open("luodan", "request_return").values["lines"]
            ],
        },
    )


def allowed(house: House) -> None:
    half.take(house, "luodan", "decide_return", "allow", reason="质量问题，予以退回")


def received(house: House, condition: str = "resalable", **changes: Any) -> None:
    rows = house.open("duchuan", "receive_return").values["lines"]
    house.do(
        "duchuan",
        "receive_return",
        "received",
        files=("photos",),
        lines=[{**row, "condition": condition, **changes} for row in rows],
    )


def paid(house: House, order_id: str, fen: int = 11_040_000) -> None:
    """The customer has paid and has his invoice."""
    with house.platform.work(actor=SYSTEM) as work:
        invoices.create_invoice(
            work,
            order_id=order_id,
            type="vat_special",
            amount_fen=fen,
            title="华东精工有限公司",
            tax_no="91310000MA1FL0000X",
            e_invoice_no="26312000000000000001",
        )
        payments.register_payment(work, ref="BANK-9", amount_fen=fen, payer="华东精工")
        payments.match_payment(
            work, ref="BANK-9", splits=[{"order_id": order_id, "amount_fen": fen}]
        )


def the_return(house: House, order_id: str) -> ReturnFacts:
    with house.platform.read() as session:
        return returns.list_returns(session, order_id=order_id)[-1]


@pytest.mark.req("N4.3.2", "S2.5.11", "S3.6.2")
def test_bad_goods_that_were_paid_come_back_for_money(house: House) -> None:
    """SPEC X27: goods to stock, invoice credited, money back to whoever paid."""
    order_id = half.accepted(house)
    paid(house, order_id)
    with house.platform.read() as session:
        before = stock.free_stock(session, sku="P-1001")
    asked(house, order_id)
    assert house.waiting() == ["decide_return"]
    allowed(house)
    received(house)
    half.take(house, "luodan", "calculate_refund", "submit", freight="50.00", deduction="0")
    page = house.open("zhouhang", "pay_refund").values
    assert (page["amount"], page["route"], page["payer"]) == (1_109_000, "bank", "华东精工")
    half.take(house, "zhouhang", "pay_refund", "paid", ref="TK-1")

    assert house.view().item.state == "completed"
    assert the_return(house, order_id).state == "refunded"
    with house.platform.read() as session:
        amounts = billing.order_amounts(session, order_id=order_id)
        notes = refunds.list_credit_notes(session, order_id=order_id)
        assert stock.free_stock(session, sku="P-1001") == before + 10
        assert stock.stock_balance_ok(session)
    assert [one.amount_fen for one in notes] == [1_104_000]
    assert (amounts.open_fen, amounts.returned_fen) == (0, 1_104_000)


@pytest.mark.req("S3.6.2")
def test_what_was_not_paid_is_not_paid_back(house: House) -> None:
    order_id = half.accepted(house)
    asked(house, order_id)
    allowed(house)
    received(house, "defective")
    half.take(
        house,
        "luodan",
        "calculate_refund",
        "submit",
        freight="0",
        deduction="100.00",
        deduction_reason="缺少附件",
    )

    assert house.view().item.state == "completed"
    with house.platform.read() as session:
        amounts = billing.order_amounts(session, order_id=order_id)
    assert amounts.payable_fen == 11_040_000 - 1_104_000 + 10_000


@pytest.mark.req("S3.6.2", "SOD-5")
def test_whoever_calculated_the_refund_does_not_pay_it(house: House) -> None:
    order_id = half.accepted(house)
    paid(house, order_id)
    asked(house, order_id)
    allowed(house)
    received(house)
    half.take(house, "luodan", "calculate_refund", "submit", freight="0", deduction="0")
    item = house.item("pay_refund")
    maker = type(people()["luodan"])("luodan", "罗丹", frozenset({"FO"}))
    with pytest.raises(Forbidden) as refused:
        house.claim(maker, item)
    assert refused.value.code == "SOD_5"
    half.take(house, "zhouhang", "pay_refund", "failed", failure="账号有误")
    half.take(house, "lifang", "pay_refund", "paid", ref="TK-2")

    assert the_return(house, order_id).state == "refunded"


@pytest.mark.req("N4.3.2", "S2.5.9")
def test_an_exchange_sends_new_goods_that_cost_nothing(house: House) -> None:
    """E16: the order stays what it was; the replacement is a linked line."""
    order_id = half.accepted(house)
    asked(house, order_id, "2", want="exchange", reason="damage")
    allowed(house)
    received(house, "defective")
    half.dispatched(house, waybill="SF777")
    house.message(
        "carrier.status", "SF777", code="delivered", at=house.clock.now().isoformat(), place="上海"
    )
    half.take(house, "fengtao", "record_receipt", "full", proof="签收单 2")

    assert the_return(house, order_id).state == "exchanged"
    assert house.incidents() == []
    line = half.line(house, order_id, 2)
    assert (line.qty, line.amount_fen, line.qty_delivered) == (2, 0, 2)
    assert half.order(house, order_id).total_fen == 11_040_000
    assert half.order(house, order_id).state == "accepted"


@pytest.mark.req("N4.3.2")
def test_without_stock_an_exchange_becomes_a_refund(house: House) -> None:
    order_id = half.accepted(house)
    paid(house, order_id)
    asked(house, order_id, "2", want="exchange", reason="damage")
    allowed(house)
    emptied(house, 0)
    received(house, "defective")

    assert house.waiting() == ["calculate_refund"]
    half.take(house, "luodan", "calculate_refund", "submit", freight="0", deduction="0")
    assert house.open("zhouhang", "pay_refund").values["amount"] == 220_800


@pytest.mark.req("N4.3.2", "S2.5.9")
def test_a_repaired_piece_goes_back_to_its_owner(house: House) -> None:
    order_id = half.accepted(house)
    asked(house, order_id, "1", want="repair")
    allowed(house)
    received(house, "defective")
    house.do("xieming", "repair_goods", "done", result="更换显示模块并复测")

    assert "prepare_goods" in house.waiting()
    assert half.line(house, order_id, 2).amount_fen == 0


@pytest.mark.req("N4.3.2", "S2.3.7")
def test_what_the_rules_do_not_allow_needs_a_leader(house: House) -> None:
    """D18: sales, without a reason."""
    order_id = half.accepted(house)
    asked(house, order_id, reason="no_reason_7d")
    with pytest.raises(Invalid):
        allowed(house)
    half.take(house, "luodan", "decide_return", "exception", reason="老客户")
    house.do("luodan", "request_special", "submit", ("attachments",), justification=WHY)
    house.do("wangqiang", "decide_special", "approve", opinion="同意破例。")

    assert house.waiting() == ["receive_return"]


@pytest.mark.req("S2.3.7", "S1.3.4")
def test_a_refused_exception_denies_the_return(house: House) -> None:
    order_id = half.accepted(house)
    asked(house, order_id, reason="no_reason_7d")
    half.take(house, "luodan", "decide_return", "exception", reason="老客户")
    house.do("luodan", "request_special", "abandon")

    assert the_return(house, order_id).state == "denied"


@pytest.mark.req("S1.3.4")
def test_a_denied_return_is_told(house: House) -> None:
    order_id = half.accepted(house)
    asked(house, order_id, reason="other")
    half.take(house, "luodan", "decide_return", "deny", reason="不属于可退情形")

    assert the_return(house, order_id).state == "denied"
    assert house.view().item.state == "completed"


@pytest.mark.req("N4.3.2")
def test_goods_that_never_come_close_the_return(house: House) -> None:
    order_id = half.accepted(house)
    asked(house, order_id)
    allowed(house)
    house.pass_time(days=15, hours=1)

    assert the_return(house, order_id).state == "withdrawn"
    assert house.view().item.state == "completed"


@pytest.mark.req("N4.3.2")
def test_a_customer_may_ask_by_message_and_may_change_his_mind(house: House) -> None:
    order_id = half.accepted(house)
    number = half.order(house, order_id).order_no
    told = house.message(
        "return.requested", number, order_no=number, want="refund", reason="quality"
    )
    house.instance_id = told.instance_id
    assert house.open("luodan", "request_return").values["want"] == "refund"
    house.do("luodan", "request_return", "withdraw")

    assert house.view().item.state == "completed"


@pytest.mark.req("N4.3.2")
def test_no_more_comes_back_than_was_delivered(house: House) -> None:
    order_id = half.accepted(house)
    with pytest.raises(Invalid):
        asked(house, order_id, "101")
    asked(house, order_id, "60")
    with pytest.raises(Invalid):
        asked(house, order_id, "41")


@pytest.mark.req("S3.6.2")
def test_money_goes_back_once_and_never_more_than_was_paid(house: House) -> None:
    """SPEC X28."""
    order_id = half.accepted(house)
    paid(house, order_id)
    cause = the_cause(house, order_id)
    with house.platform.work(actor=people()["luodan"]) as work:
        with pytest.raises(Invalid) as refused:
            refunds.calculate_refund(
                work, order_id=order_id, cause="return", cause_id=cause, amount_fen=99_999_999
            )
        assert refused.value.code == "OVER_PAID"
        for _ in range(2):
            refunds.calculate_refund(
                work, order_id=order_id, cause="return", cause_id=cause, amount_fen=100
            )
        with pytest.raises(Conflict):
            refunds.calculate_refund(
                work, order_id=order_id, cause="return", cause_id=cause, amount_fen=200
            )
    with house.platform.read() as session:
        assert len(refunds.list_refunds(session, order_id=order_id)) == 1


def the_cause(house: House, order_id: str) -> str:
    asked(house, order_id)
    return the_return(house, order_id).return_id
