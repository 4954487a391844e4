"""Tables of contracts and money: contracts, invoices, payments, write-offs."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import (
    Bag,
    Code,
    Fen,
    Items,
    Key,
    Link,
    Moment,
    Name,
    Pct,
    Stamped,
    Words,
)


class Contract(Stamped, Base):
    """A contract over one order, or a framework over many."""

    __tablename__ = "contracts"

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[Code]
    customer_id: Mapped[Link] = mapped_column(ForeignKey("customers.id"))
    order_id: Mapped[Link | None] = mapped_column(ForeignKey("orders.id"))
    template: Mapped[str | None] = mapped_column(String(20))
    terms: Mapped[Bag] = mapped_column(default=dict)
    acceptance_days: Mapped[int] = mapped_column(default=7)
    liability_cap_pct: Mapped[Pct]
    deemed_acceptance: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    amount_fen: Mapped[Fen | None]
    amends_id: Mapped[Link | None] = mapped_column(ForeignKey("contracts.id"))
    rounds: Mapped[Items] = mapped_column(default=list)
    signer: Mapped[str | None] = mapped_column(String(60))
    signed_on: Mapped[date | None] = mapped_column(Date)
    sign_mode: Mapped[str | None] = mapped_column(String(20))
    paper_location: Mapped[str | None] = mapped_column(String(100))
    copies: Mapped[int | None]
    state: Mapped[Code] = mapped_column(default="draft")


class Invoice(Stamped, Base):
    """An invoice over delivered goods, or over a deposit."""

    __tablename__ = "invoices"
    __table_args__ = (
        Index("ix_invoices_state_due", "state", "due_on"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(60), unique=True)
    order_id: Mapped[Link | None] = mapped_column(ForeignKey("orders.id"))
    customer_id: Mapped[Link] = mapped_column(ForeignKey("customers.id"))
    type: Mapped[Code]
    title: Mapped[str | None] = mapped_column(String(120))
    tax_no: Mapped[str | None] = mapped_column(String(20))
    amount_fen: Mapped[Fen]
    paid_fen: Mapped[Fen] = mapped_column(default=0)
    e_invoice_no: Mapped[str | None] = mapped_column(String(20), unique=True)
    issued_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[Code] = mapped_column(default="issued")
    void_reason: Mapped[str | None] = mapped_column(Text)


class Payment(Stamped, Base):
    """Money that came in."""

    __tablename__ = "payments"
    __table_args__ = (
        Index("ix_payments_state", "state", "received_at"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("matched_fen >= 0 AND matched_fen <= amount_fen", name="matched_within"),
    )

    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(String(80), unique=True)
    customer_id: Mapped[Link | None] = mapped_column(ForeignKey("customers.id"))
    payer: Mapped[Name] = mapped_column(default="")
    method: Mapped[Code] = mapped_column(default="bank")
    amount_fen: Mapped[Fen]
    matched_fen: Mapped[Fen] = mapped_column(default=0)
    received_at: Mapped[Moment]
    note: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[Code] = mapped_column(default="unmatched")


class PaymentMatch(Base):
    """Which part of a payment pays which order or invoice."""

    __tablename__ = "payment_matches"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_positive"),)

    id: Mapped[Key]
    payment_id: Mapped[Link] = mapped_column(ForeignKey("payments.id"))
    order_id: Mapped[Link | None] = mapped_column(ForeignKey("orders.id"))
    invoice_id: Mapped[Link | None] = mapped_column(ForeignKey("invoices.id"))
    amount_fen: Mapped[Fen]
    purpose: Mapped[Code] = mapped_column(default="balance")
    at: Mapped[Moment]
    by: Mapped[Code]


class WriteOff(Base):
    """Money that we gave up on."""

    __tablename__ = "write_offs"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_positive"),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    amount_fen: Mapped[Fen]
    reason: Mapped[Words]
    proof: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Moment]
    by: Mapped[Code]
