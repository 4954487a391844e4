"""What an order is worth so far: ordered, cancelled, delivered, invoiced, paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, true, union_all
from sqlalchemy.orm import Session

from jiedan.desk.records import get_order
from jiedan.desk.tables import (
    Acceptance,
    Cancellation,
    CreditNote,
    Invoice,
    Order,
    OrderLine,
    PaymentMatch,
    Refund,
    Return,
    WriteOff,
)
from jiedan.desk.values import ZERO, Ref, Result, half_up

PREPAID = frozenset({"prepay_full", "platform_escrow"})
"""Ways to pay that use no credit."""
AGREED = ("approved", "done")
"""States of a cancellation whose fee counts."""
CALCULATED = ("calculated", "refunded")
"""States of a return whose deduction, and freight that we bear, count."""


@dataclass(frozen=True, slots=True)
class Amounts(Result):
    """An order's money in fen; ``payable_fen`` is what the customer owes in the end.

    ``paid_fen`` is without what was refunded, ``invoiced_fen`` without what was credited, and
    ``fees_fen`` what a cancellation costs and what is kept of returned goods.
    """

    order_id: str
    total_fen: int
    cancelled_fen: int
    returned_fen: int
    deducted_fen: int
    written_off_fen: int
    fees_fen: int
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
    return amounts_of_all(session, [order])[order.id]


def amounts_of_all(session: Session, orders: Sequence[Order]) -> dict[UUID, Amounts]:
    """The amounts of several loaded orders, with as many statements as for one."""
    sums = _sums(session, [order.id for order in orders])
    deducted, written_off, invoiced = (
        sums[name] for name in ("deducted", "written_off", "invoiced")
    )
    credited, paid, refunded = (sums[name] for name in ("credited", "paid", "refunded"))
    found = {}
    for order in orders:
        cancelled = sum(part_of(line, line.qty_cancelled) for line in order.lines)
        returned = sum(part_of(line, line.qty_returned) for line in order.lines)
        delivered = sum(
            part_of(line, max(line.qty_delivered - line.qty_returned, ZERO)) for line in order.lines
        )
        given_up = deducted.get(order.id, 0) + written_off.get(order.id, 0)
        fees = sums["fees"].get(order.id, 0) + sums["kept"].get(order.id, 0)
        found[order.id] = Amounts(
            order_id=str(order.id),
            total_fen=order.total_fen,
            cancelled_fen=cancelled,
            returned_fen=returned,
            deducted_fen=deducted.get(order.id, 0),
            written_off_fen=written_off.get(order.id, 0),
            fees_fen=fees,
            payable_fen=order.total_fen - cancelled - returned - given_up + fees,
            delivered_fen=delivered,
            invoiced_fen=invoiced.get(order.id, 0) - credited.get(order.id, 0),
            paid_fen=paid.get(order.id, 0) - refunded.get(order.id, 0),
        )
    return found


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


_SUMMED: dict[str, tuple[Any, Any, ColumnElement[bool]]] = {
    "deducted": (Acceptance.order_id, Acceptance.deduction_fen, true()),
    "written_off": (WriteOff.order_id, WriteOff.amount_fen, true()),
    "invoiced": (Invoice.order_id, Invoice.amount_fen, Invoice.state != "void"),
    "paid": (PaymentMatch.order_id, PaymentMatch.amount_fen, true()),
    "credited": (CreditNote.order_id, CreditNote.amount_fen, true()),
    "refunded": (Refund.order_id, Refund.amount_fen, Refund.state == "paid"),
    # Fees that a customer owes us for a cancellation, and what we keep of a return.
    "fees": (Cancellation.order_id, Cancellation.fee_fen, Cancellation.state.in_(AGREED)),
    "kept": (
        Return.order_id,
        Return.deduction_fen - Return.freight_fen,
        Return.state.in_(CALCULATED),
    ),
}


def _sums(session: Session, ids: Sequence[UUID]) -> dict[str, dict[UUID, int]]:
    """Each of the sums by order, in one statement."""
    sums: dict[str, dict[UUID, int]] = {name: {} for name in _SUMMED}
    if ids:
        parts = [
            select(literal(name), key, func.sum(column)).where(key.in_(ids), where).group_by(key)
            for name, (key, column, where) in _SUMMED.items()
        ]
        for name, order_id, amount in session.execute(union_all(*parts)):
            sums[name][order_id] = int(amount)
    return sums
