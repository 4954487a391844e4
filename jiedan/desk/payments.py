"""Money that comes in, and which order or invoice it pays (T16.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.money import format_yuan
from jiedan.core.work import Work
from jiedan.desk.billing import amounts_of
from jiedan.desk.errors import DuplicateNumber, InvalidRecord, Overpaid, UnknownPaymentRef
from jiedan.desk.invoices import spread_payments
from jiedan.desk.order_refs import find_order
from jiedan.desk.records import get_customer, get_order, get_row
from jiedan.desk.tables import Invoice, Order, Payment, PaymentMatch
from jiedan.desk.values import Problems, Ref, Result, add, as_id, touch

METHODS = frozenset({"bank", "cash", "draft", "platform_escrow", "other"})
PURPOSES = frozenset({"deposit", "balance", "prepay"})


@dataclass(frozen=True, slots=True)
class PaymentFacts(Result):
    """A payment; ``left_fen`` is not matched to anything yet."""

    payment_id: str
    ref: str
    customer_id: str | None
    amount_fen: int
    matched_fen: int
    left_fen: int
    received_at: datetime
    state: str
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Matched(Result):
    """What a match did. ``outcome``: settled, partial, over (for one order) or mixed."""

    payment_id: str
    matched_fen: int
    left_fen: int
    orders: list[dict[str, Any]]
    outcome: str


@dataclass(frozen=True, slots=True)
class Deposit(Result):
    """An order's deposit in fen."""

    order_id: str
    required_fen: int
    paid_fen: int
    remaining_fen: int
    complete: bool


def register_payment(
    work: Work,
    *,
    ref: str,
    amount_fen: int,
    customer_id: Ref | None = None,
    payer: str = "",
    method: str = "bank",
    received_at: Any = None,
    note: str | None = None,
) -> PaymentFacts:
    """Keep a payment once: the same reference with the same amount is the same payment.

    Raises DuplicateNumber when the reference is known with another amount.
    """
    problems = Problems()
    key = problems.text("ref", ref, longest=80, needed=True) or ""
    amount = problems.fen("amount", amount_fen)
    problems.one_of("method", method, METHODS)
    moment = problems.moment("received_at", received_at) if received_at else work.now
    if moment and moment > work.now:
        problems.add("received_at", lazy("This lies in the future."))
    problems.raise_as(InvalidRecord)
    known = work.session.scalar(select(Payment).where(Payment.ref == key))
    if known is not None:
        if known.amount_fen != amount:
            raise DuplicateNumber(number=key)
        return _facts(known)
    row = add(
        work,
        Payment(
            ref=key,
            amount_fen=amount,
            customer_id=get_customer(work.session, customer_id).id if customer_id else None,
            payer=payer,
            method=method,
            received_at=moment,
            note=note,
        ),
    )
    audit.record(
        work, action="payment.register", entity=f"payment:{row.id}", after={"amount_fen": amount}
    )
    return _facts(row, is_new=True)


def match_payment(
    work: Work,
    *,
    ref: str,
    splits: Sequence[Mapping[str, Any]],
    difference_reason: str | None = None,
    purpose: str = "balance",
) -> Matched:
    """Lay a payment on orders or invoices: ``{order_id | order_no | invoice_id, amount_fen}``.

    Raises UnknownPaymentRef, Overpaid when the splits need more than the payment has left, and
    InvalidRecord when an order would get more than it owes without a ``difference_reason``.
    """
    payment = work.session.scalar(select(Payment).where(Payment.ref == ref).with_for_update())
    if payment is None:
        raise UnknownPaymentRef({"payment_ref": lazy("Unknown reference.")}, ref=ref)
    problems = Problems()
    problems.one_of("purpose", purpose, PURPOSES)
    if not splits:
        problems.add("orders", lazy("Please fill this in."))
    amounts = [
        problems.fen(f"orders[{index}].amount", split.get("amount_fen"))
        for index, split in enumerate(splits)
    ]
    problems.raise_as(InvalidRecord)
    wanted = sum(amount for amount in amounts if amount)
    left = payment.amount_fen - payment.matched_fen
    if wanted > left:
        raise Overpaid({"orders": lazy("Too much.")}, left=format_yuan(left))
    tolerance = work.platform.parameters.fen("settle.tolerance")
    targets = [_target(work.session, split) for split in splits]
    if not difference_reason:
        _refuse_too_much(work.session, targets, amounts, tolerance)
    touched: dict[str, dict[str, Any]] = {}
    for (order, invoice), amount in zip(targets, amounts, strict=True):
        add(
            work,
            PaymentMatch(
                payment_id=payment.id,
                order_id=order.id if order else None,
                invoice_id=invoice.id if invoice else None,
                amount_fen=amount,
                purpose=purpose,
                at=work.now,
                by=work.actor.login,
            ),
        )
        if order is None and invoice is not None:
            _pay_invoice(invoice, amount or 0)
        elif order is not None:
            spread_payments(work.session, order)
            open_fen = amounts_of(work.session, order).open_fen
            touched[str(order.id)] = {
                "order_id": str(order.id),
                "order_no": order.number,
                "remaining_fen": open_fen,
                "outcome": _outcome(open_fen, tolerance),
            }
    payment.matched_fen += wanted
    payment.state = "matched" if payment.matched_fen == payment.amount_fen else "partial"
    payment.note = difference_reason or payment.note
    touch(work, payment)
    work.session.flush()
    audit.record(
        work,
        action="payment.match",
        entity=f"payment:{payment.id}",
        after={"matched_fen": wanted, "difference_reason": difference_reason},
    )
    outcomes = {str(order["outcome"]) for order in touched.values()} or {"settled"}
    return Matched(
        str(payment.id),
        wanted,
        payment.amount_fen - payment.matched_fen,
        list(touched.values()),
        outcomes.pop() if len(outcomes) == 1 else "mixed",
    )


def match_oldest(work: Work, *, ref: str) -> Matched | None:
    """Lay what a customer paid on his oldest unpaid invoices; None when there is none."""
    payment = work.session.scalar(select(Payment).where(Payment.ref == ref))
    if payment is None:
        raise UnknownPaymentRef({"payment_ref": lazy("Unknown reference.")}, ref=ref)
    left = payment.amount_fen - payment.matched_fen
    splits: list[dict[str, Any]] = []
    rows = work.session.scalars(
        select(Invoice)
        .where(Invoice.customer_id == payment.customer_id, Invoice.state == "issued")
        .order_by(Invoice.due_on, Invoice.number)
    )
    for invoice in rows:
        part = min(left, invoice.amount_fen - invoice.paid_fen)
        if part > 0:
            splits.append({"invoice_id": str(invoice.id), "amount_fen": part})
            left -= part
    return match_payment(work, ref=ref, splits=splits) if splits else None


_OPEN = ("unmatched", "partial")


def unmatched_payments(session: Session) -> list[PaymentFacts]:
    """Payments that nobody knows the purpose of, oldest first."""
    rows = session.scalars(
        select(Payment).where(Payment.state.in_(_OPEN)).order_by(Payment.received_at)
    )
    return [_facts(row) for row in rows]


def deposit_balance(session: Session, *, order_id: Ref) -> Deposit:
    """How much of an order's deposit has been paid."""
    order = get_order(session, order_id)
    paid = int(
        session.scalar(
            select(func.sum(PaymentMatch.amount_fen)).where(PaymentMatch.order_id == order.id)
        )
        or 0
    )
    remaining = max(order.deposit_fen - paid, 0)
    return Deposit(str(order.id), order.deposit_fen, paid, remaining, remaining == 0)


def _target(session: Session, split: Mapping[str, Any]) -> tuple[Order | None, Invoice | None]:
    if split.get("invoice_id"):
        invoice = get_row(session, Invoice, split["invoice_id"])
        order = get_order(session, invoice.order_id) if invoice.order_id else None
        return order, invoice
    order_id = split.get("order_id")
    if not order_id:
        order_id = find_order(session, number=str(split.get("order_no") or "")).order_id
    return get_order(session, order_id, lock=True), None


def _refuse_too_much(
    session: Session,
    targets: Sequence[tuple[Order | None, Invoice | None]],
    amounts: Sequence[int | None],
    tolerance: int,
) -> None:
    problems = Problems()
    left: dict[Any, int] = {}
    for index, ((order, _), amount) in enumerate(zip(targets, amounts, strict=True)):
        if order is None:
            continue
        if order.id not in left:
            left[order.id] = amounts_of(session, order).open_fen
        left[order.id] -= amount or 0
        if left[order.id] < -tolerance:
            problems.add(f"orders[{index}].amount", lazy("More than the order still owes."))
    problems.raise_as(InvalidRecord)


def _pay_invoice(invoice: Invoice, amount: int) -> None:
    open_fen = invoice.amount_fen - invoice.paid_fen
    if amount > open_fen:
        raise Overpaid({"orders": lazy("Too much.")}, left=format_yuan(open_fen))
    invoice.paid_fen += amount
    if invoice.paid_fen == invoice.amount_fen:
        invoice.state = "paid"


def _outcome(open_fen: int, tolerance: int) -> str:
    if abs(open_fen) <= tolerance:
        return "settled"
    return "partial" if open_fen > 0 else "over"


def _facts(row: Payment, *, is_new: bool = False) -> PaymentFacts:
    return PaymentFacts(
        str(row.id),
        row.ref,
        str(as_id(row.customer_id)) if row.customer_id else None,
        row.amount_fen,
        row.matched_fen,
        row.amount_fen - row.matched_fen,
        row.received_at,
        row.state,
        is_new,
    )
