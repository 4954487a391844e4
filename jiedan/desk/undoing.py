"""Taking back what was done for an order that is cancelled, step by step (SPEC X18).

Every step may run again: it does what is still to do and nothing twice. ``lines`` limits a step
to some lines of an order that goes on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.billing import order_amounts
from jiedan.desk.cancellations import open_qty
from jiedan.desk.errors import InvalidRecord, WrongState
from jiedan.desk.holds import release_order
from jiedan.desk.invoices import spread_payments
from jiedan.desk.records import get_order, get_row
from jiedan.desk.refunds import calculate_refund, find_refund, take_back_invoices
from jiedan.desk.shipments import cancel_shipment
from jiedan.desk.states import OrderState, set_state
from jiedan.desk.stock import release_lines
from jiedan.desk.tables import Cancellation, Order, OrderLine, ProductionOrder, Shipment
from jiedan.desk.values import ZERO, Problems, Ref, Result, half_up, plain, touch

DISPOSALS = frozenset({"none", "stock", "scrap", "rework"})


@dataclass(frozen=True, slots=True)
class CancellationAccount(Result):
    """What a cancellation comes to: ``refund_fen`` goes back, ``owed_fen`` is still due."""

    order_id: str
    fee_fen: int
    refund_fen: int
    owed_fen: int
    refund_id: str | None


def recall_shipments(
    work: Work, *, order_id: Ref, lines: Collection[int] | None = None
) -> list[str]:
    """Take what is cancelled out of shipments that have not left; returns those given up."""
    order = get_order(work.session, order_id, lock=True)
    rows = work.session.scalars(
        select(Shipment).where(
            Shipment.order_id == order.id, Shipment.state.in_(("preparing", "ready"))
        )
    ).all()
    given_up = []
    for row in rows:
        kept = [part for part in row.lines if lines is not None and part.seq not in lines]
        if not kept:
            cancel_shipment(work, shipment_id=row.id, reason="order cancelled")
            given_up.append(str(row.id))
        elif len(kept) < len(row.lines):
            row.lines = kept
            touch(work, row)
    work.session.flush()
    return given_up


def cancel_production(
    work: Work, *, order_id: Ref, lines: Collection[int] | None = None, reason: str
) -> int:
    """Stop what is being made; returns what the work in progress is worth, in fen."""
    order = get_order(work.session, order_id, lock=True)
    worth = 0
    rows = work.session.scalars(
        select(ProductionOrder).where(
            ProductionOrder.order_id == order.id,
            ProductionOrder.state.in_(("planned", "running", "qc")),
        )
    )
    for row in rows:
        if lines is not None and row.seq not in lines:
            continue
        line = next(one for one in order.lines if one.seq == row.seq)
        row.wip_fen = half_up(line.unit_price_fen * row.qty * row.progress_pct / Decimal(100))
        row.state, row.end_reason = "cancelled", reason
        touch(work, row)
        worth += row.wip_fen
        audit.record(
            work,
            action="production.cancel",
            entity=f"order:{order.id}",
            after={"number": row.number, "wip_fen": row.wip_fen},
        )
    work.session.flush()
    return worth


def release_promised(
    work: Work, *, order_id: Ref, lines: Collection[int] | None = None
) -> list[dict[str, Any]]:
    """Give promised stock back to everybody."""
    return release_lines(work, order_id=order_id, lines=lines)


def cancel_lines(
    work: Work, *, order_id: Ref, lines: Collection[int] | None = None, reason: str
) -> Decimal:
    """Count the open part of the lines as cancelled: nobody supplies it, nobody pays for it."""
    order = get_order(work.session, order_id, lock=True)
    dropped = ZERO
    for line in _chosen(order, lines):
        part = open_qty(line)
        if part <= 0:
            continue
        line.qty_cancelled += part
        if line.qty_cancelled >= line.qty:
            line.state = "cancelled"
        dropped += part
    if dropped:
        touch(work, order)
        audit.record(
            work,
            action="line.cancel",
            entity=f"order:{order.id}",
            after={"qty": str(dropped), "lines": sorted(lines or ()), "reason": reason},
        )
    work.session.flush()
    return dropped


def settle_cancellation(work: Work, *, cancellation_id: Ref) -> CancellationAccount:
    """Take back invoices that no longer hold, and say what goes back or is still owed."""
    row = get_row(work.session, Cancellation, cancellation_id)
    before = order_amounts(work.session, order_id=row.order_id)
    too_much = before.invoiced_fen - max(before.delivered_fen - before.deducted_fen, 0)
    if too_much > 0:
        take_back_invoices(
            work,
            order_id=row.order_id,
            cause_id=row.id,
            amount_fen=too_much,
            reason="order cancelled",
        )
    spread_payments(work.session, get_order(work.session, row.order_id))
    known = find_refund(work.session, cause_id=row.id)
    open_fen = order_amounts(work.session, order_id=row.order_id).open_fen
    refund_fen = known.amount_fen if known else max(-open_fen, 0) if row.whole else 0
    refund_id = known.refund_id if known else None
    if refund_fen and known is None:
        refund_id = calculate_refund(
            work,
            order_id=row.order_id,
            cause="cancellation",
            cause_id=row.id,
            amount_fen=refund_fen,
        ).refund_id
    return CancellationAccount(
        str(row.order_id),
        row.fee_fen,
        refund_fen,
        max(open_fen, 0) if row.whole else 0,
        refund_id,
    )


def wrap_up_cancellation(
    work: Work,
    *,
    cancellation_id: Ref,
    wip_disposal: str,
    items: Collection[str],
    needed: Collection[str],
) -> None:
    """Keep what became of work in progress, and that everything was looked at (T14.4)."""
    row = get_row(work.session, Cancellation, cancellation_id)
    problems = Problems()
    problems.one_of("wip_disposal", wip_disposal, DISPOSALS)
    for name in needed:
        if name not in items:
            problems.add("checklist", lazy("Go through every item."))
    problems.raise_as(InvalidRecord)
    row.wrap_up = plain(
        {
            "wip_disposal": wip_disposal,
            "items": sorted(items),
            "by": work.actor.login,
            "at": work.now,
        }
    )
    touch(work, row)
    audit.record(
        work,
        action="cancel.wrap_up",
        entity=f"order:{row.order_id}",
        after={"wip_disposal": wip_disposal},
    )


def finish_cancellation(work: Work, *, cancellation_id: Ref) -> None:
    """The last step: holds are lifted, credit is free again, the order is cancelled."""
    row = get_row(work.session, Cancellation, cancellation_id)
    if row.state == "done":
        return
    if row.state != "approved":
        raise WrongState(state=row.state)
    row.state = "done"
    touch(work, row)
    if row.whole:
        release_order(work, order_id=row.order_id, reason="order cancelled")
        set_state(work, order_id=row.order_id, to=OrderState.CANCELLED, reason=row.reason)


def _chosen(order: Order, lines: Collection[int] | None) -> list[OrderLine]:
    return [line for line in order.lines if lines is None or line.seq in lines]
