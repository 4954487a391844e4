"""Loading the desk's rows by id, refused politely when there is none.

A step asks for the same order, its lines and its customer dozens of times. The session would
forget a row as soon as nobody holds it, so what was loaded here is kept as long as the session.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from jiedan.core.database import Base
from jiedan.desk.errors import UnknownCustomer, UnknownOrder, UnknownRecord
from jiedan.desk.tables import Customer, Order
from jiedan.desk.values import Ref, as_id

Row = TypeVar("Row", bound=Base)

_KEPT = "desk.kept"
_LOCKED = "desk.locked"
_BY_KEY = "desk.by_key"


def get_order(session: Session, order_id: Ref, *, lock: bool = False) -> Order:
    """The order with this id; ``lock`` keeps others from changing it until the commit."""
    found = as_id(order_id)
    if found is None:
        raise UnknownOrder
    order = _lock_order(session, found) if lock else session.get(Order, found)
    if order is None:
        raise UnknownOrder
    return keep(session, order)


def get_customer(session: Session, ref: Ref) -> Customer:
    """The customer with this id or number."""
    found = as_id(ref)
    customer = session.get(Customer, found) if found else None
    if customer is None and isinstance(ref, str):
        customer = session.scalar(select(Customer).where(Customer.number == ref.strip().upper()))
    if customer is None:
        raise UnknownCustomer
    return keep(session, customer)


def get_row(session: Session, kind: type[Row], ref: Ref) -> Row:
    """The row of ``kind`` with this id; raises UnknownRecord."""
    found = as_id(ref)
    row = session.get(kind, found) if found else None
    if row is None:
        raise UnknownRecord(kind=kind.__tablename__)
    return keep(session, row)


def rows_by(
    session: Session, kind: type[Row], key: InstrumentedAttribute[Any], values: Iterable[str]
) -> dict[str, Row]:
    """The rows of ``kind`` by a unique column; those that this session knows are not read again."""
    wanted = set(values)
    index = session.info.setdefault(_BY_KEY, {}).setdefault(key, {})
    known = {
        value: index[value]
        for value in wanted
        # What a savepoint took back is no longer in the session.
        if value in index and index[value] in session and getattr(index[value], key.key) == value
    }
    if missing := wanted - known.keys():
        found = session.scalars(select(kind).where(key.in_(missing)))
        read = {getattr(row, key.key): row for row in found}
        index |= read
        known |= read
    return known


def keep(session: Session, row: Row) -> Row:
    """The row, which the session now remembers until it is closed."""
    session.info.setdefault(_KEPT, {})[id(row)] = row
    return row


def _lock_order(session: Session, order_id: UUID) -> Order | None:
    if session.get_bind().dialect.name == "sqlite":
        # Whoever writes has the whole file for himself, and reads what nobody else changes.
        return session.get(Order, order_id)
    locked = session.info.setdefault(_LOCKED, {})
    # A lock taken in a savepoint is gone with it.
    if order_id in locked and locked[order_id] in (None, session.get_nested_transaction()):
        return session.get(Order, order_id)
    locked[order_id] = session.get_nested_transaction()
    return session.scalar(
        select(Order)
        .where(Order.id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
