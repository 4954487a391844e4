"""P16: invoice, payments until nothing is owed, dunning, write-off."""

from datetime import timedelta

import pytest

from jiedan.core.errors import Conflict, Invalid, NotFound
from jiedan.desk import invoices, payments, settlement
from tests.processes import fulfilment as half
from tests.processes.house import House

DUE = 11_040_000
INVOICE = {"type": "vat_special", "e_invoice_no": "26312000000123456789"}


def billing(house: House, *lines: tuple[str, int], **changes: object) -> str:
    """An accepted order whose settlement has begun."""
    order_id = half.accepted(house, *lines, **changes)
    house.start("lifang", "settlement", **half.variables(house, order_id))
    return order_id


def invoiced(house: House, *lines: tuple[str, int], **changes: object) -> str:
    order_id = billing(house, *lines, **changes)
    half.take(house, "lifang", "issue_invoice", "issued", **INVOICE)
    return order_id


def paid(house: House, order_id: str, ref: str = "BANK-1", fen: int = DUE) -> None:
    """The bank reports a payment."""
    number = half.order(house, order_id).order_no
    assert number is not None
    house.message("payment.received", number, payment_ref=ref, amount_fen=fen, payer="华东精工")


def receipt(amount: str = "110400.00", **changes: str) -> dict[str, str]:
    return {
        "payment_ref": "BANK-1",
        "amount": amount,
        "payer": "华东精工有限公司",
        "received_at": "2026-03-02T09:00:00+08:00",
        "method": "bank",
        **changes,
    }


@pytest.mark.req("S3.6.2")
def test_an_invoice_and_a_payment_thirty_days_later_settle_the_order(house: House) -> None:
    """SPEC A01, its settlement."""
    order_id = invoiced(house)
    due = house.item("match_payment").due_at
    assert due is not None
    assert due.isoformat() == "2026-05-01T10:00:00+00:00"
    house.pass_time(days=30)
    paid(house, order_id)

    assert house.variables()["outcome"] == "settled"
    assert half.order(house, order_id).state == "settled"
    assert house.view().item.state == "completed"


@pytest.mark.req("S3.6.2")
def test_nobody_invoices_more_than_was_delivered(house: House) -> None:
    billing(house)

    with pytest.raises(Invalid) as refused:
        half.take(house, "lifang", "issue_invoice", "issued", **INVOICE, amount="110400.01")
    assert "amount" in refused.value.fields


@pytest.mark.req("S3.6.2")
def test_an_invoice_number_has_twenty_digits_and_is_used_once(house: House) -> None:
    invoiced(house)
    billing(house, ("P-1001", 1))

    with pytest.raises(Invalid):
        half.take(house, "lifang", "issue_invoice", "issued", type="vat_normal", e_invoice_no="1")
    with pytest.raises(Conflict, match="already in use"):
        half.take(house, "lifang", "issue_invoice", "issued", **INVOICE)


@pytest.mark.req("S3.6.2")
def test_finance_books_a_receipt_by_hand(house: House) -> None:
    order_id = invoiced(house)
    house.do("lifang", "match_payment", "match", **receipt())

    assert half.order(house, order_id).state == "settled"
    with house.platform.read() as session:
        assert invoices.list_invoices(session, order_id=order_id)[0].state == "paid"


@pytest.mark.req("S3.6.2")
def test_a_part_payment_leaves_the_rest_to_be_paid(house: House) -> None:
    """SPEC X30."""
    order_id = invoiced(house)
    with pytest.raises(Invalid) as refused:
        house.do("lifang", "match_payment", "match", **receipt("100000.00"))
    assert "difference_reason" in refused.value.fields
    part = receipt("100000.00", difference_reason="客户分两次付款")
    house.do("lifang", "match_payment", "match", **part)

    assert house.open("lifang", "match_payment").values["remaining"] == 1_040_000
    paid(house, order_id, "BANK-2", 1_040_000)
    assert half.order(house, order_id).state == "settled"


@pytest.mark.req("S3.6.2")
def test_a_difference_within_the_tolerance_settles(house: House) -> None:
    order_id = invoiced(house)
    paid(house, order_id, fen=DUE - 100)

    assert half.order(house, order_id).state == "settled"


@pytest.mark.req("S3.6.2")
def test_what_was_paid_too_much_stays_on_the_list(house: House) -> None:
    order_id = invoiced(house)
    paid(house, order_id, fen=DUE + 5_000)

    assert half.order(house, order_id).state == "settled"
    with house.platform.read() as session:
        assert [one.left_fen for one in payments.unmatched_payments(session)] == [5_000]


@pytest.mark.req("S3.6.2")
def test_the_platform_pays_out_an_order_that_needs_no_invoice(house: House) -> None:
    """SPEC A09, its settlement."""
    order_id = billing(
        house,
        ("P-5001", 3),
        channel="netease",
        customer=half.consumer(house),
        payment_method="platform_escrow",
        term_days=0,
        invoice_title="",
        tax_no="",
    )
    assert house.waiting() == ["match_payment"]
    due = house.item("match_payment").due_at
    assert due is not None
    assert due > house.clock.now() + timedelta(days=14)
    number = half.order(house, order_id).order_no
    assert number is not None
    house.message("platform.settled", number, settlement_ref="NE-S-1", amount_fen=26_700)

    assert half.order(house, order_id).state == "settled"
    assert house.variables()["outcome"] == "settled"


@pytest.mark.req("S5.1.6")
def test_an_overdue_payment_is_chased_and_a_promise_moves_the_day(house: House) -> None:
    order_id = invoiced(house)
    house.pass_time(days=61)
    assert house.waiting() == ["chase_payment"]
    talk = {"way": "phone", "answer": "下周二付款"}
    with pytest.raises(Invalid) as refused:
        half.take(house, "chenjing", "chase_payment", "promise", **talk)
    assert "promise_date" in refused.value.fields
    half.take(house, "chenjing", "chase_payment", "promise", promise_date="2026-05-12", **talk)
    due = house.item("match_payment").due_at
    assert due is not None
    assert due.isoformat() == "2026-05-12T10:00:00+00:00"
    paid(house, order_id)

    assert half.order(house, order_id).state == "settled"


@pytest.mark.req("S5.1.6", "S3.6.2")
def test_a_debt_is_written_off_by_two_people(house: House) -> None:
    order_id = invoiced(house)
    house.pass_time(days=61)
    half.take(
        house, "chenjing", "chase_payment", "write_off", way="phone", answer="公司已经破产清算"
    )
    half.take(
        house,
        "zhouhang",
        "propose_write_off",
        "propose",
        reason="客户破产,清算组通知无可分配财产",
        proof="法院公告 2026-88",
    )
    with pytest.raises(Invalid):
        house.do("zhuzhi", "decide_write_off", "refuse")
    house.do("zhuzhi", "decide_write_off", "refuse", opinion="先向清算组申报债权")
    assert house.waiting() == ["chase_payment"]
    half.take(house, "chenjing", "chase_payment", "write_off", way="phone", answer="申报后无分配")
    half.take(
        house,
        "zhouhang",
        "propose_write_off",
        "propose",
        reason="客户破产,清算组通知无可分配财产",
        proof="法院公告 2026-88",
    )
    house.do("zhuzhi", "decide_write_off", "approve")

    assert house.variables()["outcome"] == "bad_debt"
    assert half.order(house, order_id).state == "settled"
    with house.platform.read() as session:
        assert settlement.settlement_balance(session, order_id=order_id).remaining_fen == 0


def test_only_the_general_manager_decides_a_write_off(house: House) -> None:
    invoiced(house)
    house.pass_time(days=61)
    half.take(
        house, "chenjing", "chase_payment", "write_off", way="phone", answer="公司已经破产清算"
    )
    half.take(
        house,
        "zhouhang",
        "propose_write_off",
        "propose",
        reason="客户破产,清算组通知无可分配财产",
        proof="法院公告 2026-88",
    )

    with pytest.raises(NotFound):
        house.do("zhouhang", "decide_write_off", "approve")
    assert house.waiting() == ["decide_write_off"]
