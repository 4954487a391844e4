"""Tables of the order itself: head, lines, stages passed, holds, talks, checklists."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

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
    Qty,
    Stamped,
    Words,
)


class Order(Stamped, Base):
    """An order from its first draft to its end. State C1, customer data C2."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_state_created", "state", "created_at"),
        Index("ix_orders_owner_state", "owner", "state"),
        Index("ix_orders_created", "created_at"),
        Index("ix_orders_phone_end", "receiver_phone_end"),
        Index("ix_orders_state_promised", "state", "promised_date"),
        Index(
            "ix_orders_held",
            "created_at",
            sqlite_where=text("held IS 1"),
            postgresql_where=text("held IS true"),
        ),
    )

    id: Mapped[Key]
    number: Mapped[str | None] = mapped_column(String(40), unique=True)
    channel: Mapped[Code]
    kind: Mapped[str | None] = mapped_column(String(20))
    customer_id: Mapped[Link | None] = mapped_column(ForeignKey("customers.id"))
    customer_po_no: Mapped[str | None] = mapped_column(String(60))
    inquiry_id: Mapped[Link | None] = mapped_column(ForeignKey("inquiries.id"))
    platform_order_id: Mapped[Link | None] = mapped_column(ForeignKey("platform_orders.id"))
    state: Mapped[Code] = mapped_column(default="draft")
    state_reason: Mapped[str | None] = mapped_column(String(500))
    version: Mapped[int] = mapped_column(default=1)

    total_fen: Mapped[Fen] = mapped_column(default=0)
    net_fen: Mapped[Fen] = mapped_column(default=0)
    tax_fen: Mapped[Fen] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    payment_method: Mapped[str | None] = mapped_column(String(30))
    term_days: Mapped[int | None]
    deposit_fen: Mapped[Fen] = mapped_column(default=0)
    deposit_pct: Mapped[Pct | None]

    delivery_date: Mapped[date | None] = mapped_column(Date)
    promised_date: Mapped[date | None] = mapped_column(Date)
    province: Mapped[str | None] = mapped_column(String(40))
    city: Mapped[str | None] = mapped_column(String(40))
    district: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[str | None] = mapped_column(String(200))
    receiver: Mapped[str | None] = mapped_column(String(40))
    receiver_phone: Mapped[str | None] = mapped_column(String(20))
    receiver_phone_end: Mapped[str | None] = mapped_column(String(4))
    partial_ok: Mapped[bool] = mapped_column(default=False)
    preference: Mapped[str | None] = mapped_column(String(20))
    service_req: Mapped[str | None] = mapped_column(String(1000))
    invoice_title: Mapped[str | None] = mapped_column(String(120))
    tax_no: Mapped[str | None] = mapped_column(String(20))
    invoice_type: Mapped[str | None] = mapped_column(String(20))

    intent: Mapped[str | None] = mapped_column(String(20))
    owner: Mapped[str | None] = mapped_column(String(60))
    accepted_by: Mapped[str | None] = mapped_column(String(60))
    entered_by: Mapped[str | None] = mapped_column(String(60))
    department: Mapped[str | None] = mapped_column(String(60))
    warehouse: Mapped[str | None] = mapped_column(String(40))
    risk_level: Mapped[str | None] = mapped_column(String(20))
    held: Mapped[bool] = mapped_column(default=False)
    review_round: Mapped[int] = mapped_column(default=0)
    policy_versions: Mapped[Bag] = mapped_column(default=dict)
    credit_snapshot: Mapped[Bag] = mapped_column(default=dict)

    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", order_by="OrderLine.seq", cascade="all, delete-orphan"
    )
    stages: Mapped[list[OrderStage]] = relationship(
        back_populates="order", order_by="OrderStage.seq"
    )


class OrderLine(Base):
    """One product on an order, and how far it has come."""

    __tablename__ = "order_lines"
    __table_args__ = (
        Index("uq_order_lines_seq", "order_id", "seq", unique=True),
        Index("ix_order_lines_sku", "sku"),
        CheckConstraint("qty > 0", name="qty_positive"),
        # What replaces a bad line costs nothing.
        CheckConstraint("unit_price_fen > 0 OR replaces_id IS NOT NULL", name="price_positive"),
    )

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    seq: Mapped[int]
    sku: Mapped[str] = mapped_column(String(40))
    sku_version: Mapped[int | None]
    description: Mapped[str] = mapped_column(String(500), default="")
    spec: Mapped[str] = mapped_column(String(500), default="")
    qty: Mapped[Qty]
    unit: Mapped[str] = mapped_column(String(20), default="")
    unit_price_fen: Mapped[Fen]
    discount_pct: Mapped[Pct]
    amount_fen: Mapped[Fen]
    tax_pct: Mapped[int] = mapped_column(default=13)
    policy_fen: Mapped[Fen | None]
    dev_pct: Mapped[Pct | None]
    fulfil: Mapped[Code]
    line_due: Mapped[date | None] = mapped_column(Date)
    replaces_id: Mapped[Link | None] = mapped_column(ForeignKey("order_lines.id"))
    state: Mapped[Code] = mapped_column(default="open")
    qty_reserved: Mapped[Qty]
    qty_produced: Mapped[Qty]
    qty_shipped: Mapped[Qty]
    qty_delivered: Mapped[Qty]
    qty_accepted: Mapped[Qty]
    qty_rejected: Mapped[Qty]
    qty_returned: Mapped[Qty]
    qty_cancelled: Mapped[Qty]
    qty_invoiced: Mapped[Qty]

    order: Mapped[Order] = relationship(back_populates="lines")


class OrderStage(Base):
    """A state that an order entered: when, by whom, from where and why."""

    __tablename__ = "order_stages"
    __table_args__ = (Index("uq_order_stages_seq", "order_id", "seq", unique=True),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    seq: Mapped[int]
    before: Mapped[str | None] = mapped_column(String(30))
    state: Mapped[Code]
    at: Mapped[Moment] = mapped_column(index=True)
    by: Mapped[Code]
    reason: Mapped[str | None] = mapped_column(String(500))

    order: Mapped[Order] = relationship(back_populates="stages")


class OrderHold(Base):
    """A stop on an order, until somebody lifts it with a reason."""

    __tablename__ = "order_holds"

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[Code] = mapped_column(default="all")
    code: Mapped[Code] = mapped_column(default="manual")
    reason: Mapped[Words]
    held_at: Mapped[Moment]
    held_by: Mapped[Code]
    until: Mapped[Moment | None]
    released_at: Mapped[Moment | None] = mapped_column(index=True)
    released_by: Mapped[str | None] = mapped_column(String(60))
    release_reason: Mapped[str | None] = mapped_column(String(500))


class OrderVersion(Base):
    """What an order said before its content was changed."""

    __tablename__ = "order_versions"
    __table_args__ = (Index("uq_order_versions_version", "order_id", "version", unique=True),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    version: Mapped[int]
    content: Mapped[Bag]
    at: Mapped[Moment]
    by: Mapped[Code]


class ContactLog(Base):
    """A talk with the customer about an order, an inquiry or an issue."""

    __tablename__ = "contact_logs"

    id: Mapped[Key]
    order_id: Mapped[Link | None] = mapped_column(ForeignKey("orders.id"))
    subject_id: Mapped[Link | None] = mapped_column(Uuid)
    purpose: Mapped[Code]
    at: Mapped[Moment]
    way: Mapped[Code]
    result: Mapped[Words]
    evidence: Mapped[str | None] = mapped_column(String(500))
    logged_at: Mapped[Moment]
    logged_by: Mapped[Code]


class Checklist(Base):
    """A list of items somebody ticked off: pre-check, packing, self-check, documents."""

    __tablename__ = "checklists"
    __table_args__ = (Index("ix_checklists_order_kind", "order_id", "kind"),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    shipment_id: Mapped[Link | None] = mapped_column(ForeignKey("shipments.id"))
    kind: Mapped[Name]
    items: Mapped[Items]
    values: Mapped[Bag] = mapped_column(default=dict)
    passed: Mapped[bool]
    at: Mapped[Moment]
    by: Mapped[Code]
