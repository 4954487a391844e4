"""The catalogue to look at: products, prices and stock."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from jiedan.core.clock import shanghai
from jiedan.core.errors import NotFound
from jiedan.core.i18n import lazy, pick
from jiedan.desk.catalogue import find_item
from jiedan.desk.errors import UnknownSku
from jiedan.desk.lists import CatalogueRow, list_catalogue
from jiedan.desk.pages import Page
from jiedan.web.addresses import page_number
from jiedan.web.exports import Column, asked_kind, export, yuan
from jiedan.web.house import now, person, platform
from jiedan.web.navigation import COMPANY, Entry
from jiedan.web.order_facts import may_read_money

blueprint = Blueprint("catalogue", __name__, url_prefix="/catalogue")
NAVIGATION = (Entry("catalogue.list_all", lazy("Catalogue"), "catalogue", COMPANY, 50),)
PER_PAGE = 25
TYPES = {
    "stock": lazy("From stock"),
    "mto": lazy("Made to order"),
    "service": lazy("Service"),
    "electronic": lazy("Electronic"),
}
STATES = {
    "draft": lazy("Draft"),
    "active": lazy("On sale"),
    "suspended": lazy("Suspended"),
    "discontinued": lazy("Discontinued"),
}


@blueprint.get("")
def list_all() -> str | Response:
    """Products by number."""
    if kind := asked_kind():
        return export("catalogue", _columns(), _find, kind=kind)
    page = _find(page_number(), PER_PAGE)
    return render_template(
        "catalogue/list.html",
        page=page,
        types=TYPES,
        states=STATES,
        sees_money=may_read_money(person()),
    )


def _find(page: int, size: int) -> Page[CatalogueRow]:
    kind = request.args.get("type", "")
    with platform().read() as session:
        return list_catalogue(
            session,
            query=request.args.get("q", "")[:100],
            type=kind if kind in TYPES else None,
            on=shanghai(now()).date(),
            page=page,
            size=size,
        )


def _columns() -> list[Column]:
    columns = [
        Column(lazy("Product"), lambda row: row.sku),
        Column(lazy("Name"), lambda row: pick(row.name, row.name_en)),
        Column(lazy("Kind"), lambda row: TYPES.get(row.type, row.type)),
        Column(lazy("Unit"), lambda row: row.unit),
        Column(lazy("In stock"), lambda row: row.on_hand),
        Column(lazy("Free"), lambda row: row.free),
        Column(lazy("Lead time (working days)"), lambda row: row.lead_wd),
        Column(lazy("State"), lambda row: STATES.get(row.state, row.state)),
    ]
    if may_read_money(person()):
        columns.insert(4, Column(lazy("List price (yuan)"), lambda row: yuan(row.list_fen)))
    return columns


@blueprint.get("/<sku>")
def show(sku: str) -> str:
    """One product."""
    with platform().read() as session:
        try:
            item = find_item(session, sku)
        except UnknownSku as unknown:
            raise NotFound from unknown
        rows = list_catalogue(session, query=sku, on=shanghai(now()).date(), size=50).items
    row = next((one for one in rows if one.sku == item.sku), None)
    return render_template(
        "catalogue/show.html",
        item=item,
        row=row,
        types=TYPES,
        states=STATES,
        sees_money=may_read_money(person()),
    )
