"""Money that goes back to a customer: once, on the way by which it came, by another person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.money import format_yuan
from jiedan.core.numbering import take_child_number
from jiedan.core.work import Work
from jiedan.desk.errors import (
    CalculatorExcluded,
    DuplicateNumber,
    DuplicateRefund,
    InvalidRecord,
    OverPaid,
    WrongState,
)
from jiedan.desk.invoices import list_invoices, spread_payments, void_invoice
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import CreditNote, Invoice, Payment, PaymentMatch, Refund
from jiedan.desk.values import Problems, Ref, Result, add, as_id, touch

NO_PAYER = "bank"


@dataclass(frozen=True, slots=True)
class RefundFacts(Result):
    """A refund and where it stands."""

    refund_id: str
    order_id: str
    cause: str
    amount_fen: int
    route: str
    payer: str | None
    calculated_by: str
    ref: str | None
    paid_at: datetime | None
    paid_by: str | None
    failures: list[dict[str, Any]]
    state: str


def refundable_fen(session: Session, *, order_id: Ref) -> int:
    """What was paid for an order and not given back, nor promised back, yet."""
    paid = session.scalar(
        select(func.sum(PaymentMatch.amount_fen)).where(PaymentMatch.order_id == as_id(order_id))
    )
    back = session.scalar(
        select(func.sum(Refund.amount_fen)).where(Refund.order_id == as_id(order_id))
    )
    return int(paid or 0) - int(back or 0)


def calculate_refund(
    work: Work, *, order_id: Ref, cause: str, cause_id: Ref, amount_fen: int
) -> RefundFacts:
    """Promise money back, once for each cause: the same again is the first one.

    Raises OverPaid for more than was paid, DuplicateRefund for another amount.
    """
    known = find_refund(work.session, cause_id=cause_id)
    if known is not None:
        if known.amount_fen != amount_fen:
            raise DuplicateRefund
        return known
    order = get_order(work.session, order_id, lock=True)
    limit = refundable_fen(work.session, order_id=order.id)
    if amount_fen > limit or amount_fen <= 0:
        raise OverPaid({"amount": lazy("Too much.")}, limit=format_yuan(max(limit, 0)))
    route, payer = refund_route(work.session, order_id=order.id)
    row = add(
        work,
        Refund(
            order_id=order.id,
            cause=cause,
            cause_id=as_id(cause_id),
            amount_fen=amount_fen,
            route=route,
            payer=payer,
            calculated_by=work.actor.login,
        ),
    )
    _audit(work, row, "refund.calculate", {"cause": cause, "amount_fen": amount_fen})
    return _facts(row)


def pay_refund(work: Work, *, refund_id: Ref, ref: str, paid_at: Any = None) -> RefundFacts:
    """Note that the money went back; never twice, never by who calculated it (SPEC SOD-5)."""
    row = get_row(work.session, Refund, refund_id)
    problems = Problems()
    key = problems.text("ref", ref, longest=80, needed=True)
    moment = problems.moment("paid_at", paid_at) if paid_at else work.now
    if moment and moment > work.now:
        problems.add("paid_at", lazy("This lies in the future."))
    problems.raise_as(InvalidRecord)
    if row.state == "paid":
        raise DuplicateRefund
    if work.actor.login == row.calculated_by and not work.actor.is_system:
        raise CalculatorExcluded
    if work.session.scalar(select(Refund.id).where(Refund.ref == key, Refund.id != row.id)):
        raise DuplicateNumber(number=key or "")
    row.ref, row.paid_at, row.paid_by, row.state = key, moment, work.actor.login, "paid"
    touch(work, row)
    work.session.flush()
    spread_payments(work.session, get_order(work.session, row.order_id))
    _audit(work, row, "refund.pay", {"ref": key, "amount_fen": row.amount_fen})
    return _facts(row)


def fail_refund(work: Work, *, refund_id: Ref, reason: str) -> RefundFacts:
    """The bank or the platform sent the money back (X28); it is still owed."""
    row = get_row(work.session, Refund, refund_id)
    if row.state == "paid":
        raise WrongState(state=row.state)
    problems = Problems()
    text = problems.text("failure", reason, longest=500, needed=True)
    problems.raise_as(InvalidRecord)
    row.failures = [
        *row.failures,
        {"at": work.now.isoformat(), "by": work.actor.login, "reason": text},
    ]
    row.state = "failed"
    touch(work, row)
    _audit(work, row, "refund.fail", {"reason": text})
    return _facts(row)


def refund_route(session: Session, *, order_id: Ref) -> tuple[str, str | None]:
    """Way and payer of the latest payment for an order: money goes back where it came from."""
    last = session.execute(
        select(Payment.method, Payment.payer)
        .join(PaymentMatch, PaymentMatch.payment_id == Payment.id)
        .where(PaymentMatch.order_id == as_id(order_id))
        .order_by(Payment.received_at.desc())
        .limit(1)
    ).first()
    return (last.method, last.payer or None) if last else (NO_PAYER, None)


def find_refund(session: Session, *, cause_id: Ref) -> RefundFacts | None:
    """The refund for a return, a cancellation or a compensation."""
    row = session.scalar(select(Refund).where(Refund.cause_id == as_id(cause_id)))
    return _facts(row) if row else None


def refund_facts(session: Session, *, refund_id: Ref) -> RefundFacts:
    """A refund by its id."""
    return _facts(get_row(session, Refund, refund_id))


def list_refunds(session: Session, *, order_id: Ref) -> list[RefundFacts]:
    """The refunds of an order, oldest first."""
    rows = session.scalars(
        select(Refund)
        .where(Refund.order_id == as_id(order_id))
        .order_by(Refund.created_at, Refund.id)
    )
    return [_facts(row) for row in rows]


def take_back_invoices(
    work: Work, *, order_id: Ref, cause_id: Ref, amount_fen: int, reason: str
) -> int:
    """Take ``amount_fen`` of what was invoiced back, once for each cause; returns how much.

    A paper that no tax office knows is void when it falls away whole; of an issued invoice a
    credit note takes back what no longer holds.
    """
    done = work.session.scalar(
        select(func.sum(CreditNote.amount_fen)).where(CreditNote.cause_id == as_id(cause_id))
    )
    left = amount_fen - int(done or 0)
    back = int(done or 0)
    for one in reversed(list_invoices(work.session, order_id=order_id)):
        free = one.amount_fen - credited_fen(work.session, invoice_id=one.invoice_id)
        part = min(left, free)
        if one.state == "void" or part <= 0:
            continue
        if one.e_invoice_no is None and part == one.amount_fen and one.state == "issued":
            void_invoice(work, invoice_id=one.invoice_id, reason=reason)
        else:
            _credit(work, one.invoice_id, cause_id, part, reason)
        left -= part
        back += part
    return back


def credited_fen(session: Session, *, invoice_id: Ref) -> int:
    """What was taken back of an invoice."""
    return int(
        session.scalar(
            select(func.sum(CreditNote.amount_fen)).where(
                CreditNote.invoice_id == as_id(invoice_id)
            )
        )
        or 0
    )


def list_credit_notes(session: Session, *, order_id: Ref) -> list[CreditNote]:
    """The credit notes of an order, oldest first."""
    return list(
        session.scalars(
            select(CreditNote)
            .where(CreditNote.order_id == as_id(order_id))
            .order_by(CreditNote.number)
        )
    )


def _credit(work: Work, invoice_id: Ref, cause_id: Ref, amount_fen: int, reason: str) -> None:
    invoice = get_row(work.session, Invoice, invoice_id)
    order = get_order(work.session, invoice.order_id or "", lock=True)
    note = add(
        work,
        CreditNote(
            number=take_child_number(work, parent=order.number or "", kind="invoice"),
            order_id=order.id,
            invoice_id=invoice.id,
            cause_id=as_id(cause_id),
            amount_fen=amount_fen,
            reason=reason,
        ),
    )
    audit.record(
        work,
        action="creditnote.create",
        entity=f"order:{order.id}",
        after={"number": note.number, "invoice": invoice.number, "amount_fen": amount_fen},
    )


def _audit(work: Work, row: Refund, action: str, after: dict[str, Any]) -> None:
    audit.record(work, action=action, entity=f"order:{row.order_id}", after=after)


def _facts(row: Refund) -> RefundFacts:
    return RefundFacts(
        str(row.id),
        str(row.order_id),
        row.cause,
        row.amount_fen,
        row.route,
        row.payer,
        row.calculated_by,
        row.ref,
        row.paid_at,
        row.paid_by,
        list(row.failures),
        row.state,
    )
