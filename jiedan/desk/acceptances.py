"""The customer examines what he got and accepts it, or not (P10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.errors import Message
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_child_number
from jiedan.core.work import Work
from jiedan.desk.billing import amounts_of
from jiedan.desk.contracts import order_contract
from jiedan.desk.errors import DeemedNotAgreed, InvalidRecord, WrongState
from jiedan.desk.records import get_order, get_row, keep
from jiedan.desk.tables import Acceptance, Order, OrderLine
from jiedan.desk.values import ZERO, Problems, Ref, Result, add, as_id, clean, plain, touch

PERFORMANCE = frozenset({"ok", "fail", "na"})


@dataclass(frozen=True, slots=True)
class AcceptanceFacts(Result):
    """An acceptance. ``result``: None, accepted, issue, accepted_with_deduction, deemed."""

    acceptance_id: str
    number: str
    order_id: str
    deadline: datetime
    state: str
    result: str | None
    rejected: list[dict[str, Any]]
    rejected_pct: Decimal
    accepted_by: str | None
    deduction_fen: int


def open_acceptance(work: Work, *, order_id: Ref) -> AcceptanceFacts:
    """Begin the acceptance of what was delivered, once; an open one is returned again.

    The deadline is the contract's acceptance period, else ``acceptance.period_days``.
    """
    order = get_order(work.session, order_id, lock=True)
    known = work.session.scalar(
        select(Acceptance).where(Acceptance.order_id == order.id, Acceptance.state == "pending")
    )
    if known is not None:
        return _facts(known, order)
    contract = order_contract(work.session, order_id=order.id)
    days = (
        Decimal(contract.acceptance_days)
        if contract
        else work.platform.parameters.number("acceptance.period_days")
    )
    row = add(
        work,
        Acceptance(
            number=take_child_number(work, parent=order.number or "", kind="acceptance"),
            order_id=order.id,
            deadline=work.platform.calendar.deadline(work.now, days, "d"),
        ),
    )
    return _facts(row, order)


def acceptance_values(session: Session, *, order_id: Ref) -> list[dict[str, Any]]:
    """The lines to examine, proposed as good: the delivered quantity not accepted yet."""
    order = get_order(session, order_id)
    return [
        {
            "line": line.seq,
            "sku": line.sku,
            "description": line.description,
            "delivered": _to_examine(line),
            "qty_accepted": _to_examine(line),
            "qty_rejected": ZERO,
        }
        for line in order.lines
        if _to_examine(line) > 0
    ]


def record_acceptance(
    work: Work,
    *,
    acceptance_id: Ref,
    lines: Sequence[Mapping[str, Any]],
    accepted_by: str,
    sign: str,
) -> AcceptanceFacts:
    """Keep the customer's finding (T10.1, SPEC S2.5.7).

    Lines are ``{line, qty_accepted, qty_rejected, spec_ok, quality_ok, performance, note}``;
    accepted and rejected add up to what was delivered and is not accepted yet, and every such
    line is there. Anything rejected or failed makes the result ``issue``.
    """
    row = get_row(work.session, Acceptance, acceptance_id)
    if row.state != "pending":
        raise WrongState(state=row.state)
    order = get_order(work.session, row.order_id, lock=True)
    problems = Problems()
    name = problems.text("accepted_by", accepted_by, longest=60, needed=True)
    proof = problems.text("sign", sign, longest=500, needed=True)
    found = _examined(order, lines, problems)
    problems.raise_as(InvalidRecord)
    by_seq = {line.seq: line for line in order.lines}
    for item in found:
        line = by_seq[item["line"]]
        line.qty_accepted += item["qty_accepted"]
        line.qty_rejected = item["qty_rejected"]
    bad = any(item["qty_rejected"] > 0 or item["failed"] for item in found)
    row.lines = plain(found)
    row.accepted_by, row.sign = name, proof
    return _close(work, row, order, "issue" if bad else "accepted")


def accept_with_deduction(
    work: Work, *, order_id: Ref, deduction_fen: int, note: Message
) -> AcceptanceFacts:
    """Settle rejected goods by an agreed deduction: they count as accepted."""
    order = get_order(work.session, order_id, lock=True)
    row = _latest(work.session, order.id)
    problems = Problems()
    amount = problems.fen("deduction", deduction_fen)
    text = problems.text("note", note, longest=1000, needed=True)
    if amount and amount > amounts_of(work.session, order).payable_fen:
        problems.add("deduction", lazy("More than the order is worth."))
    problems.raise_as(InvalidRecord)
    if row is None or row.result != "issue":
        raise WrongState(state=row.state if row else "none")
    _accept_all(order)
    row.deduction_fen = amount or 0
    row.note = text
    return _close(work, row, order, "accepted_with_deduction")


def extend_acceptance(work: Work, *, acceptance_id: Ref, until: Any, note: str) -> AcceptanceFacts:
    """Give the customer more time (T10.3)."""
    row = get_row(work.session, Acceptance, acceptance_id)
    problems = Problems()
    moment = problems.moment("until", until)
    text = problems.text("note", note, longest=1000, needed=True)
    if moment and moment <= work.now:
        problems.add("until", lazy("This lies in the past."))
    problems.raise_as(InvalidRecord)
    if row.state != "pending":
        raise WrongState(state=row.state)
    row.deadline = moment or row.deadline
    row.note = text
    touch(work, row)
    audit.record(
        work, action="acceptance.extend", entity=f"order:{row.order_id}", after={"note": text}
    )
    return _facts(row, get_order(work.session, row.order_id))


def deem_accepted(work: Work, *, acceptance_id: Ref, note: str) -> AcceptanceFacts:
    """Take silence for acceptance, where the contract says so and time is over (SPEC S8.5).

    Raises DeemedNotAgreed.
    """
    row = get_row(work.session, Acceptance, acceptance_id)
    if row.state != "pending" or work.now < row.deadline:
        raise WrongState(state=row.state)
    order = get_order(work.session, row.order_id, lock=True)
    contract = order_contract(work.session, order_id=order.id)
    if contract is None or not contract.deemed_acceptance:
        raise DeemedNotAgreed
    problems = Problems()
    row.note = problems.text("note", note, longest=1000, needed=True)
    problems.raise_as(InvalidRecord)
    _accept_all(order)
    return _close(work, row, order, "deemed")


def accept_by_platform(work: Work, *, order_id: Ref, ref: Message) -> AcceptanceFacts:
    """A consumer's confirmation on the platform accepts everything that was delivered (N4.3.1)."""
    facts = open_acceptance(work, order_id=order_id)
    lines = [
        {**line, "spec_ok": True, "quality_ok": True, "performance": "na"}
        for line in acceptance_values(work.session, order_id=order_id)
    ]
    return record_acceptance(
        work,
        acceptance_id=facts.acceptance_id,
        lines=lines,
        accepted_by="platform",
        sign=clean(ref) or "platform",
    )


def acceptance_facts(session: Session, *, order_id: Ref) -> AcceptanceFacts | None:
    """The latest acceptance of an order."""
    order = get_order(session, order_id)
    row = _latest(session, order.id)
    return _facts(row, order) if row else None


def _examined(
    order: Order, lines: Sequence[Mapping[str, Any]], problems: Problems
) -> list[dict[str, Any]]:
    expected = {line.seq: _to_examine(line) for line in order.lines if _to_examine(line) > 0}
    found = []
    for index, given in enumerate(lines):
        path = f"lines[{index}]"
        seq = int(given.get("line") or 0)
        good = problems.qty(f"{path}.qty_accepted", given.get("qty_accepted"), zero=True)
        bad = problems.qty(f"{path}.qty_rejected", given.get("qty_rejected") or 0, zero=True)
        performance = problems.one_of(
            f"{path}.performance", given.get("performance") or "na", PERFORMANCE
        )
        if seq not in expected:
            problems.add(f"{path}.line", lazy("This line was not delivered."))
        elif good is not None and bad is not None and good + bad != expected[seq]:
            total = f"{expected[seq].normalize():f}"
            problems.add(
                f"{path}.qty_accepted",
                lazy("Accepted and rejected must add up to %(n)s.", n=total),
            )
        failed = (
            given.get("spec_ok") is False
            or given.get("quality_ok") is False
            or performance == "fail"
        )
        note = clean(given.get("note"))
        if (failed or (bad or ZERO) > 0) and not note:
            problems.add(f"{path}.note", lazy("Please fill this in."))
        found.append(
            {
                "line": seq,
                "qty_accepted": good or ZERO,
                "qty_rejected": bad or ZERO,
                "spec_ok": given.get("spec_ok") is not False,
                "quality_ok": given.get("quality_ok") is not False,
                "performance": performance,
                "note": note,
                "failed": failed,
            }
        )
    if {item["line"] for item in found} != set(expected):
        problems.add("lines", lazy("Every delivered line must be examined."))
    return found


def _to_examine(line: OrderLine) -> Decimal:
    return line.qty_delivered - line.qty_returned - line.qty_accepted


def _accept_all(order: Order) -> None:
    for line in order.lines:
        line.qty_accepted = line.qty_delivered - line.qty_returned
        line.qty_rejected = ZERO


def _close(work: Work, row: Acceptance, order: Order, result: str) -> AcceptanceFacts:
    row.result = result
    row.state = "done"
    row.recorded_at, row.recorded_by = work.now, work.actor.login
    touch(work, row)
    work.session.flush()
    audit.record(
        work,
        action="acceptance.record",
        entity=f"order:{order.id}",
        after={"number": row.number, "result": result},
    )
    return _facts(row, order)


def _latest(session: Session, order_id: Ref) -> Acceptance | None:
    row = session.scalar(
        select(Acceptance)
        .where(Acceptance.order_id == as_id(order_id))
        .order_by(Acceptance.number.desc())
        .limit(1)
    )
    return keep(session, row) if row else None


def _facts(row: Acceptance, order: Order) -> AcceptanceFacts:
    rejected = [
        {"line": line.seq, "sku": line.sku, "qty": line.qty_rejected}
        for line in order.lines
        if line.qty_rejected > 0
    ]
    delivered = sum((line.qty_delivered for line in order.lines), ZERO)
    bad = sum((line.qty_rejected for line in order.lines), ZERO)
    return AcceptanceFacts(
        str(row.id),
        row.number,
        str(row.order_id),
        row.deadline,
        row.state,
        row.result,
        rejected,
        (bad * 100 / delivered).quantize(Decimal("0.01")) if delivered else Decimal(0),
        row.accepted_by,
        row.deduction_fen,
    )


def rejected_lines(session: Session, *, order_id: Ref) -> list[dict[str, Any]]:
    """What the latest acceptance found wrong: quantity, ticks and note of each such line."""
    row = _latest(session, order_id)
    found = row.lines if row else []
    return [dict(item) for item in found if item["qty_rejected"] or item["failed"]]
