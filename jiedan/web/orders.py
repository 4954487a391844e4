"""Orders: the list, the page of one order with everything that belongs to it, and the search."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.actor import Actor
from jiedan.core.clock import shanghai
from jiedan.core.errors import NotFound
from jiedan.core.i18n import lazy
from jiedan.core.numbering import NumberCheckFailed, NumberInvalid
from jiedan.desk.errors import UnknownOrder
from jiedan.desk.lists import list_customers
from jiedan.desk.order_list import list_orders, looks_like_number
from jiedan.desk.order_page import OrderPage, show_order
from jiedan.desk.order_refs import find_order
from jiedan.desk.pages import Page
from jiedan.desk.papers import order_of_paper
from jiedan.desk.states import FINAL, OrderState
from jiedan.flow.inbox import numbers_worked_on
from jiedan.flow.instances import InstanceView, show_instance
from jiedan.web.addresses import page_number
from jiedan.web.exports import Column, asked_kind, export, yuan
from jiedan.web.house import flow, now, person, platform
from jiedan.web.instance_rights import require_sight
from jiedan.web.navigation import COMPANY, Entry
from jiedan.web.order_facts import (
    as_uuid,
    instance_of,
    may_read_money,
    may_read_personal,
    note_clear_view,
    order_id_of,
    state_name,
)
from jiedan.web.order_links import links_beside
from jiedan.web.order_rights import READ_ALL, require_order_sight
from jiedan.web.prints import papers_of
from jiedan.web.startable import offered_on_order
from jiedan.web.timeline import tell

PER_PAGE = 25
READ_OWN = frozenset({"SR", "PM", "PP", "QC", "LG", "LM", "WH", "EX"})
"""Roles that see the orders that they own or work on."""
blueprint = Blueprint("orders", __name__, url_prefix="/orders")
NAVIGATION = (
    Entry(
        "orders.list_all",
        lazy("Orders"),
        "orders",
        COMPANY,
        30,
        roles=READ_ALL | READ_OWN,
        on_phone=2,
    ),
)
GROUPS: dict[str, frozenset[OrderState]] = {
    "intake": frozenset({OrderState.DRAFT, OrderState.RETURNED}),
    "review": frozenset({OrderState.SUBMITTED, OrderState.IN_REVIEW, OrderState.PENDING_SPECIAL}),
    "agreed": frozenset(
        {OrderState.APPROVED, OrderState.CONTRACT_PENDING, OrderState.AWAITING_DEPOSIT}
    ),
    "execution": frozenset(
        {OrderState.ALLOCATED, OrderState.PLANNED, OrderState.IN_EXECUTION, OrderState.READY}
    ),
    "delivery": frozenset({OrderState.PARTIALLY_DELIVERED, OrderState.DELIVERED}),
    "acceptance": frozenset(
        {OrderState.IN_ACCEPTANCE, OrderState.ACCEPTANCE_ISSUE, OrderState.ACCEPTED}
    ),
    "over": FINAL | {OrderState.SETTLED, OrderState.RETURNED_FULL},
}
GROUP_NAMES = {
    "intake": lazy("Being entered"),
    "review": lazy("In review"),
    "agreed": lazy("Contract and deposit"),
    "execution": lazy("In execution"),
    "delivery": lazy("On delivery"),
    "acceptance": lazy("In acceptance"),
    "over": lazy("Over"),
}
CHANNELS = {"sales": lazy("Sales"), "netease": lazy("NetEase")}


@blueprint.get("")
def list_all() -> str | Response:
    """Orders, newest first; many people see only those that they own or worked on."""
    actor = person()
    wrong_number = False
    try:
        if kind := asked_kind():
            return _export(actor, kind)
        page = _find(actor, request.args.get("q", "")[:100])
    except (NumberCheckFailed, NumberInvalid):
        wrong_number = True
        page = Page([], 0, 1, 25)
    return render_template(
        "orders/list.html",
        page=page,
        wrong_number=wrong_number,
        groups=GROUP_NAMES,
        channels=CHANNELS,
        state_name=state_name,
        states=[(state.value, state_name(state)) for state in OrderState],
        sees_money=may_read_money(actor),
        only_mine=not actor.roles & READ_ALL,
    )


def _export(actor: Actor, kind: str) -> Response:
    query = request.args.get("q", "")[:100]
    columns = [
        Column(lazy("Order"), lambda row: row.order_no),
        Column(lazy("Channel"), lambda row: CHANNELS.get(row.channel, row.channel)),
        Column(lazy("State"), lambda row: state_name(row.state)),
        Column(lazy("On hold"), lambda row: row.held),
        Column(lazy("Customer number"), lambda row: row.customer_no),
        Column(lazy("Customer"), lambda row: row.customer_name),
        Column(lazy("Goods"), lambda row: row.first_description or row.first_sku),
        Column(lazy("Lines"), lambda row: row.line_count),
        Column(lazy("Owner"), lambda row: row.owner),
        Column(lazy("Delivery date"), lambda row: row.delivery_date),
        Column(lazy("Promised"), lambda row: row.promised_date),
        Column(lazy("Created"), lambda row: row.created_at),
    ]
    if may_read_money(actor):
        columns.insert(8, Column(lazy("Amount (yuan)"), lambda row: yuan(row.total_fen)))
    return export(
        "orders",
        columns,
        lambda page, size: _find(actor, query, page=page, size=size),
        kind=kind,
    )


def _find(actor: Actor, query: str, *, page: int | None = None, size: int = PER_PAGE) -> Page[Any]:
    args = request.args
    group = GROUPS.get(args.get("group", ""), frozenset())
    one = args.get("state", "")
    states = {OrderState(one)} if one in set(OrderState) else group
    everything = bool(actor.roles & READ_ALL)
    with platform().read() as session:
        return list_orders(
            session,
            query=query,
            states=[state.value for state in states],
            channel=args.get("channel") if args.get("channel") in CHANNELS else None,
            owner=actor.login if args.get("mine") == "1" or not everything else None,
            or_numbered=None if everything else numbers_worked_on(actor),
            date_from=_day("from"),
            date_to=_day("to"),
            held=True if args.get("held") == "1" else None,
            late_on=shanghai(now()).date() if args.get("late") == "1" else None,
            page=page or page_number(),
            size=size,
        )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


@blueprint.get("/find")
def find() -> Response | str:
    """The search on top: straight to the order when there is one, else everything that matches."""
    actor = person()
    query = request.args.get("q", "")[:100].strip()
    if not query:
        return redirect(url_for("orders.list_all"), 303)
    if looks_like_number(query):
        try:
            with platform().read() as session:
                found = find_order(session, number=query)
            return redirect(url_for("orders.show", ref=found.order_no), 303)
        except (NumberCheckFailed, NumberInvalid, UnknownOrder):
            return redirect(url_for("orders.list_all", q=query), 303)
    with platform().read() as session:
        paper_of = order_of_paper(session, number=query)
    if paper_of:
        return redirect(url_for("orders.show", ref=paper_of), 303)
    page = _find(actor, query)
    if page.total == 1:
        row = page.items[0]
        return redirect(url_for("orders.show", ref=row.order_no or row.order_id), 303)
    if page.total == 0 and actor.has_any(*READ_ALL):
        with platform().read() as session:
            customers = list_customers(session, query=query, size=2)
        if customers.total:
            return redirect(url_for("customers.list_all", q=query), 303)
    return redirect(url_for("orders.list_all", q=query), 303)


@blueprint.get("/<ref>")
def show(ref: str) -> str:
    """One order by number or id; a stranger learns nothing."""
    actor = person()
    order, view = _load(ref, actor)
    return render_template(
        "orders/show.html",
        order=order,
        view=view,
        story=tell(view.history) if view else [],
        state_name=state_name,
        sees_money=may_read_money(actor),
        channels=CHANNELS,
        links=links_beside(order, actor),
        papers=papers_of(order, actor),
        ways=offered_on_order(actor, order.state) if order.order_no else [],
        way_key=uuid4().hex,
    )


def _load(ref: str, actor: Actor) -> tuple[OrderPage, InstanceView | None]:
    order = require_order_sight(_read(ref, clear=False), actor)
    view = instance_of(order)
    if may_read_personal(order, view, actor):
        note_clear_view(actor, f"order:{order.order_no or order.order_id}")
        order = _read(order.order_id, clear=True)
    return order, view


def _read(ref: str, *, clear: bool) -> OrderPage:
    try:
        with platform().read() as session:
            return show_order(session, ref=ref, now=now(), clear=clear)
    except (NumberCheckFailed, NumberInvalid) as wrong:
        raise NotFound from wrong


@blueprint.get("/instances/<uuid:instance_id>")
def of_instance(instance_id: UUID) -> Response | str:
    """The order of an instance; what carries none shows its own story."""
    view = require_sight(show_instance(flow(), instance_id=instance_id), person())
    order_id = order_id_of(view.variables)
    if order_id and as_uuid(order_id):
        return redirect(url_for("orders.show", ref=view.item.business_key or order_id), 303)
    return render_template("orders/instance.html", view=view, story=tell(view.history))
