"""The catalogue to look at: products, prices and stock."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from jiedan.core.clock import shanghai
from jiedan.core.errors import NotFound
from jiedan.core.i18n import lazy
from jiedan.desk.catalogue import find_item
from jiedan.desk.errors import UnknownSku
from jiedan.desk.lists import list_catalogue
from jiedan.web.addresses import page_number
from jiedan.web.house import now, person, platform
from jiedan.web.navigation import COMPANY, Entry
from jiedan.web.order_facts import may_read_money

blueprint = Blueprint("catalogue", __name__, url_prefix="/catalogue")
NAVIGATION = (Entry("catalogue.list_all", lazy("Catalogue"), "catalogue", COMPANY, 50),)
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
def list_all() -> str:
    """Products by number."""
    kind = request.args.get("type", "")
    with platform().read() as session:
        page = list_catalogue(
            session,
            query=request.args.get("q", "")[:100],
            type=kind if kind in TYPES else None,
            on=shanghai(now()).date(),
            page=page_number(),
        )
    return render_template(
        "catalogue/list.html",
        page=page,
        types=TYPES,
        states=STATES,
        sees_money=may_read_money(person()),
    )


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
