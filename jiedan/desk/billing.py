"""What an order is worth so far: ordered, cancelled, delivered, invoiced, paid."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.desk.records import get_order
from jiedan.desk.tables import Acceptance, Invoice, Order, OrderLine, PaymentMatch, WriteOff
from jiedan.desk.values import ZERO, Ref, Result, half_up

PREPAID = frozenset({"prepay_full", "platform_escrow"})
"""Ways to pay that use no credit."""


@dataclass(frozen=True, slots=True)
class Amounts(Result):
    """An order's money in fen; ``payable_fen`` is what the customer owes in the end."""

    order_id: str
    total_fen: int
    cancelled_fen: int
    returned_fen: int
    deducted_fen: int
    written_off_fen: int
    payable_fen: int
    delivered_fen: int
    invoiced_fen: int
    paid_fen: int

    @property
    def open_fen(self) -> int:
        """What is still to be paid; negative when too much was paid."""
        return self.payable_fen - self.paid_fen

    @property
    def invoiceable_fen(self) -> int:
        """Delivered and neither invoiced, deducted nor sent back."""
        return self.delivered_fen - self.deducted_fen - self.invoiced_fen


def order_amounts(session: Session, *, order_id: Ref) -> Amounts:
    """The amounts of one order."""
    return amounts_of(session, get_order(session, order_id))


def amounts_of(session: Session, order: Order) -> Amounts:
    """The amounts of a loaded order; parts of a line are rounded so that the whole fits."""
    cancelled = sum(part_of(line, line.qty_cancelled) for line in order.lines)
    returned = sum(part_of(line, line.qty_returned) for line in order.lines)
    delivered = sum(
        part_of(line, max(line.qty_delivered - line.qty_returned, ZERO)) for line in order.lines
    )
    deducted = _sum(session, Acceptance.deduction_fen, Acceptance.order_id == order.id)
    written_off = _sum(session, WriteOff.amount_fen, WriteOff.order_id == order.id)
    invoiced = _sum(
        session, Invoice.amount_fen, Invoice.order_id == order.id, Invoice.state != "void"
    )
    paid = _sum(session, PaymentMatch.amount_fen, PaymentMatch.order_id == order.id)
    return Amounts(
        order_id=str(order.id),
        total_fen=order.total_fen,
        cancelled_fen=cancelled,
        returned_fen=returned,
        deducted_fen=deducted,
        written_off_fen=written_off,
        payable_fen=order.total_fen - cancelled - returned - deducted - written_off,
        delivered_fen=delivered,
        invoiced_fen=invoiced,
        paid_fen=paid,
    )


def part_of(line: OrderLine, qty: Decimal) -> int:
    """The share of a line's amount that a part of its quantity is worth."""
    if qty >= line.qty:
        return line.amount_fen
    return half_up(line.amount_fen * qty / line.qty)


def credit_part(order: Order, deposit_fen: int) -> int:
    """The part of an order that the customer pays after delivery."""
    if order.payment_method in PREPAID or order.payment_method is None:
        return 0
    return max(order.total_fen - deposit_fen, 0)


def _sum(session: Session, column: object, *where: object) -> int:
    value = session.scalar(select(func.sum(column)).where(*where))  # type: ignore[arg-type]
    return int(value or 0)
