"""What the shelf and the books disagree about: goods that were promised and are not there."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.work import Work
from jiedan.desk.records import get_order
from jiedan.desk.tables import OrderLine, Reservation, StockLevel, StockMove
from jiedan.desk.values import ZERO, Ref, add, touch


def write_down_missing(
    work: Work, *, order_id: Ref, missing: Mapping[int, Decimal], note: str | None = None
) -> Decimal:
    """Take what a picker did not find out of the reservation and off the books.

    ``missing`` maps line numbers to quantities. The order is short of it from now on. Returns
    the whole quantity written down.
    """
    order = get_order(work.session, order_id, lock=True)
    total = ZERO
    for line in order.lines:
        left = missing.get(line.seq, ZERO)
        for row in _reservations(work, line):
            part = min(left, row.qty - row.picked)
            if part <= 0:
                continue
            _write_down(work, line, row, part, note)
            left -= part
            total += part
    if total:
        audit.record(
            work,
            action="stock.missing",
            entity=f"order:{order.id}",
            after={"qty": str(total), "note": note},
        )
    work.session.flush()
    return total


def _reservations(work: Work, line: OrderLine) -> list[Reservation]:
    rows = select(Reservation).where(Reservation.order_line_id == line.id)
    return list(work.session.scalars(rows.order_by(Reservation.warehouse)))


def _write_down(
    work: Work, line: OrderLine, row: Reservation, qty: Decimal, note: str | None
) -> None:
    level = work.session.scalars(
        select(StockLevel)
        .where(StockLevel.sku == row.sku, StockLevel.warehouse == row.warehouse)
        .with_for_update()
    ).one()
    row.qty -= qty
    touch(work, row)
    line.qty_reserved -= qty
    level.reserved -= qty
    level.on_hand -= qty
    for kind in ("release", "adjust_out"):
        add(
            work,
            StockMove(
                at=work.now,
                by=work.actor.login,
                sku=row.sku,
                warehouse=row.warehouse,
                kind=kind,
                qty=qty,
                order_line_id=line.id,
                note=note,
            ),
        )
