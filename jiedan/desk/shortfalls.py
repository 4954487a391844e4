"""What becomes of goods that did not arrive: sent again, brought back, or taken off the order."""

from __future__ import annotations

from decimal import Decimal

from jiedan.core import audit
from jiedan.core.errors import Message
from jiedan.core.work import Work
from jiedan.desk.errors import WrongState
from jiedan.desk.production import list_production
from jiedan.desk.records import get_order
from jiedan.desk.shipments import (
    ShipmentFacts,
    facts_of,
    order_shipments,
    plan_shipments,
    require_shipment,
)
from jiedan.desk.stock import reserve_order, return_stock
from jiedan.desk.tables import Order, OrderLine, Shipment, ShipmentLine
from jiedan.desk.values import ZERO, Ref, clean, touch


def rest_of(work: Work, *, shipment_id: Ref) -> dict[int, Decimal]:
    """Line number → what of a delivered shipment did not arrive."""
    shipment = require_shipment(work.session, shipment_id)
    return {
        part.seq: part.qty - part.qty_received
        for part in shipment.lines
        if part.qty > part.qty_received
    }


def resend_rest(work: Work, *, shipment_id: Ref) -> ShipmentFacts:
    """Plan a new shipment for what did not arrive of this one, with stock of its own."""
    shipment = require_shipment(work.session, shipment_id, "delivered", "closed")
    order = get_order(work.session, shipment.order_id, lock=True)
    for line, missing in _missing(order, shipment):
        if line.fulfil == "stock":
            line.qty_reserved -= missing
    reserve_order(work, order_id=order.id, warehouse=shipment.warehouse)
    before = {row.shipment_id for row in order_shipments(work.session, order_id=order.id)}
    fresh = [
        row for row in plan_shipments(work, order_id=order.id) if row.shipment_id not in before
    ]
    if not fresh:
        raise WrongState(state=shipment.state)
    new = require_shipment(work.session, fresh[0].shipment_id)
    new.replaces_id = shipment.id
    work.session.flush()
    return facts_of(new, order)


def drop_rest(work: Work, *, shipment_id: Ref, reason: Message) -> Decimal:
    """Take what did not arrive off the order: the customer does not pay for it."""
    shipment = require_shipment(work.session, shipment_id)
    order = get_order(work.session, shipment.order_id, lock=True)
    dropped = ZERO
    for line, missing in _missing(order, shipment):
        line.qty_cancelled += missing
        if line.fulfil == "stock":
            line.qty_reserved -= missing
        dropped += missing
    _note(work, order, "line.cancel", shipment, reason)
    return dropped


def take_back(work: Work, *, shipment_id: Ref, reason: str) -> ShipmentFacts:
    """Bring a refused shipment back: its goods return to stock and leave the order."""
    shipment = require_shipment(work.session, shipment_id, "in_transit", "exception")
    order = get_order(work.session, shipment.order_id, lock=True)
    for line, part in _parts(order, shipment):
        line.qty_shipped -= part.qty
        line.qty_cancelled += part.qty
        if line.fulfil == "stock":
            line.qty_reserved -= part.qty
            if shipment.warehouse:
                return_stock(
                    work, line=line, warehouse=shipment.warehouse, qty=part.qty, note="refused"
                )
    shipment.state = "refused"
    touch(work, shipment)
    _note(work, order, "shipment.refused", shipment, reason)
    return facts_of(shipment, order)


def drop_lost(work: Work, *, shipment_id: Ref, reason: str) -> None:
    """Take the goods of a lost shipment, which nobody replaces, off the order."""
    shipment = require_shipment(work.session, shipment_id, "lost")
    order = get_order(work.session, shipment.order_id, lock=True)
    for line, part in _parts(order, shipment):
        line.qty_cancelled += part.qty
    _note(work, order, "line.cancel", shipment, reason)


def drop_unreserved(work: Work, *, order_id: Ref, reason: Message) -> Decimal:
    """Take what is not in stock, or could not be made, off the order, as the customer agreed."""
    order = get_order(work.session, order_id, lock=True)
    dropped = ZERO
    failed = {
        one.line
        for one in list_production(work.session, order_id=order.id)
        if one.state == "failed"
    }
    for line in order.lines:
        unmade = line.qty - line.qty_cancelled - line.qty_produced
        if line.fulfil == "mto" and line.seq in failed and unmade > 0:
            line.qty_cancelled += unmade
            dropped += unmade
        short = line.qty - line.qty_cancelled - line.qty_reserved
        if line.fulfil == "stock" and line.state == "open" and short > 0:
            line.qty_cancelled += short
            dropped += short
    audit.record(
        work,
        action="line.cancel",
        entity=f"order:{order.id}",
        after={"qty": str(dropped), "reason": clean(reason)},
    )
    work.session.flush()
    return dropped


def return_everything(work: Work, *, order_id: Ref) -> None:
    """Count all that was delivered as returned: the customer owes nothing for it."""
    order = get_order(work.session, order_id, lock=True)
    for line in order.lines:
        line.qty_returned = line.qty_delivered
        line.qty_accepted = line.qty_rejected = ZERO
    touch(work, order)
    audit.record(work, action="line.return", entity=f"order:{order.id}")
    work.session.flush()


def _missing(order: Order, shipment: Shipment) -> list[tuple[OrderLine, Decimal]]:
    return [
        (line, part.qty - part.qty_received)
        for line, part in _parts(order, shipment)
        if part.qty > part.qty_received
    ]


def _parts(order: Order, shipment: Shipment) -> list[tuple[OrderLine, ShipmentLine]]:
    lines = {line.id: line for line in order.lines}
    return [(lines[part.order_line_id], part) for part in shipment.lines]


def _note(work: Work, order: Order, action: str, shipment: Shipment, reason: Message) -> None:
    touch(work, order)
    audit.record(
        work,
        action=action,
        entity=f"order:{order.id}",
        after={"number": shipment.number, "reason": clean(reason)},
    )
    work.session.flush()
