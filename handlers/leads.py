"""Owns leads of the sales platforms: screened, contacted, dropped (T02.2, T02.3)."""

from typing import Any

from handlers.beside import fact
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import leads, orders

LEAD_PLATFORM = "netease"


@handler("platform.load_lead")
def load_lead(context: Context, lead_id: str | None = None) -> dict[str, Any]:
    """The lead so far, or an empty one to write down."""
    if lead_id is None:
        return {"values": {}, "facts": []}
    found = leads.lead_facts(context.work.session, lead_id=lead_id)
    return {
        "values": {"title": found.title, "content": found.content, "customer": found.customer_id},
        "facts": [
            fact(gettext("Lead"), found.lead_no),
            fact(gettext("Need"), found.title),
            fact(gettext("Details"), found.content),
        ],
    }


@handler("platform.save_screening")
def save_screening(
    context: Context, answer: dict[str, Any], outcome: str, lead_id: str | None = None
) -> dict[str, Any]:
    """Write the lead down, claim it, and follow or drop it (SPEC N2.1.1)."""
    if lead_id is None:
        lead_id = leads.add_lead(
            context.work,
            platform=LEAD_PLATFORM,
            title=answer["title"],
            content=answer["content"],
            customer_id=answer.get("customer"),
            contact=answer.get("contact"),
        ).lead_id
    leads.claim_lead(context.work, lead_id=lead_id)
    leads.screen_lead(
        context.work,
        lead_id=lead_id,
        screening={name: answer.get(name) for name in ("match_scope", "est_margin_pct")},
        decision=outcome,
        reason=answer.get("reason"),
    )
    context.set_title(answer["title"])
    return {"lead_id": lead_id, "lost_note": answer.get("reason")}


@handler("platform.save_contact")
def save_contact(
    context: Context, answer: dict[str, Any], outcome: str, lead_id: str
) -> dict[str, Any]:
    """Keep the first talk with the customer (SPEC N2.1.2)."""
    if outcome == "drop":
        if not answer.get("reason"):
            raise InvalidAnswer({"reason": lazy("Please fill this in.")})
        return {"lost_note": answer["reason"]}
    leads.contact_lead(
        context.work,
        lead_id=lead_id,
        contact_at=answer["contact_at"],
        way=answer["way"],
        need_summary=answer["need_summary"],
        budget_fen=answer.get("budget"),
        deadline=answer.get("deadline"),
    )
    return {}


@handler("platform.drop_lead")
def drop_lead(
    context: Context, order_id: str, lead_id: str, lost_note: str | None = None
) -> dict[str, Any]:
    """The lead leads nowhere: it ends with its reason, and so does the draft."""
    found = leads.lead_facts(context.work.session, lead_id=lead_id)
    if found.state in ("open", "claimed"):
        leads.discard_lead(context.work, lead_id=lead_id, reason=lost_note or "-")
    orders.lose_order(context.work, order_id=order_id, reason="other", note=lost_note)
    return {"outcome": "declined"}
