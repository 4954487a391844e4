"""Tables of complaints and their story."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Bag, Code, Fen, Items, Key, Link, Moment, Stamped, Words


class Complaint(Stamped, Base):
    """A customer's complaint about us. C2; C3 when somebody is accused."""

    __tablename__ = "complaints"
    __table_args__ = (Index("ix_complaints_state", "state", "created_at"),)

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    order_id: Mapped[Link | None] = mapped_column(ForeignKey("orders.id"))
    issue_id: Mapped[Link | None] = mapped_column(ForeignKey("issues.id"))
    source: Mapped[Code]
    anonymous: Mapped[bool] = mapped_column(default=False)
    complainant: Mapped[str | None] = mapped_column(String(120))
    contact: Mapped[str | None] = mapped_column(String(120))
    content: Mapped[Words]
    category: Mapped[Code]
    accused: Mapped[str | None] = mapped_column(String(60))
    demand: Mapped[str | None] = mapped_column(Text)
    promised_reply_at: Mapped[Moment | None]
    department: Mapped[str | None] = mapped_column(String(60))
    facts: Mapped[str | None] = mapped_column(Text)
    responsibility: Mapped[str | None] = mapped_column(String(20))
    plan: Mapped[str | None] = mapped_column(Text)
    money_fen: Mapped[Fen] = mapped_column(default=0)
    apology: Mapped[bool] = mapped_column(default=False)
    rounds: Mapped[int] = mapped_column(default=0)
    mediation: Mapped[Bag] = mapped_column(default=dict)
    summary: Mapped[Bag] = mapped_column(default=dict)
    due_at: Mapped[Moment | None]
    closed_at: Mapped[Moment | None]
    state: Mapped[Code] = mapped_column(default="new")


class ComplaintRecord(Base):
    """One step in the story of a complaint; rows are only ever added."""

    __tablename__ = "complaint_records"

    id: Mapped[Key]
    complaint_id: Mapped[Link] = mapped_column(ForeignKey("complaints.id"))
    kind: Mapped[Code]
    text: Mapped[Words]
    data: Mapped[Bag] = mapped_column(default=dict)
    files: Mapped[Items] = mapped_column(default=list)
    at: Mapped[Moment]
    by: Mapped[Code]
