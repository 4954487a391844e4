"""Tables of making things: production orders and what quality found."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Code, Fen, Items, Key, Link, Moment, Qty, Stamped


class ProductionOrder(Stamped, Base):
    """The making of one order line."""

    __tablename__ = "production_orders"
    __table_args__ = (Index("ix_production_orders_line", "order_line_id", "state"),)

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(60), unique=True)
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    order_line_id: Mapped[Link] = mapped_column(ForeignKey("order_lines.id"))
    seq: Mapped[int]
    sku: Mapped[str] = mapped_column(String(40))
    order_version: Mapped[int]
    qty: Mapped[Qty]
    qty_done: Mapped[Qty]
    qty_good: Mapped[Qty]
    qty_scrapped: Mapped[Qty]
    progress_pct: Mapped[int] = mapped_column(default=0)
    plan_start: Mapped[Moment | None]
    plan_end: Mapped[Moment | None]
    workline: Mapped[str | None] = mapped_column(String(60))
    capacity_hours: Mapped[Qty]
    reports: Mapped[Items] = mapped_column(default=list)
    remakes: Mapped[int] = mapped_column(default=0)
    wip_fen: Mapped[Fen] = mapped_column(default=0)
    end_reason: Mapped[str | None] = mapped_column(Text)
    state: Mapped[Code] = mapped_column(default="planned")


class QualityInspection(Stamped, Base):
    """What quality looked at and found: material, work in process, finished goods."""

    __tablename__ = "quality_inspections"

    id: Mapped[Key]
    production_id: Mapped[Link] = mapped_column(ForeignKey("production_orders.id"))
    kind: Mapped[Code]
    lot: Mapped[Qty]
    sample_size: Mapped[int]
    step: Mapped[str | None] = mapped_column(String(120))
    defects: Mapped[Items] = mapped_column(default=list)
    measurements: Mapped[Items] = mapped_column(default=list)
    qty_bad: Mapped[Qty]
    result: Mapped[Code]
    note: Mapped[str | None] = mapped_column(Text)
    inspector: Mapped[Code]
