"""What was made and performed on order lines that do not come from the shelf."""

from __future__ import annotations

from decimal import Decimal

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord, UnknownRecord
from jiedan.desk.records import get_order
from jiedan.desk.tables import Order, OrderLine
from jiedan.desk.values import Problems, Ref, touch


def line_of(order: Order, seq: int) -> OrderLine:
    """The line with this number; raises UnknownRecord."""
    for line in order.lines:
        if line.seq == seq:
            return line
    raise UnknownRecord(kind="order_lines")


def finish_production(work: Work, *, order_id: Ref, seq: int, qty: Decimal) -> Decimal:
    """Add to what was made of a line, never more than was ordered; returns what is still open."""
    order = get_order(work.session, order_id, lock=True)
    line = line_of(order, seq)
    problems = Problems()
    amount = problems.qty("qty_done", qty)
    wanted = line.qty - line.qty_cancelled - line.qty_produced
    if amount is not None and amount > wanted:
        problems.add("qty_done", lazy("More than is still to make."))
    problems.raise_as(InvalidRecord)
    line.qty_produced += amount or 0
    touch(work, order)
    audit.record(
        work,
        action="line.produced",
        entity=f"order:{order.id}",
        after={"line": seq, "qty": str(amount)},
    )
    work.session.flush()
    return line.qty - line.qty_cancelled - line.qty_produced


def finish_service(work: Work, *, order_id: Ref, seq: int) -> None:
    """Count a service line as delivered: the customer has confirmed that it was performed."""
    order = get_order(work.session, order_id, lock=True)
    line = line_of(order, seq)
    line.qty_delivered = line.qty - line.qty_cancelled
    touch(work, order)
    audit.record(work, action="line.performed", entity=f"order:{order.id}", after={"line": seq})
    work.session.flush()
