"""Owns the customer's side of a delivery: receipt, confirmation, objection (T09.7, T09.8)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from handlers.beside import fact, order_of, said
from handlers.names import METHODS, MODES, called
from handlers.shipments import SENT, facts_of, shipment_facts
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import issues, orders, receipts, shortfalls, tracking
from jiedan.desk.shipments import ShipmentFacts
from jiedan.desk.values import as_moment

ALL, PART, NONE = "full", "partial", "refused"
PROVED = frozenset({"signature", "feedback"})
"""Ways of confirmation that a person brings along with their proof."""


@handler("receipt.load")
def load(context: Context, shipment_id: str) -> dict[str, Any]:
    """What was shipped; everything received unless somebody says otherwise."""
    facts = facts_of(context, shipment_id)
    order = order_of(context, facts.order_id)
    return {
        "values": {
            "received_at": _now(context),
            "signer": order.receiver,
            "mode": "online" if order.channel == "netease" else "signature",
            "lines": [
                {
                    "line": str(row["line"]),
                    "sku": row["sku"],
                    "name": row["description"] or row["sku"],
                    "qty_shipped": said(row["qty"]),
                    "qty_received": said(row["qty"]),
                }
                for row in facts.lines
            ],
        },
        "facts": shipment_facts(context, shipment_id),
    }


@handler("receipt.save")
def save(
    context: Context, answer: dict[str, Any], outcome: str, shipment_id: str
) -> dict[str, Any]:
    """Keep a receipt that is proved; one that the customer confirms later waits for him."""
    facts = facts_of(context, shipment_id)
    if outcome == NONE:
        return _refused(context, facts, answer)
    short = _check_quantities(answer, outcome)
    receipt = {
        "received_at": answer["received_at"],
        "signer": answer["signer"],
        "lines": [
            {"line": int(row["line"]), "qty_received": str(row["qty_received"])}
            for row in answer["lines"]
        ],
        "shortfall": answer.get("shortfall") if short else None,
    }
    if answer["mode"] in PROVED and answer.get("proof"):
        return _book(context, facts, receipt, mode=answer["mode"], proof=answer["proof"])
    return {"receipt_pending": receipt}


@handler("delivery.request_confirm")
def request_confirm(context: Context, order_id: str, shipment_id: str) -> dict[str, Any]:
    """Ask the customer to confirm, unless a signature is there already.

    Outcome confirmed or waiting. Messages find the wait by the shipment's number, those of a
    platform by the order's.
    """
    facts = facts_of(context, shipment_id)
    order = order_of(context, order_id)
    by_platform = order.channel == "netease"
    if facts.state in SENT:
        receipts.request_confirmation(context.work, shipment_id=shipment_id)
    return {
        "outcome": "waiting" if facts.state in SENT else "confirmed",
        "confirm_key": facts.order_no if by_platform else facts.shipment_no,
        "confirm_mode": "platform" if by_platform else "online",
        "asked_at": context.now.isoformat(),
        "signer": None,
        "proof": None,
    }


@handler("delivery.confirm")
def confirm(
    context: Context,
    shipment_id: str,
    confirm_mode: str = "online",
    signer: str | None = None,
    proof: str | None = None,
    receipt_pending: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Book the receipt now that the customer or the platform has confirmed it."""
    facts = facts_of(context, shipment_id)
    receipt = receipt_pending or _everything(context, facts)
    known = {**receipt, "signer": signer or receipt["signer"]}
    evidence = proof or gettext("Confirmed %(mode)s at %(at)s") % {
        "mode": called(MODES, confirm_mode),
        "at": said(context.now),
    }
    return _book(context, facts, known, mode=confirm_mode, proof=evidence)


@handler("delivery.close_by_pod")
def close_by_pod(
    context: Context, shipment_id: str, receipt_pending: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Rely on the carrier's proof after the last day: delivered, but not accepted (SPEC S8 5)."""
    facts = facts_of(context, shipment_id)
    receipt = receipt_pending or _everything(context, facts)
    proof = gettext("Carrier's proof of delivery, waybill %(waybill)s") % {
        "waybill": facts.waybill or facts.shipment_no
    }
    return _book(context, facts, receipt, mode="carrier", proof=proof)


@handler("delivery.load_chase")
def load_chase(context: Context, shipment_id: str, asked_at: str) -> dict[str, Any]:
    """Since when the customer has been asked."""
    return {
        "values": {"contact_log": [{"at": _now(context), "way": "phone"}]},
        "facts": [
            *shipment_facts(context, shipment_id),
            fact(gettext("Asked at"), as_moment(asked_at)),
        ],
    }


@handler("delivery.save_chase")
def save_chase(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str, asked_at: str
) -> dict[str, Any]:
    """Keep the talks and what came of them."""
    for talk in answer["contact_log"]:
        orders.log_contact(
            context.work,
            order_id=order_id,
            purpose="delivery_confirmation",
            at=talk["at"],
            way=talk["way"],
            result=talk["result"],
        )
    return {
        "chase_over": context.now >= _last_day(context, asked_at),
        "confirm_mode": "feedback",
        "signer": answer.get("signer"),
        "proof": answer.get("proof"),
        "objection": answer.get("objection"),
    }


@handler("delivery.dispute")
def dispute(
    context: Context,
    order_id: str,
    shipment_id: str,
    objection: str | None = None,
    note: str | None = None,
) -> dict[str, Any]:
    """Turn the customer's objection into an issue (N4.3.2)."""
    text = objection or note or gettext("The customer objects to the delivery.")
    receipts.dispute_delivery(context.work, shipment_id=shipment_id, note=text)
    order = order_of(context, order_id)
    found = issues.log_issue(
        context.work,
        source="delivery",
        order_id=order_id,
        contact=" ".join(part for part in (order.receiver, order.receiver_phone) if part) or "—",
        description=text,
        category="logistics",
        found_at=context.now,
    )
    return {"issue_id": found.issue_id, "objection": None, "note": None}


@handler("delivery.record")
def record(
    context: Context,
    order_id: str,
    shipment_id: str,
    receipt_pending: dict[str, Any] | None = None,
    rest_due: bool = False,
) -> dict[str, Any]:
    """Count the delivery, and tell the business department when, how and who confirmed (N4.3.3).

    A delivery whose objection was settled is booked now.
    """
    facts = facts_of(context, shipment_id)
    if facts.state in SENT:
        _book(
            context,
            facts,
            receipt_pending or _everything(context, facts),
            mode="feedback",
            proof=gettext("Objection settled"),
        )
        facts = facts_of(context, shipment_id)
    rest_due = rest_due or bool(receipt_pending and receipt_pending["shortfall"] == "reship")
    receipts.update_delivery_state(context.work, order_id=order_id)
    order = order_of(context, order_id)
    confirmed = next(
        row
        for row in receipts.delivery_record(context.work.session, order_id=order_id)
        if row["shipment_no"] == facts.shipment_no
    )
    context.notify(
        logins=[login for login in [order.owner] if login],
        roles=["BM" if order.channel == "netease" else "SM"],
        msgid="%(shipment_no)s delivered at %(at)s by %(method)s, confirmed by %(signer)s "
        "(%(deviation)s).",
        shipment_no=facts.shipment_no,
        at=confirmed["delivered_at"].isoformat(),
        method=called(METHODS, confirmed["method"]) or "—",
        signer=confirmed["signer"] or "—",
        deviation=_deviation(facts),
    )
    return {"outcome": "delivered", "rest_due": rest_due, "receipt_pending": None}


def _refused(context: Context, facts: ShipmentFacts, answer: dict[str, Any]) -> dict[str, Any]:
    tracking.add_event(
        context.work,
        shipment_id=facts.shipment_id,
        code="exception",
        at=answer["received_at"],
        note=answer["refusal_reason"],
    )
    return {"exception_type": "refused"}


def _check_quantities(answer: dict[str, Any], outcome: str) -> bool:
    """Whether something is short; the button has to say so."""
    shipped = [Decimal(str(row["qty_shipped"])) for row in answer["lines"]]
    received = [Decimal(str(row["qty_received"] or 0)) for row in answer["lines"]]
    short = any(got < sent for got, sent in zip(received, shipped, strict=True))
    if not any(received):
        raise InvalidAnswer({"lines": lazy("Nothing was received: use the button for refusal.")})
    if short and outcome == ALL:
        raise InvalidAnswer({"lines": lazy("Something is short: use the button for that.")})
    if not short and outcome == PART:
        raise InvalidAnswer({"lines": lazy("Nothing is short.")})
    return short


def _book(
    context: Context, facts: ShipmentFacts, receipt: dict[str, Any], *, mode: str, proof: str
) -> dict[str, Any]:
    receipts.record_receipt(
        context.work,
        shipment_id=facts.shipment_id,
        received_at=receipt["received_at"],
        signer=receipt["signer"],
        mode=mode,
        proof=proof,
        lines=receipt["lines"],
    )
    if receipt["shortfall"] == "deduct":
        shortfalls.drop_rest(
            context.work, shipment_id=facts.shipment_id, reason=lazy("Short delivery")
        )
    return {"rest_due": receipt["shortfall"] == "reship", "receipt_pending": None}


def _everything(context: Context, facts: ShipmentFacts) -> dict[str, Any]:
    """A receipt of all that was shipped, at the time of the last word from the carrier."""
    events = tracking.list_events(context.work.session, shipment_id=facts.shipment_id)
    arrived = [event["at"] for event in events if event["code"] == "delivered"]
    order = order_of(context, facts.order_id)
    return {
        "received_at": (arrived[-1] if arrived else context.now).isoformat(),
        "signer": order.receiver or gettext("Receiver"),
        "lines": [{"line": row["line"], "qty_received": str(row["qty"])} for row in facts.lines],
        "shortfall": None,
    }


def _last_day(context: Context, asked_at: str) -> datetime:
    """The day after which the carrier's proof has to do."""
    asked = as_moment(asked_at) or context.now
    amount, unit = context.work.platform.parameters.limit("delivery.confirm_max")
    return context.work.platform.calendar.deadline(asked, amount, unit)


def _deviation(facts: ShipmentFacts) -> str:
    """Agreed against actual (S2.5.4)."""
    at, start, end = facts.delivered_at, facts.window_from, facts.window_to
    if at is None or start is None or end is None:
        return gettext("no appointment")
    if at > end:
        return gettext("later than agreed")
    return gettext("earlier than agreed") if at < start else gettext("as agreed")


def _now(context: Context) -> str:
    return context.now.astimezone(SHANGHAI).isoformat(timespec="minutes")
