"""Prices, credit, invoices and payments come out to the fen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiedan.desk import billing, credit, holds, invoices, payments, pricing, settlement
from jiedan.desk.errors import (
    AuthorExcluded,
    DuplicateNumber,
    InvalidRecord,
    NoPrice,
    OrderOnHold,
    OverInvoice,
    Overpaid,
    UnknownPaymentRef,
)
from jiedan.desk.tables import OrderLine
from jiedan.desk.values import shanghai_date
from tests.desk.desk_day import LINE, Desk


def invoiced(desk: Desk, order_id: str, amount: int, number: str) -> invoices.InvoiceFacts:
    """An invoice over part of an order."""
    with desk.work("lifang") as work:
        return invoices.create_invoice(
            work, order_id=order_id, type="vat_special", amount_fen=amount, e_invoice_no=number
        )


def paid(desk: Desk, order_id: str, ref: str, amount: int, **more: Any) -> payments.Matched:
    """A payment laid on an order."""
    with desk.work("lifang") as work:
        payments.register_payment(work, ref=ref, amount_fen=amount)
        return payments.match_payment(
            work, ref=ref, splits=[{"order_id": order_id, "amount_fen": amount}], **more
        )


@pytest.mark.req("S2.3.3")
@pytest.mark.parametrize(
    ("unit_price", "dev", "below_floor"),
    [
        (110_400, "0.00", False),
        (96_000, "13.04", False),
        (108_000, "2.17", False),
        (85_000, "23.01", True),
        (132_480, "-20.00", False),
    ],
)
def test_an_offer_is_measured_against_list_less_class_discount(
    desk: Desk, unit_price: int, dev: str, below_floor: bool
) -> None:
    order_id = desk.entered(lines=[{**LINE, "unit_price": unit_price}])

    with desk.work() as work:
        found = pricing.check_prices(work, order_id=order_id)

    assert found.worst_dev_pct == Decimal(dev)
    assert found.below_floor is below_floor
    assert found.lines[0].policy_fen == 110_400


@pytest.mark.parametrize(
    ("customer_class", "qty", "price", "reason"),
    [
        ("NEW", 10, 16_800, "list"),
        ("NEW", 50, 16_128, "break"),
        ("NEW", 200, 15_288, "break"),
        ("A", 10, 15_456, "class"),
        ("A", 50, 15_456, "class"),
        ("A", 200, 15_288, "break"),
        ("B", 50, 15_960, "class"),
    ],
)
def test_the_better_of_break_and_class_counts_and_never_both(
    desk: Desk, customer_class: str, qty: int, price: int, reason: str
) -> None:
    with desk.platform.read() as session:
        found = pricing.find_price(
            session,
            sku="P-6001",
            on=shanghai_date(desk.clock.now()),
            channel="sales",
            customer_class=customer_class,
            qty=Decimal(qty),
        )

    assert (found.policy_fen, found.reason) == (price, reason)


def test_a_price_counts_only_once_another_person_approved_it(desk: Desk) -> None:
    with desk.work("fanxi") as work:
        policy = pricing.add_policy(
            work, sku="P-1001", list_fen=100_000, floor_fen=90_000, valid_from="2026-03-01"
        )
    with desk.work("fanxi") as work, pytest.raises(AuthorExcluded):
        pricing.approve_policy(work, policy_id=policy)
    with desk.work("zhouhang") as work:
        question: dict[str, Any] = {
            "sku": "P-1001",
            "on": shanghai_date(work.now),
            "channel": "sales",
            "customer_class": "NEW",
            "qty": Decimal(1),
        }
        before = pricing.find_price(work.session, **question)
        pricing.approve_policy(work, policy_id=policy)
        after = pricing.find_price(work.session, **question)
        with pytest.raises(NoPrice):
            pricing.find_price(work.session, **{**question, "sku": "P-0000"})

    assert (before.policy_fen, after.policy_fen) == (120_000, 100_000)


@pytest.mark.req("S5.1.6")
def test_an_overdue_invoice_shows_in_the_credit_check_until_it_is_paid(desk: Desk) -> None:
    order_id = desk.submitted(
        "KH000003", lines=[{**LINE, "qty": 10, "unit_price": 120_000}], term_days=15
    )
    customer = desk.customer("KH000003")

    with desk.work() as work:
        before = credit.check_credit(work, order_id=order_id)
    with desk.work("lifang") as work:
        payments.register_payment(work, ref="BANK-9", amount_fen=3_800_000, customer_id=customer)
        matched = payments.match_oldest(work, ref="BANK-9")
    with desk.work() as work:
        after = credit.check_credit(work, order_id=order_id)

    assert before.max_overdue_days == 35
    assert before.exposure_fen == 3_800_000
    assert matched is not None
    assert matched.left_fen == 0
    assert after.max_overdue_days == 0
    assert after.exposure_fen == 0


def test_a_blacklisted_customer_and_one_without_profile_are_told_apart(desk: Desk) -> None:
    black = desk.submitted("KH000004")
    new = desk.submitted("KH000005")

    with desk.work() as work:
        first = credit.check_credit(work, order_id=black)
        second = credit.check_credit(work, order_id=new)

    assert (first.blacklisted, first.grade, first.limit_fen) == (True, "E", 0)
    assert (second.grade, second.profile_state, second.over_ratio) == (
        None,
        "none",
        Decimal("9.99"),
    )


def test_prepaid_orders_use_no_credit_and_ask_for_no_deposit(desk: Desk) -> None:
    order_id = desk.submitted("KH000002", payment_method="prepay_full")

    with desk.work() as work:
        found = credit.check_credit(work, order_id=order_id)
        asked = settlement.set_deposit(work, order_id=order_id, pct=30)

    assert (found.credit_part_fen, found.deposit_fen, asked) == (0, 0, 0)


@pytest.mark.req("S5.1.6")
def test_exposure_counts_approved_orders_then_deliveries_then_invoices_and_never_twice(
    desk: Desk,
) -> None:
    customer = desk.customer("KH000001")

    def used() -> tuple[int, int, int]:
        with desk.platform.read() as session:
            found = credit.exposure(session, customer_id=customer)
        return (
            found.unpaid_invoices_fen,
            found.delivered_uninvoiced_fen,
            found.open_credit_fen,
        )

    start = used()
    order_id = desk.delivered()
    delivered = used()
    invoiced(desk, order_id, 11_040_000, "2" * 20)
    with_invoice = used()
    paid(desk, order_id, "BANK-2", 11_040_000)
    end = used()

    assert start == (30_000_000, 0, 0)
    assert delivered == (30_000_000, 11_040_000, 0)
    assert with_invoice == (41_040_000, 0, 0)
    assert end == (30_000_000, 0, 0)


def test_an_approved_order_uses_credit_before_anything_is_delivered(desk: Desk) -> None:
    desk.approved()

    with desk.platform.read() as session:
        found = credit.exposure(session, customer_id=desk.customer("KH000001"))

    assert found.open_credit_fen == 11_040_000


def test_a_verified_guarantee_raises_the_limit_by_its_worth(desk: Desk) -> None:
    customer = desk.customer("KH000002")
    with desk.work("lifang") as work:
        guarantee = credit.add_guarantee(
            work,
            customer_id=customer,
            type="bank",
            amount_fen=10_000_000,
            doc="保函 1",
            expiry="2026-12-31",
        )
        before = credit.credit_limit(work.session, customer_id=customer, today=work.now.date())
        worth = credit.verify_guarantee(work, guarantee_id=guarantee)
        after = credit.credit_limit(work.session, customer_id=customer, today=work.now.date())

    assert worth == 7_000_000
    assert after - before == worth


def test_an_expired_assessment_gives_no_credit(desk: Desk) -> None:
    order_id = desk.submitted("KH000002")
    desk.later(days=200)

    with desk.work() as work:
        found = credit.check_credit(work, order_id=order_id)

    assert (found.profile_state, found.limit_fen) == ("stale", 0)


@pytest.mark.req("S3.6.2")
def test_no_more_is_invoiced_than_was_delivered(desk: Desk) -> None:
    order_id = desk.delivered()
    invoiced(desk, order_id, 4_000_000, "1" * 20)

    with pytest.raises(OverInvoice):
        invoiced(desk, order_id, 7_040_001, "2" * 20)
    second = invoiced(desk, order_id, 7_040_000, "3" * 20)

    assert second.number == "XS20260302-0001-1-P02"


def test_nothing_is_invoiced_before_a_delivery(desk: Desk) -> None:
    order_id = desk.ready()

    with pytest.raises(OverInvoice):
        invoiced(desk, order_id, 1, "1" * 20)


def test_an_electronic_invoice_number_is_used_once(desk: Desk) -> None:
    order_id = desk.delivered()
    invoiced(desk, order_id, 100, "1" * 20)

    with pytest.raises(DuplicateNumber):
        invoiced(desk, order_id, 100, "1" * 20)


@pytest.mark.parametrize("number", ["1" * 19, "1" * 21, "x" * 20, None])
def test_an_electronic_invoice_number_has_twenty_digits(desk: Desk, number: str | None) -> None:
    order_id = desk.delivered()

    with desk.work("lifang") as work, pytest.raises(InvalidRecord) as failure:
        invoices.create_invoice(
            work, order_id=order_id, type="vat_normal", amount_fen=1, e_invoice_no=number
        )

    assert set(failure.value.fields) == {"e_invoice_no"}


def test_a_void_invoice_can_be_written_again(desk: Desk) -> None:
    order_id = desk.delivered()
    first = invoiced(desk, order_id, 11_040_000, "1" * 20)
    with desk.work("lifang") as work:
        invoices.void_invoice(work, invoice_id=first.invoice_id, reason="抬头写错")

    again = invoiced(desk, order_id, 11_040_000, "2" * 20)

    assert again.amount_fen == 11_040_000


def test_a_billing_hold_stops_invoices(desk: Desk) -> None:
    order_id = desk.delivered()
    with desk.work("zhouhang") as work:
        holds.hold_order(work, order_id=order_id, reason="对账中", kind="billing")

    with pytest.raises(OrderOnHold):
        invoiced(desk, order_id, 1, "1" * 20)


def test_the_due_date_follows_the_term(desk: Desk) -> None:
    order_id = desk.delivered()

    invoice = invoiced(desk, order_id, 11_040_000, "1" * 20)

    assert invoice.due_on - invoice.issued_on == timedelta(days=60)


@pytest.mark.req("S3.6.2")
def test_a_short_deposit_waits_for_the_rest(desk: Desk) -> None:
    order_id = desk.approved(
        "KH000002",
        lines=[{**LINE, "qty": 20, "unit_price": 120_000}],
        payment_method="deposit_balance",
    )
    with desk.work() as work:
        required = settlement.set_deposit(work, order_id=order_id, pct=50)

    paid(desk, order_id, "D-1", 1_000_000, purpose="deposit")
    with desk.platform.read() as session:
        short = payments.deposit_balance(session, order_id=order_id)
    paid(desk, order_id, "D-2", 200_000, purpose="deposit")
    with desk.platform.read() as session:
        full = payments.deposit_balance(session, order_id=order_id)

    assert required == 1_200_000
    assert (short.remaining_fen, short.complete) == (200_000, False)
    assert (full.remaining_fen, full.complete) == (0, True)


def test_the_same_payment_twice_is_one_payment(desk: Desk) -> None:
    with desk.work() as work:
        first = payments.register_payment(work, ref="B-1", amount_fen=100)
        second = payments.register_payment(work, ref="B-1", amount_fen=100)
        with pytest.raises(DuplicateNumber):
            payments.register_payment(work, ref="B-1", amount_fen=101)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.payment_id == second.payment_id


def test_a_payment_cannot_be_spent_twice(desk: Desk) -> None:
    order_id = desk.delivered()
    paid(desk, order_id, "B-1", 100)

    with desk.work() as work, pytest.raises(Overpaid):
        payments.match_payment(work, ref="B-1", splits=[{"order_id": order_id, "amount_fen": 1}])
    with desk.work() as work, pytest.raises(UnknownPaymentRef):
        payments.match_payment(work, ref="B-0", splits=[])


def test_too_much_money_needs_a_reason_and_changes_nothing_without(desk: Desk) -> None:
    order_id = desk.delivered()
    with desk.work("lifang") as work:
        payments.register_payment(work, ref="B-1", amount_fen=12_000_000)
        splits = [{"order_id": order_id, "amount_fen": 12_000_000}]
        with pytest.raises(InvalidRecord):
            payments.match_payment(work, ref="B-1", splits=splits)
        nothing = billing.order_amounts(work.session, order_id=order_id).paid_fen
        done = payments.match_payment(
            work, ref="B-1", splits=splits, difference_reason="客户多付,待退"
        )

    assert nothing == 0
    assert done.outcome == "over"


def test_a_yuan_too_little_is_settled_and_two_are_not(desk: Desk) -> None:
    order_id = desk.delivered()

    short = paid(desk, order_id, "B-1", 11_040_000 - 200)
    enough = paid(desk, order_id, "B-2", 100)

    assert (short.outcome, enough.outcome) == ("partial", "settled")


def test_money_is_laid_on_the_invoice_that_is_due_first(desk: Desk) -> None:
    order_id = desk.delivered()
    invoiced(desk, order_id, 1_000, "1" * 20)
    desk.later(days=5)
    invoiced(desk, order_id, 1_000, "2" * 20)

    paid(desk, order_id, "B-1", 1_500)

    with desk.platform.read() as session:
        rows = invoices.list_invoices(session, order_id=order_id)
    assert [(row.paid_fen, row.state) for row in rows] == [(1_000, "paid"), (500, "issued")]


def test_a_write_off_closes_what_is_open_and_not_more(desk: Desk) -> None:
    order_id = desk.delivered()
    paid(desk, order_id, "B-1", 11_000_000)

    with desk.work("zhouhang") as work:
        with pytest.raises(InvalidRecord):
            settlement.write_off(work, order_id=order_id, amount_fen=40_001, reason="尾差")
        balance = settlement.write_off(work, order_id=order_id, amount_fen=40_000, reason="尾差")

    assert balance.settled
    assert balance.remaining_fen == 0


@given(
    qty=st.integers(1, 9_999_999_000),
    price=st.integers(1, 99_999),
    cuts=st.lists(st.integers(0, 9_999_999_000), max_size=6),
)
def test_the_parts_of_a_line_never_add_up_to_more_than_the_line(
    qty: int, price: int, cuts: list[int]
) -> None:
    whole = Decimal(qty) / 1000
    line = OrderLine(qty=whole, amount_fen=int(whole * price))
    marks = sorted({min(cut, qty) for cut in cuts} | {0, qty})

    values = [billing.part_of(line, Decimal(mark) / 1000) for mark in marks]

    assert values == sorted(values)
    assert values[0] == 0
    assert values[-1] == line.amount_fen


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=st.lists(st.integers(1, 110_400), min_size=1, max_size=6))
def test_whatever_is_paid_the_books_balance(desk: Desk, parts: list[int]) -> None:
    order_id = desk.delivered(lines=[{**LINE, "qty": 1}], delivery_date="2026-06-12")

    for number, part in enumerate(parts):
        paid(desk, order_id, f"{order_id}-{number}", part, difference_reason="混合付款")

    with desk.platform.read() as session:
        balance = settlement.settlement_balance(session, order_id=order_id)
    assert balance.paid_fen == sum(parts)
    assert balance.remaining_fen == 110_400 - sum(parts)
    assert balance.settled is (balance.remaining_fen <= 0)
