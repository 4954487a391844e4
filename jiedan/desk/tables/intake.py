"""Tables of what comes in: inquiries, leads, platform orders, evaluations."""

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Bag, Code, Fen, Items, Key, Link, Moment, Qty, Stamped, Words


class Inquiry(Stamped, Base):
    """A question from somebody who may buy."""

    __tablename__ = "inquiries"
    __table_args__ = (Index("ix_inquiries_state_received", "state", "received_at"),)

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    channel: Mapped[Code]
    received_at: Mapped[Moment]
    answered_at: Mapped[Moment]
    company_name: Mapped[str] = mapped_column(String(120))
    contact_name: Mapped[str] = mapped_column(String(40))
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(120))
    address: Mapped[str | None] = mapped_column(String(200))
    question: Mapped[Words]
    product_spec: Mapped[str | None] = mapped_column(String(1000))
    qty: Mapped[Qty | None]
    service_req: Mapped[str | None] = mapped_column(String(1000))
    wanted_date: Mapped[date | None] = mapped_column(Date)
    is_special: Mapped[bool] = mapped_column(default=False)
    special_desc: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[Words]
    analysis: Mapped[str | None] = mapped_column(Text)
    solution: Mapped[str | None] = mapped_column(Text)
    feasible: Mapped[str | None] = mapped_column(String(20))
    est_amount_fen: Mapped[Fen | None]
    rating: Mapped[int | None]
    state: Mapped[Code] = mapped_column(default="open")
    reason: Mapped[str | None] = mapped_column(String(500))
    order_id: Mapped[Link | None]


class Lead(Stamped, Base):
    """A possible order found on a platform; an agent claims it or lets it go."""

    __tablename__ = "leads"
    __table_args__ = (Index("ix_leads_state", "state", "created_at"),)

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    platform: Mapped[Code]
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[Words]
    customer_id: Mapped[Link | None] = mapped_column(ForeignKey("customers.id"))
    contact: Mapped[str | None] = mapped_column(String(120))
    budget_fen: Mapped[Fen | None]
    deadline: Mapped[date | None] = mapped_column(Date)
    score: Mapped[int | None]
    claimed_by: Mapped[str | None] = mapped_column(String(60))
    claimed_at: Mapped[Moment | None]
    contacted_at: Mapped[Moment | None]
    need_summary: Mapped[str | None] = mapped_column(Text)
    screening: Mapped[Bag] = mapped_column(default=dict)
    state: Mapped[Code] = mapped_column(default="open")
    reason: Mapped[str | None] = mapped_column(String(500))
    order_id: Mapped[Link | None]


class PlatformOrder(Base):
    """An order as a platform sent it, kept byte for byte."""

    __tablename__ = "platform_orders"
    __table_args__ = (
        Index("uq_platform_orders_number", "platform", "platform_order_no", unique=True),
        Index("ix_platform_orders_state", "state", "received_at"),
    )

    id: Mapped[Key]
    platform: Mapped[Code]
    platform_order_no: Mapped[str] = mapped_column(String(64))
    raw: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    payload: Mapped[Bag]
    received_at: Mapped[Moment]
    pushes: Mapped[int] = mapped_column(default=1)
    conflicts: Mapped[Items] = mapped_column(default=list)
    unmapped: Mapped[Items] = mapped_column(default=list)
    state: Mapped[Code] = mapped_column(default="received")
    viewed_at: Mapped[Moment | None]
    accepted_at: Mapped[Moment | None]
    accepted_by: Mapped[str | None] = mapped_column(String(60))
    settled_at: Mapped[Moment | None]
    order_id: Mapped[Link | None]


class PlatformSku(Base):
    """Which of our products a platform means by its own article number."""

    __tablename__ = "platform_skus"
    __table_args__ = (Index("uq_platform_skus", "platform", "platform_sku", unique=True),)

    id: Mapped[Key]
    platform: Mapped[Code]
    platform_sku: Mapped[str] = mapped_column(String(64))
    sku: Mapped[str] = mapped_column(String(40))


class PlatformReply(Base):
    """What we told or still have to tell a platform; sent by an external handler."""

    __tablename__ = "platform_replies"
    __table_args__ = (Index("uq_platform_replies_key", "key", unique=True),)

    id: Mapped[Key]
    platform_order_id: Mapped[Link] = mapped_column(ForeignKey("platform_orders.id"))
    kind: Mapped[Code]
    key: Mapped[str] = mapped_column(String(120))
    body: Mapped[Bag]
    queued_at: Mapped[Moment]
    acknowledged_at: Mapped[Moment | None]
    attempts: Mapped[int] = mapped_column(default=0)
    answer: Mapped[Bag] = mapped_column(default=dict)


class Evaluation(Stamped, Base):
    """Feasibility and risks of an order, and what the department head decided."""

    __tablename__ = "evaluations"
    __table_args__ = (Index("uq_evaluations_round", "order_id", "round", unique=True),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    round: Mapped[int]
    in_scope: Mapped[bool]
    resource_ok: Mapped[Code]
    tech_ok: Mapped[Code]
    evidence: Mapped[Words]
    risks: Mapped[Items]
    risk_score: Mapped[int]
    verdict: Mapped[str | None] = mapped_column(String(20))
    suggestion: Mapped[Words]
    infeasible_reason: Mapped[str | None] = mapped_column(String(40))
    evaluator: Mapped[Code]
    decision: Mapped[str | None] = mapped_column(String(20))
    conditions: Mapped[str | None] = mapped_column(Text)
    decline_reply: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(String(60))
    decided_at: Mapped[Moment | None]


class TermsConfirmation(Base):
    """Key terms as put to the customer, and his answer."""

    __tablename__ = "terms_confirmations"

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    round: Mapped[int]
    terms: Mapped[Bag]
    customer_confirm_ref: Mapped[str] = mapped_column(String(200))
    differences: Mapped[str | None] = mapped_column(Text)
    agreed: Mapped[bool]
    at: Mapped[Moment]
    by: Mapped[Code]
