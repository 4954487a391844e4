"""Is an order complete, and did we get it twice?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.i18n import LocalText
from jiedan.core.work import Work
from jiedan.desk.records import get_order
from jiedan.desk.states import FINAL
from jiedan.desk.tables import Order, OrderLine
from jiedan.desk.totals import Totals, recalculate_order
from jiedan.desk.values import Ref, Result, hundredths

__all__ = [
    "Completeness",
    "Suspect",
    "Totals",
    "check_complete",
    "find_duplicates",
    "missing_groups",
    "recalculate_order",
]

GROUP_NAMES = {
    "description": LocalText("产品描述", "product description"),
    "quantity": LocalText("数量", "quantity"),
    "price": LocalText("价格", "price"),
    "delivery_date": LocalText("交货时间", "delivery date"),
    "delivery_place": LocalText("交货地点", "delivery place"),
    "payment": LocalText("付款方式", "payment method"),
}
"""The six groups of SPEC S2.2.2 that every order needs."""
GROUP_FIELDS = {
    "description": "lines",
    "quantity": "lines[0].qty",
    "price": "lines[0].unit_price",
    "delivery_date": "delivery_date",
    "delivery_place": "detail",
    "payment": "payment_method",
}
DUPLICATE_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Completeness(Result):
    """How much of the six groups is there."""

    complete: bool
    pct: Decimal
    missing: list[str]
    names: list[str]


@dataclass(frozen=True, slots=True)
class Suspect(Result):
    """An order that looks like the same order again."""

    order_id: str
    order_no: str | None
    state: str
    skus: list[str]


def check_complete(session: Session, *, order_id: Ref) -> Completeness:
    """Which of the six groups are missing, and the percentage that is there (SPEC S2.2.2)."""
    missing = missing_groups(get_order(session, order_id))
    total = len(GROUP_NAMES)
    pct = hundredths(Decimal(100) * (total - len(missing)) / total)
    return Completeness(not missing, pct, missing, [str(GROUP_NAMES[group]) for group in missing])


def missing_groups(order: Order) -> list[str]:
    """The codes of the groups that an order lacks."""
    lines = order.lines
    there = {
        "description": bool(lines) and all(line.sku for line in lines),
        "quantity": bool(lines) and all(line.qty > 0 for line in lines),
        "price": bool(lines) and all(line.unit_price_fen > 0 for line in lines),
        "delivery_date": order.delivery_date is not None,
        "delivery_place": _has_place(order),
        "payment": order.payment_method is not None
        and (order.payment_method != "credit_term" or order.term_days is not None),
    }
    return [group for group, present in there.items() if not present]


def _has_place(order: Order) -> bool:
    if order.lines and all(line.fulfil == "electronic" for line in order.lines):
        return True
    return all((order.province, order.city, order.detail, order.receiver, order.receiver_phone))


def find_duplicates(work: Work, *, order_id: Ref) -> list[Suspect]:
    """Other orders of the customer with the same product, quantity and day within 24 hours."""
    order = get_order(work.session, order_id)
    if order.customer_id is None or not order.lines:
        return []
    others = work.session.scalars(
        select(Order)
        .where(
            Order.customer_id == order.customer_id,
            Order.id != order.id,
            Order.created_at >= order.created_at - DUPLICATE_WINDOW,
            Order.created_at <= order.created_at + DUPLICATE_WINDOW,
            Order.state.not_in([state.value for state in FINAL]),
            Order.lines.any(OrderLine.sku.in_([line.sku for line in order.lines])),
        )
        .order_by(Order.created_at)
    )
    mine = {(line.sku, line.qty, line.line_due or order.delivery_date) for line in order.lines}
    suspects = []
    for other in others:
        theirs = {
            (line.sku, line.qty, line.line_due or other.delivery_date) for line in other.lines
        }
        same = sorted({sku for sku, _, _ in mine & theirs})
        if same:
            suspects.append(Suspect(str(other.id), other.number, other.state, same))
    return suspects
