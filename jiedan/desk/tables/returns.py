"""Tables of goods and money that go back: returns, refunds, credit notes."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Bag, Code, Fen, Items, Key, Link, Moment, Stamped


class Return(Stamped, Base):
    """Goods that a customer wants to give back, and what he gets for them."""

    __tablename__ = "returns"
    __table_args__ = (Index("ix_returns_order_state", "order_id", "state"),)

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    issue_id: Mapped[Link | None] = mapped_column(ForeignKey("issues.id"))
    source: Mapped[Code] = mapped_column(default="customer")
    reason: Mapped[Code]
    want: Mapped[Code]
    lines: Mapped[Items] = mapped_column(default=list)
    eligibility: Mapped[Bag] = mapped_column(default=dict)
    decision: Mapped[str | None] = mapped_column(String(20))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(String(60))
    freight_by: Mapped[str | None] = mapped_column(String(20))
    received_at: Mapped[Moment | None]
    photos: Mapped[Items] = mapped_column(default=list)
    goods_fen: Mapped[Fen] = mapped_column(default=0)
    freight_fen: Mapped[Fen] = mapped_column(default=0)
    deduction_fen: Mapped[Fen] = mapped_column(default=0)
    deduction_reason: Mapped[str | None] = mapped_column(Text)
    state: Mapped[Code] = mapped_column(default="requested")


class Refund(Stamped, Base):
    """Money that goes back to a customer, once, on the way by which it came."""

    __tablename__ = "refunds"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_positive"),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    cause: Mapped[Code]
    cause_id: Mapped[Link] = mapped_column(unique=True)
    amount_fen: Mapped[Fen]
    route: Mapped[Code]
    payer: Mapped[str | None] = mapped_column(String(200))
    calculated_by: Mapped[Code]
    ref: Mapped[str | None] = mapped_column(String(80), unique=True)
    paid_at: Mapped[Moment | None]
    paid_by: Mapped[str | None] = mapped_column(String(60))
    failures: Mapped[Items] = mapped_column(default=list)
    state: Mapped[Code] = mapped_column(default="due")


class CreditNote(Stamped, Base):
    """What is taken back of an invoice that was issued."""

    __tablename__ = "credit_notes"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_positive"),)

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(60), unique=True)
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    invoice_id: Mapped[Link] = mapped_column(ForeignKey("invoices.id"))
    cause_id: Mapped[Link]
    amount_fen: Mapped[Fen]
    reason: Mapped[str] = mapped_column(Text)
