"""Loading the desk's rows by id, refused politely when there is none."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.database import Base
from jiedan.desk.errors import UnknownCustomer, UnknownOrder, UnknownRecord
from jiedan.desk.tables import Customer, Order
from jiedan.desk.values import Ref, as_id

Row = TypeVar("Row", bound=Base)


def get_order(session: Session, order_id: Ref, *, lock: bool = False) -> Order:
    """The order with this id; ``lock`` keeps others from changing it until the commit."""
    found = as_id(order_id)
    query = select(Order).where(Order.id == found)
    if lock:
        query = query.with_for_update()
    order = session.scalar(query) if found else None
    if order is None:
        raise UnknownOrder
    return order


def get_customer(session: Session, ref: Ref) -> Customer:
    """The customer with this id or number."""
    found = as_id(ref)
    customer = session.get(Customer, found) if found else None
    if customer is None and isinstance(ref, str):
        customer = session.scalar(select(Customer).where(Customer.number == ref.strip().upper()))
    if customer is None:
        raise UnknownCustomer
    return customer


def get_row(session: Session, kind: type[Row], ref: Ref) -> Row:
    """The row of ``kind`` with this id; raises UnknownRecord."""
    found = as_id(ref)
    row = session.get(kind, found) if found else None
    if row is None:
        raise UnknownRecord(kind=kind.__tablename__)
    return row
