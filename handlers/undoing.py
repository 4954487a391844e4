"""Owns the steps that take back a cancelled order (X18); each may run again and changes nothing."""

from typing import Any

from handlers.beside import order_facts, order_of, yuan
from handlers.platform_reply import tell_platform
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import cancellations, platform_orders, undoing

ITEMS = ("goods", "production", "invoices", "customer")


@handler("undo.recall_shipments")
def recall_shipments(context: Context, order_id: str) -> dict[str, Any]:
    """Give up what has not left."""
    given_up = undoing.recall_shipments(context.work, order_id=order_id)
    return {"recalled": len(given_up)}


@handler("undo.stop_production")
def stop_production(context: Context, order_id: str) -> dict[str, Any]:
    """Stop production orders; `wip_fen` is what was already put into them."""
    worth = undoing.cancel_production(
        context.work, order_id=order_id, reason=gettext("Order cancelled")
    )
    return {"wip_fen": worth}


@handler("undo.release")
def release(context: Context, order_id: str) -> dict[str, Any]:
    """Free the promised stock."""
    released = undoing.release_promised(context.work, order_id=order_id)
    return {"released": len(released)}


@handler("undo.cancel_lines")
def cancel_lines(context: Context, order_id: str) -> dict[str, Any]:
    """Count what is open as cancelled."""
    undoing.cancel_lines(context.work, order_id=order_id, reason=gettext("Order cancelled"))
    return {}


@handler("undo.settle")
def settle(
    context: Context, cancellation_id: str, wip_fen: int = 0, released: int = 0
) -> dict[str, Any]:
    """Papers, fee, refund or debt; somebody wraps up where goods or money are left."""
    found = undoing.settle_cancellation(context.work, cancellation_id=cancellation_id)
    wish = cancellations.cancellation_facts(context.work.session, cancellation_id=cancellation_id)
    left = bool(found.refund_fen or found.owed_fen or wip_fen or released)
    return {
        "refund_id": found.refund_id,
        "refund_fen": found.refund_fen,
        "owed_fen": found.owed_fen,
        "wrap_up_needed": left and (wish.ruling != "auto" or found.refund_fen > 0),
    }


@handler("undo.load_wrap_up")
def load_wrap_up(
    context: Context,
    order_id: str,
    wip_fen: int = 0,
    refund_fen: int = 0,
    owed_fen: int = 0,
) -> dict[str, Any]:
    """What is left to look after."""
    return {
        "values": {"wip_disposal": None if wip_fen else "stock"},
        "facts": [
            *order_facts(context, order_id),
            yuan(gettext("Work in progress"), wip_fen),
            yuan(gettext("To refund"), refund_fen),
            yuan(gettext("Still owed"), owed_fen),
        ],
    }


@handler("undo.wrap_up")
def wrap_up(context: Context, answer: dict[str, Any], cancellation_id: str) -> dict[str, Any]:
    """Keep what became of goods and papers; every item has to be gone through."""
    if set(answer.get("checklist") or ()) != set(ITEMS):
        raise InvalidAnswer({"checklist": lazy("Go through every item.")})
    undoing.wrap_up_cancellation(
        context.work,
        cancellation_id=cancellation_id,
        wip_disposal=answer["wip_disposal"],
        items=answer["checklist"],
        needed=ITEMS,
    )
    return {}


@handler("undo.notify")
def notify(context: Context, order_id: str, owed_fen: int = 0) -> dict[str, Any]:
    """Tell owner, departments, finance where something is owed, and the platform."""
    order = order_of(context, order_id)
    if order.platform_order_id is not None:
        platform_id = str(order.platform_order_id)
        tell_platform(context, platform_id, kind="cancel_ack", key=f"cancel:{order.number}")
        platform_orders.set_platform_state(
            context.work, platform_order_id=platform_id, state="cancelled"
        )
    context.notify(
        logins=[login for login in [order.owner] if login],
        roles=["PM", "LG", *(["FO"] if owed_fen else [])],
        msgid="Order %(order_no)s is cancelled.",
        order_no=order.number or "",
    )
    return {}


@handler("undo.finish")
def finish(context: Context, cancellation_id: str) -> dict[str, Any]:
    """Lift holds, free the credit, end the order."""
    undoing.finish_cancellation(context.work, cancellation_id=cancellation_id)
    return {"outcome": "cancelled"}
