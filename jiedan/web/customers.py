"""Customers to look at; personal data is masked except for the customer's own sales person."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from jiedan.core.actor import Actor
from jiedan.core.errors import NotFound
from jiedan.core.i18n import lazy
from jiedan.desk.credit import exposure
from jiedan.desk.customers import customer_facts
from jiedan.desk.lists import CustomerRow, customer_page, list_customers
from jiedan.desk.masking import mask_name, mask_phone
from jiedan.desk.order_list import list_orders
from jiedan.desk.pages import Page
from jiedan.web.addresses import page_number
from jiedan.web.exports import Column, asked_kind, export
from jiedan.web.house import for_roles, person, platform
from jiedan.web.navigation import COMPANY, Entry
from jiedan.web.order_facts import note_clear_view, state_name
from jiedan.web.order_rights import READ_ALL

blueprint = Blueprint("customers", __name__, url_prefix="/customers")
READERS = (READ_ALL | {"SR", "DP"}) - {"LC"}
SEES_CREDIT = frozenset({"FO", "FM", "GM", "SM", "SD"})
NAVIGATION = (
    Entry("customers.list_all", lazy("Customers"), "customers", COMPANY, 40, roles=READERS),
)
PER_PAGE = 25
CLASSES = ("A", "B", "C", "NEW", "CONSUMER")
KINDS = {"company": lazy("Company"), "consumer": lazy("Person")}
STATES = {
    "lead": lazy("Lead"),
    "active": lazy("Active"),
    "dormant": lazy("Dormant"),
    "blocked": lazy("Blocked"),
    "erased": lazy("Erased"),
}


@blueprint.get("")
@for_roles(*READERS)
def list_all() -> str | Response:
    """Customers by number."""
    actor = person()
    if kind := asked_kind():
        return export("customers", _COLUMNS, partial(_find, actor), kind=kind)
    page = _find(actor, page_number(), PER_PAGE)
    rows = page.items
    return render_template(
        "customers/list.html", page=page, rows=rows, classes=CLASSES, states=STATES
    )


_COLUMNS = (
    Column(lazy("Customer number"), lambda row: row.customer_no),
    Column(lazy("Customer"), lambda row: row.name),
    Column(lazy("Kind"), lambda row: KINDS.get(row.kind, row.kind)),
    Column(lazy("Class"), lambda row: row.customer_class),
    Column(lazy("Grade"), lambda row: row.grade),
    Column(lazy("Region"), lambda row: row.region),
    Column(lazy("Contact"), lambda row: row.contact_name),
    Column(lazy("Phone"), lambda row: row.phone),
    Column(lazy("Owner"), lambda row: row.owner),
    Column(lazy("Orders"), lambda row: row.order_count),
    Column(lazy("State"), lambda row: STATES.get(row.state, row.state)),
    Column(lazy("Blacklisted"), lambda row: row.blacklisted),
)


def _find(actor: Actor, page: int, size: int) -> Page[CustomerRow]:
    with platform().read() as session:
        found = list_customers(
            session,
            query=request.args.get("q", "")[:100],
            customer_class=_one_of("class", CLASSES),
            region=request.args.get("region", "")[:40] or None,
            owner=actor.login if request.args.get("mine") == "1" else None,
            page=page,
            size=size,
        )
    return dataclasses.replace(found, items=[_masked(row, actor) for row in found.items])


def _one_of(name: str, allowed: tuple[str, ...]) -> str | None:
    value = request.args.get(name, "")
    return value if value in allowed else None


def _masked(row: CustomerRow, actor: Actor) -> CustomerRow:
    """The row as this reader may see it."""
    if row.owner == actor.login:
        return row
    hidden: dict[str, Any] = {
        "contact_name": mask_name(row.contact_name) if row.contact_name else None,
        "phone": mask_phone(row.phone) if row.phone else None,
    }
    if row.kind == "consumer":
        hidden["name"] = mask_name(row.name)
    return dataclasses.replace(row, **hidden)


@blueprint.get("/<uuid:customer_id>")
@for_roles(*READERS)
def show(customer_id: Any) -> str:
    """One customer: facts, credit for those who may see it, and the orders."""
    actor = person()
    with platform().read() as session:
        row = customer_page(session, customer_id=customer_id)
        if row is None:
            raise NotFound
        facts = customer_facts(session, customer_id=customer_id)
        orders = list_orders(session, customer_id=customer_id, page=page_number(), size=20)
        credit = exposure(session, customer_id=customer_id) if actor.has_any(*SEES_CREDIT) else None
    if row.owner == actor.login:
        note_clear_view(actor, f"customer:{row.customer_no}")
    return render_template(
        "customers/show.html",
        customer=_masked(row, actor),
        facts=facts,
        orders=orders,
        credit=credit,
        kinds=KINDS,
        states=STATES,
        state_name=state_name,
    )
