"""Asking something of a running order: refused at once when it cannot be done, else delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiedan.desk.requests import REQUESTS, require_possible
from jiedan.flow.messages import Delivered, deliver_message
from jiedan.web.house import flow, person, platform


def require_message_possible(message: str, order_no: str) -> None:
    """Raises what stands in the way of a request to an order; other messages pass."""
    if message not in REQUESTS:
        return
    with platform().read() as session:
        require_possible(session, message=message, order_no=order_no)


def ask_of_order(
    *, message: str, order_no: str, key: str, payload: Mapping[str, Any] | None = None
) -> Delivered:
    """Deliver a request to the order with this number, in the name of who asks."""
    require_message_possible(message, order_no)
    return deliver_message(
        flow(),
        actor=person(),
        name=message,
        correlation_key=order_no,
        payload={"asked_by": person().login, **(payload or {})},
        key=key,
    )
