"""Owns orders and leads of the sales platforms (P02): taken in, accepted, evaluated, answered."""

from typing import Any

from handlers.beside import fact, line_facts, order_facts
from handlers.orders import blank_order, name_instance
from handlers.platform_reply import tell_platform
from jiedan import Context, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import (
    orders,
    platform_intake,
    platform_orders,
    states,
)
from jiedan.desk.facts import order_facts as decision_facts
from jiedan.desk.records import get_order
from jiedan.desk.states import OrderState

SECONDS = 10
"""How long the platform has to answer."""
LEAD_PLATFORM = "netease"
RISK_FIELDS = ("type", "prob", "impact", "measure", "owner", "due")
SMALL_RISKS = (("credit", 1, 1), ("market", 1, 2), ("delivery", 1, 2))
"""What a paid standard order from stock risks (type, probability, impact)."""


# --- taking a push in ----------------------------------------------------------------------------
@handler("platform.ingest")
def ingest(
    context: Context,
    platform_order_id: str | None = None,
    platform: str = LEAD_PLATFORM,
    platform_order_no: str | None = None,
) -> dict[str, Any]:
    """Begin our order for a push that was verified and kept, once (SPEC N2.1.3)."""
    row_id = platform_order_id or _known_id(context, platform, platform_order_no)
    opened = platform_intake.open_platform_order(context.work, platform_order_id=row_id)
    facts = platform_orders.platform_order_facts(context.work, platform_order_id=row_id)
    context.set_title(facts.platform_order_no, {lazy("Platform order"): facts.platform_order_no})
    return {
        **blank_order(),
        "order_id": opened.order_id,
        "channel": "netease",
        "source": "push",
        "entry": "order",
        "alloc_role": "BM",
        "platform_order_id": facts.platform_order_id,
        "platform_order_no": facts.platform_order_no,
    }


def _known_id(context: Context, platform: str, number: str | None) -> str:
    row = platform_orders.find_platform_order(
        context.work.session, platform=platform, platform_order_no=number or ""
    )
    if row is None:
        raise LookupError(f"no push {number!r} of {platform!r} is kept")
    return str(row.id)


@handler("platform.map_articles")
def map_articles(context: Context, order_id: str, platform_order_id: str) -> dict[str, Any]:
    """Fill our order from the push; articles that nobody knows are left to a person."""
    taken = platform_intake.ingest_order(
        context.work, platform_order_id=platform_order_id, order_id=order_id
    )
    if taken.order_no:
        context.set_business_key(taken.order_no)
    name_instance(context, order_id)
    facts = platform_orders.platform_order_facts(context.work, platform_order_id=platform_order_id)
    return {
        "unmapped": taken.unmapped,
        "is_standard": _is_standard(context, order_id, facts, taken.total_matches),
        "order_no": taken.order_no,
    }


def _is_standard(
    context: Context,
    order_id: str,
    facts: platform_orders.PlatformOrderFacts,
    total_matches: bool,
) -> bool:
    """Paid consumer goods from stock below the limit (SPEC P02): platform terms are enough."""
    order = get_order(context.work.session, order_id)
    limit = context.work.platform.parameters.fen("netease.fast_track_max")
    return (
        facts.paid
        and total_matches
        and facts.buyer_kind == "consumer"
        and 0 < order.total_fen <= limit
        and all(line.fulfil == "stock" for line in order.lines)
    )


@handler("platform.route_department")
def route_department(
    context: Context, order_id: str, to_department: str | None = None
) -> dict[str, Any]:
    """Decision D08 names the department, unless somebody passed the order to another one."""
    order = get_order(context.work.session, order_id)
    department = to_department
    if department is None:
        facts = decision_facts(context.work, order_id=order_id)
        department = context.decide(
            "allocation",
            product_type=facts.product_type,
            region=facts.region,
            channel=order.channel,
        ).value["dept"]
    order.department = department
    return {"department": department, "to_department": None}


# --- T02.1: accepting ----------------------------------------------------------------------------
@handler("platform.load_accept")
def load_accept(
    context: Context,
    order_id: str,
    department: str | None = None,
    unmapped: list[str] | None = None,
    platform_order_id: str | None = None,
) -> dict[str, Any]:
    """The whole order as the platform sent it, and whether it sent anything else since."""
    order = get_order(context.work.session, order_id)
    beside = [*order_facts(context, order_id), *line_facts(order)]
    beside.append(fact(gettext("Department"), department))
    beside += [fact(gettext("Unknown article"), sku) for sku in unmapped or ()]
    if platform_order_id is not None:
        pushed = platform_orders.platform_order_facts(
            context.work, platform_order_id=platform_order_id
        )
        if pushed.conflicts:
            beside.append(fact(gettext("Conflicting pushes"), str(pushed.conflicts)))
    return {"values": {"viewed_all": False, "dept_ok": True}, "facts": beside}


@handler("platform.save_accept")
def save_accept(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    platform_order_id: str,
) -> dict[str, Any]:
    """Accept the order, which stops the platform's clock, or pass it to another department."""
    if outcome == "transfer":
        return {"to_department": answer.get("to_department")}
    platform_orders.mark_viewed(context.work, platform_order_id=platform_order_id)
    orders.set_owner(context.work, order_id=order_id, owner=context.actor.login)
    order = get_order(context.work.session, order_id)
    order.accepted_by = context.actor.login
    tell_platform(context, platform_order_id, kind="accept")
    return {"owner": context.actor.login}


@handler("platform.flag_late")
def flag_late(context: Context, order_id: str) -> dict[str, Any]:
    """The window to accept has passed: the manager hears of it, the platform may cancel (X09)."""
    order = get_order(context.work.session, order_id)
    context.notify(
        roles=["BM", "PA"],
        kind="breach",
        msgid="Order %(order_no)s was not accepted in time; the platform may cancel it.",
        order_no=order.number or context.variables.get("platform_order_no") or "",
    )
    return {}


@handler("platform.cancel")
def cancel(context: Context, order_id: str, platform_order_id: str | None = None) -> dict[str, Any]:
    """The platform took the order back before anything was done: cancelled, without a fee."""
    if platform_order_id is not None:
        platform_orders.set_platform_state(
            context.work, platform_order_id=platform_order_id, state="cancelled"
        )
    states.set_state(context.work, order_id=order_id, to=OrderState.CANCELLING, reason="platform")
    states.set_state(context.work, order_id=order_id, to=OrderState.CANCELLED, reason="platform")
    return {"outcome": "platform_cancelled"}
