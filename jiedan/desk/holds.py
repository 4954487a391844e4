"""Holding an order and letting it go on (SPEC G9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import LazyText
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord, OrderOnHold
from jiedan.desk.records import get_order
from jiedan.desk.tables import Order, OrderHold
from jiedan.desk.values import Problems, Ref, Result, add, as_id, as_moment, touch

KINDS = frozenset({"all", "delivery", "billing"})


@dataclass(frozen=True, slots=True)
class Hold(Result):
    """A hold on an order."""

    hold_id: str
    order_id: str
    order_no: str | None
    kind: str
    code: str
    reason: str
    held_at: datetime
    held_by: str
    until: datetime | None
    released_at: datetime | None


def hold_order(
    work: Work,
    *,
    order_id: Ref,
    reason: str | LazyText,
    kind: str = "all",
    code: str = "manual",
    until: Any = None,
) -> Hold:
    """Hold an order. A second hold with the same code and kind returns the first one.

    ``kind`` all stops every forward move, delivery stops dispatches, billing stops invoices.
    """
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    problems.one_of("kind", kind, KINDS)
    text = problems.text("reason", reason, longest=500, needed=True)
    problems.raise_as(InvalidRecord)
    for known in open_holds(work.session, order_id=order.id):
        if (known.kind, known.code) == (kind, code):
            return known
    row = add(
        work,
        OrderHold(
            order_id=order.id,
            kind=kind,
            code=code,
            reason=text,
            held_at=work.now,
            held_by=work.actor.login,
            until=as_moment(until) if until else None,
        ),
    )
    order.held = order.held or kind == "all"
    touch(work, order)
    audit.record(
        work,
        action="order.hold",
        entity=f"order:{order.id}",
        after={"kind": kind, "code": code, "reason": text},
    )
    return _view(row, order)


def release_order(
    work: Work, *, order_id: Ref, reason: str | LazyText, code: str | None = None
) -> list[Hold]:
    """Lift the open holds (or those with one code), with a reason; returns what was lifted."""
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    text = problems.text("reason", reason, longest=500, needed=True)
    problems.raise_as(InvalidRecord)
    rows = list(_open_rows(work.session, order.id))
    lifted = [row for row in rows if code is None or row.code == code]
    for row in lifted:
        row.released_at = work.now
        row.released_by = work.actor.login
        row.release_reason = text
    order.held = any(row.kind == "all" for row in rows if row not in lifted)
    touch(work, order)
    work.session.flush()
    if lifted:
        audit.record(
            work,
            action="order.release",
            entity=f"order:{order.id}",
            after={"codes": [row.code for row in lifted], "reason": text},
        )
    return [_view(row, order) for row in lifted]


def require_free(session: Session, *, order_id: Ref, kind: str = "all") -> None:
    """Raises OrderOnHold when the order is held altogether, or held for ``kind``."""
    if kind == "all" and not get_order(session, order_id).held:
        return
    for hold in open_holds(session, order_id=order_id):
        if hold.kind in ("all", kind):
            raise OrderOnHold(reason=hold.reason)


def open_holds(session: Session, *, order_id: Ref) -> list[Hold]:
    """The holds that nobody lifted yet."""
    order = get_order(session, order_id)
    return [_view(row, order) for row in _open_rows(session, order.id)]


def overdue_holds(session: Session, *, now: datetime, max_days: int) -> list[Hold]:
    """Holds past their own end, or older than ``max_days``; somebody has to look at them."""
    rows = session.execute(
        select(OrderHold, Order)
        .join(Order, Order.id == OrderHold.order_id)
        .where(OrderHold.released_at.is_(None))
        .order_by(OrderHold.held_at)
    )
    oldest = now - timedelta(days=max_days)
    return [
        _view(hold, order)
        for hold, order in rows
        if hold.held_at <= oldest or (hold.until is not None and hold.until <= now)
    ]


def _open_rows(session: Session, order_id: Ref) -> list[OrderHold]:
    return list(
        session.scalars(
            select(OrderHold)
            .where(OrderHold.order_id == as_id(order_id), OrderHold.released_at.is_(None))
            .order_by(OrderHold.held_at)
        )
    )


def _view(row: OrderHold, order: Order) -> Hold:
    return Hold(
        str(row.id),
        str(order.id),
        order.number,
        row.kind,
        row.code,
        row.reason,
        row.held_at,
        row.held_by,
        row.until,
        row.released_at,
    )
