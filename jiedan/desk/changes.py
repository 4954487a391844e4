"""Changes of a running order: what would change, tried without effect, and applied (P15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_child_number
from jiedan.core.work import Work
from jiedan.desk.approval_voiding import void_approvals
from jiedan.desk.entry import entry_values
from jiedan.desk.entry_fields import ParsedEntry, parse_entry
from jiedan.desk.errors import BelowDelivered, InvalidOrder, InvalidRecord, StaleVersion, WrongState
from jiedan.desk.records import get_order, get_row
from jiedan.desk.requests import require_changeable
from jiedan.desk.states import OrderState
from jiedan.desk.stock import release_lines, reserve_order
from jiedan.desk.tables import Contract, Order, OrderChange, OrderLine, OrderVersion
from jiedan.desk.totals import recompute
from jiedan.desk.values import Problems, Ref, Result, add, clean, half_up, plain, touch

SOURCES = frozenset({"customer", "internal"})
HEAD = (
    "delivery_date",
    "payment_method",
    "term_days",
    "province",
    "city",
    "district",
    "detail",
    "receiver",
    "receiver_phone",
    "partial_ok",
)
"""What of an order's head a change may touch."""
LINE = ("qty", "unit_price", "spec")
PAYMENT = frozenset({"payment_method", "term_days"})
SHIPPING = frozenset({OrderState.READY, OrderState.PARTIALLY_DELIVERED})
SHORTEST_REASON = 5


@dataclass(frozen=True, slots=True)
class ChangeFacts(Result):
    """A change and where it stands; ``diff`` is ``{path, old, new}`` for each value."""

    change_id: str
    number: str
    order_id: str
    base_version: int
    source: str
    asked_by: str
    reason: str
    wish: dict[str, Any]
    diff: list[dict[str, Any]]
    total_before_fen: int
    total_after_fen: int
    deposit_after_fen: int
    impact: dict[str, Any]
    path: str | None
    opinions: list[dict[str, Any]]
    consent: str | None
    state: str


def request_change(
    work: Work,
    *,
    order_id: Ref,
    source: str,
    reason: str,
    wish: Mapping[str, Any],
    wanted_by: Any = None,
) -> ChangeFacts:
    """Write a change down (T15.1) and hold the lines that it is about.

    ``wish`` is ``{head fields, lines: [{line, qty, unit_price, spec}], new_lines: [{sku, qty,
    unit_price}]}``; what it does not name stays. Raises BelowDelivered, InvalidOrder that names
    each wrong value, InvalidRecord when nothing would change.
    """
    order = require_changeable(work.session, order_id=order_id)
    problems = Problems()
    problems.one_of("source", source, SOURCES)
    text = problems.text("reason", reason, longest=1000, shortest=SHORTEST_REASON)
    day = problems.day("wanted_by", wanted_by) if wanted_by else None
    problems.raise_as(InvalidRecord)
    parsed = _parse(work, order, wish)
    diff = _diff(order, parsed)
    if not diff:
        raise InvalidRecord({"reason": lazy("Nothing would change.")})
    before = order.total_fen
    with tried(work, order_id=order.id, wish=wish) as changed:
        after = changed.total_fen
        deposit = half_up(Decimal(after) * (changed.deposit_pct or 0) / 100)
    held = _changed_lines(diff)
    row = add(
        work,
        OrderChange(
            number=take_child_number(work, parent=order.number or "", kind="change"),
            order_id=order.id,
            base_version=order.version,
            source=source,
            reason=text,
            wanted_by=day,
            wish=plain(dict(wish)),
            diff=diff,
            held_lines=held,
            total_before_fen=before,
            total_after_fen=after,
            deposit_after_fen=deposit,
        ),
    )
    for line in order.lines:
        if line.seq in held and line.state == "open":
            line.state = "held"
    work.session.flush()
    paths = [one["path"] for one in diff]
    _audit(work, row, "change.request", {"number": row.number, "paths": paths})
    return facts_of(row)


@contextmanager
def tried(work: Work, *, order_id: Ref, wish: Mapping[str, Any]) -> Iterator[Order]:
    """The order as it would be, for as long as the block lasts; nothing of it stays."""
    point = work.session.begin_nested()
    try:
        order = get_order(work.session, order_id)
        _write(order, _parse(work, order, wish))
        recompute(order)
        work.session.flush()
        yield order
    finally:
        point.rollback()


def stage_of(session: Session, *, change_id: Ref) -> str:
    """How far the lines concerned have come (D17): none, in_production or shipped."""
    row = get_row(session, OrderChange, change_id)
    order = get_order(session, row.order_id)
    concerned = [line for line in order.lines if line.seq in row.held_lines]
    adds = any(one["path"].startswith("new_lines") for one in row.diff)
    if (concerned or adds) and order.state in SHIPPING:
        return "shipped"
    if any(line.qty_shipped > 0 for line in concerned):
        return "shipped"
    made = any(line.fulfil == "mto" for line in concerned)
    return "in_production" if made and order.state == OrderState.IN_EXECUTION else "none"


def rule_change(work: Work, *, change_id: Ref, path: str, impact: Mapping[str, Any]) -> ChangeFacts:
    """Keep what decision D17 said, and the figures that it was asked with."""
    row = _open(work.session, change_id)
    row.path, row.impact = path, plain(dict(impact))
    touch(work, row)
    _audit(work, row, "change.rule", {"path": path})
    return facts_of(row)


def add_opinion(
    work: Work, *, change_id: Ref, role: str, outcome: str, opinion: str | None
) -> ChangeFacts:
    """Keep what a reviewer or an approver thinks of it."""
    row = _open(work.session, change_id)
    row.opinions = [
        *row.opinions,
        {
            "role": role,
            "by": work.actor.login,
            "at": work.now.isoformat(),
            "outcome": outcome,
            "opinion": clean(opinion),
        },
    ]
    touch(work, row)
    _audit(work, row, "change.opinion", {"role": role, "outcome": outcome})
    return facts_of(row)


def record_consent(work: Work, *, change_id: Ref, answer: str, evidence: str) -> ChangeFacts:
    """Keep the customer's answer to the new total and date (T15.3)."""
    row = _open(work.session, change_id)
    problems = Problems()
    problems.one_of("answer", answer, frozenset({"agree", "disagree"}))
    proof = problems.text("evidence", evidence, longest=1000, needed=True)
    problems.raise_as(InvalidRecord)
    row.consent, row.consent_evidence = answer, proof
    if answer == "agree":
        row.state = "agreed"
    touch(work, row)
    _audit(work, row, "change.consent", {"answer": answer})
    return facts_of(row)


def end_change(work: Work, *, change_id: Ref, state: str, note: str) -> ChangeFacts:
    """Refused or withdrawn: the order stays as it is and its lines go on."""
    row = _open(work.session, change_id)
    row.state, row.note = state, note
    _free_lines(work, row)
    touch(work, row)
    _audit(work, row, f"change.{state}", {"note": note})
    return facts_of(row)


def apply_change(work: Work, *, change_id: Ref) -> ChangeFacts:
    """Make it true: a version more, new totals and deposit, stock as it is wanted now.

    What an approval allowed before falls away, unless the change was reviewed anew. Raises
    StaleVersion when the order is not the one that was looked at.
    """
    row = _open(work.session, change_id)
    order = get_order(work.session, row.order_id, lock=True)
    if order.version != row.base_version:
        raise StaleVersion
    _free_lines(work, row)
    before = entry_values(work.session, order_id=order.id)
    _write(order, _parse(work, order, row.wish))
    recompute(order)
    order.deposit_fen = row.deposit_after_fen if order.deposit_pct else order.deposit_fen
    add(
        work,
        OrderVersion(
            order_id=order.id,
            version=order.version,
            content=before,
            at=work.now,
            by=work.actor.login,
        ),
    )
    order.version += 1
    touch(work, order)
    if row.path == "minor":
        void_approvals(work, order_id=order.id, reason="order changed")
    _follow_stock(work, order)
    row.state = "applied"
    touch(work, row)
    _audit(work, row, "change.apply", {"version": order.version, "diff": row.diff})
    work.session.flush()
    return facts_of(row)


def needs_addendum(session: Session, *, order_id: Ref) -> bool:
    """Whether the order stands on a contract of its own, which a change has to amend."""
    order = get_order(session, order_id)
    return (
        session.scalar(
            select(Contract.id).where(
                Contract.order_id == order.id, Contract.state.in_(("signed", "archived"))
            )
        )
        is not None
    )


def change_facts(session: Session, *, change_id: Ref) -> ChangeFacts:
    """A change by its id."""
    return facts_of(get_row(session, OrderChange, change_id))


def list_changes(session: Session, *, order_id: Ref) -> list[ChangeFacts]:
    """The changes of an order, oldest first."""
    order = get_order(session, order_id)
    rows = session.scalars(
        select(OrderChange).where(OrderChange.order_id == order.id).order_by(OrderChange.number)
    )
    return [facts_of(row) for row in rows]


def facts_of(row: OrderChange) -> ChangeFacts:
    """The facts of a loaded row."""
    return ChangeFacts(
        str(row.id),
        row.number,
        str(row.order_id),
        row.base_version,
        row.source,
        row.created_by,
        row.reason,
        dict(row.wish),
        list(row.diff),
        row.total_before_fen,
        row.total_after_fen,
        row.deposit_after_fen,
        dict(row.impact),
        row.path,
        list(row.opinions),
        row.consent,
        row.state,
    )


@dataclass(frozen=True, slots=True)
class _Wish:
    head: dict[str, Any]
    lines: dict[int, dict[str, Any]]
    fresh: list[dict[str, Any]]


def _parse(work: Work, order: Order, wish: Mapping[str, Any]) -> _Wish:
    """Check a wish as an entry would be checked; lines that stay are not looked at again."""
    lines = {line.seq: line for line in order.lines}
    head = {name: wish[name] for name in HEAD if name in wish}
    asked: list[dict[str, Any]] = []
    places: list[tuple[str, int, OrderLine | None]] = []
    for index, given in enumerate(wish.get("lines") or []):
        line = lines.get(int(given.get("line") or 0))
        if line is None:
            raise InvalidOrder({f"lines[{index}].line": lazy("There is no such line.")})
        asked.append(_as_entry(line, given))
        places.append(("lines", index, line))
    for index, given in enumerate(wish.get("new_lines") or []):
        asked.append(dict(given))
        places.append(("new_lines", index, None))
    try:
        parsed: ParsedEntry = parse_entry(work, order, {**head, "lines": asked or None})
    except InvalidOrder as wrong:
        raise InvalidOrder(_placed(wrong.fields, places)) from wrong
    found = _Wish(parsed.head, {}, [])
    for (kind, index, line), values in zip(places, parsed.lines or [], strict=True):
        if line is None:
            found.fresh.append(values)
            continue
        least = max(line.qty_shipped, line.qty_delivered, line.qty_produced) + line.qty_cancelled
        if values["qty"] < least:
            raise BelowDelivered({f"{kind}[{index}].qty": lazy("Not less than was delivered.")})
        found.lines[line.seq] = {name: values[name] for name in ("qty", "unit_price_fen", "spec")}
    return found


def _as_entry(line: OrderLine, given: Mapping[str, Any]) -> dict[str, Any]:
    known = {"qty": str(line.qty), "unit_price": line.unit_price_fen, "spec": line.spec}
    named = {name: given[name] for name in LINE if given.get(name) not in (None, "")}
    return {
        "sku": line.sku,
        "description": line.description,
        "fulfil": line.fulfil,
        "discount_pct": str(line.discount_pct),
        **known,
        **named,
    }


def _placed(fields: Mapping[str, Any], places: list[tuple[str, int, Any]]) -> dict[str, Any]:
    renamed = {}
    for path, text in fields.items():
        for number, (kind, index, _) in enumerate(places):
            start = f"lines[{number}]"
            if path.startswith(start + ".") or path == start:
                path = f"{kind}[{index}]" + path[len(start) :]
                break
        renamed[path] = text
    return renamed


def _diff(order: Order, wish: _Wish) -> list[dict[str, Any]]:
    found = [
        {"path": name, "old": plain(getattr(order, name)), "new": plain(value)}
        for name, value in wish.head.items()
        if plain(getattr(order, name)) != plain(value)
    ]
    for line in order.lines:
        for name, value in wish.lines.get(line.seq, {}).items():
            old = getattr(line, name)
            if plain(old) != plain(value):
                path = f"lines[{line.seq}].{name}"
                found.append({"path": path, "old": plain(old), "new": plain(value)})
    for index, values in enumerate(wish.fresh):
        found.append(
            {
                "path": f"new_lines[{index}]",
                "old": None,
                "new": f"{values['sku']} × {plain(values['qty'])}",
            }
        )
    return found


def _changed_lines(diff: list[dict[str, Any]]) -> list[int]:
    return sorted(
        {
            int(one["path"].split("[")[1].split("]")[0])
            for one in diff
            if one["path"].startswith("lines[")
        }
    )


def _write(order: Order, wish: _Wish) -> None:
    for name, value in wish.head.items():
        setattr(order, name, value)
    if "delivery_date" in wish.head:
        order.promised_date = order.delivery_date
    if "receiver_phone" in wish.head:
        order.receiver_phone_end = (order.receiver_phone or "")[-4:] or None
    for line in order.lines:
        for name, value in wish.lines.get(line.seq, {}).items():
            setattr(line, name, value)
    last = max((line.seq for line in order.lines), default=0)
    for number, values in enumerate(wish.fresh, last + 1):
        order.lines.append(OrderLine(seq=number, amount_fen=0, **values))


def _follow_stock(work: Work, order: Order) -> None:
    """Promise what is wanted more where work has begun, and free what is wanted no more."""
    if order.state != OrderState.IN_EXECUTION:
        return
    for line in order.lines:
        wanted = line.qty - line.qty_cancelled
        if line.fulfil == "stock" and line.qty_reserved > wanted:
            keep = wanted - line.qty_shipped
            release_lines(work, order_id=order.id, lines={line.seq}, keep=keep)
    reserve_order(work, order_id=order.id)


def _free_lines(work: Work, row: OrderChange) -> None:
    for line in get_order(work.session, row.order_id).lines:
        if line.state == "held":
            line.state = "open"
    work.session.flush()


def _open(session: Session, change_id: Ref) -> OrderChange:
    row = get_row(session, OrderChange, change_id)
    if row.state not in ("requested", "agreed"):
        raise WrongState(state=row.state)
    return row


def _audit(work: Work, row: OrderChange, action: str, after: dict[str, Any]) -> None:
    audit.record(work, action=action, entity=f"order:{row.order_id}", after=plain(after))
