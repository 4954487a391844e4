"""Owns the steps of an order's own life: opened, numbered, checked, submitted, ended."""

from typing import Any

from handlers.beside import line_name, order_facts
from handlers.order_scalars import order_scalars
from jiedan import Context, handler
from jiedan.core.i18n import LazyText, lazy
from jiedan.core.money import format_yuan
from jiedan.desk import checks, holds, inquiries, orders, shipments, states, stock
from jiedan.desk.errors import IllegalTransition
from jiedan.desk.records import get_customer, get_order
from jiedan.desk.states import STATE_NAMES, OrderState, legal_moves
from jiedan.desk.tables import Order

NOT_TAKEN = {
    OrderState.LOST: "lost",
    OrderState.REJECTED: "rejected",
    OrderState.EXPIRED: "expired",
    OrderState.CANCELLED: "cancelled",
}


@handler("orders.open")
def open_order(
    context: Context, channel: str = "sales", entry: str = "inquiry", lead_id: str | None = None
) -> dict[str, Any]:
    """Open the draft order that this instance carries; `entry` is inquiry, order or lead.

    Every variable that a diagram asks for is set from the start, so that an expression never
    meets a name that nobody knows.
    """
    owner = None if context.actor.is_system or channel == "sales" else context.actor.login
    opened = orders.open_order(context.work, channel=channel, owner=owner)
    return {
        **blank_order(),
        "order_id": opened.order_id,
        "channel": channel,
        "entry": entry,
        "source": "lead" if channel == "netease" else "sales",
        "lead_id": lead_id,
        "owner": owner,
    }


def blank_order() -> dict[str, Any]:
    """The variables of an order that has just been opened."""
    return {
        "stage": "intake",
        "order_no": None,
        "platform_order_id": None,
        "platform_order_no": None,
        "to_department": None,
        "reply_id": None,
        "terms_round": 0,
        "owner": None,
        "grade": None,
        "order_kind": None,
        "amount_fen": 0,
        "payment_method": None,
        "deposit_fen": 0,
        "deposit_until": None,
        "has_mto": False,
        "has_service": False,
        "is_special": False,
        "is_standard": False,
        "alloc_role": "SR",
        "lost_reason": None,
        "lost_note": None,
        "complete": False,
        "shipments": [],
    }


@handler("orders.assign_number")
def assign_number(context: Context, order_id: str) -> dict[str, Any]:
    """Give the order its number (idempotent), recompute its totals, and name the instance."""
    numbered = orders.assign_number(context.work, order_id=order_id)
    checks.recalculate_order(context.work, order_id=order_id)
    if numbered.order_no:
        context.set_business_key(numbered.order_no)
    name_instance(context, order_id)
    return order_scalars(context, order_id)


def name_instance(context: Context, order_id: str) -> None:
    """Let lists show the customer, and what was ordered for when; the number is theirs already."""
    order = get_order(context.work.session, order_id)
    if order.customer_id is None:
        return
    customer = get_customer(context.work.session, order.customer_id)
    summary: dict[str | LazyText, str] = {}
    if order.lines:
        summary[lazy("Goods")] = goods_of(order)
    if order.total_fen:
        summary[lazy("Amount")] = format_yuan(order.total_fen)
    day = order.promised_date or order.delivery_date
    if day:
        summary[lazy("Delivery date")] = day.isoformat()
    context.set_title(customer.name, summary, amount=order.total_fen or None)


def goods_of(order: Order) -> str:
    """The first line of an order in a few words, and how many more there are."""
    first, *more = order.lines
    text = f"{line_name(first)[:40]} × {first.qty.normalize():f}"
    return f"{text} (+{len(more)})" if more else text


@handler("orders.check_duplicates")
def check_duplicates(context: Context, order_id: str, owner: str | None = None) -> dict[str, Any]:
    """Warn when the same customer ordered the same goods within a day (SPEC X02)."""
    suspects = checks.find_duplicates(context.work, order_id=order_id)
    if suspects and owner:
        context.notify(
            logins=[owner],
            kind="warning",
            msgid="This order looks like %(order_no)s, which the customer sent within a day.",
            order_no=", ".join(one.order_no or "" for one in suspects),
        )
    return {"duplicates": [one.order_no for one in suspects]}


@handler("orders.check_complete")
def check_complete(context: Context, order_id: str) -> dict[str, Any]:
    """Which of the six mandatory groups are missing (SPEC S2.2.2)."""
    found = checks.check_complete(context.work.session, order_id=order_id)
    return {"complete": found.complete, "complete_pct": found.pct, "missing": found.missing}


@handler("orders.submit")
def submit(context: Context, order_id: str) -> dict[str, Any]:
    """Hand the order in for review, unless the person's answer already did."""
    order = get_order(context.work.session, order_id)
    if order.state in (OrderState.DRAFT, OrderState.RETURNED):
        orders.submit_order(context.work, order_id=order_id)
    name_instance(context, order_id)
    return {"outcome": "accepted", **order_scalars(context, order_id)}


@handler("orders.lose")
def lose(
    context: Context,
    order_id: str,
    lost_reason: str | None = None,
    lost_note: str | None = None,
    inquiry_id: str | None = None,
) -> dict[str, Any]:
    """Record the order, and its inquiry, as lost with the reason."""
    reason = lost_reason or "other"
    holds.release_order(context.work, order_id=order_id, reason=lazy("order lost"))
    orders.lose_order(context.work, order_id=order_id, reason=reason, note=lost_note)
    close_inquiry(context, inquiry_id, reason)
    return {"outcome": "lost"}


@handler("orders.expire")
def expire(context: Context, order_id: str, inquiry_id: str | None = None) -> dict[str, Any]:
    """End an order that nobody completed in time (SPEC S2.2.4)."""
    orders.expire_order(context.work, order_id=order_id, reason="no_response")
    close_inquiry(context, inquiry_id, "no_response")
    return {"outcome": "expired"}


def close_inquiry(context: Context, inquiry_id: str | None, reason: str) -> None:
    """End the inquiry behind the order, if there was one."""
    if inquiry_id is None:
        return
    asked = inquiries.inquiry_facts(context.work.session, inquiry_id=inquiry_id)
    if asked.state in ("open", "special"):
        inquiries.close_inquiry(context.work, inquiry_id=inquiry_id, reason=reason)


@handler("orders.find_ending")
def find_ending(context: Context, order_id: str) -> dict[str, Any]:
    """Read from the order how its life cycle ended."""
    state = OrderState(get_order(context.work.session, order_id).state)
    return {"ending": NOT_TAKEN.get(state, "settled")}


@handler("orders.close")
def close(context: Context, order_id: str) -> dict[str, Any]:
    """File the settled order."""
    orders.close_order(context.work, order_id=order_id)
    return {}


@handler("orders.load_abort")
def load_abort(context: Context, order_id: str) -> dict[str, Any]:
    """The order and where it stopped."""
    return {"values": {}, "facts": order_facts(context, order_id)}


@handler("orders.save_abort")
def save_abort(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Keep why the order was aborted; what has left the house cannot be cancelled any more."""
    order = get_order(context.work.session, order_id)
    state = OrderState(order.state)
    if outcome == "cancel" and OrderState.CANCELLING not in legal_moves(state):
        raise IllegalTransition(
            before=str(STATE_NAMES[state]), after=str(STATE_NAMES[OrderState.CANCELLING])
        )
    orders.log_contact(
        context.work,
        order_id=order_id,
        purpose="abort",
        way="internal",
        result=answer["cause"],
    )
    return {"stage": "execution" if outcome == "retry_stage" else "intake"}


@handler("orders.undo")
def undo(context: Context, order_id: str) -> dict[str, Any]:
    """Take back what was done for the order, step by step; doing it twice changes nothing."""
    work = context.work
    states.set_state(work, order_id=order_id, to=OrderState.CANCELLING, reason="aborted")
    for one in shipments.order_shipments(work.session, order_id=order_id):
        if one.state in ("preparing", "ready"):
            shipments.cancel_shipment(work, shipment_id=one.shipment_id, reason="aborted")
    stock.release_stock(work, order_id=order_id)
    holds.release_order(work, order_id=order_id, reason=lazy("order cancelled"))
    states.set_state(work, order_id=order_id, to=OrderState.CANCELLED, reason="aborted")
    return {"outcome": "cancelled"}


@handler("orders.close_by_hand")
def close_by_hand(context: Context, order_id: str) -> dict[str, Any]:
    """Let management end the process; the order takes the nearest legal end.

    Settled orders close, orders that have not left the house are undone; one that is with the
    customer keeps its state, because nobody may pretend that it came back.
    """
    state = OrderState(get_order(context.work.session, order_id).state)
    if OrderState.CLOSED in legal_moves(state):
        orders.close_order(context.work, order_id=order_id)
    elif OrderState.CANCELLING in legal_moves(state):
        undo(context, order_id)
    return {"outcome": "closed_by_hand"}
