"""Tables of what customers ask of a running order: to cancel it, or to change it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Bag, Code, Fen, Items, Key, Link, Stamped


class Cancellation(Stamped, Base):
    """A wish to cancel an order or some of its lines, what it costs, and what came of it."""

    __tablename__ = "cancellations"
    __table_args__ = (Index("ix_cancellations_order_state", "order_id", "state"),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    requested_by: Mapped[Code]
    reason: Mapped[Code]
    fault: Mapped[Code]
    evidence: Mapped[str | None] = mapped_column(Text)
    lines: Mapped[Items] = mapped_column(default=list)
    whole: Mapped[bool] = mapped_column(default=True)
    parts: Mapped[Items] = mapped_column(default=list)
    ruling: Mapped[Code] = mapped_column(default="manual")
    fee_fen: Mapped[Fen] = mapped_column(default=0)
    decision: Mapped[str | None] = mapped_column(String(20))
    decided_by: Mapped[str | None] = mapped_column(String(60))
    note: Mapped[str | None] = mapped_column(Text)
    customer_answer: Mapped[str | None] = mapped_column(String(20))
    customer_evidence: Mapped[str | None] = mapped_column(Text)
    wrap_up: Mapped[Bag] = mapped_column(default=dict)
    state: Mapped[Code] = mapped_column(default="requested")


class OrderChange(Stamped, Base):
    """A wish to change a running order: what would change, its impact, and what came of it."""

    __tablename__ = "order_changes"
    __table_args__ = (Index("ix_order_changes_order_state", "order_id", "state"),)

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(60), unique=True)
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    base_version: Mapped[int]
    source: Mapped[Code]
    reason: Mapped[str] = mapped_column(Text)
    wanted_by: Mapped[date | None] = mapped_column(Date)
    wish: Mapped[Bag] = mapped_column(default=dict)
    diff: Mapped[Items] = mapped_column(default=list)
    held_lines: Mapped[Items] = mapped_column(default=list)
    total_before_fen: Mapped[Fen]
    total_after_fen: Mapped[Fen]
    deposit_after_fen: Mapped[Fen] = mapped_column(default=0)
    impact: Mapped[Bag] = mapped_column(default=dict)
    path: Mapped[str | None] = mapped_column(String(20))
    opinions: Mapped[Items] = mapped_column(default=list)
    consent: Mapped[str | None] = mapped_column(String(20))
    consent_evidence: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[Code] = mapped_column(default="requested")
