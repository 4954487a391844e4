"""Owns an order that came back from review: rework, arbitration (T03.2, T03.3)."""

from typing import Any

from handlers.beside import order_facts
from handlers.intake import ENTRY_FIELDS, save_order
from handlers.review import opinion_facts, violation_facts
from handlers.violations import Violations
from jiedan import Context, handler
from jiedan.desk import orders


@handler("review.load_rework")
def load_rework(
    context: Context, order_id: str, violations: Violations | None = None
) -> dict[str, Any]:
    """The order as it stands, the opinions of the last round beside it."""
    values = orders.entry_values(context.work.session, order_id=order_id)
    values = {name: values.get(name) for name in ENTRY_FIELDS} | {"total": None}
    return {
        "values": values,
        "facts": [
            *order_facts(context, order_id),
            *violation_facts(violations or []),
            *opinion_facts(context, order_id),
        ],
    }


@handler("review.save_rework")
def save_rework(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Save what was negotiated and hand it in again, or ask for a special approval."""
    if outcome == "given_up":
        return {"lost_reason": answer.get("lost_reason")}
    save_order(context, answer, order_id, complete=True)
    orders.log_contact(
        context.work,
        order_id=order_id,
        purpose="rework",
        way="negotiation",
        result=answer["negotiation_log"],
    )
    if outcome == "resubmit":
        orders.submit_order(context.work, order_id=order_id)
        return {}
    return {
        "special_subject": answer["special_subject"],
        "special_justification": answer.get("justification"),
        "violations": None,
        "credit_decision": None,
    }


@handler("review.load_arbitration")
def load_arbitration(context: Context, order_id: str) -> dict[str, Any]:
    """All opinions of all rounds."""
    return {
        "values": {},
        "facts": [*order_facts(context, order_id), *opinion_facts(context, order_id)],
    }


@handler("review.save_arbitration")
def save_arbitration(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Keep the sales manager's word on an order that was returned too often."""
    orders.log_contact(
        context.work,
        order_id=order_id,
        purpose="arbitration",
        way="internal",
        result=answer["note"],
    )
    decided: dict[str, Any] = {"lost_reason": answer.get("lost_reason")}
    if outcome == "special":
        decided["special_subject"] = answer["special_subject"]
    return decided
