"""When each line can be there: stock, goods on their way, lead time in working days (ATP)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from jiedan.core.clock import SHANGHAI
from jiedan.core.work import Work
from jiedan.desk.catalogue import find_items
from jiedan.desk.records import get_order
from jiedan.desk.stock import free_stock
from jiedan.desk.tables import CatalogueItem, IncomingStock
from jiedan.desk.values import ZERO, Problems, Ref, Result, as_date, shanghai_date


@dataclass(frozen=True, slots=True)
class LinePromise(Result):
    """When a line can be delivered, and what that rests on."""

    seq: int
    sku: str
    qty: Decimal
    available_on: date
    source: str
    short_qty: Decimal
    due: date | None
    late: bool


@dataclass(frozen=True, slots=True)
class Promise(Result):
    """The promise for a whole order; ``earliest`` is the day when all of it can be there."""

    lines: list[LinePromise]
    earliest: date
    late_lines: list[int]


def promise_dates(
    work: Work, *, order_id: Ref | None = None, lines: Sequence[Mapping[str, Any]] | None = None
) -> Promise:
    """When the lines of an order, or ``{sku, qty, line_due}``, can be delivered.

    Stock takes one working day. What is short waits for goods on their way; what they do not
    cover, and everything made to order, takes the product's lead time in working days.
    Quantities asked for by earlier lines are not promised twice.
    """
    wanted = _wanted(work, order_id, lines)
    items = find_items(work.session, [sku for _, sku, _, _ in wanted])
    today = shanghai_date(work.now)
    free: dict[str, Decimal] = {}
    incoming: dict[str, list[tuple[date, Decimal]]] = {}
    found = []
    for seq, sku, qty, due in wanted:
        item = items.get(sku)
        if sku not in free:
            free[sku] = free_stock(work.session, sku=sku)
            incoming[sku] = _incoming(work, sku)
        day, source, short = _available(work, item, qty, free, incoming.get(sku, []), today, sku)
        found.append(
            LinePromise(seq, sku, qty, day, source, short, due, due is not None and day > due)
        )
    return Promise(
        found,
        max((line.available_on for line in found), default=today),
        [line.seq for line in found if line.late],
    )


def _wanted(
    work: Work, order_id: Ref | None, lines: Sequence[Mapping[str, Any]] | None
) -> list[tuple[int, str, Decimal, date | None]]:
    if order_id is not None:
        order = get_order(work.session, order_id)
        return [
            (line.seq, line.sku, line.qty, line.line_due or order.delivery_date)
            for line in order.lines
        ]
    problems = Problems()
    rows = []
    for index, line in enumerate(lines or []):
        qty = problems.qty(f"lines[{index}].qty", line.get("qty"))
        if qty is not None:
            due = as_date(line.get("line_due"))
            rows.append((index + 1, str(line.get("sku") or "").upper(), qty, due))
    return rows


def _available(
    work: Work,
    item: CatalogueItem | None,
    qty: Decimal,
    free: dict[str, Decimal],
    incoming: list[tuple[date, Decimal]],
    today: date,
    sku: str,
) -> tuple[date, str, Decimal]:
    lead = item.lead_wd if item else 0
    kind = item.type if item else "stock"
    if kind in ("service", "electronic"):
        return _after(work, max(lead, 1)), kind, ZERO
    from_stock = min(qty, free[sku])
    free[sku] -= from_stock
    short = qty - from_stock
    if short == 0:
        return _after(work, 1), "stock", ZERO
    if kind == "mto":
        return _after(work, max(lead, 1)), "production", short
    left = short
    for index, (day, amount) in enumerate(incoming):
        taken = min(left, amount)
        incoming[index] = (day, amount - taken)
        left -= taken
        if left == 0:
            return work.platform.calendar.next_working_day(max(day, today)), "incoming", short
    return _after(work, max(lead, 1) + 1), "production", short


def _incoming(work: Work, sku: str) -> list[tuple[date, Decimal]]:
    rows = work.session.scalars(
        select(IncomingStock)
        .where(IncomingStock.sku == sku, IncomingStock.arrived.is_(False))
        .order_by(IncomingStock.expected_on)
    )
    return [(row.expected_on, row.qty) for row in rows]


def _after(work: Work, working_days: int) -> date:
    noon = datetime.combine(shanghai_date(work.now), time(12), SHANGHAI)
    return shanghai_date(work.platform.calendar.deadline(noon, Decimal(working_days), "wd"))
