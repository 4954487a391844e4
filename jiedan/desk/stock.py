"""The stock ledger: what lies where, what is promised, picked and shipped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.database import ScaledDecimal
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord, NotEnoughStock
from jiedan.desk.records import get_order
from jiedan.desk.tables import IncomingStock, OrderLine, Reservation, StockLevel, StockMove
from jiedan.desk.values import ZERO, Problems, Ref, Result, add, as_id, clean, touch

# What a ledger entry changes: (on hand, reserved), per unit of its quantity.
MOVES = {
    "receive": (1, 0),
    "adjust_out": (-1, 0),
    "reserve": (0, 1),
    "release": (0, -1),
    "ship": (-1, -1),
    "return": (1, 0),
}


@dataclass(frozen=True, slots=True)
class Reserved(Result):
    """What was reserved for an order and what could not be."""

    order_id: str
    reserved: list[dict[str, Any]]
    shortages: list[dict[str, Any]]
    complete: bool


def receive_stock(
    work: Work, *, sku: str, warehouse: str, qty: Decimal | int, note: str | None = None
) -> Decimal:
    """Take goods into a warehouse; returns what lies there now."""
    amount = _amount(qty)
    level = _level(work, sku, warehouse)
    _move(work, level, "receive", amount, note=note)
    return level.on_hand


def expect_stock(
    work: Work, *, sku: str, warehouse: str, qty: Decimal | int, expected_on: Any
) -> str:
    """Note goods that will arrive; promise dates count on them. Returns the id."""
    problems = Problems()
    day = problems.day("expected_on", expected_on)
    problems.raise_as(InvalidRecord)
    row = IncomingStock(sku=sku, warehouse=warehouse, qty=_amount(qty), expected_on=day)
    return str(add(work, row).id)


def free_stock(session: Session, *, sku: str, warehouse: str | None = None) -> Decimal:
    """What lies there and is promised to nobody."""
    query = select(
        func.sum(StockLevel.on_hand, type_=ScaledDecimal(3)),
        func.sum(StockLevel.reserved, type_=ScaledDecimal(3)),
    ).where(StockLevel.sku == sku)
    if warehouse is not None:
        query = query.where(StockLevel.warehouse == warehouse)
    on_hand, reserved = session.execute(query).one()
    return Decimal(on_hand or 0) - Decimal(reserved or 0)


def reserve_order(
    work: Work, *, order_id: Ref, warehouse: str | None = None, partial: bool = True
) -> Reserved:
    """Promise stock to every stock line of an order, once; a second call fills what is open.

    The given warehouse (else the order's) is used up first, then the fullest others. Without
    ``partial`` a short line takes nothing at all.
    """
    order = get_order(work.session, order_id, lock=True)
    preferred = warehouse or order.warehouse
    done, short = [], []
    for line in order.lines:
        if line.fulfil != "stock" or line.state != "open":
            continue
        wanted = line.qty - line.qty_cancelled - line.qty_reserved
        if wanted <= 0:
            continue
        if not partial and free_stock(work.session, sku=line.sku) < wanted:
            short.append({"seq": line.seq, "sku": line.sku, "short": wanted})
            continue
        for level in _levels(work.session, line.sku, preferred):
            part = min(wanted, level.on_hand - level.reserved)
            if part <= 0:
                continue
            _reserve(work, line, level, part)
            done.append(
                {"seq": line.seq, "sku": line.sku, "warehouse": level.warehouse, "qty": part}
            )
            wanted -= part
            if wanted == 0:
                break
        if wanted > 0:
            short.append({"seq": line.seq, "sku": line.sku, "short": wanted})
    if done:
        audit.record(
            work,
            action="stock.reserve",
            entity=f"order:{order.id}",
            after={"lines": [f"{row['seq']}:{row['warehouse']}:{row['qty']}" for row in done]},
        )
    work.session.flush()
    return Reserved(str(order.id), done, short, not short)


def release_stock(work: Work, *, order_id: Ref) -> list[dict[str, Any]]:
    """Give back what is promised to an order and not shipped yet; picked goods go back too."""
    return release_lines(work, order_id=order_id)


def release_lines(
    work: Work,
    *,
    order_id: Ref,
    lines: Collection[int] | None = None,
    keep: Decimal | None = None,
) -> list[dict[str, Any]]:
    """The same for some lines of an order; ``keep`` of each stays promised."""
    order = get_order(work.session, order_id, lock=True)
    released = []
    kept: dict[int, Decimal] = {}
    for line, row in _reservations(work.session, order.id):
        if lines is not None and line.seq not in lines:
            continue
        stays = min(row.qty - row.shipped, (keep or ZERO) - kept.get(line.seq, ZERO))
        kept[line.seq] = kept.get(line.seq, ZERO) + stays
        free = row.qty - row.shipped - stays
        if free <= 0:
            continue
        level = _level(work, row.sku, row.warehouse)
        _move(work, level, "release", free, line=line)
        row.qty -= free
        row.picked = min(row.picked, row.qty)
        line.qty_reserved -= free
        touch(work, row)
        released.append({"seq": line.seq, "sku": row.sku, "qty": free})
    if released:
        audit.record(work, action="stock.release", entity=f"order:{order.id}")
    work.session.flush()
    return released


def pick_lines(work: Work, *, order_id: Ref, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Keep what was picked (T06.7): ``{line: seq, qty_picked, batch, short_reason}``.

    ``qty_picked`` is the whole picked quantity of the line, at most what is reserved; less
    needs a ``short_reason``. Returns ``{complete, short: [seq]}``.
    """
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    by_line: dict[int, list[Reservation]] = {}
    for line, row in _reservations(work.session, order.id):
        by_line.setdefault(line.seq, []).append(row)
    short = []
    for index, given in enumerate(lines):
        rows = by_line.get(int(given.get("line") or 0), [])
        qty = problems.qty(f"lines[{index}].qty_picked", given.get("qty_picked"), zero=True)
        reserved = sum((row.qty for row in rows), ZERO)
        if qty is None:
            continue
        if qty > reserved:
            problems.add(f"lines[{index}].qty_picked", lazy("More than is reserved."))
        if qty < reserved:
            short.append(int(given["line"]))
            if not clean(given.get("short_reason")):
                problems.add(f"lines[{index}].short_reason", lazy("Please fill this in."))
    problems.raise_as(InvalidRecord)
    for given in lines:
        _pick(work, by_line.get(int(given["line"]), []), given)
    picked = {int(given["line"]) for given in lines}
    untouched = [
        seq
        for seq, rows in by_line.items()
        if seq not in picked and any(row.picked < row.qty for row in rows)
    ]
    audit.record(work, action="stock.pick", entity=f"order:{order.id}")
    work.session.flush()
    return {"complete": not short and not untouched, "short": sorted(short + untouched)}


def ship_reserved(work: Work, *, line: OrderLine, warehouse: str | None, qty: Decimal) -> None:
    """Take reserved goods out of the warehouse for a dispatch; raises NotEnoughStock."""
    left = qty
    for _, row in _reservations(work.session, line.order_id, line.id):
        if warehouse is not None and row.warehouse != warehouse:
            continue
        part = min(left, row.qty - row.shipped)
        if part <= 0:
            continue
        row.picked = max(row.picked, row.shipped + part)
        row.shipped += part
        level = _level(work, row.sku, row.warehouse)
        _move(work, level, "ship", part, line=line)
        touch(work, row)
        left -= part
        if left == 0:
            break
    if left > 0:
        raise NotEnoughStock(sku=line.sku)


def return_stock(
    work: Work, *, line: OrderLine, warehouse: str, qty: Decimal, note: str | None = None
) -> None:
    """Take goods that came back into a warehouse."""
    _move(work, _level(work, line.sku, warehouse), "return", _amount(qty), line=line, note=note)


def pick_list(session: Session, *, order_id: Ref) -> list[dict[str, Any]]:
    """What the warehouse has to fetch: line, product, place, quantity, picked so far."""
    return [
        {
            "line": line.seq,
            "sku": row.sku,
            "description": line.description,
            "warehouse": row.warehouse,
            "qty": row.qty,
            "picked": row.picked,
        }
        for line, row in _reservations(session, order_id)
    ]


def stock_balance_ok(session: Session) -> bool:
    """Whether every stock level is exactly what its ledger adds up to."""
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for move in session.scalars(select(StockMove)):
        on_hand, reserved = MOVES[move.kind]
        pair = sums.setdefault((move.sku, move.warehouse), [ZERO, ZERO])
        pair[0] += on_hand * move.qty
        pair[1] += reserved * move.qty
    return all(
        [level.on_hand, level.reserved] == sums.get((level.sku, level.warehouse), [ZERO, ZERO])
        for level in session.scalars(select(StockLevel))
    )


def _amount(qty: Decimal | int) -> Decimal:
    problems = Problems()
    amount = problems.qty("qty", qty)
    problems.raise_as(InvalidRecord)
    return amount or ZERO


def _levels(session: Session, sku: str, preferred: str | None) -> list[StockLevel]:
    rows = session.scalars(select(StockLevel).where(StockLevel.sku == sku).with_for_update()).all()
    return sorted(
        rows,
        key=lambda row: (row.warehouse != preferred, row.reserved - row.on_hand, row.warehouse),
    )


def _level(work: Work, sku: str, warehouse: str) -> StockLevel:
    row = work.session.scalar(
        select(StockLevel)
        .where(StockLevel.sku == sku, StockLevel.warehouse == warehouse)
        .with_for_update()
    )
    if row is not None:
        return row
    return add(work, StockLevel(sku=sku, warehouse=warehouse, on_hand=ZERO, reserved=ZERO))


def _move(
    work: Work,
    level: StockLevel,
    kind: str,
    qty: Decimal,
    *,
    line: OrderLine | None = None,
    note: str | None = None,
) -> None:
    on_hand, reserved = MOVES[kind]
    level.on_hand += on_hand * qty
    level.reserved += reserved * qty
    add(
        work,
        StockMove(
            at=work.now,
            by=work.actor.login,
            sku=level.sku,
            warehouse=level.warehouse,
            kind=kind,
            qty=qty,
            order_line_id=line.id if line else None,
            note=note,
        ),
    )


def _reserve(work: Work, line: OrderLine, level: StockLevel, qty: Decimal) -> None:
    row = work.session.scalar(
        select(Reservation).where(
            Reservation.order_line_id == line.id, Reservation.warehouse == level.warehouse
        )
    )
    if row is None:
        row = Reservation(
            order_line_id=line.id,
            sku=line.sku,
            warehouse=level.warehouse,
            qty=qty,
            picked=ZERO,
            shipped=ZERO,
        )
        add(work, row)
    else:
        row.qty += qty
        touch(work, row)
    line.qty_reserved += qty
    _move(work, level, "reserve", qty, line=line)


def _pick(work: Work, rows: Sequence[Reservation], given: Mapping[str, Any]) -> None:
    left = Decimal(str(given["qty_picked"]))
    for row in rows:
        row.picked = max(min(left, row.qty), row.shipped)
        left -= row.picked
        batch = given.get("batch")
        if batch:
            row.batches = [*row.batches, *(batch if isinstance(batch, list) else [str(batch)])]
        touch(work, row)


def _reservations(
    session: Session, order_id: Ref, line_id: Ref | None = None
) -> list[tuple[OrderLine, Reservation]]:
    query = (
        select(OrderLine, Reservation)
        .join(Reservation, Reservation.order_line_id == OrderLine.id)
        .where(OrderLine.order_id == as_id(order_id))
        .order_by(OrderLine.seq, Reservation.warehouse)
    )
    if line_id is not None:
        query = query.where(OrderLine.id == line_id)
    return [(line, row) for line, row in session.execute(query)]
