"""The customer's links beside an order: made, copied and revoked by who looks after the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, request, send_file, session, url_for
from werkzeug.wrappers import Response

from jiedan.core.actor import Actor
from jiedan.core.errors import NotFound
from jiedan.core.files import find_attachment, list_attachments
from jiedan.core.i18n import LazyText, lazy
from jiedan.core.numbering import NumberCheckFailed, NumberInvalid
from jiedan.desk.order_page import OrderPage, show_order
from jiedan.desk.portal import (
    ON_THE_WAY,
    Purpose,
    make_link,
    revoke_link,
)
from jiedan.desk.portal_facts import LinkFacts, list_links
from jiedan.web.house import now, person, platform
from jiedan.web.order_rights import require_order_sight

blueprint = Blueprint("order_links", __name__, url_prefix="/orders")
MAKERS = frozenset({"AS", "AM", "LG", "LM"})
"""Roles that make links for any order that they see; others do for orders that they own."""
PURPOSES: dict[str, LazyText] = {
    Purpose.STATUS: lazy("See where the order stands"),
    Purpose.DELIVERY: lazy("Confirm a delivery"),
    Purpose.ISSUE: lazy("Report a problem"),
    Purpose.RETURN: lazy("Ask for a return"),
    Purpose.COMPLAINT: lazy("Make a complaint"),
}
STATES: dict[str, LazyText] = {
    "open": lazy("can be used"),
    "answered": lazy("answered"),
    "expired": lazy("run out"),
    "revoked": lazy("revoked"),
}
KINDS: dict[str, LazyText] = {
    "confirmed": lazy("Delivery confirmed"),
    "disputed": lazy("Objection to the delivery"),
    "issue": lazy("Problem reported"),
    "return": lazy("Return asked for"),
    "complaint": lazy("Complaint made"),
}
_FRESH = "fresh_link"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that proves what was answered by a link."""

    link_id: str
    filename: str
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class LinksBeside:
    """What the order's page shows of its links; `fresh` is an address shown this once."""

    links: Sequence[LinkFacts]
    evidence: Sequence[Evidence]
    purposes: dict[str, LazyText]
    deliveries: Sequence[tuple[str, str]]
    fresh: str | None
    states: dict[str, LazyText]
    kinds: dict[str, LazyText]


def may_make_links(order: OrderPage, actor: Actor) -> bool:
    """Whether this person hands out links to this order."""
    if order.order_no is None:
        return False
    return order.owner == actor.login or bool(actor.roles & MAKERS)


def links_beside(order: OrderPage, actor: Actor) -> LinksBeside | None:
    """The links of an order for its page; None for who has nothing to do with them."""
    if not may_make_links(order, actor):
        return None
    with platform().read() as reading:
        links = list_links(reading, order_id=order.order_id, now=now())
        names = {f"portal:{one.link_id}": one.link_id for one in links}
        files = list_attachments(reading, *names) if names else []
    fresh = session.get(_FRESH)
    shown = None
    if fresh and fresh[0] == order.order_id:
        session.pop(_FRESH)
        shown = _address(fresh[1])
    ref = order.order_no
    return LinksBeside(
        links=links,
        evidence=[
            Evidence(
                names[one.entity],
                one.filename,
                one.sha256,
                url_for("order_links.evidence", ref=ref, attachment_id=one.id),
            )
            for one in files
        ],
        purposes=PURPOSES,
        deliveries=[
            (one.shipment_id, one.shipment_no) for one in order.shipments if one.state in ON_THE_WAY
        ],
        fresh=shown,
        states=STATES,
        kinds=KINDS,
    )


@blueprint.post("/<ref>/links")
def make(ref: str) -> Response:
    """A new link; its address is shown once, on the page that follows."""
    order = _order(ref)
    purpose, _, shipment_id = request.form.get("purpose", "").partition(":")
    with platform().work(actor=person()) as work:
        made = make_link(
            work,
            order_id=order.order_id,
            purpose=purpose,
            shipment_id=shipment_id or None,
            phone_check=request.form.get("phone_check") == "yes",
        )
    session[_FRESH] = [order.order_id, made.token]
    return _back(order)


@blueprint.post("/<ref>/links/<uuid:link_id>/revocation")
def revoke(ref: str, link_id: UUID) -> Response:
    """Whoever holds this link gets no further."""
    order = _order(ref)
    with platform().work(actor=person()) as work:
        revoke_link(work, order_id=order.order_id, link_id=link_id)
    return _back(order)


@blueprint.get("/<ref>/links/evidence/<uuid:attachment_id>")
def evidence(ref: str, attachment_id: UUID) -> Response:
    """What proves an answer, to keep and never to run."""
    order = _order(ref)
    with platform().read() as reading:
        links = list_links(reading, order_id=order.order_id, now=now())
        found = find_attachment(reading, attachment_id)
        if found.entity not in {f"portal:{one.link_id}" for one in links}:
            raise NotFound
        response = send_file(
            platform().files.path(found.sha256),
            mimetype=found.mime,
            as_attachment=True,
            download_name=found.filename,
            etag=found.sha256,
            max_age=0,
        )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _order(ref: str) -> OrderPage:
    """The order, for who may make its links; to others it does not exist."""
    try:
        with platform().read() as reading:
            found = show_order(reading, ref=ref, now=now())
    except (NumberCheckFailed, NumberInvalid) as wrong:
        raise NotFound from wrong
    order = require_order_sight(found, person())
    if not may_make_links(order, person()):
        raise NotFound
    return order


def _address(token: str) -> str:
    base = platform().settings.public_url.rstrip("/") or request.host_url.rstrip("/")
    return base + url_for("portal.show", token=token)


def _back(order: OrderPage) -> Response:
    return redirect(url_for("orders.show", ref=order.order_no, _anchor="links"), 303)
