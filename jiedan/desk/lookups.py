"""Choices for fields that refer to the desk's things: customers, products, carriers, warehouses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.i18n import gettext
from jiedan.desk.errors import UnknownRecord
from jiedan.desk.lists import customer_filters, item_filters
from jiedan.desk.order_list import list_orders
from jiedan.desk.tables import Carrier, CatalogueItem, Customer, StockLevel
from jiedan.desk.values import Result, as_id


@dataclass(frozen=True, slots=True)
class Choice(Result):
    """Something to choose: the value that is kept, what people read, and a remark to it."""

    value: str
    label: str
    label_en: str
    note: str


def find_choices(session: Session, *, source: str, text: str = "", limit: int = 20) -> list[Choice]:
    """Choices of a source (customers, catalogue, carriers, warehouses, orders) for typed text.

    Raises UnknownRecord for a source that is not ours.
    """
    finder = SOURCES.get(source)
    if finder is None:
        raise UnknownRecord(kind=source)
    return finder(session, text, limit)


def choice_label(session: Session, *, source: str, value: str) -> Choice | None:
    """The choice that a kept value stands for; None when it is gone."""
    if source == "customers":
        key = as_id(value)
        row = session.get(Customer, key) if key else None
        return _customer(row) if row else None
    if source == "catalogue":
        item = session.scalar(select(CatalogueItem).where(CatalogueItem.sku == value))
        return _item(item) if item else None
    if source == "carriers":
        key = as_id(value)
        carrier = session.get(Carrier, key) if key else None
        return _carrier(carrier) if carrier else None
    return next((c for c in find_choices(session, source=source) if c.value == value), None)


def _customers(session: Session, text: str, limit: int) -> list[Choice]:
    rows = session.scalars(
        select(Customer)
        .where(*customer_filters(text), Customer.state != "erased")
        .order_by(Customer.number)
        .limit(limit)
    )
    return [_customer(row) for row in rows]


def _catalogue(session: Session, text: str, limit: int) -> list[Choice]:
    rows = session.scalars(
        select(CatalogueItem)
        .where(*item_filters(text), CatalogueItem.state == "active")
        .order_by(CatalogueItem.sku)
        .limit(limit)
    )
    return [_item(row) for row in rows]


def _carriers(session: Session, text: str, limit: int) -> list[Choice]:
    rows = session.scalars(
        select(Carrier)
        .where(Carrier.state == "approved", Carrier.name.contains(text, autoescape=True))
        .order_by(Carrier.score.desc())
        .limit(limit)
    )
    return [_carrier(row) for row in rows]


def _warehouses(session: Session, text: str, limit: int) -> list[Choice]:
    names = session.scalars(
        select(StockLevel.warehouse).distinct().order_by(StockLevel.warehouse).limit(limit)
    )
    return [Choice(name, name, name, "") for name in names if text in name]


def _orders(session: Session, text: str, limit: int) -> list[Choice]:
    page = list_orders(session, query=text, size=limit)
    return [
        Choice(row.order_id, row.order_no or "—", row.order_no or "—", row.customer_name or "")
        for row in page.items
    ]


def _customer(row: Customer) -> Choice:
    return Choice(str(row.id), row.name, row.name, f"{row.number} · {row.region or '—'}")


def _item(row: CatalogueItem) -> Choice:
    return Choice(
        row.sku, f"{row.sku} {row.name}", f"{row.sku} {row.name_en or row.name}", row.unit
    )


def _carrier(row: Carrier) -> Choice:
    return Choice(str(row.id), row.name, row.name, gettext("score %(n)s", n=row.score))


SOURCES: dict[str, Callable[[Session, str, int], list[Choice]]] = {
    "customers": _customers,
    "catalogue": _catalogue,
    "carriers": _carriers,
    "warehouses": _warehouses,
    "orders": _orders,
}
