"""Where a shipment is, and what went wrong on the way (SPEC S2.4.6, S2.4.7)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord, WrongState
from jiedan.desk.records import get_row
from jiedan.desk.shipments import find_shipment
from jiedan.desk.tables import Shipment, TrackingEvent, TransportException
from jiedan.desk.values import Problems, Ref, Result, add, as_id, clean, touch

CODES = frozenset(
    {"picked", "in_transit", "out_for_delivery", "delivered", "exception", "returned"}
)
EXCEPTIONS = frozenset(
    {
        "delay",
        "damage",
        "loss",
        "wrong_item",
        "refused",
        "address_error",
        "weather",
        "customs",
    }
)


@dataclass(frozen=True, slots=True)
class Tracked(Result):
    """A scan was taken in; ``is_new`` is False for one that we know already."""

    shipment_id: str
    shipment_no: str
    order_id: str
    code: str
    at: datetime
    is_new: bool


def add_event(
    work: Work,
    *,
    code: str,
    at: Any,
    shipment_id: Ref | None = None,
    waybill: str | None = None,
    place: str | None = None,
    note: str | None = None,
    source: str = "manual",
    raw: str | None = None,
) -> Tracked:
    """Keep a scan or report, once: the same raw text (or code and moment) changes nothing.

    ``delivered`` here is the carrier's word; the receipt is recorded by its own function.
    """
    problems = Problems()
    problems.one_of("code", code, CODES)
    moment = problems.moment("at", at)
    if moment and moment > work.now + timedelta(minutes=5):
        problems.add("at", lazy("This lies in the future."))
    problems.raise_as(InvalidRecord)
    shipment = (
        get_row(work.session, Shipment, shipment_id)
        if shipment_id
        else find_shipment(work.session, waybill=clean(waybill))
    )
    if moment is None or shipment.dispatched_at is None:
        raise WrongState(state=shipment.state)
    content = raw if raw is not None else f"{code}|{moment.isoformat()}|{place}"
    digest = hashlib.sha256(content.encode()).hexdigest()
    known = work.session.scalar(
        select(TrackingEvent.id).where(
            TrackingEvent.shipment_id == shipment.id, TrackingEvent.raw_hash == digest
        )
    )
    if known is None:
        add(
            work,
            TrackingEvent(
                shipment_id=shipment.id,
                code=code,
                at=moment,
                place=clean(place) or None,
                note=clean(note) or None,
                source=source,
                raw_hash=digest,
                recorded_at=work.now,
            ),
        )
        if shipment.last_scan_at is None or moment > shipment.last_scan_at:
            shipment.last_scan_at = moment
        if code in ("exception", "returned") and shipment.state == "in_transit":
            shipment.state = "exception"
        touch(work, shipment)
        work.session.flush()
    return Tracked(
        str(shipment.id), shipment.number, str(shipment.order_id), code, moment, known is None
    )


def list_events(session: Session, *, shipment_id: Ref) -> list[dict[str, Any]]:
    """The scans of a shipment, oldest first."""
    rows = session.scalars(
        select(TrackingEvent)
        .where(TrackingEvent.shipment_id == as_id(shipment_id))
        .order_by(TrackingEvent.at)
    )
    return [
        {"code": row.code, "at": row.at, "place": row.place, "note": row.note, "source": row.source}
        for row in rows
    ]


def record_exception(
    work: Work,
    *,
    shipment_id: Ref,
    type: str,
    measure: str,
    customer_notified_at: Any,
    new_eta: Any = None,
    claim_fen: int | None = None,
    photos: Sequence[str] = (),
    feedback_to: Sequence[str] = (),
    outcome: str | None = None,
) -> str:
    """Keep what happened on the way and what is done about it (T09.6).

    A delay needs a new ETA, a damage photos. Returns the id; the shipment travels on unless the
    outcome says otherwise (continue, resend, return, claim).
    """
    shipment = get_row(work.session, Shipment, shipment_id)
    if shipment.state not in ("in_transit", "exception"):
        raise WrongState(state=shipment.state)
    problems = Problems()
    problems.one_of("type", type, EXCEPTIONS)
    text = problems.text("measure", measure, longest=2000, shortest=10)
    arrival = problems.moment("new_eta", new_eta) if new_eta else None
    told = problems.moment("customer_notified_at", customer_notified_at)
    if type == "delay" and arrival is None:
        problems.add("new_eta", lazy("Please fill this in."))
    if type == "damage" and not photos:
        problems.add("photos", lazy("Please add photos of the damage."))
    if told and told > work.now:
        problems.add("customer_notified_at", lazy("This lies in the future."))
    if claim_fen is not None:
        problems.fen("claim", claim_fen, zero=True)
    problems.raise_as(InvalidRecord)
    row = add(
        work,
        TransportException(
            shipment_id=shipment.id,
            type=type,
            measure=text,
            new_eta=arrival,
            claim_fen=claim_fen,
            photos=list(photos),
            customer_notified_at=told,
            feedback_to=list(feedback_to),
            outcome=outcome,
            at=work.now,
            by=work.actor.login,
        ),
    )
    shipment.eta = arrival or shipment.eta
    shipment.state = "exception" if outcome in ("return", "claim") else "in_transit"
    touch(work, shipment)
    audit.record(
        work,
        action="shipment.exception",
        entity=f"order:{shipment.order_id}",
        after={"number": shipment.number, "type": type, "measure": text},
    )
    work.session.flush()
    return str(row.id)


def list_exceptions(session: Session, *, shipment_id: Ref) -> list[dict[str, Any]]:
    """What went wrong with a shipment, oldest first."""
    rows = session.scalars(
        select(TransportException)
        .where(TransportException.shipment_id == as_id(shipment_id))
        .order_by(TransportException.at)
    )
    return [
        {
            "type": row.type,
            "measure": row.measure,
            "new_eta": row.new_eta,
            "claim_fen": row.claim_fen,
            "customer_notified_at": row.customer_notified_at,
            "outcome": row.outcome,
            "at": row.at,
            "by": row.by,
        }
        for row in rows
    ]


def silent_shipments(
    session: Session, *, now: datetime, no_scan_hours: int, late_hours: int
) -> list[dict[str, Any]]:
    """Shipments without a scan for too long, or too far past their ETA."""
    rows = session.scalars(select(Shipment).where(Shipment.state == "in_transit"))
    found = []
    for row in rows:
        silent = row.last_scan_at and now - row.last_scan_at >= timedelta(hours=no_scan_hours)
        late = row.eta and now - row.eta >= timedelta(hours=late_hours)
        if silent or late:
            found.append(
                {
                    "shipment_id": str(row.id),
                    "shipment_no": row.number,
                    "order_id": str(row.order_id),
                    "reason": "no_scan" if silent else "late",
                }
            )
    return found
