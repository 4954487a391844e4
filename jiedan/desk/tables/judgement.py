"""Tables of who judged an order: review rounds, reviews, special approvals, conditions."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Bag, Code, Items, Key, Link, Moment, Stamped, Words


class ReviewRound(Base):
    """One round of review over one version of an order."""

    __tablename__ = "review_rounds"
    __table_args__ = (Index("uq_review_rounds_round", "order_id", "round", unique=True),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    round: Mapped[int]
    order_version: Mapped[int]
    snapshot_hash: Mapped[str] = mapped_column(String(64))
    violations: Mapped[Items] = mapped_column(default=list)
    started_at: Mapped[Moment]
    outcome: Mapped[str | None] = mapped_column(String(20))
    closed_at: Mapped[Moment | None]


class Review(Base):
    """What one role found in one round."""

    __tablename__ = "reviews"
    __table_args__ = (Index("uq_reviews_role", "round_id", "role", unique=True),)

    id: Mapped[Key]
    round_id: Mapped[Link] = mapped_column(ForeignKey("review_rounds.id"))
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    role: Mapped[Code]
    reviewer: Mapped[Code]
    outcome: Mapped[Code]
    items: Mapped[Items]
    opinion: Mapped[str | None] = mapped_column(Text)
    reason_codes: Mapped[Items] = mapped_column(default=list)
    at: Mapped[Moment]


class Approval(Stamped, Base):
    """A request to do what the rules do not allow, and who allowed it."""

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_order_state", "order_id", "state"),)

    id: Mapped[Key]
    order_id: Mapped[Link | None] = mapped_column(ForeignKey("orders.id"))
    order_version: Mapped[int | None]
    subject: Mapped[Code]
    severity: Mapped[Code]
    level: Mapped[int]
    requester: Mapped[Code]
    excluded: Mapped[Items] = mapped_column(default=list)
    facts: Mapped[Bag] = mapped_column(default=dict)
    justification: Mapped[Words]
    benefit: Mapped[str | None] = mapped_column(Text)
    attachments: Mapped[Items] = mapped_column(default=list)
    state: Mapped[Code] = mapped_column(default="pending")
    state_reason: Mapped[str | None] = mapped_column(String(500))
    valid_until: Mapped[Moment | None]
    decided_at: Mapped[Moment | None]

    steps: Mapped[list["ApprovalStep"]] = relationship(
        back_populates="approval", order_by="ApprovalStep.seq", cascade="all, delete-orphan"
    )


class ApprovalStep(Base):
    """One decision that an approval needs."""

    __tablename__ = "approval_steps"
    __table_args__ = (Index("uq_approval_steps_seq", "approval_id", "seq", unique=True),)

    id: Mapped[Key]
    approval_id: Mapped[Link] = mapped_column(ForeignKey("approvals.id"))
    seq: Mapped[int]
    kind: Mapped[Code]
    level: Mapped[int | None]
    role: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="waiting")
    decision: Mapped[str | None] = mapped_column(String(30))
    opinion: Mapped[str | None] = mapped_column(Text)
    conditions: Mapped[str | None] = mapped_column(Text)
    override_reason: Mapped[str | None] = mapped_column(Text)
    by: Mapped[str | None] = mapped_column(String(60))
    on_behalf_of: Mapped[str | None] = mapped_column(String(60))
    at: Mapped[Moment | None]

    approval: Mapped[Approval] = relationship(back_populates="steps")


class Condition(Base):
    """Something that has to be true before an approved order may be dispatched."""

    __tablename__ = "order_conditions"

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    approval_id: Mapped[Link | None] = mapped_column(ForeignKey("approvals.id"))
    kind: Mapped[Code]
    text: Mapped[Words]
    met_at: Mapped[Moment | None]
    met_by: Mapped[str | None] = mapped_column(String(60))
    evidence: Mapped[str | None] = mapped_column(Text)
