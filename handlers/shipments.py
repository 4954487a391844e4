"""Owns the life of a shipment: planned, opened, announced, sent again (P09)."""

from typing import Any

from handlers.beside import Fact, fact, order_facts, order_of, said
from handlers.platform_reply import tell_platform
from jiedan import Context, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import allocation, receipts, shipments, shortfalls, states, stock
from jiedan.desk.shipments import ShipmentFacts

SENT = ("in_transit", "exception")
"""States of goods that have left and have not arrived."""


@handler("shipment.plan")
def plan(context: Context, order_id: str) -> dict[str, Any]:
    """Split the order into shipments; it is ready to go now."""
    planned = shipments.plan_shipments(context.work, order_id=order_id)
    allocation.reach_milestones(context.work, order_id=order_id)
    states.set_state(context.work, order_id=order_id, to=states.S.READY)
    receipts.update_delivery_state(context.work, order_id=order_id)
    open_ones = [row.shipment_id for row in planned if row.delivered_at is None]
    return {"shipments": open_ones, "outcome": "ready"}


@handler("shipment.open")
def open_shipment(context: Context, shipment_id: str) -> dict[str, Any]:
    """Ask D09 how the shipment should travel, and forget what an earlier one left behind."""
    facts = facts_of(context, shipment_id)
    found = context.decide(
        "delivery_method",
        fulfil=facts.fulfil,
        weight_kg=facts.weight_kg,
        pieces=facts.pieces,
        hazardous=facts.hazardous,
        preference=facts.preference,
    ).value
    return {
        "method": found["method"],
        "dedicated": found["dedicated"],
        "shipment_no": facts.shipment_no,
        "credit_released": False,
        "receipt_pending": None,
        "rest_due": False,
    }


@handler("shipment.announce")
def announce(context: Context, order_id: str, shipment_id: str) -> dict[str, Any]:
    """Tell the owner of the order, and through the outbox the platform, that goods have left."""
    facts = facts_of(context, shipment_id)
    order = order_of(context, order_id)
    if order.platform_order_id is not None:
        tell_platform(
            context,
            str(order.platform_order_id),
            kind="ship",
            key=f"ship:{facts.shipment_no}",
            shipment_no=facts.shipment_no,
            waybill=facts.waybill,
            method=facts.method,
        )
    context.notify(
        logins=[login for login in [order.owner] if login],
        msgid="Shipment %(shipment_no)s has left, waybill %(waybill)s.",
        shipment_no=facts.shipment_no,
        waybill=facts.waybill or "—",
    )
    return {"outcome": "in_transit"}


@handler("shipment.reship")
def reship(context: Context, shipment_id: str) -> dict[str, Any]:
    """Plan a new shipment for what was lost, damaged or short; it goes through preparation."""
    facts = facts_of(context, shipment_id)
    new: ShipmentFacts | None
    if facts.state in SENT:
        new = shipments.lose_shipment(
            context.work, shipment_id=shipment_id, reason=lazy("Sent again")
        )
        stock.reserve_order(context.work, order_id=facts.order_id, warehouse=facts.warehouse)
    else:
        new = shortfalls.resend_rest(context.work, shipment_id=shipment_id)
    return {"shipment_id": new.shipment_id if new else shipment_id, "rest_due": False}


def facts_of(context: Context, shipment_id: str) -> ShipmentFacts:
    """The shipment as it stands."""
    return shipments.shipment_facts(context.work.session, shipment_id=shipment_id)


def shipment_facts(context: Context, shipment_id: str) -> list[Fact]:
    """What stands beside the forms of a shipment: the order, and what travels how."""
    facts = facts_of(context, shipment_id)
    return [
        *order_facts(context, facts.order_id),
        fact(gettext("Shipment"), facts.shipment_no),
        fact(gettext("Warehouse"), facts.warehouse),
        fact(gettext("Weight, pieces"), f"{said(facts.weight_kg)} kg, {facts.pieces}"),
        *([fact(gettext("Waybill"), facts.waybill)] if facts.waybill else []),
        *(
            fact(f"{row['line']}. {row['sku']}", f"{row['description']} × {said(row['qty'])}")
            for row in facts.lines
        ),
    ]
