"""Lists of customers and products, searched and paged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from jiedan.core.text import identifier_text, like_pattern, number_text, search_text
from jiedan.desk.pages import Page, bounds, count_rows
from jiedan.desk.tables import (
    CatalogueItem,
    Contact,
    CreditProfile,
    Customer,
    Order,
    PricePolicy,
    StockLevel,
)
from jiedan.desk.values import Result, as_id


@dataclass(frozen=True, slots=True)
class CustomerRow(Result):
    """A customer in a list; contact data is class C2 and must be masked for most readers."""

    customer_id: str
    customer_no: str
    name: str
    kind: str
    customer_class: str
    grade: str | None
    region: str | None
    owner: str | None
    state: str
    blacklisted: bool
    contact_name: str | None
    phone: str | None
    order_count: int
    version: int


@dataclass(frozen=True, slots=True)
class CatalogueRow(Result):
    """A product in a list."""

    sku: str
    name: str
    name_en: str
    type: str
    unit: str
    state: str
    list_fen: int | None
    on_hand: Decimal
    free: Decimal
    lead_wd: int
    version: int


def list_customers(
    session: Session,
    *,
    query: str = "",
    kind: str | None = None,
    customer_class: str | None = None,
    region: str | None = None,
    owner: str | None = None,
    states: Collection[str] = (),
    page: int = 1,
    size: int = 25,
) -> Page[CustomerRow]:
    """Customers by number, name, pinyin, USCC or phone, in the order of their numbers."""
    page, size = bounds(page, size)
    wanted = select(Customer).where(*customer_filters(query))
    for column, value in (
        (Customer.kind, kind),
        (Customer.customer_class, customer_class),
        (Customer.region, region),
        (Customer.owner, owner),
    ):
        if value:
            wanted = wanted.where(column == value)
    if states:
        wanted = wanted.where(Customer.state.in_(list(states)))
    total = count_rows(session, wanted)
    rows = session.scalars(
        wanted.order_by(Customer.number).limit(size).offset((page - 1) * size)
    ).all()
    return Page(_customer_rows(session, rows), total, page, size)


def list_catalogue(
    session: Session,
    *,
    query: str = "",
    type: str | None = None,
    states: Collection[str] = (),
    on: date,
    page: int = 1,
    size: int = 25,
) -> Page[CatalogueRow]:
    """Products by number, name or pinyin, with the list price of a day and the stock."""
    page, size = bounds(page, size)
    wanted = select(CatalogueItem).where(*item_filters(query))
    if type:
        wanted = wanted.where(CatalogueItem.type == type)
    if states:
        wanted = wanted.where(CatalogueItem.state.in_(list(states)))
    total = count_rows(session, wanted)
    items = session.scalars(
        wanted.order_by(CatalogueItem.sku).limit(size).offset((page - 1) * size)
    ).all()
    skus = [item.sku for item in items]
    prices = _list_prices(session, skus, on)
    stock = _stock(session, skus)
    rows = [
        CatalogueRow(
            item.sku,
            item.name,
            item.name_en,
            item.type,
            item.unit,
            item.state,
            prices.get(item.sku),
            *stock.get(item.sku, (Decimal(0), Decimal(0))),
            item.lead_wd,
            item.version,
        )
        for item in items
    ]
    return Page(rows, total, page, size)


def customer_page(session: Session, *, customer_id: Any) -> CustomerRow | None:
    """One customer as the list shows it."""
    row = session.get(Customer, as_id(customer_id))
    return _customer_rows(session, [row])[0] if row else None


def customer_filters(query: str) -> list[ColumnElement[bool]]:
    """What a customer must fulfil to be found by this text."""
    text = search_text(query)[:100]
    if not text:
        return []
    digits = number_text(query)
    tests: list[ColumnElement[bool]] = [
        Customer.name.ilike(like_pattern(text), escape="\\"),
        Customer.number == identifier_text(query).upper(),
        Customer.uscc == identifier_text(query).upper(),
        _pinyin(Customer.pinyin, text),
    ]
    if len(digits) >= 4 and digits.isdigit():
        owners = select(Contact.customer_id).where(Contact.phone.like(f"%{digits}"))
        tests.append(Customer.id.in_(owners))
    return [or_(*tests)]


def item_filters(query: str) -> list[ColumnElement[bool]]:
    """What a product must fulfil to be found by this text."""
    text = search_text(query)[:100]
    if not text:
        return []
    return [
        or_(
            CatalogueItem.sku.like(like_pattern(identifier_text(query).upper()), escape="\\"),
            CatalogueItem.name.ilike(like_pattern(text), escape="\\"),
            CatalogueItem.name_en.ilike(like_pattern(text), escape="\\"),
            _pinyin(CatalogueItem.pinyin, text),
        )
    ]


def _pinyin(column: Any, text: str) -> ColumnElement[bool]:
    letters = text.replace(" ", "")
    if len(letters) < 2 or not letters.isascii() or not letters.isalnum():
        return false()
    test: ColumnElement[bool] = column.like(f"%{letters}%")
    return test


def _customer_rows(session: Session, customers: Collection[Customer]) -> list[CustomerRow]:
    ids = [customer.id for customer in customers]
    counts: dict[Any, int] = {}
    counted = select(Order.customer_id, func.count()).where(Order.customer_id.in_(ids))
    for key, count in session.execute(counted.group_by(Order.customer_id)):
        counts[key] = count
    grades: dict[Any, str] = {}
    profiles = session.scalars(
        select(CreditProfile)
        .where(CreditProfile.customer_id.in_(ids))
        .order_by(CreditProfile.version)
    )
    for profile in profiles:
        grades[profile.customer_id] = profile.grade
    contacts: dict[Any, Contact] = {}
    for contact in session.scalars(
        select(Contact).where(Contact.customer_id.in_(ids)).order_by(Contact.is_primary)
    ):
        contacts[contact.customer_id] = contact
    rows = []
    for customer in customers:
        person = contacts.get(customer.id)
        rows.append(
            CustomerRow(
                customer_id=str(customer.id),
                customer_no=customer.number,
                name=customer.name,
                kind=customer.kind,
                customer_class=customer.customer_class,
                grade=grades.get(customer.id),
                region=customer.region,
                owner=customer.owner,
                state=customer.state,
                blacklisted=customer.blacklisted_reason is not None,
                contact_name=person.name if person else None,
                phone=person.phone if person else None,
                order_count=counts.get(customer.id, 0),
                version=customer.version,
            )
        )
    return rows


def _list_prices(session: Session, skus: list[str], on: date) -> dict[str, int]:
    rows = session.scalars(
        select(PricePolicy)
        .where(
            PricePolicy.sku.in_(skus),
            PricePolicy.state == "approved",
            PricePolicy.channel.is_(None),
            PricePolicy.valid_from <= on,
            or_(PricePolicy.valid_to.is_(None), PricePolicy.valid_to >= on),
        )
        .order_by(PricePolicy.valid_from, PricePolicy.version)
    )
    return {row.sku: row.list_fen for row in rows}


def _stock(session: Session, skus: list[str]) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for row in session.scalars(select(StockLevel).where(StockLevel.sku.in_(skus))):
        on_hand, free = found.get(row.sku, (Decimal(0), Decimal(0)))
        found[row.sku] = (on_hand + row.on_hand, free + row.on_hand - row.reserved)
    return found
