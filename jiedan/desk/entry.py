"""What an order says: reading an entry form, checking it, keeping versions of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.work import Work
from jiedan.desk.approval_voiding import void_approvals
from jiedan.desk.entry_fields import HEAD_FIELDS, ParsedEntry, parse_entry
from jiedan.desk.errors import StaleVersion
from jiedan.desk.order_numbers import assign_number
from jiedan.desk.records import get_order
from jiedan.desk.states import OrderState, require_state
from jiedan.desk.tables import Order, OrderLine, OrderVersion
from jiedan.desk.totals import check_given_total, recompute
from jiedan.desk.values import Ref, Result, add, plain, touch

MATERIAL = frozenset(
    {"customer", "lines", "delivery_date", "payment_method", "term_days", "province", "total"}
)
"""Changes of these make an approval that was granted before worthless (SPEC P04)."""


@dataclass(frozen=True, slots=True)
class Entered(Result):
    """An order was saved."""

    order_id: str
    order_no: str
    version: int
    total_fen: int
    tax_fen: int
    changed: list[str]
    voided_approvals: list[str]


def enter_order(
    work: Work, *, order_id: Ref, entry: Mapping[str, Any], version: int | None = None
) -> Entered:
    """Save what an order says; the first save takes its number (SPEC S2.2.3, S2.2.5).

    Groups that are missing may stay missing until the order is submitted; what is there must be
    right. Totals are computed here; a ``total`` that differs by one fen raises TotalMismatch.
    Raises NotEditable outside draft and returned, StaleVersion, InvalidOrder with ``fields``.
    """
    order = require_state(
        get_order(work.session, order_id, lock=True), OrderState.DRAFT, OrderState.RETURNED
    )
    if version is not None and version != order.version:
        raise StaleVersion
    parsed = parse_entry(work, order, entry)
    before = entry_values(work.session, order_id=order.id)
    _write(work, order, parsed)
    recompute(order)
    check_given_total(order, parsed.total)
    after = entry_values(work.session, order_id=order.id)
    changed = [name for name in after if before.get(name) != after[name]]
    saved_before = order.number is not None
    if order.state == OrderState.DRAFT and not work.actor.is_system:
        order.entered_by = work.actor.login
    touch(work, order)
    assign_number(work, order_id=order.id)
    voided: list[str] = []
    if changed and saved_before:
        _keep_version(work, order, before)
        if not MATERIAL.isdisjoint(changed):
            voided = void_approvals(work, order_id=order.id, reason="order changed")
    work.session.flush()
    audit.record(
        work,
        action="order.enter",
        entity=f"order:{order.id}",
        before={name: before.get(name) for name in changed},
        after={name: after[name] for name in changed},
    )
    return Entered(
        str(order.id),
        order.number or "",
        order.version,
        order.total_fen,
        order.tax_fen,
        changed,
        voided,
    )


def entry_values(session: Session, *, order_id: Ref) -> dict[str, Any]:
    """What the order says now, by the keys of the entry form; money in fen, dates as text."""
    order = get_order(session, order_id)
    values: dict[str, Any] = {name: plain(getattr(order, name)) for name in HEAD_FIELDS}
    values["customer"] = str(order.customer_id) if order.customer_id else None
    values["order_kind"] = order.kind
    values["total"] = order.total_fen
    values["lines"] = [_line_values(line) for line in order.lines]
    return values


def _line_values(line: OrderLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "description": line.description,
        "spec": line.spec,
        "qty": plain(line.qty),
        "unit": line.unit,
        "unit_price": line.unit_price_fen,
        "discount_pct": plain(line.discount_pct),
        "line_due": plain(line.line_due),
        "fulfil": line.fulfil,
    }


def _write(work: Work, order: Order, parsed: ParsedEntry) -> None:
    for name, value in parsed.head.items():
        setattr(order, name, value)
    if "receiver_phone" in parsed.head:
        phone = order.receiver_phone or ""
        order.receiver_phone_end = phone[-4:] if len(phone) >= 4 else None
    if "delivery_date" in parsed.head and order.state in (
        OrderState.DRAFT,
        OrderState.RETURNED,
    ):
        order.promised_date = order.delivery_date
    if parsed.lines is None:
        return
    # Rows are reused by position: a delete and an insert with the same number would collide.
    for index, values in enumerate(parsed.lines):
        if index < len(order.lines):
            for name, value in values.items():
                setattr(order.lines[index], name, value)
        else:
            order.lines.append(OrderLine(seq=index + 1, amount_fen=0, **values))
    del order.lines[len(parsed.lines) :]


def _keep_version(work: Work, order: Order, content: dict[str, Any]) -> None:
    add(
        work,
        OrderVersion(
            order_id=order.id,
            version=order.version,
            content=content,
            at=work.now,
            by=work.actor.login,
        ),
    )
    order.version += 1
