"""Tables of what we sell and for how much: catalogue items, price policies, stock."""

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
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
    Qty,
    Stamped,
)


class CatalogueItem(Stamped, Base):
    """A product or service. Class C0."""

    __tablename__ = "catalogue_items"

    id: Mapped[Key]
    sku: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[Name]
    name_en: Mapped[Name] = mapped_column(default="")
    pinyin: Mapped[str] = mapped_column(String(500), default="")
    type: Mapped[Code]
    unit: Mapped[str] = mapped_column(String(20))
    qty_step: Mapped[Qty]
    moq: Mapped[Qty]
    weight_g: Mapped[int] = mapped_column(default=0)
    hazardous: Mapped[bool] = mapped_column(default=False)
    returnable: Mapped[bool] = mapped_column(default=True)
    warranty_days: Mapped[int] = mapped_column(default=365)
    lead_wd: Mapped[int] = mapped_column(default=0)
    qc_standard: Mapped[str | None] = mapped_column(String(80))
    doc_pack: Mapped[Items] = mapped_column(default=list)
    skills: Mapped[Items] = mapped_column(default=list)
    components: Mapped[Items] = mapped_column(default=list)
    regions_forbidden: Mapped[Items] = mapped_column(default=list)
    channels: Mapped[Items] = mapped_column(default=list)
    tax_pct: Mapped[int] = mapped_column(default=13)
    state: Mapped[Code] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)


class PricePolicy(Stamped, Base):
    """What a product costs from a day on; the floor is class C3."""

    __tablename__ = "price_policies"
    __table_args__ = (
        Index("ix_price_policies_sku", "sku", "state", "valid_from"),
        CheckConstraint("list_fen > 0", name="list_positive"),
        CheckConstraint("floor_fen >= 0 AND floor_fen <= list_fen", name="floor_within_list"),
    )

    id: Mapped[Key]
    sku: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str | None] = mapped_column(String(20))
    list_fen: Mapped[Fen]
    floor_fen: Mapped[Fen]
    breaks: Mapped[Items] = mapped_column(default=list)
    class_discount: Mapped[Bag] = mapped_column(default=dict)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    state: Mapped[Code] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    approved_by: Mapped[str | None] = mapped_column(String(60))


class StockLevel(Base):
    """How much of a product lies in a warehouse and how much of it is promised."""

    __tablename__ = "stock_levels"
    __table_args__ = (
        Index("uq_stock_levels_sku_warehouse", "sku", "warehouse", unique=True),
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved_within_on_hand"),
    )

    id: Mapped[Key]
    sku: Mapped[str] = mapped_column(String(40))
    warehouse: Mapped[str] = mapped_column(String(40))
    on_hand: Mapped[Qty]
    reserved: Mapped[Qty]


class StockMove(Base):
    """One entry of the stock ledger; rows are only ever added."""

    __tablename__ = "stock_moves"
    __table_args__ = (Index("ix_stock_moves_sku_warehouse", "sku", "warehouse"),)

    id: Mapped[Key]
    at: Mapped[Moment]
    by: Mapped[Code]
    sku: Mapped[str] = mapped_column(String(40))
    warehouse: Mapped[str] = mapped_column(String(40))
    kind: Mapped[Code]
    qty: Mapped[Qty]
    order_line_id: Mapped[Link | None] = mapped_column(ForeignKey("order_lines.id"))
    note: Mapped[str | None] = mapped_column(String(200))


class IncomingStock(Stamped, Base):
    """Goods that are on their way to a warehouse; counted by the promise date."""

    __tablename__ = "incoming_stock"

    id: Mapped[Key]
    sku: Mapped[str] = mapped_column(String(40), index=True)
    warehouse: Mapped[str] = mapped_column(String(40))
    qty: Mapped[Qty]
    expected_on: Mapped[date] = mapped_column(Date)
    arrived: Mapped[bool] = mapped_column(default=False)


class Reservation(Stamped, Base):
    """Stock promised to one order line in one warehouse."""

    __tablename__ = "reservations"
    __table_args__ = (
        Index("uq_reservations_line_warehouse", "order_line_id", "warehouse", unique=True),
        CheckConstraint("qty >= 0 AND picked >= 0 AND shipped >= 0", name="not_negative"),
        CheckConstraint("picked <= qty AND shipped <= picked", name="in_order"),
    )

    id: Mapped[Key]
    order_line_id: Mapped[Link] = mapped_column(ForeignKey("order_lines.id"))
    sku: Mapped[str] = mapped_column(String(40))
    warehouse: Mapped[str] = mapped_column(String(40))
    qty: Mapped[Qty]
    picked: Mapped[Qty]
    shipped: Mapped[Qty]
    batches: Mapped[Items] = mapped_column(default=list)
