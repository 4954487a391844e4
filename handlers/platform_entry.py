"""Owns key terms and entry of a platform's order (T02.6, T02.7)."""

from typing import Any

from handlers.beside import Fact, fact, line_facts, order_facts, yuan
from handlers.intake import ENTRY_FIELDS, save_order
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import evaluations, leads, orders, platform_intake
from jiedan.desk.records import get_order


@handler("platform.load_terms")
def load_terms(context: Context, order_id: str) -> dict[str, Any]:
    """The key terms as the order has them now."""
    order = get_order(context.work.session, order_id)
    return {
        "values": {
            "requirement": order.service_req,
            "delivery_date": order.delivery_date.isoformat() if order.delivery_date else None,
            "price": order.total_fen or None,
            "payment": order.payment_method,
        },
        "facts": [*order_facts(context, order_id), *line_facts(order)],
    }


@handler("platform.save_terms")
def save_terms(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Keep what the customer confirmed, or where he wants something else (SPEC N2.3.1)."""
    if outcome == "give_up":
        return {"decline_reason": "customer", "decline_reply": None}
    proof = answer.get("customer_confirm_ref") or ", ".join(answer.get("evidence") or ())
    if outcome == "agree" and not proof:
        raise InvalidAnswer({"customer_confirm_ref": lazy("Please fill this in.")})
    round_ = evaluations.confirm_terms(
        context.work,
        order_id=order_id,
        requirement=answer["requirement"],
        delivery_date=answer["delivery_date"],
        price=answer["price"],
        payment=answer["payment"],
        customer_confirm_ref=proof,
        differences=answer.get("differences"),
        agreed=outcome == "agree",
    )
    return {"terms_round": round_, "decline_reason": "terms", "decline_reply": None}


@handler("platform.load_entry")
def load_entry(context: Context, order_id: str) -> dict[str, Any]:
    """The order as the push filled it, and where it differs from the push."""
    values = orders.entry_values(context.work.session, order_id=order_id)
    values = {name: values.get(name) for name in ENTRY_FIELDS} | {"total": None}
    return {
        "values": values,
        "facts": [*order_facts(context, order_id), *_differences(context, order_id)],
    }


@handler("platform.save_entry")
def save_entry(
    context: Context, answer: dict[str, Any], order_id: str, lead_id: str | None = None
) -> dict[str, Any]:
    """Enter and hand in; whatever differs from the push is explained (SPEC N2.3.5)."""
    order_no = save_order(context, answer, order_id, complete=True)
    if _differences(context, order_id) and not answer.get("diff_explained"):
        raise InvalidAnswer(
            {"diff_explained": lazy("Explain what differs from the platform's order.")}
        )
    if answer.get("diff_explained"):
        orders.log_contact(
            context.work,
            order_id=order_id,
            purpose="platform_diff",
            way="internal",
            result=answer["diff_explained"],
        )
    if lead_id is not None:
        leads.convert_lead(context.work, lead_id=lead_id, order_id=order_id)
    orders.submit_order(context.work, order_id=order_id)
    return {"order_no": order_no}


def _differences(context: Context, order_id: str) -> list[Fact]:
    found = platform_intake.payload_diff(context.work, order_id=order_id)
    return [
        yuan(gettext("Platform: total"), one["theirs"])
        if one["field"] == "total"
        else fact(gettext("Platform: %(field)s", field=one["field"]), one["theirs"])
        for one in found
    ]
