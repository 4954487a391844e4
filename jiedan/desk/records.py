"""Loading the desk's rows by id, refused politely when there is none.

A step asks for the same order, its lines and its customer dozens of times. The session would
forget a row as soon as nobody holds it, so what was loaded here is kept as long as the session.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import event, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from jiedan.core.database import Base
from jiedan.desk.errors import UnknownCustomer, UnknownOrder, UnknownRecord
from jiedan.desk.tables import Customer, Order
from jiedan.desk.values import Ref, as_id

Row = TypeVar("Row", bound=Base)

_MEMORY = "desk.memory"


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
    known: dict[str, Row] = memory(session, str(key))
    if missing := wanted - known.keys():
        found = session.scalars(select(kind).where(key.in_(missing)))
        known |= {getattr(row, key.key): row for row in found}
    return {value: known[value] for value in wanted if value in known}


def keep(session: Session, row: Row) -> Row:
    """The row, which the session now remembers until it is closed."""
    memory(session, "rows")[id(row)] = row
    return row


def memory(session: Session, name: str) -> dict[Any, Any]:
    """What the session remembers under a name, until it is closed or a savepoint is taken back."""
    found: dict[Any, Any] = session.info.setdefault(_MEMORY, {}).setdefault(name, {})
    return found


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _: Any) -> None:
    # Rows read inside the savepoint may say what was never true, or not exist at all.
    if session.info.pop(_MEMORY, None) is not None:
        session.expire_all()


def _lock_order(session: Session, order_id: UUID) -> Order | None:
    if session.get_bind().dialect.name == "sqlite":
        # Whoever writes has the whole file for himself, and reads what nobody else changes.
        return session.get(Order, order_id)
    # A lock taken in a savepoint goes with it, and so does the memory.
    locked = memory(session, "locked")
    if order_id in locked:
        return session.get(Order, order_id)
    locked[order_id] = True
    return session.scalar(
        select(Order)
        .where(Order.id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
