"""Invoices over what was delivered (T16.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.money import format_yuan
from jiedan.core.numbering import take_child_number
from jiedan.core.work import Work
from jiedan.desk.billing import amounts_of
from jiedan.desk.errors import DuplicateNumber, InvalidRecord, OverInvoice, WrongState
from jiedan.desk.holds import require_free
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Invoice, Order, PaymentMatch
from jiedan.desk.values import Problems, Ref, Result, add, as_id, clean, shanghai_date, touch

TYPES = frozenset({"vat_special", "vat_normal", "none"})
_E_INVOICE = re.compile(r"[0-9]{20}")
_TAX_NO = re.compile(r"[0-9A-Z]{15,20}")


@dataclass(frozen=True, slots=True)
class InvoiceFacts(Result):
    """An invoice."""

    invoice_id: str
    number: str
    order_id: str | None
    type: str
    amount_fen: int
    paid_fen: int
    e_invoice_no: str | None
    issued_on: date
    due_on: date
    state: str


def create_invoice(
    work: Work,
    *,
    order_id: Ref,
    type: str,
    amount_fen: int,
    title: str | None = None,
    tax_no: str | None = None,
    e_invoice_no: str | None = None,
) -> InvoiceFacts:
    """Invoice part or all of what was delivered and not invoiced yet.

    A VAT invoice needs a title and the 20 digits of its electronic number, which is used once
    only; a special one needs the tax number too. Raises OverInvoice, DuplicateNumber,
    OrderOnHold for a billing hold.
    """
    order = get_order(work.session, order_id, lock=True)
    require_free(work.session, order_id=order.id, kind="billing")
    problems = Problems()
    problems.one_of("type", type, TYPES)
    amount = problems.fen("amount", amount_fen)
    real = type != "none"
    shown = problems.text("title", title or order.invoice_title, longest=120, needed=real)
    tax = clean(tax_no or order.tax_no).upper() or None
    if (tax or type == "vat_special") and not _TAX_NO.fullmatch(tax or ""):
        problems.add("tax_no", lazy("A tax number has 15 to 20 digits and letters."))
    electronic = clean(e_invoice_no) or None
    if (electronic or real) and not _E_INVOICE.fullmatch(electronic or ""):
        problems.add("e_invoice_no", lazy("An electronic invoice number has 20 digits."))
    problems.raise_as(InvalidRecord)
    limit = amounts_of(work.session, order).invoiceable_fen
    if amount is None or amount > limit:
        raise OverInvoice({"amount": lazy("Too much.")}, limit=format_yuan(max(limit, 0)))
    if electronic and work.session.scalar(
        select(Invoice.id).where(Invoice.e_invoice_no == electronic)
    ):
        raise DuplicateNumber(number=electronic)
    today = shanghai_date(work.now)
    term = order.term_days if order.payment_method == "credit_term" else 0
    invoice = add(
        work,
        Invoice(
            number=take_child_number(work, parent=order.number or "", kind="invoice"),
            order_id=order.id,
            customer_id=order.customer_id,
            type=type,
            title=shown,
            tax_no=tax,
            amount_fen=amount,
            e_invoice_no=electronic,
            issued_on=today,
            due_on=today + timedelta(days=term or 0),
        ),
    )
    spread_payments(work.session, order)
    audit.record(
        work,
        action="invoice.create",
        entity=f"order:{order.id}",
        after={"number": invoice.number, "amount_fen": amount},
    )
    return _facts(invoice)


def void_invoice(work: Work, *, invoice_id: Ref, reason: str) -> InvoiceFacts:
    """Take an invoice back; its amount can be invoiced again, its numbers cannot."""
    invoice = get_row(work.session, Invoice, invoice_id)
    problems = Problems()
    text = problems.text("reason", reason, longest=500, needed=True)
    problems.raise_as(InvalidRecord)
    if invoice.state != "issued":
        raise WrongState(state=invoice.state)
    invoice.state = "void"
    invoice.void_reason = text
    invoice.paid_fen = 0
    touch(work, invoice)
    work.session.flush()
    if invoice.order_id is not None:
        spread_payments(work.session, get_order(work.session, invoice.order_id))
    audit.record(
        work,
        action="invoice.void",
        entity=f"order:{invoice.order_id}",
        after={"number": invoice.number, "reason": text},
    )
    return _facts(invoice)


def list_invoices(session: Session, *, order_id: Ref) -> list[InvoiceFacts]:
    """The invoices of an order, oldest first."""
    rows = session.scalars(
        select(Invoice).where(Invoice.order_id == as_id(order_id)).order_by(Invoice.number)
    )
    return [_facts(row) for row in rows]


def spread_payments(session: Session, order: Order) -> None:
    """Lay what was paid for an order on its invoices, the one that is due first first."""
    left = int(
        session.scalar(
            select(func.sum(PaymentMatch.amount_fen)).where(PaymentMatch.order_id == order.id)
        )
        or 0
    )
    rows = session.scalars(
        select(Invoice)
        .where(Invoice.order_id == order.id, Invoice.state != "void")
        .order_by(Invoice.due_on, Invoice.number)
    )
    for invoice in rows:
        invoice.paid_fen = min(left, invoice.amount_fen)
        invoice.state = "paid" if invoice.paid_fen == invoice.amount_fen else "issued"
        left -= invoice.paid_fen
    session.flush()


def _facts(row: Invoice) -> InvoiceFacts:
    return InvoiceFacts(
        str(row.id),
        row.number,
        str(row.order_id) if row.order_id else None,
        row.type,
        row.amount_fen,
        row.paid_fen,
        row.e_invoice_no,
        row.issued_on,
        row.due_on,
        row.state,
    )
