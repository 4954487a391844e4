"""Tables of what follows a delivery: acceptances, issues and their story."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Bag, Code, Fen, Items, Key, Link, Moment, Stamped, Words


class Acceptance(Stamped, Base):
    """The customer's examination of what was delivered."""

    __tablename__ = "acceptances"

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(60), unique=True)
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    lines: Mapped[Items] = mapped_column(default=list)
    deadline: Mapped[Moment]
    result: Mapped[str | None] = mapped_column(String(20))
    accepted_by: Mapped[str | None] = mapped_column(String(60))
    sign: Mapped[str | None] = mapped_column(String(500))
    recorded_at: Mapped[Moment | None]
    recorded_by: Mapped[str | None] = mapped_column(String(60))
    deduction_fen: Mapped[Fen] = mapped_column(default=0)
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[Code] = mapped_column(default="pending")


class Issue(Stamped, Base):
    """A problem that a customer reported."""

    __tablename__ = "issues"
    __table_args__ = (Index("ix_issues_state", "state", "found_at"),)

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    source: Mapped[Code]
    order_id: Mapped[Link | None] = mapped_column(ForeignKey("orders.id"))
    order_line_id: Mapped[Link | None] = mapped_column(ForeignKey("order_lines.id"))
    contact: Mapped[str] = mapped_column(String(120))
    description: Mapped[Words]
    category: Mapped[Code]
    safety: Mapped[bool] = mapped_column(default=False)
    line_stop: Mapped[bool] = mapped_column(default=False)
    cause_known: Mapped[bool] = mapped_column(default=False)
    affected_pct: Mapped[int] = mapped_column(default=0)
    found_at: Mapped[Moment]
    photos: Mapped[Items] = mapped_column(default=list)
    severity: Mapped[str | None] = mapped_column(String(20))
    department: Mapped[str | None] = mapped_column(String(60))
    assignee: Mapped[str | None] = mapped_column(String(60))
    due_at: Mapped[Moment | None]
    first_reply_at: Mapped[Moment | None]
    cause: Mapped[str | None] = mapped_column(Text)
    plan: Mapped[Bag] = mapped_column(default=dict)
    result: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[Moment | None]
    rating: Mapped[int | None]
    reopened: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[Moment | None]
    paused_seconds: Mapped[int] = mapped_column(default=0)
    state: Mapped[Code] = mapped_column(default="new")
    reason: Mapped[str | None] = mapped_column(String(500))


class IssueUpdate(Base):
    """One step in the story of an issue; rows are only ever added."""

    __tablename__ = "issue_updates"

    id: Mapped[Key]
    issue_id: Mapped[Link] = mapped_column(ForeignKey("issues.id"))
    kind: Mapped[Code]
    text: Mapped[Words]
    data: Mapped[Bag] = mapped_column(default=dict)
    to_customer: Mapped[bool] = mapped_column(default=False)
    at: Mapped[Moment]
    by: Mapped[Code]
