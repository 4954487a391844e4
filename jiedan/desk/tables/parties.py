"""Tables of the people we sell to: customers, contacts, addresses, credit."""

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Bag, Code, Fen, Key, Link, Moment, Name, Stamped, Words


class Customer(Stamped, Base):
    """A customer; class C2 but for the number."""

    __tablename__ = "customers"
    __table_args__ = (Index("ix_customers_name", "name"), Index("ix_customers_owner", "owner"))

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[Name]
    pinyin: Mapped[str] = mapped_column(String(500), default="", index=True)
    kind: Mapped[Code] = mapped_column(default="company")
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    industry: Mapped[str | None] = mapped_column(String(60))
    scale: Mapped[str | None] = mapped_column(String(20))
    region: Mapped[str | None] = mapped_column(String(20))
    province: Mapped[str | None] = mapped_column(String(40))
    city: Mapped[str | None] = mapped_column(String(40))
    customer_class: Mapped[Code] = mapped_column(default="NEW")
    owner: Mapped[str | None] = mapped_column(String(60))
    source: Mapped[str | None] = mapped_column(String(40))
    preferences: Mapped[Bag] = mapped_column(default=dict)
    consent: Mapped[Bag] = mapped_column(default=dict)
    state: Mapped[Code] = mapped_column(default="lead")
    blacklisted_reason: Mapped[str | None] = mapped_column(String(500))
    blacklisted_by: Mapped[str | None] = mapped_column(String(60))
    verified_at: Mapped[Moment | None]
    paid_12m_fen: Mapped[Fen] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    contacts: Mapped[list["Contact"]] = relationship(
        back_populates="customer", order_by="Contact.created_at"
    )
    addresses: Mapped[list["Address"]] = relationship(
        back_populates="customer", order_by="Address.created_at"
    )


class Contact(Stamped, Base):
    """A person at a customer."""

    __tablename__ = "contacts"

    id: Mapped[Key]
    customer_id: Mapped[Link] = mapped_column(ForeignKey("customers.id"))
    name: Mapped[str] = mapped_column(String(40))
    title: Mapped[str | None] = mapped_column(String(60))
    phone: Mapped[str | None] = mapped_column(String(20), index=True)
    email: Mapped[str | None] = mapped_column(String(120))
    wechat: Mapped[str | None] = mapped_column(String(60))
    is_primary: Mapped[bool] = mapped_column(default=False)
    opt_out: Mapped[bool] = mapped_column(default=False)
    state: Mapped[Code] = mapped_column(default="active")

    customer: Mapped[Customer] = relationship(back_populates="contacts")


class Address(Stamped, Base):
    """Where a customer is billed or supplied."""

    __tablename__ = "addresses"

    id: Mapped[Key]
    customer_id: Mapped[Link] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[Code] = mapped_column(default="ship")
    province: Mapped[str | None] = mapped_column(String(40))
    city: Mapped[str | None] = mapped_column(String(40))
    district: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[Name]
    receiver: Mapped[str | None] = mapped_column(String(40))
    phone: Mapped[str | None] = mapped_column(String(20))

    customer: Mapped[Customer] = relationship(back_populates="addresses")


class CreditProfile(Stamped, Base):
    """One assessment of a customer's credit; the highest version counts. Class C3."""

    __tablename__ = "credit_profiles"
    __table_args__ = (
        Index("uq_credit_profiles_version", "customer_id", "version", unique=True),
        CheckConstraint("limit_fen >= 0", name="limit_not_negative"),
    )

    id: Mapped[Key]
    customer_id: Mapped[Link] = mapped_column(ForeignKey("customers.id"))
    version: Mapped[int]
    score: Mapped[int]
    grade: Mapped[str] = mapped_column(String(2))
    limit_fen: Mapped[Fen]
    term_days: Mapped[int]
    deposit_pct: Mapped[int]
    valid_until: Mapped[date] = mapped_column(Date)
    state: Mapped[Code] = mapped_column(default="active")
    answers: Mapped[Bag] = mapped_column(default=dict)
    scorer: Mapped[str | None] = mapped_column(String(60))
    reviewer: Mapped[str | None] = mapped_column(String(60))


class Guarantee(Stamped, Base):
    """A guarantee that a customer put up; counts towards the limit once it is verified."""

    __tablename__ = "guarantees"

    id: Mapped[Key]
    customer_id: Mapped[Link] = mapped_column(ForeignKey("customers.id"))
    type: Mapped[Code]
    amount_fen: Mapped[Fen]
    doc: Mapped[Words]
    expiry: Mapped[date] = mapped_column(Date)
    state: Mapped[Code] = mapped_column(default="pending")
