"""The number of an order (SPEC S3.2)."""

from __future__ import annotations

from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.order_refs import OrderRef, ref_of
from jiedan.desk.records import get_order
from jiedan.desk.values import Ref

PREFIXES = {"sales": "XS", "netease": "WY"}


def assign_number(work: Work, *, order_id: Ref) -> OrderRef:
    """Give an order its number, once; later calls return the same one (SPEC S2.2.5)."""
    order = get_order(work.session, order_id, lock=True)
    if order.number is None:
        order.number = take_number(work, kind="order", prefix=PREFIXES[order.channel])
        work.session.flush()
    return ref_of(order)
