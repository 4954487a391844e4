"""Tables of bringing goods to the customer: carriers, shipments, tracking, confirmations."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text
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
    Qty,
    Stamped,
    Words,
)


class Carrier(Stamped, Base):
    """A logistics partner."""

    __tablename__ = "carriers"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[Name]
    contract_no: Mapped[str | None] = mapped_column(String(60))
    valid_until: Mapped[date] = mapped_column(Date)
    score: Mapped[int]
    insured: Mapped[bool] = mapped_column(default=False)
    methods: Mapped[Items]
    regions: Mapped[Items] = mapped_column(default=list)
    cost_fen: Mapped[Fen] = mapped_column(default=0)
    state: Mapped[Code] = mapped_column(default="approved")


class Shipment(Stamped, Base):
    """One delivery of an order."""

    __tablename__ = "shipments"
    __table_args__ = (
        Index("uq_shipments_waybill", "carrier_id", "waybill", unique=True),
        Index("ix_shipments_state", "state"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(60), unique=True)
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    warehouse: Mapped[str | None] = mapped_column(String(40))
    fulfil: Mapped[Code]
    due: Mapped[date | None] = mapped_column(Date)
    state: Mapped[Code] = mapped_column(default="preparing")
    method: Mapped[str | None] = mapped_column(String(20))
    carrier_id: Mapped[Link | None] = mapped_column(ForeignKey("carriers.id"))
    waybill: Mapped[str | None] = mapped_column(String(40))
    cost_fen: Mapped[Fen | None]
    insured_fen: Mapped[Fen | None]
    override_reason: Mapped[str | None] = mapped_column(Text)
    weight_g: Mapped[int] = mapped_column(BigInteger, default=0)
    pieces: Mapped[int] = mapped_column(default=0)
    hazardous: Mapped[bool] = mapped_column(default=False)
    eta: Mapped[Moment | None]
    dispatched_at: Mapped[Moment | None]
    last_scan_at: Mapped[Moment | None]
    delivered_at: Mapped[Moment | None]
    window_from: Mapped[Moment | None]
    window_to: Mapped[Moment | None]
    appointment: Mapped[Bag] = mapped_column(default=dict)
    documents: Mapped[Bag] = mapped_column(default=dict)
    replaces_id: Mapped[Link | None] = mapped_column(ForeignKey("shipments.id"))

    lines: Mapped[list["ShipmentLine"]] = relationship(
        back_populates="shipment", order_by="ShipmentLine.seq", cascade="all, delete-orphan"
    )


class ShipmentLine(Base):
    """How much of an order line travels in a shipment."""

    __tablename__ = "shipment_lines"
    __table_args__ = (
        Index("uq_shipment_lines_line", "shipment_id", "order_line_id", unique=True),
        CheckConstraint("qty > 0", name="qty_positive"),
    )

    id: Mapped[Key]
    shipment_id: Mapped[Link] = mapped_column(ForeignKey("shipments.id"))
    order_line_id: Mapped[Link] = mapped_column(ForeignKey("order_lines.id"))
    seq: Mapped[int]
    sku: Mapped[str] = mapped_column(String(40))
    qty: Mapped[Qty]
    qty_received: Mapped[Qty]

    shipment: Mapped[Shipment] = relationship(back_populates="lines")


class TrackingEvent(Base):
    """One scan or report about a shipment; rows are only ever added."""

    __tablename__ = "tracking_events"
    __table_args__ = (Index("uq_tracking_events_raw", "shipment_id", "raw_hash", unique=True),)

    id: Mapped[Key]
    shipment_id: Mapped[Link] = mapped_column(ForeignKey("shipments.id"))
    code: Mapped[Code]
    at: Mapped[Moment]
    place: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[Code]
    note: Mapped[str | None] = mapped_column(String(500))
    raw_hash: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[Moment]


class TransportException(Base):
    """Something that went wrong on the way, and what was done about it."""

    __tablename__ = "transport_exceptions"

    id: Mapped[Key]
    shipment_id: Mapped[Link] = mapped_column(ForeignKey("shipments.id"))
    type: Mapped[Code]
    measure: Mapped[Words]
    new_eta: Mapped[Moment | None]
    claim_fen: Mapped[Fen | None]
    photos: Mapped[Items] = mapped_column(default=list)
    customer_notified_at: Mapped[Moment | None]
    feedback_to: Mapped[Items] = mapped_column(default=list)
    outcome: Mapped[str | None] = mapped_column(String(20))
    at: Mapped[Moment]
    by: Mapped[Code]


class DeliveryConfirmation(Base):
    """The proof that a shipment arrived."""

    __tablename__ = "delivery_confirmations"
    __table_args__ = (
        Index("uq_delivery_confirmations_shipment", "shipment_id", unique=True),
        Index("ix_delivery_confirmations_state", "state", "requested_at"),
    )

    id: Mapped[Key]
    shipment_id: Mapped[Link] = mapped_column(ForeignKey("shipments.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    requested_at: Mapped[Moment]
    mode: Mapped[str | None] = mapped_column(String(20))
    signer: Mapped[str | None] = mapped_column(String(60))
    proof: Mapped[str | None] = mapped_column(String(500))
    received_at: Mapped[Moment | None]
    state: Mapped[Code] = mapped_column(default="pending")
    note: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str | None] = mapped_column(String(60))
    recorded_at: Mapped[Moment | None]


class ElectronicFile(Base):
    """A file sent to the customer instead of goods."""

    __tablename__ = "electronic_files"

    id: Mapped[Key]
    shipment_id: Mapped[Link] = mapped_column(ForeignKey("shipments.id"))
    filename: Mapped[Name]
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    recipient: Mapped[str] = mapped_column(String(120))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[Moment]
    downloads: Mapped[Items] = mapped_column(default=list)
    sent_at: Mapped[Moment]
