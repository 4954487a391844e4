"""The papers that an order's page offers to its reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import url_for

from jiedan.core.actor import Actor
from jiedan.core.i18n import gettext
from jiedan.desk.order_page import OrderPage
from jiedan.desk.papers import order_contracts, order_inspections
from jiedan.web.house import platform
from jiedan.web.prints.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Offer:
    """A link to a paper; `number` says which, where an order has several of a kind."""

    title: str
    number: str
    url: str


def papers_of(order: OrderPage, actor: Actor) -> list[Offer]:
    """What this person may print of an order."""
    return [
        Offer(
            str(KINDS[kind].title),
            shown,
            url_for("prints.show", ref=order.order_no, kind=kind, one=one),
        )
        for kind, one, shown in _all(order)
        if KINDS[kind].open_to(order, actor)
    ]


def _all(order: OrderPage) -> Iterator[tuple[str, str | None, str]]:
    yield "order", None, ""
    yield "confirmation", None, ""
    with platform().read() as session:
        contracts = order_contracts(session, order=order)
        inspections = order_inspections(session, order=order) if order.production else []
    for contract in contracts:
        yield "contract", contract.number, contract.number
    yield "pick-list", None, ""
    for shipment in order.shipments:
        yield "delivery-note", shipment.shipment_no, shipment.shipment_no
    for found in inspections:
        yield "inspection", found.inspection_id, f"{found.production_no} {found.kind}"
    yield "invoice", None, gettext("what is still open")
    for invoice in order.invoices:
        yield "invoice", invoice.number, invoice.number
    for asked in order.requests:
        if asked["kind"] == "return":
            yield "return", asked["number"], asked["number"]
