"""Finding orders: by number, customer, product, phone ending or pinyin, filtered, page by page."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from jiedan.core.clock import SHANGHAI
from jiedan.core.numbering import NumberInvalid, check_number, parent_number
from jiedan.core.text import identifier_text, like_pattern, search_text
from jiedan.desk.pages import Page, bounds, count_rows
from jiedan.desk.states import FINAL, OrderState
from jiedan.desk.tables import CatalogueItem, Customer, Order, OrderLine, PlatformOrder
from jiedan.desk.values import Ref, Result, as_id

_NUMBER = re.compile(r"(XS|WY)[0-9]{8}-?[0-9]{4,8}-?[0-9](-[A-Z][0-9]+)?")
_PHONE_END = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class OrderRow(Result):
    """An order in a list."""

    order_id: str
    order_no: str | None
    channel: str
    kind: str | None
    state: str
    held: bool
    customer_id: str | None
    customer_no: str | None
    customer_name: str | None
    first_sku: str | None
    first_description: str | None
    line_count: int
    total_fen: int
    owner: str | None
    delivery_date: date | None
    promised_date: date | None
    late: bool
    created_at: datetime
    updated_at: datetime


def list_orders(
    session: Session,
    *,
    query: str = "",
    states: Collection[str] = (),
    channel: str | None = None,
    owner: str | None = None,
    or_numbered: Select[str | None] | None = None,
    customer_id: Ref | None = None,
    date_from: date | None = None,
    date_to: date | None = None,
    held: bool | None = None,
    late_on: date | None = None,
    page: int = 1,
    size: int = 25,
) -> Page[OrderRow]:
    """Orders that match, the newest first.

    Text that has the form of an order number is one: a wrong check digit raises
    NumberCheckFailed before the database is asked (SPEC S3.2). Four digits are also the end of
    a phone number. ``or_numbered`` adds orders with these numbers to those of the owner.
    ``late_on`` keeps open orders that were promised before that day. Dates are those of the
    creation in Shanghai, both included.
    """
    page, size = bounds(page, size)
    wanted = select(Order).where(*_filters(query))
    if states:
        wanted = wanted.where(Order.state.in_(list(states)))
    if channel:
        wanted = wanted.where(Order.channel == channel)
    if owner and or_numbered is not None:
        wanted = wanted.where(or_(Order.owner == owner, Order.number.in_(or_numbered)))
    elif owner:
        wanted = wanted.where(Order.owner == owner)
    if customer_id:
        wanted = wanted.where(Order.customer_id == as_id(customer_id))
    if date_from:
        wanted = wanted.where(Order.created_at >= _midnight(date_from))
    if date_to:
        wanted = wanted.where(Order.created_at < _midnight(date_to + timedelta(days=1)))
    if held is not None:
        wanted = wanted.where(Order.held.is_(held))
    if late_on is not None:
        wanted = wanted.where(is_late(late_on))
    total = count_rows(session, wanted)
    rows: Sequence[Order] = session.scalars(_page(wanted, page, size)).all()
    return Page(_rows(session, rows, late_on), total, page, size)


def _page(query: Select[Any], page: int, size: int) -> Select[Any]:
    ordered = query.order_by(Order.created_at.desc(), Order.id.desc())
    return ordered.limit(size).offset((page - 1) * size)


def _filters(query: str) -> list[ColumnElement[bool]]:
    text = search_text(query)[:100]
    if not text:
        return []
    typed = identifier_text(query).upper()
    if _NUMBER.fullmatch(typed):
        return [Order.number == parent_number(check_number(typed))]
    tests: list[ColumnElement[bool]] = []
    pattern = like_pattern(text)
    customers = select(Customer.id).where(
        or_(
            Customer.name.ilike(pattern, escape="\\"),
            Customer.number == typed,
            _pinyin(Customer.pinyin, text),
        )
    )
    tests.append(Order.customer_id.in_(customers))
    lines = (
        select(OrderLine.order_id)
        .outerjoin(CatalogueItem, CatalogueItem.sku == OrderLine.sku)
        .where(
            or_(
                OrderLine.sku == typed,
                OrderLine.description.ilike(pattern, escape="\\"),
                _pinyin(CatalogueItem.pinyin, text),
            )
        )
    )
    tests.append(Order.id.in_(lines))
    if _PHONE_END.fullmatch(typed):
        tests.append(Order.receiver_phone_end == typed)
    if len(typed) >= 4 and typed.isascii():
        tests.append(Order.number.like(like_pattern(typed), escape="\\"))
        tests.append(Order.customer_po_no == typed)
        platform = select(PlatformOrder.id).where(PlatformOrder.platform_order_no == query.strip())
        tests.append(Order.platform_order_id.in_(platform))
    return [or_(*tests)]


def _pinyin(column: Any, text: str) -> ColumnElement[bool]:
    letters = text.replace(" ", "")
    if len(letters) < 2 or not letters.isascii() or not letters.isalnum():
        return false()
    # The column holds the syllables, a space, and the first letters.
    test: ColumnElement[bool] = or_(
        column.like(f"{letters}%"), column.like(f"% {letters}%"), column.like(f"%{letters}% %")
    )
    return test


_DELIVERED = {"delivered", "in_acceptance", "acceptance_issue", "accepted", "settled"}
_UNDELIVERED = [one for one in OrderState if one not in {*FINAL, *_DELIVERED, "returned_full"}]


def looks_like_number(query: str) -> bool:
    """Whether somebody typed an order number; the right one or not."""
    return bool(_NUMBER.fullmatch(identifier_text(query).upper()))


def is_late(day: date) -> ColumnElement[bool]:
    """The test for open orders that were promised for a day before this one."""
    # Said as what it may be, which an index can find among very many that are done.
    return and_(Order.promised_date < day, Order.state.in_(_UNDELIVERED))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _rows(session: Session, orders: Collection[Order], late_on: date | None) -> list[OrderRow]:
    ids = [order.id for order in orders]
    keys = {order.customer_id for order in orders if order.customer_id}
    customers = {
        row.id: row for row in session.scalars(select(Customer).where(Customer.id.in_(keys)))
    }
    lines: dict[Any, list[OrderLine]] = {}
    found = session.scalars(
        select(OrderLine).where(OrderLine.order_id.in_(ids)).order_by(OrderLine.seq)
    )
    for line in found:
        lines.setdefault(line.order_id, []).append(line)
    return [
        _row(
            order,
            customers.get(order.customer_id) if order.customer_id else None,
            lines.get(order.id, []),
            late_on,
        )
        for order in orders
    ]


def _row(
    order: Order, customer: Customer | None, lines: list[OrderLine], late_on: date | None
) -> OrderRow:
    return OrderRow(
        order_id=str(order.id),
        order_no=order.number,
        channel=order.channel,
        kind=order.kind,
        state=order.state,
        held=order.held,
        customer_id=str(customer.id) if customer else None,
        customer_no=customer.number if customer else None,
        customer_name=customer.name if customer else None,
        first_sku=lines[0].sku if lines else None,
        first_description=lines[0].description if lines else None,
        line_count=len(lines),
        total_fen=order.total_fen,
        owner=order.owner,
        delivery_date=order.delivery_date,
        promised_date=order.promised_date,
        late=late_on is not None,
        created_at=order.created_at,
        updated_at=order.updated_at,
    )


__all__ = ["NumberInvalid", "OrderRow", "list_orders", "looks_like_number"]
