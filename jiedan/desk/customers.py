"""Customers, their contacts and addresses; finding who is meant (SPEC S4.1.1)."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_number
from jiedan.core.pinyin import pinyin_keys
from jiedan.core.work import Work
from jiedan.desk.customer_views import CustomerFacts, customer_facts, facts_of
from jiedan.desk.entry_fields import read_phone
from jiedan.desk.errors import DuplicateNumber, InvalidRecord, StaleVersion
from jiedan.desk.matching import Candidate, match_customers
from jiedan.desk.records import get_customer
from jiedan.desk.regions import known_province, region_of
from jiedan.desk.tables import Address, Contact, Customer
from jiedan.desk.uscc import normal_uscc
from jiedan.desk.values import Problems, Ref, add, clean, plain, shanghai_date, touch

__all__ = [
    "Candidate",
    "CustomerFacts",
    "add_address",
    "add_contact",
    "blacklist_customer",
    "change_customer",
    "clear_blacklist",
    "customer_facts",
    "match_customers",
    "register_customer",
]

KINDS = frozenset({"company", "consumer"})
CLASSES = frozenset({"A", "B", "C", "NEW", "CONSUMER"})
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_CHANGEABLE = frozenset(
    {
        "name",
        "industry",
        "scale",
        "province",
        "city",
        "customer_class",
        "owner",
        "source",
        "preferences",
        "consent",
        "state",
        "paid_12m_fen",
    }
)


def register_customer(
    work: Work,
    *,
    name: str,
    kind: str = "company",
    uscc: str | None = None,
    province: str | None = None,
    city: str | None = None,
    district: str | None = None,
    address: str | None = None,
    industry: str | None = None,
    scale: str | None = None,
    customer_class: str | None = None,
    owner: str | None = None,
    source: str | None = None,
    contact_name: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    number: str | None = None,
    active: bool = True,
) -> CustomerFacts:
    """Enter a customer with a first contact and address where given.

    A company's USCC must pass its check digit and be new. Raises InvalidRecord,
    DuplicateNumber.
    """
    problems = Problems()
    title = problems.text("name", name, longest=120, needed=True) or ""
    problems.one_of("kind", kind, KINDS)
    chosen = customer_class or ("CONSUMER" if kind == "consumer" else "NEW")
    problems.one_of("customer_class", chosen, CLASSES)
    code = normal_uscc(uscc) if uscc else None
    if uscc and code is None:
        problems.add("uscc", lazy("The check digit of this code is wrong."))
    place = known_province(province) if province else None
    if province and place is None:
        problems.add("province", lazy("This is not a province."))
    read_phone("phone", phone, problems)
    _check_email(email, problems)
    problems.raise_as(InvalidRecord)
    if code and work.session.scalar(select(Customer.id).where(Customer.uscc == code)):
        raise DuplicateNumber(number=code)
    customer = add(
        work,
        Customer(
            number=number or take_number(work, kind="customer"),
            name=title,
            pinyin=pinyin_keys(title),
            kind=kind,
            uscc=code,
            province=place,
            city=clean(city) or None,
            region=region_of(place),
            industry=clean(industry) or None,
            scale=scale,
            customer_class=chosen,
            owner=owner,
            source=source,
            state="active" if active else "lead",
        ),
    )
    if contact_name or phone or email:
        add_contact(
            work,
            customer_id=customer.id,
            name=contact_name or title,
            phone=phone,
            email=email,
            primary=True,
        )
    if address:
        add_address(
            work,
            customer_id=customer.id,
            province=place,
            city=city,
            district=district,
            detail=address,
            receiver=contact_name,
            phone=phone,
        )
    audit.record(
        work,
        action="customer.register",
        entity=f"customer:{customer.id}",
        after={"number": customer.number, "kind": kind},
    )
    return facts_of(work.session, customer, shanghai_date(work.now))


def add_contact(
    work: Work,
    *,
    customer_id: Ref,
    name: str,
    phone: str | None = None,
    email: str | None = None,
    title: str | None = None,
    wechat: str | None = None,
    primary: bool = False,
) -> str:
    """Enter a person at a customer; returns the id."""
    customer = get_customer(work.session, customer_id)
    problems = Problems()
    text = problems.text("name", name, longest=40, needed=True)
    number = read_phone("phone", phone, problems)
    _check_email(email, problems)
    problems.raise_as(InvalidRecord)
    if primary:
        for other in customer.contacts:
            other.is_primary = False
    row = Contact(
        customer_id=customer.id,
        name=text,
        phone=number,
        email=clean(email) or None,
        title=clean(title) or None,
        wechat=clean(wechat) or None,
        is_primary=primary,
    )
    add(work, row)
    work.session.expire(customer, ["contacts"])
    return str(row.id)


def add_address(
    work: Work,
    *,
    customer_id: Ref,
    kind: str = "ship",
    province: str | None = None,
    city: str | None = None,
    district: str | None = None,
    detail: str,
    receiver: str | None = None,
    phone: str | None = None,
) -> str:
    """Enter where a customer is supplied (ship) or billed (bill); returns the id."""
    customer = get_customer(work.session, customer_id)
    problems = Problems()
    problems.one_of("kind", kind, frozenset({"ship", "bill"}))
    text = problems.text("detail", detail, longest=200, needed=True)
    number = read_phone("phone", phone, problems)
    problems.raise_as(InvalidRecord)
    row = Address(
        customer_id=customer.id,
        kind=kind,
        province=known_province(province or ""),
        city=clean(city) or None,
        district=clean(district) or None,
        detail=text,
        receiver=clean(receiver) or None,
        phone=number,
    )
    add(work, row)
    work.session.expire(customer, ["addresses"])
    return str(row.id)


def change_customer(work: Work, *, customer_id: Ref, version: int, **changes: Any) -> CustomerFacts:
    """Change what we know of a customer; raises StaleVersion, InvalidRecord."""
    customer = get_customer(work.session, customer_id)
    if customer.version != version:
        raise StaleVersion
    problems = Problems()
    for unknown in changes.keys() - _CHANGEABLE:
        problems.add(unknown, lazy("This cannot be set."))
    if "customer_class" in changes:
        problems.one_of("customer_class", changes["customer_class"], CLASSES)
    if "name" in changes:
        changes["name"] = problems.text("name", changes["name"], longest=120, needed=True)
    problems.raise_as(InvalidRecord)
    before = {name: plain(getattr(customer, name)) for name in changes}
    for name, value in changes.items():
        setattr(customer, name, value)
    customer.province = known_province(customer.province or "")
    customer.region = region_of(customer.province)
    customer.pinyin = pinyin_keys(customer.name)
    customer.version += 1
    touch(work, customer)
    audit.record(
        work,
        action="customer.change",
        entity=f"customer:{customer.id}",
        before=before,
        after=plain(changes),
    )
    return facts_of(work.session, customer, shanghai_date(work.now))


def blacklist_customer(work: Work, *, customer_id: Ref, reason: str) -> CustomerFacts:
    """Stop all business with a customer; orders are refused without special approval."""
    return _set_blacklist(work, customer_id, reason, listed=True)


def clear_blacklist(work: Work, *, customer_id: Ref, reason: str) -> CustomerFacts:
    """Do business with a customer again."""
    return _set_blacklist(work, customer_id, reason, listed=False)


def _set_blacklist(work: Work, customer_id: Ref, reason: str, *, listed: bool) -> CustomerFacts:
    customer = get_customer(work.session, customer_id)
    problems = Problems()
    text = problems.text("reason", reason, longest=500, needed=True)
    problems.raise_as(InvalidRecord)
    customer.blacklisted_reason = text if listed else None
    customer.blacklisted_by = work.actor.login if listed else None
    customer.state = "blocked" if listed else "active"
    customer.version += 1
    touch(work, customer)
    audit.record(
        work,
        action="customer.blacklist" if listed else "customer.clear",
        entity=f"customer:{customer.id}",
        after={"reason": text},
    )
    return facts_of(work.session, customer, shanghai_date(work.now))


def _check_email(email: str | None, problems: Problems) -> None:
    text = clean(email)
    if text and (len(text) > 120 or not EMAIL.fullmatch(text)):
        problems.add("email", lazy("This is not an e-mail address."))
