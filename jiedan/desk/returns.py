"""Goods that a customer gives back: asked, judged, received, paid for or replaced (P12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.billing import order_amounts, part_of
from jiedan.desk.catalogue import find_items
from jiedan.desk.errors import InvalidRecord, WrongState
from jiedan.desk.line_work import line_of
from jiedan.desk.records import get_order, get_row
from jiedan.desk.refunds import calculate_refund, find_refund, take_back_invoices
from jiedan.desk.shipments import order_shipments, plan_shipments
from jiedan.desk.stock import free_stock, reserve_order, return_stock
from jiedan.desk.tables import OrderLine, Return, Shipment, ShipmentLine
from jiedan.desk.values import ZERO, Problems, Ref, Result, add, as_id, plain, shanghai_date, touch

REASONS = frozenset({"no_reason_7d", "quality", "wrong_item", "damage", "late", "other"})
WANTS = frozenset({"refund", "exchange", "repair"})
CONDITIONS = frozenset({"resalable", "damaged_by_customer", "defective"})
OPEN = ("requested", "approved", "received", "calculated")
FINAL = frozenset({"refunded", "exchanged", "denied", "withdrawn"})


@dataclass(frozen=True, slots=True)
class ReturnFacts(Result):
    """A return and where it stands; money in fen."""

    return_id: str
    number: str
    order_id: str
    reason: str
    want: str
    lines: list[dict[str, Any]]
    eligibility: dict[str, Any]
    decision: str | None
    freight_by: str | None
    goods_fen: int
    freight_fen: int
    deduction_fen: int
    state: str


@dataclass(frozen=True, slots=True)
class ReturnedLine(Result):
    """What decides whether a line may be given back (D18)."""

    line: int
    days: int
    warranty_days: int
    returnable: bool
    product: str


def request_return(
    work: Work,
    *,
    order_id: Ref,
    reason: str,
    want: str,
    lines: Sequence[Mapping[str, Any]],
    photos: Sequence[Any] = (),
    source: str = "customer",
    issue_id: Ref | None = None,
) -> ReturnFacts:
    """Write down what the customer wants to give back (T12.1): ``lines`` are ``{line, qty}``.

    At most what was delivered and is neither returned nor on its way back already.
    """
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    problems.one_of("reason", reason, REASONS)
    problems.one_of("want", want, WANTS)
    free = returnable_lines(work.session, order_id=order.id)
    wanted = []
    for index, given in enumerate(lines):
        qty = problems.qty(f"lines[{index}].qty", given.get("qty") or 0, zero=True)
        seq = int(given.get("line") or 0)
        if qty is None or qty == 0:
            continue
        if qty > free.get(seq, ZERO):
            problems.add(f"lines[{index}].qty", lazy("More than can be given back."))
        wanted.append({"line": seq, "qty": qty})
    if not wanted and not problems:
        problems.add("lines", lazy("Say what comes back."))
    problems.raise_as(InvalidRecord)
    row = add(
        work,
        Return(
            number=take_number(work, kind="return"),
            order_id=order.id,
            issue_id=as_id(issue_id) if issue_id else None,
            source=source,
            reason=reason,
            want=want,
            lines=plain(wanted),
            photos=list(photos),
        ),
    )
    _audit(work, row, "return.request", {"reason": reason, "want": want, "lines": row.lines})
    return facts_of(row)


def returnable_lines(session: Session, *, order_id: Ref) -> dict[int, Decimal]:
    """Line number → what can still be given back of it."""
    order = get_order(session, order_id)
    under_way: dict[int, Decimal] = {}
    for row in session.scalars(
        select(Return).where(Return.order_id == order.id, Return.state.in_(OPEN[:2]))
    ):
        for one in row.lines:
            under_way[one["line"]] = under_way.get(one["line"], ZERO) + Decimal(str(one["qty"]))
    found = {
        line.seq: line.qty_delivered - line.qty_returned - under_way.get(line.seq, ZERO)
        for line in order.lines
        if line.fulfil != "service"
    }
    return {seq: qty for seq, qty in found.items() if qty > 0}


def returned_lines(session: Session, *, return_id: Ref, now: Any) -> list[ReturnedLine]:
    """What D18 asks of each line; days count from the day after the receipt."""
    row = get_row(session, Return, return_id)
    order = get_order(session, row.order_id)
    items = find_items(session, [line.sku for line in order.lines])
    found = []
    for one in row.lines:
        line = line_of(order, one["line"])
        item = items.get(line.sku)
        received = session.scalar(
            select(func.max(Shipment.delivered_at))
            .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
            .where(ShipmentLine.order_line_id == line.id)
        )
        days = (shanghai_date(now) - shanghai_date(received)).days if received else 0
        kind = {"mto": "custom", "electronic": "digital"}.get(line.fulfil, "standard")
        found.append(
            ReturnedLine(
                line.seq,
                days,
                item.warranty_days if item else 0,
                bool(item and item.returnable),
                kind,
            )
        )
    return found


def judge_return(work: Work, *, return_id: Ref, decision: str, freight_by: str) -> ReturnFacts:
    """Keep what the table of eligibility says of it as a whole."""
    row = _in_state(work.session, return_id, "requested")
    row.eligibility = {"decision": decision, "freight_by": freight_by}
    row.freight_by = freight_by
    return _saved(work, row)


def decide_return(
    work: Work, *, return_id: Ref, decision: str, reason: str, freight_by: str | None = None
) -> ReturnFacts:
    """Allow, deny, or ask for an exception (T12.2); what the table denies is an exception."""
    row = _in_state(work.session, return_id, "requested")
    problems = Problems()
    problems.one_of("decision", decision, frozenset({"allow", "deny", "exception"}))
    text = problems.text("reason", reason, longest=1000, needed=True)
    payer = problems.one_of(
        "freight_by", freight_by or row.freight_by, frozenset({"company", "buyer"})
    )
    if decision == "allow" and row.eligibility.get("decision") != "allow":
        problems.add("decision", lazy("The rules do not allow this: ask for an exception."))
    problems.raise_as(InvalidRecord)
    row.decision, row.decision_reason, row.decided_by = decision, text, work.actor.login
    row.freight_by = payer
    if decision == "allow":
        row.state = "approved"
    _audit(work, row, "return.decide", {"decision": decision, "reason": text})
    return _saved(work, row)


def grant_exception(work: Work, *, return_id: Ref) -> ReturnFacts:
    """A leader allowed what the rules do not."""
    row = _in_state(work.session, return_id, "requested")
    row.state = "approved"
    return _saved(work, row)


def end_return(work: Work, *, return_id: Ref, state: str, note: str) -> ReturnFacts:
    """Denied, withdrawn, refunded or exchanged."""
    row = get_row(work.session, Return, return_id)
    if row.state == state:
        return facts_of(row)
    if state not in FINAL or row.state in FINAL:
        raise WrongState(state=row.state)
    row.state = state
    _audit(work, row, f"return.{state}", {"note": note})
    return _saved(work, row)


def receive_return(
    work: Work, *, return_id: Ref, lines: Sequence[Mapping[str, Any]], photos: Sequence[Any] = ()
) -> ReturnFacts:
    """Take back what came (T12.3): ``{line, qty, condition}``; what can be sold goes to stock."""
    row = _in_state(work.session, return_id, "approved")
    order = get_order(work.session, row.order_id, lock=True)
    asked = {one["line"]: Decimal(str(one["qty"])) for one in row.lines}
    problems = Problems()
    came: list[dict[str, Any]] = []
    for index, given in enumerate(lines):
        seq = int(given.get("line") or 0)
        qty = problems.qty(f"lines[{index}].qty", given.get("qty"), zero=True) or ZERO
        condition = problems.one_of(f"lines[{index}].condition", given.get("condition"), CONDITIONS)
        if qty > asked.get(seq, ZERO):
            problems.add(f"lines[{index}].qty", lazy("More than was agreed."))
        came.append({"line": seq, "qty": qty, "condition": condition})
    if not any(one["qty"] > 0 for one in came):
        problems.add("lines", lazy("Say what comes back."))
    problems.raise_as(InvalidRecord)
    for one in came:
        line = line_of(order, one["line"])
        if one["qty"] > 0 and one["condition"] == "resalable" and line.fulfil == "stock":
            place = _warehouse(work.session, line) or order.warehouse
            if place:
                return_stock(work, line=line, warehouse=place, qty=one["qty"], note=row.number)
        if row.want == "refund":
            line.qty_returned += one["qty"]
            line.qty_accepted = min(line.qty_accepted, line.qty_delivered - line.qty_returned)
    row.lines = plain(came)
    row.received_at, row.photos = work.now, [*row.photos, *photos]
    row.state = "received"
    _audit(work, row, "return.receive", {"lines": row.lines})
    return _saved(work, row)


def goods_value(session: Session, *, return_id: Ref) -> int:
    """What the goods that came back were sold for."""
    row = get_row(session, Return, return_id)
    order = get_order(session, row.order_id)
    return sum(part_of(line_of(order, one["line"]), Decimal(str(one["qty"]))) for one in row.lines)


def calculate_return(
    work: Work,
    *,
    return_id: Ref,
    freight_fen: int = 0,
    deduction_fen: int = 0,
    deduction_reason: str | None = None,
) -> tuple[ReturnFacts, str | None, int]:
    """What the customer gets (T12.4): returns the return, the refund's id and its amount.

    Only what he has paid goes back; an invoice over what came back is credited.
    """
    row = _in_state(work.session, return_id, "received")
    goods = goods_value(work.session, return_id=row.id)
    problems = Problems()
    problems.fen("freight", freight_fen, zero=True)
    problems.fen("deduction", deduction_fen, zero=True)
    if deduction_fen > goods:
        problems.add("deduction", lazy("More than the goods were worth."))
    if freight_fen and row.freight_by != "company":
        problems.add("freight", lazy("The buyer bears the freight."))
    problems.text("deduction_reason", deduction_reason, longest=500, needed=deduction_fen > 0)
    problems.raise_as(InvalidRecord)
    row.goods_fen, row.freight_fen, row.deduction_fen = goods, freight_fen, deduction_fen
    row.deduction_reason = deduction_reason
    row.state = "calculated"
    work.session.flush()
    amounts = order_amounts(work.session, order_id=row.order_id)
    too_much = amounts.invoiced_fen - max(amounts.delivered_fen - amounts.deducted_fen, 0)
    if too_much > 0:
        take_back_invoices(
            work,
            order_id=row.order_id,
            cause_id=row.id,
            amount_fen=min(too_much, goods),
            reason=row.number,
        )
    back = min(max(-amounts.open_fen, 0), goods + freight_fen - deduction_fen)
    refund_id = None
    if back > 0:
        refund_id = calculate_refund(
            work, order_id=row.order_id, cause="return", cause_id=row.id, amount_fen=back
        ).refund_id
    _audit(work, row, "return.calculate", {"goods_fen": goods, "refund_fen": back})
    return _saved(work, row), refund_id, back


def replace_goods(work: Work, *, return_id: Ref) -> str | None:
    """Plan a shipment of free lines that replace what came back; None without the stock for it.

    The replacement is a line of the same order that costs nothing; a repaired piece goes back
    the same way. A second call gives the same shipment.
    """
    row = _in_state(work.session, return_id, "received")
    order = get_order(work.session, row.order_id, lock=True)
    known = row.eligibility.get("shipment_id")
    if known:
        return str(known)
    parts = [
        (line_of(order, one["line"]), Decimal(str(one["qty"])))
        for one in row.lines
        if Decimal(str(one["qty"])) > 0
    ]
    if row.want == "exchange":
        for line, qty in parts:
            if line.fulfil == "stock" and free_stock(work.session, sku=line.sku) < qty:
                _pay_instead(work, row, parts)
                return None
    before = {one.shipment_id for one in order_shipments(work.session, order_id=order.id)}
    last = max(line.seq for line in order.lines)
    for number, (line, qty) in enumerate(parts, last + 1):
        order.lines.append(_free_line(line, number, qty, repaired=row.want == "repair"))
    work.session.flush()
    reserve_order(work, order_id=order.id)
    fresh = [
        one for one in plan_shipments(work, order_id=order.id) if one.shipment_id not in before
    ]
    row.eligibility = {**row.eligibility, "shipment_id": fresh[0].shipment_id}
    _audit(work, row, "return.replace", {"shipment": fresh[0].shipment_no})
    _saved(work, row)
    return fresh[0].shipment_id


def return_facts(session: Session, *, return_id: Ref) -> ReturnFacts:
    """A return by its id."""
    return facts_of(get_row(session, Return, return_id))


def list_returns(session: Session, *, order_id: Ref) -> list[ReturnFacts]:
    """The returns of an order, oldest first."""
    rows = session.scalars(
        select(Return).where(Return.order_id == as_id(order_id)).order_by(Return.number)
    )
    return [facts_of(row) for row in rows]


def refund_of(session: Session, *, return_id: Ref) -> int:
    """What was promised back for a return, in fen."""
    found = find_refund(session, cause_id=return_id)
    return found.amount_fen if found else 0


def facts_of(row: Return) -> ReturnFacts:
    """The facts of a loaded row."""
    return ReturnFacts(
        str(row.id),
        row.number,
        str(row.order_id),
        row.reason,
        row.want,
        list(row.lines),
        dict(row.eligibility),
        row.decision,
        row.freight_by,
        row.goods_fen,
        row.freight_fen,
        row.deduction_fen,
        row.state,
    )


RECEIVE_WITHIN = timedelta(days=15)
"""How long we wait for goods that a customer wants to give back (SPEC T12.3)."""


def _pay_instead(work: Work, row: Return, parts: Sequence[tuple[OrderLine, Decimal]]) -> None:
    """Nothing is there to replace the goods with: they are given back for money."""
    row.want = "refund"
    for line, qty in parts:
        line.qty_returned += qty
        line.qty_accepted = min(line.qty_accepted, line.qty_delivered - line.qty_returned)
    _audit(work, row, "return.pay_instead", {"want": "refund"})
    _saved(work, row)


def _free_line(line: OrderLine, seq: int, qty: Decimal, *, repaired: bool) -> OrderLine:
    # A repaired piece is the customer's own: nothing is taken from stock for it.
    return OrderLine(
        seq=seq,
        sku=line.sku,
        sku_version=line.sku_version,
        description=line.description,
        spec=line.spec,
        qty=qty,
        unit=line.unit,
        unit_price_fen=0,
        discount_pct=Decimal(0),
        amount_fen=0,
        tax_pct=line.tax_pct,
        fulfil="mto" if repaired or line.fulfil == "mto" else line.fulfil,
        replaces_id=line.id,
    )


def _warehouse(session: Session, line: OrderLine) -> str | None:
    return session.scalar(
        select(Shipment.warehouse)
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
        .where(ShipmentLine.order_line_id == line.id)
        .order_by(Shipment.number.desc())
        .limit(1)
    )


def _in_state(session: Session, return_id: Ref, state: str) -> Return:
    row = get_row(session, Return, return_id)
    if row.state != state:
        raise WrongState(state=row.state)
    return row


def _saved(work: Work, row: Return) -> ReturnFacts:
    touch(work, row)
    work.session.flush()
    return facts_of(row)


def _audit(work: Work, row: Return, action: str, after: dict[str, Any]) -> None:
    audit.record(
        work,
        action=action,
        entity=f"order:{row.order_id}",
        after=plain({"number": row.number, **after}),
    )
