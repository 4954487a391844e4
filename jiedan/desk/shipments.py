"""Which parts of an order travel together, and where each shipment stands (P09)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, selectinload

from jiedan.core import audit
from jiedan.core.database import ScaledDecimal
from jiedan.core.errors import Message
from jiedan.core.numbering import take_child_number
from jiedan.core.work import Work
from jiedan.desk.catalogue import find_items
from jiedan.desk.errors import UnknownRecord, WrongState
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Order, OrderLine, Reservation, Shipment, ShipmentLine
from jiedan.desk.values import ZERO, Ref, Result, add, as_id, clean, touch

DEAD_STATES = frozenset({"refused", "lost", "cancelled"})
"""States in which a shipment's goods count as not sent."""
STATES = frozenset(
    {"preparing", "ready", "in_transit", "exception", "delivered", "closed", *DEAD_STATES}
)


@dataclass(frozen=True, slots=True)
class ShipmentFacts(Result):
    """A shipment and what decides how it travels (D09)."""

    shipment_id: str
    shipment_no: str
    order_id: str
    order_no: str | None
    state: str
    warehouse: str | None
    fulfil: str
    due: date | None
    lines: list[dict[str, Any]]
    weight_kg: Decimal
    pieces: int
    hazardous: bool
    preference: str | None
    method: str | None
    carrier_id: str | None
    waybill: str | None
    eta: datetime | None
    window_from: datetime | None
    window_to: datetime | None
    dispatched_at: datetime | None
    delivered_at: datetime | None


def plan_shipments(work: Work, *, order_id: Ref) -> list[ShipmentFacts]:
    """Split what no live shipment carries yet by warehouse and kind of supply.

    Lines with different due dates go separately only if part deliveries are agreed; otherwise
    they wait for the latest. Never plans more than is open, so a second call plans nothing new.
    Returns all live shipments of the order.
    """
    order = get_order(work.session, order_id, lock=True)
    groups: dict[tuple[str, str, date | None], list[tuple[OrderLine, Decimal]]] = {}
    dues: list[date] = []
    for line in order.lines:
        due = line.line_due or order.promised_date or order.delivery_date
        if due is not None:
            dues.append(due)
        for warehouse, qty in _open_parts(work.session, order, line):
            day = due if order.partial_ok else None
            groups.setdefault((warehouse or "", line.fulfil, day), []).append((line, qty))
    for (warehouse, fulfil, day), parts in sorted(groups.items(), key=_group_order):
        _create(work, order, warehouse or None, fulfil, day or max(dues, default=None), parts)
    return [row for row in order_shipments(work.session, order_id=order.id) if _alive(row)]


def shipment_facts(session: Session, *, shipment_id: Ref) -> ShipmentFacts:
    """A shipment by its id."""
    shipment = get_row(session, Shipment, shipment_id)
    return facts_of(shipment, get_order(session, shipment.order_id))


def order_shipments(session: Session, *, order_id: Ref) -> list[ShipmentFacts]:
    """All shipments of an order, in the order of their numbers."""
    order = get_order(session, order_id)
    rows = session.scalars(
        select(Shipment)
        .where(Shipment.order_id == order.id)
        .order_by(Shipment.number)
        .options(selectinload(Shipment.lines))
    )
    return [facts_of(row, order) for row in rows]


def find_shipment(session: Session, *, waybill: str, carrier_id: Ref | None = None) -> Shipment:
    """The shipment with this waybill; raises UnknownRecord."""
    query = select(Shipment).where(Shipment.waybill == waybill)
    if carrier_id is not None:
        query = query.where(Shipment.carrier_id == as_id(carrier_id))
    row = session.scalar(query.order_by(Shipment.created_at.desc()).limit(1))
    if row is None:
        raise UnknownRecord(kind="shipment")
    return row


def cancel_shipment(work: Work, *, shipment_id: Ref, reason: str) -> ShipmentFacts:
    """Drop a shipment that has not left; its goods can be planned again."""
    shipment = get_row(work.session, Shipment, shipment_id)
    if shipment.state not in ("preparing", "ready"):
        raise WrongState(state=shipment.state)
    return _end(work, shipment, "cancelled", reason)


def cancel_shipments(work: Work, *, order_id: Ref, reason: str) -> list[ShipmentFacts]:
    """Drop every shipment of an order that has not left."""
    rows = work.session.scalars(
        select(Shipment).where(
            Shipment.order_id == as_id(order_id), Shipment.state.in_(["preparing", "ready"])
        )
    ).all()
    return [_end(work, row, "cancelled", reason) for row in rows]


def close_shipment(work: Work, *, shipment_id: Ref) -> ShipmentFacts:
    """File a delivered shipment."""
    shipment = get_row(work.session, Shipment, shipment_id)
    if shipment.state not in ("delivered", "refused"):
        raise WrongState(state=shipment.state)
    if shipment.state == "delivered":
        shipment.state = "closed"
        touch(work, shipment)
        work.session.flush()
    return facts_of(shipment, get_order(work.session, shipment.order_id))


def lose_shipment(
    work: Work, *, shipment_id: Ref, reason: Message, replace: bool = True
) -> ShipmentFacts | None:
    """Give up a shipment that was lost; plans a new one for the same goods unless told not to.

    The lost goods were taken from stock; the new shipment needs stock of its own, which
    reserve_order asks for.
    """
    shipment = get_row(work.session, Shipment, shipment_id)
    if shipment.state not in ("in_transit", "exception"):
        raise WrongState(state=shipment.state)
    order = get_order(work.session, shipment.order_id, lock=True)
    lines = {line.id: line for line in order.lines}
    parts = []
    for part in shipment.lines:
        line = lines[part.order_line_id]
        line.qty_shipped -= part.qty
        if line.fulfil == "stock":
            line.qty_reserved -= part.qty
        parts.append((line, part.qty))
    _end(work, shipment, "lost", reason)
    if not replace:
        return None
    new = _create(work, order, shipment.warehouse, shipment.fulfil, shipment.due, parts)
    new.replaces_id = shipment.id
    work.session.flush()
    return facts_of(new, order)


def require_shipment(session: Session, shipment_id: Ref, *states: str) -> Shipment:
    """The shipment, provided that it stands in one of ``states``; raises WrongState."""
    shipment = get_row(session, Shipment, shipment_id)
    if states and shipment.state not in states:
        raise WrongState(state=shipment.state)
    return shipment


def facts_of(row: Shipment, order: Order) -> ShipmentFacts:
    """The facts of a loaded shipment."""
    lines = {line.id: line for line in order.lines}
    return ShipmentFacts(
        shipment_id=str(row.id),
        shipment_no=row.number,
        order_id=str(row.order_id),
        order_no=order.number,
        state=row.state,
        warehouse=row.warehouse,
        fulfil=row.fulfil,
        due=row.due,
        lines=[
            {
                "line": part.seq,
                "sku": part.sku,
                "description": lines[part.order_line_id].description,
                "unit": lines[part.order_line_id].unit,
                "qty": part.qty,
                "qty_received": part.qty_received,
            }
            for part in row.lines
        ],
        weight_kg=Decimal(row.weight_g) / 1000,
        pieces=row.pieces,
        hazardous=row.hazardous,
        preference=order.preference,
        method=row.method,
        carrier_id=str(row.carrier_id) if row.carrier_id else None,
        waybill=row.waybill,
        eta=row.eta,
        window_from=row.window_from,
        window_to=row.window_to,
        dispatched_at=row.dispatched_at,
        delivered_at=row.delivered_at,
    )


def _open_parts(
    session: Session, order: Order, line: OrderLine
) -> Iterator[tuple[str | None, Decimal]]:
    """Warehouse and quantity of each part of a line that no live shipment carries."""
    planned = _planned(session, line)
    # A service counts as delivered when it was performed; it never travels.
    gone = max(sum(planned.values(), ZERO), line.qty_delivered)
    left = line.qty - line.qty_cancelled - gone
    # A service that was performed counts as delivered without ever having travelled.
    if line.state == "cancelled" or line.qty_delivered >= line.qty - line.qty_cancelled:
        return
    if left <= 0:
        return
    if line.fulfil == "stock":
        reserved = session.scalars(
            select(Reservation)
            .where(Reservation.order_line_id == line.id, Reservation.qty > 0)
            .order_by(Reservation.warehouse)
        )
        for row in reserved:
            part = min(left, row.qty - planned.get(row.warehouse, ZERO))
            if part > 0:
                left -= part
                yield row.warehouse, part
    if left > 0:
        yield (order.warehouse if line.fulfil in ("stock", "mto") else None), left


def _planned(session: Session, line: OrderLine) -> dict[str | None, Decimal]:
    # Of what arrived only the received part counts; the rest can be sent again.
    counted = case(
        (Shipment.state.in_(["delivered", "closed"]), ShipmentLine.qty_received),
        else_=ShipmentLine.qty,
    )
    rows = session.execute(
        select(Shipment.warehouse, func.sum(counted, type_=ScaledDecimal(3)))
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
        .where(ShipmentLine.order_line_id == line.id, Shipment.state.not_in(DEAD_STATES))
        .group_by(Shipment.warehouse)
    )
    return {warehouse: Decimal(qty) for warehouse, qty in rows}


def _create(
    work: Work,
    order: Order,
    warehouse: str | None,
    fulfil: str,
    due: date | None,
    parts: list[tuple[OrderLine, Decimal]],
) -> Shipment:
    items = find_items(work.session, [line.sku for line, _ in parts])
    shipment = add(
        work,
        Shipment(
            number=take_child_number(work, parent=order.number or "", kind="shipment"),
            order_id=order.id,
            warehouse=warehouse,
            fulfil=fulfil,
            due=due,
            weight_g=sum(int(items[line.sku].weight_g * qty) for line, qty in parts),
            pieces=sum(int(qty.to_integral_value(ROUND_CEILING)) for _, qty in parts),
            hazardous=any(items[line.sku].hazardous for line, _ in parts),
            lines=[
                ShipmentLine(order_line_id=line.id, seq=line.seq, sku=line.sku, qty=qty)
                for line, qty in parts
            ],
        ),
    )
    audit.record(
        work, action="shipment.plan", entity=f"order:{order.id}", after={"number": shipment.number}
    )
    return shipment


def _end(work: Work, shipment: Shipment, state: str, reason: Message) -> ShipmentFacts:
    shipment.state = state
    touch(work, shipment)
    work.session.flush()
    audit.record(
        work,
        action=f"shipment.{state}",
        entity=f"order:{shipment.order_id}",
        after={"number": shipment.number, "reason": clean(reason)},
    )
    return facts_of(shipment, get_order(work.session, shipment.order_id))


def _group_order(group: tuple[tuple[str, str, date | None], Any]) -> tuple[date, str, str]:
    (warehouse, fulfil, day), _ = group
    return (day or date.max, fulfil, warehouse)


def _alive(row: ShipmentFacts) -> bool:
    return row.state not in DEAD_STATES
