"""Owns what happens on the way: scans, silence, mishaps (T09.6, T09.10)."""

from datetime import datetime, timedelta
from typing import Any

from handlers.beside import fact, order_of, said
from handlers.names import SCANS, called
from handlers.shipments import facts_of, shipment_facts
from jiedan import Context, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext
from jiedan.desk import shipments, shortfalls, tracking
from jiedan.desk.shipments import ShipmentFacts

WAIT = timedelta(hours=1)
"""The shortest time until somebody looks again."""
MEASURES = {"in_transit": "continue", "reship": "resend", "refused": "return", "lost": "claim"}
"""The button pressed → what the desk calls it."""
TROUBLE = frozenset({"exception", "returned"})


@handler("tracking.load")
def load(context: Context, shipment_id: str) -> dict[str, Any]:
    """The scans so far."""
    events = tracking.list_events(context.work.session, shipment_id=shipment_id)
    facts = facts_of(context, shipment_id)
    return {
        "values": {"at": _now(context), "code": "in_transit"},
        "facts": [
            *shipment_facts(context, shipment_id),
            fact(gettext("Expected arrival"), facts.eta),
            *(
                fact(said(event["at"]), " ".join(str(part) for part in _event(event) if part))
                for event in events
            ),
        ],
    }


@handler("tracking.save")
def save(context: Context, answer: dict[str, Any]) -> dict[str, Any]:
    """Hand on what a person learned; the next step stores it like a carrier's message."""
    return {
        "code": answer["code"],
        "at": answer["at"],
        "place": answer.get("place"),
        "note": answer.get("note"),
        "source": "manual",
    }


@handler("shipment.track")
def track(
    context: Context,
    shipment_id: str,
    code: str | None = None,
    at: str | None = None,
    place: str | None = None,
    note: str | None = None,
    source: str | None = None,
) -> dict[str, Any]:
    """Store a scan and say how the shipment stands; no scan at all means silence.

    Outcome in_transit, delivered or exception.
    """
    outcome = "exception"
    if code is not None:
        tracking.add_event(
            context.work,
            shipment_id=shipment_id,
            code=code,
            at=at or context.now,
            place=place,
            note=note,
            source=source or "carrier",
        )
        known = {"delivered": "delivered", **dict.fromkeys(TROUBLE, "exception")}
        outcome = known.get(code, "in_transit")
    if outcome == "exception":
        _warn(context, shipment_id)
    facts = facts_of(context, shipment_id)
    return {
        "outcome": outcome,
        "watch_until": watch_until(context, facts).isoformat(),
        "exception_type": "refused" if code == "returned" else "delay",
        "code": None,
        "at": None,
        "place": None,
        "note": None,
        "source": None,
    }


@handler("tracking.load_exception")
def load_exception(
    context: Context, shipment_id: str, exception_type: str | None = None
) -> dict[str, Any]:
    """What is known of the mishap."""
    found = load(context, shipment_id)
    order = order_of(context, facts_of(context, shipment_id).order_id)
    return {
        "values": {
            "type": exception_type or "delay",
            "customer_notified_at": _now(context),
            "feedback_to": order.owner,
        },
        "facts": found["facts"],
    }


@handler("tracking.save_exception")
def save_exception(
    context: Context, answer: dict[str, Any], outcome: str, shipment_id: str
) -> dict[str, Any]:
    """Keep the measure and act on it: bring the goods back, or give them up."""
    tracking.record_exception(
        context.work,
        shipment_id=shipment_id,
        type=answer["type"],
        measure=answer["measure"],
        customer_notified_at=answer["customer_notified_at"],
        new_eta=answer.get("new_eta"),
        claim_fen=answer.get("claim"),
        photos=answer.get("photos") or [],
        feedback_to=[answer["feedback_to"]],
        outcome=MEASURES[outcome],
    )
    if outcome == "refused":
        shortfalls.take_back(context.work, shipment_id=shipment_id, reason=answer["measure"])
    if outcome == "lost":
        shipments.lose_shipment(
            context.work, shipment_id=shipment_id, reason=answer["measure"], replace=False
        )
        shortfalls.drop_lost(context.work, shipment_id=shipment_id, reason=answer["measure"])
    facts = facts_of(context, shipment_id)
    context.notify(
        logins=[answer["feedback_to"]],
        msgid="Shipment %(shipment_no)s: %(measure)s",
        kind="warning",
        shipment_no=facts.shipment_no,
        measure=answer["measure"],
    )
    return {"watch_until": watch_until(context, facts).isoformat()}


def watch_until(context: Context, facts: ShipmentFacts) -> datetime:
    """When to worry: no scan for too long, or too far past the expected arrival (S2.4.6)."""
    limits = context.work.platform.parameters
    silent = context.now + timedelta(hours=float(limits.number("logistics.no_scan")))
    late = timedelta(hours=float(limits.number("logistics.delay_threshold")))
    moment = min(silent, facts.eta + late) if facts.eta else silent
    return max(moment, context.now + WAIT)


def _warn(context: Context, shipment_id: str) -> None:
    facts = facts_of(context, shipment_id)
    owner = order_of(context, facts.order_id).owner
    context.notify(
        logins=[login for login in [owner] if login],
        roles=["LG"],
        msgid="Something is wrong with shipment %(shipment_no)s.",
        kind="warning",
        shipment_no=facts.shipment_no,
    )


def _event(event: dict[str, Any]) -> tuple[Any, ...]:
    return called(SCANS, event["code"]), event["place"], event["note"]


def _now(context: Context) -> str:
    return context.now.astimezone(SHANGHAI).isoformat(timespec="minutes")
