"""The short form of an order that other functions hand back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.numbering import check_number, parent_number
from jiedan.desk.errors import UnknownOrder
from jiedan.desk.records import get_order
from jiedan.desk.tables import Order
from jiedan.desk.values import Ref, Result


@dataclass(frozen=True, slots=True)
class OrderRef(Result):
    """Which order this is and where it stands."""

    order_id: str
    order_no: str | None
    channel: str
    state: str
    version: int
    customer_id: str | None
    owner: str | None
    held: bool
    total_fen: int


def ref_of(order: Order) -> OrderRef:
    """The short form of a loaded order."""
    return OrderRef(
        str(order.id),
        order.number,
        order.channel,
        order.state,
        order.version,
        str(order.customer_id) if order.customer_id else None,
        order.owner,
        order.held,
        order.total_fen,
    )


def order_ref(session: Session, *, order_id: Ref) -> OrderRef:
    """The short form of the order with this id."""
    return ref_of(get_order(session, order_id))


def find_order(session: Session, *, number: str) -> OrderRef:
    """The order with this number, typed in any way; a wrong check digit never asks the database.

    The number of a shipment, an invoice and the like finds the order that it belongs to.
    """
    found = parent_number(check_number(number))
    order = session.scalar(select(Order).where(Order.number == found))
    if order is None:
        raise UnknownOrder
    return ref_of(order)
