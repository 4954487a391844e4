"""The view of a paper: who may have it is judged on the loaded order, as for the order's page."""

from __future__ import annotations

from flask import Blueprint, render_template

from jiedan.core.errors import NotFound
from jiedan.core.numbering import NumberCheckFailed, NumberInvalid
from jiedan.desk.order_page import OrderPage, show_order
from jiedan.web.house import now, person, platform
from jiedan.web.order_facts import (
    instance_of,
    may_read_money,
    may_read_personal,
    note_clear_view,
    state_name,
)
from jiedan.web.order_rights import require_order_sight
from jiedan.web.prints.codes import scan_code
from jiedan.web.prints.kinds import KINDS
from jiedan.web.prints.letterhead import letterhead
from jiedan.web.prints.words import paper_word

blueprint = Blueprint("prints", __name__, url_prefix="/orders")


@blueprint.get("/<ref>/print/<kind>")
@blueprint.get("/<ref>/print/<kind>/<one>")
def show(ref: str, kind: str, one: str | None = None) -> str:
    """One paper; of a kind that an order has several of, the named one or else the newest."""
    actor = person()
    paper = KINDS.get(kind)
    if paper is None:
        raise NotFound
    order = require_order_sight(_read(ref, clear=False), actor)
    if not paper.open_to(order, actor):
        raise NotFound
    if paper.personal and may_read_personal(order, instance_of(order), actor):
        note_clear_view(actor, f"order:{order.order_no}")
        order = _read(order.order_id, clear=True)
    with platform().read() as session:
        sheet = paper.read(session, order, one)
    return render_template(
        f"prints/{kind.replace('-', '_')}.html",
        kind=kind,
        title=paper.title,
        number=sheet.number,
        code=scan_code(sheet.number),
        head=letterhead(platform().settings),
        order=order,
        sees_money=may_read_money(actor),
        is_personal=paper.personal,
        state_name=state_name,
        paper_word=paper_word,
        **sheet.facts,
    )


def _read(ref: str, *, clear: bool) -> OrderPage:
    try:
        with platform().read() as session:
            return show_order(session, ref=ref, now=now(), clear=clear)
    except (NumberCheckFailed, NumberInvalid) as wrong:
        raise NotFound from wrong
