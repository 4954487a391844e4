"""Wishes to cancel an order or some of its lines: asked, priced, decided, answered (P14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.billing import part_of
from jiedan.desk.errors import InvalidRecord, NotCancellable, WrongState
from jiedan.desk.labels import label
from jiedan.desk.records import get_order, get_row
from jiedan.desk.requests import require_cancellable
from jiedan.desk.states import BEFORE_DISPATCH, OrderState, set_state
from jiedan.desk.tables import Cancellation, Checklist, Contract, Order, OrderLine, Reservation
from jiedan.desk.values import ZERO, Problems, Ref, Result, add, half_up, plain, touch

REQUESTERS = frozenset({"customer", "company", "platform"})
REASONS = frozenset(
    {"changed_mind", "price", "late", "duplicate", "bankrupt", "force_majeure", "other"}
)
FAULTS = frozenset({"customer", "company", "force_majeure"})
S = OrderState
BEFORE_APPROVAL = frozenset(
    {S.DRAFT, S.SUBMITTED, S.IN_REVIEW, S.RETURNED, S.PENDING_SPECIAL, S.REJECTED}
)
BEFORE_WORK = frozenset({S.APPROVED, S.CONTRACT_PENDING, S.AWAITING_DEPOSIT, S.ALLOCATED})


@dataclass(frozen=True, slots=True)
class LineStage(Result):
    """How far a line has come, which decides what cancelling it costs (D16)."""

    line: int
    sku: str
    product: str
    stage: str
    qty: Decimal
    amount_fen: int
    man_days: Decimal
    unit_price_fen: int


@dataclass(frozen=True, slots=True)
class CancellationFacts(Result):
    """A wish to cancel and where it stands."""

    cancellation_id: str
    order_id: str
    requested_by: str
    reason: str
    fault: str
    whole: bool
    parts: list[dict[str, Any]]
    ruling: str
    fee_fen: int
    decision: str | None
    note: str | None
    customer_answer: str | None
    wrap_up: dict[str, Any]
    state: str


def request_cancellation(
    work: Work,
    *,
    order_id: Ref,
    requested_by: str,
    reason: str,
    fault: str,
    evidence: str | None,
    lines: Sequence[int] = (),
) -> CancellationFacts:
    """Write down who wants to cancel what, and why (T14.1); no ``lines`` mean the whole order.

    Only what has not left the house can be cancelled: naming a shipped line is InvalidRecord.
    """
    order = require_cancellable(work.session, order_id=order_id)
    problems = Problems()
    problems.one_of("requested_by", requested_by, REQUESTERS)
    problems.one_of("reason", reason, REASONS)
    problems.one_of("fault", fault, FAULTS)
    proof = problems.text("evidence", evidence, longest=1000, needed=True)
    free = {line.seq for line in order.lines if open_qty(line) > 0}
    wanted = sorted({int(seq) for seq in lines})
    if set(wanted) - free:
        problems.add("lines", lazy("This line cannot be cancelled any more."))
    problems.raise_as(InvalidRecord)
    row = add(
        work,
        Cancellation(
            order_id=order.id,
            requested_by=requested_by,
            reason=reason,
            fault=fault,
            evidence=proof,
            lines=wanted,
            whole=_is_whole(order, wanted or sorted(free)),
        ),
    )
    _audit(work, row, "cancel.request", {"by": requested_by, "reason": reason, "lines": wanted})
    return facts_of(row)


def line_stages(session: Session, *, cancellation_id: Ref) -> list[LineStage]:
    """The open part of each line concerned, with the stage that it has reached."""
    row = get_row(session, Cancellation, cancellation_id)
    order = get_order(session, row.order_id)
    return [
        LineStage(
            line.seq,
            line.sku,
            "mto" if line.fulfil == "mto" else "service" if line.fulfil == "service" else "std",
            _stage_of(session, order, line),
            open_qty(line),
            part_of(line, open_qty(line)),
            _man_days(session, order, line),
            line.unit_price_fen,
        )
        for line in order.lines
        if open_qty(line) > 0 and (not row.lines or line.seq in row.lines)
    ]


def rule_cancellation(
    work: Work, *, cancellation_id: Ref, ruling: str, parts: Sequence[Mapping[str, Any]]
) -> CancellationFacts:
    """Keep what decision D16 said line by line; the fee never exceeds the contract's cap."""
    row = get_row(work.session, Cancellation, cancellation_id)
    row.ruling = ruling
    row.parts = [plain(dict(part)) for part in parts]
    row.fee_fen = _capped(work.session, row, sum(int(part["fee_fen"]) for part in parts))
    touch(work, row)
    _audit(work, row, "cancel.rule", {"ruling": ruling, "fee_fen": row.fee_fen})
    return facts_of(row)


def decide_cancellation(
    work: Work,
    *,
    cancellation_id: Ref,
    decision: str,
    fee_fen: int | None = None,
    note: str | None = None,
) -> CancellationFacts:
    """Approve or refuse (T14.2); where the table leaves the fee open, the decider names it."""
    row = get_row(work.session, Cancellation, cancellation_id)
    problems = Problems()
    problems.one_of("decision", decision, frozenset({"approve", "refuse"}))
    problems.text("note", note, longest=1000, needed=decision == "refuse")
    if row.ruling == "manual" and decision == "approve":
        fee = problems.fen("fee", fee_fen, zero=True)
        if fee is not None and fee > sum(part["amount_fen"] for part in row.parts):
            problems.add("fee", lazy("More than the order is worth."))
        row.fee_fen = fee or 0
    problems.raise_as(InvalidRecord)
    if row.state != "requested":
        raise WrongState(state=row.state)
    row.decision, row.decided_by, row.note = decision, work.actor.login, note
    touch(work, row)
    _audit(work, row, "cancel.decide", {"decision": decision, "fee_fen": row.fee_fen})
    return facts_of(row)


def waive_fee(work: Work, *, cancellation_id: Ref) -> CancellationFacts:
    """Ask for nothing, as a special approval allowed."""
    row = get_row(work.session, Cancellation, cancellation_id)
    before, row.fee_fen = row.fee_fen, 0
    touch(work, row)
    _audit(work, row, "cancel.waive", {"fee_fen": before})
    return facts_of(row)


def answer_fee(
    work: Work, *, cancellation_id: Ref, answer: str, evidence: str
) -> CancellationFacts:
    """The customer accepts or rejects what cancelling costs (T14.3)."""
    row = get_row(work.session, Cancellation, cancellation_id)
    problems = Problems()
    problems.one_of("answer", answer, frozenset({"accept", "reject"}))
    proof = problems.text("evidence", evidence, longest=1000, needed=True)
    problems.raise_as(InvalidRecord)
    row.customer_answer, row.customer_evidence = answer, proof
    touch(work, row)
    _audit(work, row, "cancel.answer", {"answer": answer})
    return facts_of(row)


def approve_cancellation(work: Work, *, cancellation_id: Ref) -> CancellationFacts:
    """The point of no return: from here on nothing of the order leaves the house (X19).

    The order's row is locked. What was dispatched between the wish and now raises
    NotCancellable: the goods can only come back as a return.
    """
    row = get_row(work.session, Cancellation, cancellation_id)
    if row.state != "requested":
        raise WrongState(state=row.state)
    order = get_order(work.session, row.order_id, lock=True)
    planned = {part["line"]: Decimal(str(part["qty"])) for part in row.parts}
    for line in order.lines:
        if planned.get(line.seq, ZERO) > open_qty(line):
            raise NotCancellable(reason=str(label("dispatched")))
    row.state = "approved"
    touch(work, row)
    _audit(work, row, "cancel.approve", {"whole": row.whole})
    if row.whole:
        set_state(work, order_id=order.id, to=S.CANCELLING, reason=row.reason)
    return facts_of(row)


def refuse_cancellation(work: Work, *, cancellation_id: Ref, reason: str) -> CancellationFacts:
    """The order goes on."""
    row = get_row(work.session, Cancellation, cancellation_id)
    row.state = "refused"
    row.note = row.note or reason
    touch(work, row)
    _audit(work, row, "cancel.refuse", {"reason": reason})
    return facts_of(row)


def cancellation_facts(session: Session, *, cancellation_id: Ref) -> CancellationFacts:
    """A wish to cancel by its id."""
    return facts_of(get_row(session, Cancellation, cancellation_id))


def list_cancellations(session: Session, *, order_id: Ref) -> list[CancellationFacts]:
    """All wishes to cancel an order, oldest first."""
    order = get_order(session, order_id)
    rows = session.scalars(
        select(Cancellation)
        .where(Cancellation.order_id == order.id)
        .order_by(Cancellation.created_at, Cancellation.id)
    )
    return [facts_of(row) for row in rows]


def open_qty(line: OrderLine) -> Decimal:
    """What of a line has neither left the house nor been performed nor cancelled."""
    gone = max(line.qty_shipped, line.qty_delivered)
    return max(line.qty - line.qty_cancelled - gone, ZERO)


def facts_of(row: Cancellation) -> CancellationFacts:
    """The facts of a loaded row."""
    return CancellationFacts(
        str(row.id),
        str(row.order_id),
        row.requested_by,
        row.reason,
        row.fault,
        row.whole,
        list(row.parts),
        row.ruling,
        row.fee_fen,
        row.decision,
        row.note,
        row.customer_answer,
        dict(row.wrap_up),
        row.state,
    )


def _is_whole(order: Order, lines: Sequence[int]) -> bool:
    untouched = all(
        max(line.qty_shipped, line.qty_delivered) == 0
        and (line.seq in lines or line.qty == line.qty_cancelled)
        for line in order.lines
    )
    return untouched and order.state in BEFORE_DISPATCH


def _stage_of(session: Session, order: Order, line: OrderLine) -> str:
    if order.state in BEFORE_APPROVAL:
        return "before_approval"
    if order.state in BEFORE_WORK:
        return "approved"
    if line.fulfil == "service":
        return "service_started" if _man_days(session, order, line) > 0 else "planned"
    if line.fulfil == "mto":
        if order.state == S.PLANNED:
            return "planned"
        made = line.qty_produced >= line.qty - line.qty_cancelled
        return "produced" if made else "in_production"
    if line.fulfil == "electronic":
        return "approved"
    picked = session.scalars(select(Reservation.picked).where(Reservation.order_line_id == line.id))
    if not any(qty > 0 for qty in picked):
        return "approved"
    return "in_production" if order.state == S.IN_EXECUTION else "produced"


def _man_days(session: Session, order: Order, line: OrderLine) -> Decimal:
    if line.fulfil != "service":
        return ZERO
    visits = session.scalars(
        select(Checklist).where(
            Checklist.order_id == order.id, Checklist.kind == f"service:{line.seq}"
        )
    )
    return sum((Decimal(str(one.values.get("man_days") or 0)) for one in visits), ZERO)


def _capped(session: Session, row: Cancellation, fee_fen: int) -> int:
    contract = session.scalar(
        select(Contract)
        .where(Contract.order_id == row.order_id, Contract.state.in_(("signed", "archived")))
        .order_by(Contract.created_at.desc(), Contract.id.desc())
        .limit(1)
    )
    cap = contract.terms.get("cancel_cap_pct") if contract else None
    if contract is None or cap in (None, ""):
        return fee_fen
    total = get_order(session, row.order_id).total_fen
    return min(fee_fen, half_up(Decimal(total) * Decimal(str(cap)) / 100))


def _audit(work: Work, row: Cancellation, action: str, after: dict[str, Any]) -> None:
    audit.record(work, action=action, entity=f"order:{row.order_id}", after=after)
