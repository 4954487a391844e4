"""Who may see an order, judged on the loaded order, never on the address (SPEC §4.1)."""

from __future__ import annotations

from jiedan.core.actor import Actor
from jiedan.core.errors import NotFound
from jiedan.desk.order_page import OrderPage
from jiedan.flow.instances import list_instances, show_instance
from jiedan.web.house import flow
from jiedan.web.instance_rights import may_see

READ_ALL = frozenset(
    {"SM", "SD", "GM", "OC", "OR", "FO", "FM", "PA", "BM", "AS", "AM", "LC", "AU", "CS"}
)
"""Roles that work on all orders; the others see those that they own or work on."""


def may_see_order(order: OrderPage, actor: Actor) -> bool:
    """Whether this person may read this order."""
    if actor.roles & READ_ALL:
        return True
    if actor.login in {order.owner, order.accepted_by, order.entered_by}:
        return True
    if order.order_no is None:
        return False
    found = list_instances(flow(), business_key=order.order_no)
    return any(
        may_see(show_instance(flow(), instance_id=one.instance_id), actor) for one in found.items
    )


def require_order_sight(order: OrderPage, actor: Actor) -> OrderPage:
    """The same order, or NotFound as if it did not exist."""
    if not may_see_order(order, actor):
        raise NotFound
    return order
