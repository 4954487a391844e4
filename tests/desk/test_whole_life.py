"""An order from its first word to its file, by the desk's functions alone (scenario A01)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jiedan.core import audit
from jiedan.desk import (
    acceptances,
    credit,
    facts,
    invoices,
    order_page,
    orders,
    payments,
    pricing,
    settlement,
    stock,
)
from tests.desk.desk_day import Desk


@pytest.mark.req("S2.2.5", "S2.5.6", "S3.6.2")
def test_a_stock_order_on_credit_is_delivered_accepted_invoiced_paid_and_closed(
    desk: Desk,
) -> None:
    order_id = desk.delivered()
    desk.move(order_id, "in_acceptance")
    with desk.work("chenjing") as work:
        opened = acceptances.open_acceptance(work, order_id=order_id)
        found = acceptances.record_acceptance(
            work,
            acceptance_id=opened.acceptance_id,
            lines=acceptances.acceptance_values(work.session, order_id=order_id),
            accepted_by="沈国平",
            sign="验收单 1",
        )
    desk.move(order_id, "accepted")
    with desk.work("lifang") as work:
        invoice = invoices.create_invoice(
            work,
            order_id=order_id,
            type="vat_special",
            amount_fen=11_040_000,
            e_invoice_no="26310000000000000001",
        )
    desk.later(days=30)
    with desk.work("lifang") as work:
        payments.register_payment(work, ref="BANK-1", amount_fen=11_040_000)
        matched = payments.match_payment(
            work, ref="BANK-1", splits=[{"order_id": order_id, "amount_fen": 11_040_000}]
        )
    desk.move(order_id, "settled", "closed")

    with desk.platform.read() as session:
        page = order_page.show_order(session, ref="ｘｓ20260302-0001-1", now=desk.clock.now())
        balance = settlement.settlement_balance(session, order_id=order_id)
        assert audit.verify(session).ok
        assert stock.stock_balance_ok(session)
    assert page.order_no == "XS20260302-0001-1"
    assert page.state == "closed"
    assert found.result == "accepted"
    assert found.number == "XS20260302-0001-1-Y01"
    assert invoice.number == "XS20260302-0001-1-P01"
    assert matched.outcome == "settled"
    assert balance.remaining_fen == 0
    assert page.receiver == "沈*"
    assert page.receiver_phone == "138****0001"
    assert [step.status for step in page.steps] == ["done"] * 9


@pytest.mark.req("S2.3.3")
def test_the_first_scenario_has_the_price_and_the_credit_of_its_specification(desk: Desk) -> None:
    order_id = desk.submitted()

    with desk.work() as work:
        prices = pricing.check_prices(work, order_id=order_id)
        checked = credit.check_credit(work, order_id=order_id)
        known = facts.order_facts(work, order_id=order_id)

    assert prices.worst_dev_pct == 0
    assert known.amount == Decimal("110400.00")
    assert known.weight_kg == 120
    assert known.region == "华东"
    assert known.framework
    assert known.payment_std
    assert not known.first_order
    assert known.product_type == "stock"
    assert checked.grade == "A"
    assert checked.exposure_fen == 30_000_000
    assert checked.exposure_fen + checked.credit_part_fen == 41_040_000
    assert checked.over_ratio < 0
    assert checked.deposit_fen == 0


def test_results_are_ready_to_be_process_variables(desk: Desk) -> None:
    order_id = desk.submitted()

    with desk.work() as work:
        known = facts.order_facts(work, order_id=order_id).as_dict()

    assert known["order_id"] == order_id
    assert known["amount"] == 110400
    assert known["promised_date"] == "2026-03-12"
    assert known["over_ratio"] == 0


def test_a_number_is_found_however_it_is_typed(desk: Desk) -> None:
    order_id = desk.entered()

    with desk.platform.read() as session:
        found = orders.find_order(session, number=" xs20260302 0001 1 ")

    assert found.order_id == order_id
