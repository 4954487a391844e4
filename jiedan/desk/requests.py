"""What people may ask of a running order, and when: to cancel it, to change it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.desk.errors import NotCancellable, NotChangeable, RequestOpen
from jiedan.desk.labels import label
from jiedan.desk.order_refs import find_order
from jiedan.desk.records import get_order
from jiedan.desk.states import BEFORE_DISPATCH, STATE_NAMES, OrderState
from jiedan.desk.tables import Cancellation, Order, OrderChange
from jiedan.desk.values import ZERO, Ref

S = OrderState
NOT_TAKEN_YET = frozenset({S.DRAFT})
"""Before it is handed in an order is lost, not cancelled."""
CANCELLABLE = (BEFORE_DISPATCH - NOT_TAKEN_YET) | {S.PARTIALLY_DELIVERED}
CHANGEABLE = frozenset(
    {
        S.APPROVED,
        S.CONTRACT_PENDING,
        S.AWAITING_DEPOSIT,
        S.ALLOCATED,
        S.PLANNED,
        S.IN_EXECUTION,
        S.READY,
        S.PARTIALLY_DELIVERED,
    }
)
OPEN_CANCELLATION = ("requested", "approved")
OPEN_CHANGE = ("requested", "agreed")


def require_cancellable(session: Session, *, order_id: Ref) -> Order:
    """The order, when somebody may ask to cancel it now.

    Raises NotCancellable once everything has left, RequestOpen while another wish is open.
    """
    order = get_order(session, order_id)
    if order.state not in CANCELLABLE:
        raise NotCancellable(reason=str(STATE_NAMES[OrderState(order.state)]))
    if not any(line.qty - line.qty_cancelled - line.qty_shipped > ZERO for line in order.lines):
        raise NotCancellable(reason=str(label("dispatched")))
    require_no_request(session, order)
    return order


def require_changeable(session: Session, *, order_id: Ref) -> Order:
    """The order, when somebody may ask to change it now: from its approval to its delivery.

    Before that it is returned to its sales representative instead. Raises NotChangeable,
    RequestOpen while another wish is open.
    """
    order = get_order(session, order_id)
    if order.state not in CHANGEABLE:
        raise NotChangeable(state=str(STATE_NAMES[OrderState(order.state)]))
    require_no_request(session, order)
    return order


def require_no_request(session: Session, order: Order) -> None:
    """One wish at a time: raises RequestOpen while a cancellation or a change is being decided."""
    if open_change(session, order_id=order.id) or open_cancellation(session, order_id=order.id):
        raise RequestOpen


def open_change(session: Session, *, order_id: Ref) -> OrderChange | None:
    """The change of an order that is being decided."""
    order = get_order(session, order_id)
    return session.scalar(
        select(OrderChange).where(
            OrderChange.order_id == order.id, OrderChange.state.in_(OPEN_CHANGE)
        )
    )


def open_cancellation(session: Session, *, order_id: Ref) -> Cancellation | None:
    """The cancellation of an order that is being decided or carried out."""
    order = get_order(session, order_id)
    return session.scalar(
        select(Cancellation).where(
            Cancellation.order_id == order.id, Cancellation.state.in_(OPEN_CANCELLATION)
        )
    )


REQUESTS: dict[str, Callable[..., Order]] = {
    "order.cancel.requested": require_cancellable,
    "order.change.requested": require_changeable,
}
"""The messages that ask something of a running order, by its number, and what allows them."""


def require_possible(session: Session, *, message: str, order_no: str) -> None:
    """Refuse a message that asks of an order what cannot be done now; others pass."""
    check = REQUESTS.get(message)
    if check is not None:
        check(session, order_id=find_order(session, number=order_no).order_id)
