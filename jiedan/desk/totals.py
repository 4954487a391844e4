"""The arithmetic of an order: line amounts, tax, totals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jiedan.core.money import format_yuan
from jiedan.core.work import Work
from jiedan.desk.errors import TotalMismatch
from jiedan.desk.records import get_order
from jiedan.desk.tables import Order
from jiedan.desk.values import Ref, Result, half_up


@dataclass(frozen=True, slots=True)
class Totals(Result):
    """An order's sums in fen; prices include tax."""

    order_id: str
    total_fen: int
    tax_fen: int
    net_fen: int
    lines: list[dict[str, Any]]


def line_amount(qty: Decimal, unit_price_fen: int, discount_pct: Decimal) -> int:
    """What a quantity costs after the line's discount, in fen, half a fen rounded up."""
    return half_up(qty * unit_price_fen * (100 - discount_pct) / 100)


def tax_within(amount_fen: int, tax_pct: int) -> int:
    """The tax that an amount including tax contains."""
    return half_up(Decimal(amount_fen) * tax_pct / (100 + tax_pct))


def recompute(order: Order) -> None:
    """Compute every line's amount and the order's sums anew from quantities and prices."""
    tax = 0
    for line in order.lines:
        line.amount_fen = line_amount(line.qty, line.unit_price_fen, line.discount_pct)
        tax += tax_within(line.amount_fen, line.tax_pct)
    order.total_fen = sum(line.amount_fen for line in order.lines)
    order.tax_fen = tax
    order.net_fen = order.total_fen - tax


def check_given_total(order: Order, given: int | None) -> None:
    """Raises TotalMismatch when somebody else's sum is not ours to the fen (SPEC S2.2.3)."""
    if given is not None and given != order.total_fen:
        raise TotalMismatch(expected=format_yuan(order.total_fen), given=format_yuan(given))


def recalculate_order(work: Work, *, order_id: Ref, total: int | None = None) -> Totals:
    """Compute the order's totals on the server; see check_given_total."""
    order = get_order(work.session, order_id)
    recompute(order)
    check_given_total(order, total)
    work.session.flush()
    return Totals(
        str(order.id),
        order.total_fen,
        order.tax_fen,
        order.net_fen,
        [{"seq": line.seq, "sku": line.sku, "amount_fen": line.amount_fen} for line in order.lines],
    )
