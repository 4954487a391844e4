"""Owns reserving, receiving and picking what an order needs (T06.7, T06.10)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from handlers.beside import line_name, order_facts, order_of
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import lazy
from jiedan.desk import states, stock, stock_counts
from jiedan.desk.tables import Order, OrderLine

DONE, REWORK = "done", "rework"


@handler("resource.reserve")
def reserve(context: Context, order_id: str, warehouse: str | None = None) -> dict[str, Any]:
    """Reserve stock for every open line, and list what has to be picked, made and performed.

    The work begins once nothing is short.
    """
    found = stock.reserve_order(context.work, order_id=order_id, warehouse=warehouse)
    order = order_of(context, order_id)
    if found.complete:
        states.set_state(context.work, order_id=order_id, to=states.S.IN_EXECUTION)
    return {
        "short": not found.complete,
        "shortages": found.as_dict()["shortages"],
        "pick_lists": pick_lists(context, order_id),
        "mto_lines": [line.seq for line in open_lines(order, "mto")],
        "service_lines": [line.seq for line in open_lines(order, "service")],
    }


@handler("stock.load_arrival")
def load_arrival(context: Context, order_id: str) -> dict[str, Any]:
    """The lines that are short, and by how much."""
    rows = [
        {
            "sku": line.sku,
            "name": line_name(line),
            "short": _text(short),
            "qty_received": _text(short),
        }
        for line, short in short_lines(order_of(context, order_id))
    ]
    return {"values": {"lines": rows}, "facts": order_facts(context, order_id)}


@handler("stock.save_arrival")
def save_arrival(
    context: Context, answer: dict[str, Any], order_id: str, warehouse: str | None = None
) -> dict[str, Any]:
    """Take the goods into the order's warehouse; reserving comes next."""
    order = order_of(context, order_id)
    place = warehouse or order.warehouse
    if place is None:
        raise InvalidAnswer({"lines": lazy("The order has no warehouse yet: allocate it first.")})
    for row in answer.get("lines") or []:
        qty = _number(row["qty_received"])
        if qty > 0:
            stock.receive_stock(
                context.work, sku=row["sku"], warehouse=place, qty=qty, note=answer["reference"]
            )
    return {}


@handler("stock.load_picking")
def load_picking(context: Context, order_id: str, pick_list: dict[str, Any]) -> dict[str, Any]:
    """What has to be fetched from this warehouse, line by line."""
    order = order_of(context, order_id)
    names = {line.seq: line_name(line) for line in order.lines}
    rows = [
        {
            "line": str(seq),
            "sku": found["sku"],
            "name": names[seq],
            "qty_open": _text(found["open"]),
            "qty_picked": _text(found["open"]),
        }
        for seq, found in _to_pick(context, order_id).items()
        if seq in pick_list["lines"]
    ]
    return {"values": {"lines": rows}, "facts": order_facts(context, order_id)}


@handler("stock.save_picking")
def save_picking(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    pick_list: dict[str, Any],
) -> dict[str, Any]:
    """Keep what was picked; what is not on the shelf is written down and short from now on."""
    before = _to_pick(context, order_id)
    lines, missing = [], {}
    for index, row in enumerate(answer["lines"]):
        seq = int(row["line"])
        if seq not in before or seq not in pick_list["lines"]:
            raise InvalidAnswer({f"lines[{index}].line": lazy("There is no such line.")})
        found = before[seq]
        qty = _number(row["qty_picked"])
        if qty < found["open"]:
            missing[seq] = found["open"] - qty
        lines.append(
            {
                "line": seq,
                "qty_picked": found["picked"] + qty,
                "batch": row.get("batch"),
                "short_reason": row.get("short_reason"),
            }
        )
    if missing and outcome == DONE:
        raise InvalidAnswer({"lines": lazy("Something is short: use the button for that.")})
    stock.pick_lines(context.work, order_id=order_id, lines=lines)
    if missing:
        stock_counts.write_down_missing(
            context.work, order_id=order_id, missing=missing, note="picking"
        )
    return {}


def pick_lists(context: Context, order_id: str) -> list[dict[str, Any]]:
    """One list per warehouse; a line that lies in two is fetched by the one with most of it."""
    by_place: dict[str, list[int]] = {}
    for seq, found in _to_pick(context, order_id).items():
        by_place.setdefault(found["warehouse"], []).append(seq)
    return [{"warehouse": place, "lines": lines} for place, lines in sorted(by_place.items())]


def short_lines(order: Order) -> Iterator[tuple[OrderLine, Decimal]]:
    """Stock lines that lack a reservation, and how much."""
    for line in order.lines:
        short = line.qty - line.qty_cancelled - line.qty_reserved
        if line.fulfil == "stock" and line.state == "open" and short > 0:
            yield line, short


def open_lines(order: Order, kind: str) -> list[OrderLine]:
    """Lines of a kind that are not made, or not performed, yet."""
    return [
        line
        for line in order.lines
        if line.fulfil == kind
        and line.state == "open"
        and line.qty - line.qty_cancelled > done_of(line)
    ]


def done_of(line: OrderLine) -> Decimal:
    """How much of a line is made, performed or reserved for delivery."""
    return {"mto": line.qty_produced, "service": line.qty_delivered}.get(
        line.fulfil, line.qty_reserved
    )


def _to_pick(context: Context, order_id: str) -> dict[int, dict[str, Any]]:
    """Line number → what is open and picked of it, and in which warehouse most of it lies."""
    found: dict[int, dict[str, Any]] = {}
    rows = stock.pick_list(context.work.session, order_id=order_id)
    for row in sorted(rows, key=lambda one: -one["qty"]):
        line = found.setdefault(
            row["line"],
            {
                "sku": row["sku"],
                "warehouse": row["warehouse"],
                "open": Decimal(0),
                "picked": Decimal(0),
            },
        )
        line["open"] += row["qty"] - row["picked"]
        line["picked"] += row["picked"]
    return {seq: line for seq, line in sorted(found.items()) if line["open"] > 0}


def _number(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def _text(qty: Decimal) -> str:
    return f"{qty.normalize():f}"
