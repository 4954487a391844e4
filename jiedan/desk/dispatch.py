"""Making a shipment ready and sending it off (T09.1 to T09.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.text import identifier_text
from jiedan.core.work import Work
from jiedan.desk.approval_conditions import require_conditions_met
from jiedan.desk.carriers import METHODS, carrier_problem, find_carrier
from jiedan.desk.catalogue import find_items
from jiedan.desk.checklists import Checked, latest_checklists, record_checklist
from jiedan.desk.errors import (
    CarrierNotApproved,
    DupWaybill,
    InvalidRecord,
    NotReadyToShip,
    WrongState,
)
from jiedan.desk.holds import require_free
from jiedan.desk.labels import label
from jiedan.desk.records import get_order
from jiedan.desk.regions import region_of
from jiedan.desk.shipments import ShipmentFacts, facts_of, require_shipment
from jiedan.desk.states import OrderState
from jiedan.desk.stock import ship_reserved
from jiedan.desk.tables import Shipment
from jiedan.desk.values import Problems, Ref, Result, plain, touch

PRODUCTION_ITEMS = ("packing", "quality", "label")
LOGISTICS_ITEMS = ("vehicle", "packing_material")
CARRIED = frozenset({"express", "freight"})
"""Methods by which a carrier takes the goods; the others need no waybill."""
DEFAULT_DOCUMENTS = {
    "stock": ["manual", "qc_report", "delivery_note"],
    "mto": ["manual", "qc_report", "delivery_note"],
    "service": ["delivery_note"],
    "electronic": ["manual"],
}
SIDES = ("production", "logistics")
TICKS = ("accurate", "complete", "clear")


@dataclass(frozen=True, slots=True)
class PackCheck(Result):
    """Whether a shipment may leave; ``missing`` names what is not there yet."""

    shipment_id: str
    complete: bool
    missing: list[str]


def record_preparation(
    work: Work,
    *,
    shipment_id: Ref,
    side: str,
    items: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any] | None = None,
) -> Checked:
    """Keep the checklist of one side, production or logistics (T09.1, SPEC S2.5.1, S2.5.2)."""
    shipment = require_shipment(work.session, shipment_id, "preparing", "ready")
    needed = PRODUCTION_ITEMS if side == "production" else LOGISTICS_ITEMS
    return record_checklist(
        work,
        order_id=shipment.order_id,
        shipment_id=shipment.id,
        kind=f"prepare.{side}",
        items=items,
        needed=needed,
        values=values,
    )


def set_appointment(
    work: Work,
    *,
    shipment_id: Ref,
    window_from: Any,
    window_to: Any,
    place: str,
    contact: str,
    confirmed_way: str,
    waiver_reason: str | None = None,
) -> ShipmentFacts:
    """Agree when and where to deliver (T09.2, SPEC S2.5.3).

    Must be at least ``delivery.notice_before`` ahead, unless there is a ``waiver_reason``.
    """
    shipment = require_shipment(work.session, shipment_id, "preparing", "ready")
    problems = Problems()
    start = problems.moment("window_from", window_from)
    end = problems.moment("window_to", window_to)
    where = problems.text("place", place, longest=300, needed=True)
    who = problems.text("contact", contact, longest=120, needed=True)
    way = problems.text("confirmed_way", confirmed_way, longest=60, needed=True)
    reason = problems.text("waiver_reason", waiver_reason, longest=500)
    if start and end and end <= start:
        problems.add("window_to", lazy("The end lies before the start."))
    if start and start < work.now:
        problems.add("window_from", lazy("This lies in the past."))
    hours = work.platform.parameters.number("delivery.notice_before")
    if start and start < work.now + timedelta(hours=float(hours)) and not reason:
        problems.add("waiver_reason", lazy("Less than %(n)s hours ahead: say why.", n=plain(hours)))
    problems.raise_as(InvalidRecord)
    shipment.window_from, shipment.window_to = start, end
    shipment.appointment = {
        "place": where,
        "contact": who,
        "way": way,
        "waiver_reason": reason,
        "by": work.actor.login,
        "at": work.now.isoformat(),
    }
    return _saved(work, shipment, "shipment.appoint")


def needed_documents(session: Session, *, shipment_id: Ref) -> list[str]:
    """The document pack that a shipment's products ask for (SPEC S2.5.5)."""
    shipment = require_shipment(session, shipment_id)
    items = find_items(session, [line.sku for line in shipment.lines])
    needed: list[str] = []
    for line in shipment.lines:
        item = items.get(line.sku)
        pack = list(item.doc_pack) if item and item.doc_pack else DEFAULT_DOCUMENTS[shipment.fulfil]
        needed += [name for name in pack if name not in needed]
    return needed


def tick_documents(
    work: Work, *, shipment_id: Ref, documents: Sequence[Mapping[str, Any]]
) -> PackCheck:
    """Keep the document pack (T09.3): ``{kind, ref, accurate, complete, clear}`` for each.

    A document needs all three ticks, or a ``waiver`` with its reason.
    """
    shipment = require_shipment(work.session, shipment_id, "preparing", "ready")
    problems = Problems()
    kept: dict[str, Any] = {}
    for index, given in enumerate(documents):
        path = f"documents[{index}]"
        kind = problems.text(f"{path}.kind", given.get("kind"), longest=40, needed=True)
        waiver = problems.text(f"{path}.waiver", given.get("waiver"), longest=500)
        ticks = {tick: given.get(tick) is True for tick in TICKS}
        if not waiver and not all(ticks.values()):
            problems.add(path, lazy("Check that it is accurate, complete and clear."))
        kept[kind or ""] = {
            "ref": plain(given.get("ref")),
            "waiver": waiver,
            "by": work.actor.login,
            **ticks,
        }
    problems.raise_as(InvalidRecord)
    shipment.documents = {**shipment.documents, **kept}
    _saved(work, shipment, "shipment.documents")
    return pack_check(work, shipment_id=shipment.id)


def pack_check(work: Work, *, shipment_id: Ref) -> PackCheck:
    """What a shipment still lacks: checklists, appointment, documents."""
    shipment = require_shipment(work.session, shipment_id)
    missing = []
    if shipment.fulfil in ("stock", "mto"):
        ticked = latest_checklists(
            work.session,
            order_id=shipment.order_id,
            kinds=[f"prepare.{side}" for side in SIDES],
            shipment_id=shipment.id,
        )
        for side in SIDES:
            checklist = ticked.get(f"prepare.{side}")
            if checklist is None or not checklist.passed:
                missing.append(f"checklist.{side}")
    if shipment.fulfil != "electronic" and shipment.window_from is None:
        missing.append("appointment")
    missing += [
        f"document.{name}"
        for name in needed_documents(work.session, shipment_id=shipment.id)
        if name not in shipment.documents
    ]
    return PackCheck(str(shipment.id), not missing, missing)


def choose_carrier(
    work: Work,
    *,
    shipment_id: Ref,
    method: str,
    carrier: Ref | None = None,
    waybill: str | None = None,
    cost_fen: int | None = None,
    insured_fen: int | None = None,
    proposed_method: str | None = None,
    override_reason: str | None = None,
) -> ShipmentFacts:
    """Fix how a shipment travels (T09.4). Express and freight need a carrier and a waybill.

    Another method than ``proposed_method`` needs an ``override_reason``. Raises
    CarrierNotApproved and DupWaybill (one waybill once per carrier).
    """
    shipment = require_shipment(work.session, shipment_id, "preparing", "ready")
    order = get_order(work.session, shipment.order_id)
    problems = Problems()
    problems.one_of("method", method, METHODS)
    carried = method in CARRIED
    number = identifier_text(waybill or "").upper() or None
    if carried and not number:
        problems.add("waybill", lazy("Please fill this in."))
    if number and len(number) > 40:
        problems.add("waybill", lazy("At most %(n)s characters.", n=40))
    if carried and not carrier:
        problems.add("carrier", lazy("Please fill this in."))
    differs = proposed_method is not None and proposed_method != method
    reason = problems.text("override_reason", override_reason, longest=500, needed=differs)
    for name, fen in (("cost", cost_fen), ("insured", insured_fen)):
        if fen is not None:
            problems.fen(name, fen, zero=True)
    problems.raise_as(InvalidRecord)
    row = find_carrier(work.session, carrier) if carried and carrier else None
    if row is not None:
        least = int(work.platform.parameters.number("carrier.min_score"))
        problem = carrier_problem(
            row, method=method, region=region_of(order.province), on=work.now, min_score=least
        )
        if problem is not None:
            raise CarrierNotApproved({"carrier": str(label(problem))}, reason=label(problem))
        other = work.session.scalar(
            select(Shipment.id).where(
                Shipment.carrier_id == row.id,
                Shipment.waybill == number,
                Shipment.id != shipment.id,
            )
        )
        if other is not None:
            raise DupWaybill(waybill=number)
    shipment.method = method
    shipment.carrier_id = row.id if row else None
    shipment.waybill = number
    shipment.cost_fen, shipment.insured_fen = cost_fen, insured_fen
    shipment.override_reason = reason
    shipment.state = "ready"
    return _saved(work, shipment, "shipment.carrier")


def dispatch_shipment(work: Work, *, shipment_id: Ref, eta: Any = None) -> ShipmentFacts:
    """Send a shipment off: stock goes down, the lines count as shipped.

    Raises NotReadyToShip that names what is missing, OrderOnHold, ConditionOpen for an unmet
    condition of an approval, NotEnoughStock.
    """
    shipment = require_shipment(work.session, shipment_id, "preparing", "ready")
    order = get_order(work.session, shipment.order_id, lock=True)
    require_free(work.session, order_id=order.id, kind="delivery")
    if order.state in (OrderState.CANCELLING, OrderState.CANCELLED):
        raise WrongState(state=order.state)
    require_conditions_met(work.session, order_id=order.id)
    missing = pack_check(work, shipment_id=shipment.id).missing
    if shipment.method is None:
        missing.append("method")
    if missing:
        raise NotReadyToShip(missing=", ".join(str(label(part)) for part in missing))
    problems = Problems()
    arrival = problems.moment("eta", eta) if eta else shipment.window_to
    problems.raise_as(InvalidRecord)
    lines = {line.id: line for line in order.lines}
    for part in shipment.lines:
        line = lines[part.order_line_id]
        if line.fulfil == "stock":
            ship_reserved(work, line=line, warehouse=shipment.warehouse, qty=part.qty)
        line.qty_shipped += part.qty
    shipment.state = "in_transit"
    shipment.dispatched_at = work.now
    shipment.last_scan_at = work.now
    shipment.eta = arrival
    return _saved(work, shipment, "shipment.dispatch")


def _saved(work: Work, shipment: Shipment, action: str) -> ShipmentFacts:
    touch(work, shipment)
    work.session.flush()
    audit.record(
        work,
        action=action,
        entity=f"order:{shipment.order_id}",
        after={"number": shipment.number, "state": shipment.state},
    )
    return facts_of(shipment, get_order(work.session, shipment.order_id))
