"""Who may see an order, judged on the loaded order, never on the address (SPEC §4.1)."""

from __future__ import annotations

from typing import Protocol, TypeVar

from jiedan.core.actor import Actor
from jiedan.core.errors import NotFound

READ_ALL = frozenset(
    {"SM", "SD", "GM", "OC", "OR", "FO", "FM", "PA", "BM", "AS", "AM", "LC", "AU", "CS"}
)
"""Roles that work on all orders; the others see those that they own or work on."""
READ_WORK = frozenset({"SR", "PM", "PP", "QC", "LG", "LM", "WH", "EX"})
"""Roles that see an order while it is theirs: as owner, or for a task of theirs on it."""


class SeenOrder(Protocol):
    """What the right to an order depends on."""

    @property
    def owner(self) -> str | None: ...

    @property
    def people(self) -> frozenset[str]:
        """Logins of everybody who entered, accepted, reviewed or carries it out."""
        ...


Order = TypeVar("Order", bound=SeenOrder)


def may_see_order(order: SeenOrder, actor: Actor) -> bool:
    """Whether this person may read this order."""
    return bool(actor.roles & READ_ALL) or actor.login in {order.owner, *order.people}


def require_order_sight(order: Order, actor: Actor) -> Order:
    """The same order, or NotFound as if it did not exist."""
    if not may_see_order(order, actor):
        raise NotFound
    return order
