"""The customer got it: receipt, signature, dispute, and what that makes of the order (T09.7)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import AlreadyDone, InvalidRecord, UnknownRecord, WrongState
from jiedan.desk.order_refs import OrderRef, ref_of
from jiedan.desk.records import get_order, get_row
from jiedan.desk.shipments import DEAD_STATES
from jiedan.desk.states import OrderState, set_state
from jiedan.desk.tables import DeliveryConfirmation, Order, Shipment
from jiedan.desk.values import ZERO, Problems, Ref, Result, add, as_id, hundredths, touch

MODES = {
    "sales": frozenset({"signature", "online", "feedback", "carrier"}),
    "netease": frozenset({"signature", "online", "feedback", "platform", "carrier"}),
}


@dataclass(frozen=True, slots=True)
class Receipt(Result):
    """What arrived. ``outcome``: all, partial or refused."""

    shipment_id: str
    order_id: str
    outcome: str
    received: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DeliveryProgress(Result):
    """How much of an order has arrived."""

    order_id: str
    delivered_pct: Decimal
    any_delivered: bool
    all_delivered: bool


def request_confirmation(work: Work, *, shipment_id: Ref) -> str:
    """Ask the customer to confirm a delivery; returns the secret of his link, shown only once."""
    shipment = get_row(work.session, Shipment, shipment_id)
    if shipment.dispatched_at is None:
        raise WrongState(state=shipment.state)
    token = secrets.token_urlsafe(24)
    row = _confirmation(work.session, shipment.id)
    if row is None:
        add(
            work,
            DeliveryConfirmation(
                shipment_id=shipment.id, token_hash=_hash(token), requested_at=work.now
            ),
        )
    elif row.state != "pending":
        raise AlreadyDone
    else:
        row.token_hash = _hash(token)
        work.session.flush()
    return token


def record_receipt(
    work: Work,
    *,
    shipment_id: Ref,
    received_at: Any,
    signer: str,
    mode: str,
    proof: str,
    lines: Sequence[Mapping[str, Any]] | None = None,
) -> Receipt:
    """Keep that a shipment arrived: who signed, how it is proved, ``{line, qty_received}``.

    Without ``lines`` everything arrived. At most what was shipped can arrive; nothing at all is
    a refusal. Without a proof there is no delivery (SPEC S2.5.6).
    """
    shipment = get_row(work.session, Shipment, shipment_id)
    if shipment.state not in ("in_transit", "exception"):
        raise WrongState(state=shipment.state)
    order = get_order(work.session, shipment.order_id, lock=True)
    problems = Problems()
    moment = problems.moment("received_at", received_at)
    if moment and moment > work.now:
        problems.add("received_at", lazy("This lies in the future."))
    if moment and shipment.dispatched_at and moment < shipment.dispatched_at:
        problems.add("received_at", lazy("This was before the dispatch."))
    name = problems.text("signer", signer, longest=60, needed=True)
    problems.one_of("mode", mode, MODES[order.channel])
    evidence = problems.text("proof", proof, longest=500, needed=True)
    amounts = _received(shipment, lines, problems)
    problems.raise_as(InvalidRecord)
    outcome = _book(order, shipment, amounts)
    shipment.state = "refused" if outcome == "refused" else "delivered"
    shipment.delivered_at = moment
    touch(work, shipment)
    row = _confirmation(work.session, shipment.id) or DeliveryConfirmation(
        shipment_id=shipment.id,
        token_hash=_hash(secrets.token_urlsafe(24)),
        requested_at=work.now,
    )
    _sign(work, row, "disputed" if outcome == "refused" else "confirmed", mode, name, evidence)
    row.received_at = moment
    add(work, row)
    audit.record(
        work,
        action="shipment.receipt",
        entity=f"order:{order.id}",
        after={"number": shipment.number, "outcome": outcome, "signer": name, "mode": mode},
    )
    return Receipt(
        str(shipment.id),
        str(order.id),
        outcome,
        [{"line": line.seq, "qty_received": line.qty_received} for line in shipment.lines],
    )


def confirm_delivery(
    work: Work, *, token: str | None = None, shipment_id: Ref | None = None, signer: str, proof: str
) -> Receipt:
    """The customer confirms by his link, or the platform does: everything arrived."""
    row = _asked(work.session, token, shipment_id)
    if row.state != "pending":
        raise AlreadyDone
    return record_receipt(
        work,
        shipment_id=row.shipment_id,
        received_at=work.now,
        signer=signer,
        mode="online",
        proof=proof,
    )


def dispute_delivery(
    work: Work, *, token: str | None = None, shipment_id: Ref | None = None, note: str
) -> str:
    """The customer says that something is wrong; returns the shipment's id."""
    row = _asked(work.session, token, shipment_id)
    problems = Problems()
    text = problems.text("note", note, longest=2000, shortest=5)
    problems.raise_as(InvalidRecord)
    row.state, row.note = "disputed", text
    row.recorded_by, row.recorded_at = work.actor.login, work.now
    work.session.flush()
    audit.record(work, action="shipment.dispute", entity=f"shipment:{row.shipment_id}")
    return str(row.shipment_id)


def delivery_progress(session: Session, *, order_id: Ref) -> DeliveryProgress:
    """How much of an order has arrived, by quantity of each line."""
    order = get_order(session, order_id)
    wanted = [(line.qty - line.qty_cancelled, line.qty_delivered) for line in order.lines]
    total = sum((qty for qty, _ in wanted), ZERO)
    arrived = sum((min(done, qty) for qty, done in wanted), ZERO)
    return DeliveryProgress(
        str(order.id),
        hundredths(arrived * 100 / total) if total else Decimal(0),
        arrived > 0,
        total > 0 and arrived >= total,
    )


def update_delivery_state(work: Work, *, order_id: Ref) -> OrderRef:
    """Move a ready order on to partially delivered or delivered, as far as goods arrived."""
    progress = delivery_progress(work.session, order_id=order_id)
    order = get_order(work.session, order_id)
    if progress.all_delivered and order.state in ("ready", "partially_delivered"):
        set_state(work, order_id=order.id, to=OrderState.DELIVERED)
    elif progress.any_delivered and order.state == "ready":
        set_state(work, order_id=order.id, to=OrderState.PARTIALLY_DELIVERED)
    return ref_of(order)


def delivery_record(session: Session, *, order_id: Ref) -> list[dict[str, Any]]:
    """Time, way and confirmation of each delivery of an order (SPEC N4.3.3)."""
    rows = session.execute(
        select(Shipment, DeliveryConfirmation)
        .outerjoin(DeliveryConfirmation, DeliveryConfirmation.shipment_id == Shipment.id)
        .where(Shipment.order_id == as_id(order_id), Shipment.state.not_in(DEAD_STATES))
        .order_by(Shipment.number)
    )
    return [
        {
            "shipment_no": shipment.number,
            "delivered_at": shipment.delivered_at,
            "method": shipment.method,
            "mode": row.mode if row else None,
            "signer": row.signer if row else None,
            "state": row.state if row else None,
        }
        for shipment, row in rows
    ]


def unconfirmed_deliveries(session: Session, *, before: datetime) -> list[dict[str, Any]]:
    """Confirmations asked for before a moment and not given yet (X24)."""
    rows = session.execute(
        select(DeliveryConfirmation, Shipment)
        .join(Shipment, Shipment.id == DeliveryConfirmation.shipment_id)
        .where(DeliveryConfirmation.state == "pending", DeliveryConfirmation.requested_at <= before)
        .order_by(DeliveryConfirmation.requested_at)
    )
    return [
        {
            "shipment_id": str(shipment.id),
            "shipment_no": shipment.number,
            "order_id": str(shipment.order_id),
            "requested_at": row.requested_at,
        }
        for row, shipment in rows
    ]


def _received(
    shipment: Shipment, lines: Sequence[Mapping[str, Any]] | None, problems: Problems
) -> dict[int, Decimal]:
    amounts = {line.seq: line.qty for line in shipment.lines}
    if lines is None:
        return amounts
    given: dict[int, Decimal] = dict.fromkeys(amounts, ZERO)
    for index, row in enumerate(lines):
        seq = int(row.get("line") or 0)
        qty = problems.qty(f"lines[{index}].qty_received", row.get("qty_received"), zero=True)
        if seq not in amounts:
            problems.add(f"lines[{index}].line", lazy("This line is not in the shipment."))
        elif qty is not None and qty > amounts[seq]:
            problems.add(f"lines[{index}].qty_received", lazy("More than was shipped."))
        elif qty is not None:
            given[seq] = qty
    return given


def _book(order: Order, shipment: Shipment, amounts: Mapping[int, Decimal]) -> str:
    lines = {line.id: line for line in order.lines}
    for part in shipment.lines:
        part.qty_received = amounts[part.seq]
        line = lines[part.order_line_id]
        line.qty_delivered += part.qty_received
        # What did not arrive is not on its way any more either: it can be sent again.
        lacking = part.qty - part.qty_received
        line.qty_shipped -= lacking
        if line.fulfil == "stock":
            line.qty_reserved -= lacking
    if not any(amounts.values()):
        return "refused"
    return "all" if all(amounts[part.seq] == part.qty for part in shipment.lines) else "partial"


def _asked(session: Session, token: str | None, shipment_id: Ref | None) -> DeliveryConfirmation:
    row = None
    if token is not None:
        row = session.scalar(
            select(DeliveryConfirmation).where(DeliveryConfirmation.token_hash == _hash(token))
        )
    elif shipment_id is not None:
        row = _confirmation(session, shipment_id)
    if row is None:
        raise UnknownRecord(kind="confirmation")
    return row


def _confirmation(session: Session, shipment_id: Ref) -> DeliveryConfirmation | None:
    return session.scalar(
        select(DeliveryConfirmation).where(DeliveryConfirmation.shipment_id == as_id(shipment_id))
    )


def _sign(
    work: Work, row: DeliveryConfirmation, state: str, mode: str, signer: str | None, proof: Any
) -> None:
    row.state, row.mode, row.signer, row.proof = state, mode, signer, proof
    row.recorded_by, row.recorded_at = work.actor.login, work.now


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
