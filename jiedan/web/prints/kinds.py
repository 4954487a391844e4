"""The kinds of paper: what each is called, who may have it, and what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.core.errors import NotFound
from jiedan.core.i18n import LazyText, lazy
from jiedan.desk.holds import require_free
from jiedan.desk.order_page import OrderPage
from jiedan.desk.papers import (
    carrier_name,
    invoice_wish,
    order_contracts,
    order_inspections,
    order_invoices,
    order_returns,
)
from jiedan.desk.states import OrderState
from jiedan.desk.stock import pick_list
from jiedan.web.order_facts import may_read_money

READ_CONTRACTS = frozenset({"SR", "SM", "SD", "GM", "OR", "FO", "FM", "PA", "BM", "LC", "AU"})
"""Roles that read the contracts of the orders that they see (SPEC S4.1)."""
One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper to print: the number that is its code, and what its template needs."""

    number: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of paper. `personal` papers name the receiver; `money` ones are about prices."""

    title: LazyText
    read: Callable[[Session, OrderPage, str | None], Sheet]
    exists: Callable[[OrderPage], bool]
    personal: bool = False
    money: bool = False
    roles: frozenset[str] = frozenset()

    def open_to(self, order: OrderPage, actor: Actor) -> bool:
        """Whether somebody who sees the order may have this paper of it."""
        if order.order_no is None or not self.exists(order):
            return False
        if self.money and not may_read_money(actor):
            return False
        return not self.roles or bool(actor.roles & self.roles)


def _order(session: Session, order: OrderPage, one: str | None) -> Sheet:
    if one is not None:
        raise NotFound
    return Sheet(order.order_no or "", {})


def _pick_list(session: Session, order: OrderPage, one: str | None) -> Sheet:
    """Raises OrderOnHold: goods of a held order are not fetched (SPEC E05)."""
    require_free(session, order_id=order.order_id, kind="delivery")
    sheet = _order(session, order, one)
    units = {line.seq: line.unit for line in order.lines}
    places: dict[str, list[dict[str, Any]]] = {}
    for row in pick_list(session, order_id=order.order_id):
        if row["qty"] > 0:
            places.setdefault(row["warehouse"] or "", []).append(
                {**row, "unit": units.get(row["line"], "")}
            )
    return Sheet(sheet.number, {"places": places})


def _delivery_note(session: Session, order: OrderPage, one: str | None) -> Sheet:
    found = _the_one(order.shipments, one, lambda row: row.shipment_no)
    carrier = carrier_name(session, carrier_id=found.carrier_id)
    return Sheet(found.shipment_no, {"shipment": found, "carrier": carrier})


def _contract(session: Session, order: OrderPage, one: str | None) -> Sheet:
    found = _the_one(order_contracts(session, order=order), one, lambda row: row.number)
    return Sheet(found.number, {"contract": found})


def _inspection(session: Session, order: OrderPage, one: str | None) -> Sheet:
    rows = order_inspections(session, order=order)
    found = _the_one(rows, one, lambda row: row.inspection_id)
    return Sheet(found.production_no, {"found": found})


def _invoice(session: Session, order: OrderPage, one: str | None) -> Sheet:
    if one is None:
        return Sheet(order.order_no or "", {"invoice": invoice_wish(session, order=order)})
    rows = order_invoices(session, order=order)
    found = _the_one(rows, one, lambda row: row.number or "")
    return Sheet(found.number or "", {"invoice": found})


def _return(session: Session, order: OrderPage, one: str | None) -> Sheet:
    found = _the_one(order_returns(session, order=order), one, lambda row: row.number)
    return Sheet(found.number, {"back": found})


def _the_one(rows: Sequence[One], name: str | None, named: Callable[[One], str]) -> One:
    """The one that is named, without a name the newest; raises NotFound."""
    fitting = [row for row in rows if name is None or named(row) == name]
    if not fitting:
        raise NotFound
    return fitting[-1]


def _was_approved(order: OrderPage) -> bool:
    """Nothing is confirmed to a customer before it was approved."""
    return any(stage.state == OrderState.APPROVED for stage in order.stages)


def _has_lines(order: OrderPage) -> bool:
    return bool(order.lines)


KINDS: Mapping[str, Kind] = {
    "order": Kind(lazy("Sales order"), _order, _has_lines, personal=True),
    "confirmation": Kind(
        lazy("Order confirmation"), _order, _was_approved, personal=True, money=True
    ),
    "contract": Kind(
        lazy("Contract"), _contract, _has_lines, personal=True, money=True, roles=READ_CONTRACTS
    ),
    "pick-list": Kind(
        lazy("Pick list"),
        _pick_list,
        lambda order: any(line.qty_reserved > line.qty_shipped for line in order.lines),
    ),
    "delivery-note": Kind(
        lazy("Delivery note"), _delivery_note, lambda order: bool(order.shipments), personal=True
    ),
    "inspection": Kind(
        lazy("Inspection report"), _inspection, lambda order: bool(order.production)
    ),
    "invoice": Kind(
        lazy("Invoice request"),
        _invoice,
        lambda order: any(line.qty_delivered > 0 for line in order.lines) or bool(order.invoices),
        personal=True,
        money=True,
    ),
    "return": Kind(
        lazy("Return note"),
        _return,
        lambda order: any(one["kind"] == "return" for one in order.requests),
        personal=True,
    ),
}
