"""The order that a task or an instance carries: which one it is, and what the reader may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.errors import NotFound
from jiedan.core.i18n import gettext
from jiedan.desk.customers import CustomerFacts
from jiedan.desk.masking import needs_money
from jiedan.desk.order_page import OrderPage
from jiedan.desk.order_refs import order_ref
from jiedan.desk.states import STATE_NAMES, OrderState
from jiedan.flow.instances import InstanceView, list_instances, show_instance
from jiedan.flow.tasks import OpenedTask
from jiedan.web.house import flow, platform

PERSONAL = frozenset({"SR", "OC", "OR", "FO", "FM", "LG", "LM", "PA", "EX", "AS", "AM"})
"""Roles that read receiver and phone in clear while they hold an open task on the order (S3.3)."""


@dataclass(frozen=True, slots=True)
class Beside:
    """An order in a line beside a task."""

    number: str
    state: str
    state_name: str
    held: bool
    url: str


def state_name(state: str) -> str:
    """What people call a state of an order."""
    try:
        return str(STATE_NAMES[OrderState(state)])
    except ValueError:
        return state


def order_beside(task: OpenedTask) -> Beside | None:
    """The order that a task works on; None when its process carries none."""
    order_id = order_id_of(task.variables)
    if order_id is None:
        return None
    try:
        with platform().read() as session:
            order = order_ref(session, order_id=order_id)
    except NotFound:
        return None
    return Beside(
        number=order.order_no or task.title or gettext("New order"),
        state=order.state,
        state_name=state_name(order.state),
        held=order.held,
        url=url_for("orders.show", ref=order.order_no or order.order_id),
    )


def order_id_of(variables: Mapping[str, Any]) -> str | None:
    """The order that a process carries."""
    found = variables.get("order_id")
    return str(found) if found else None


def instance_of(order: OrderPage) -> InstanceView | None:
    """The process instance that carries an order; None for orders without one."""
    keys = [key for key in (order.order_no, order.order_id) if key]
    for key in keys:
        for item in list_instances(flow(), business_key=key, size=5).items:
            return show_instance(flow(), instance_id=item.instance_id)
    return None


def may_read_personal(order: OrderPage, view: InstanceView | None, actor: Actor) -> bool:
    """Receiver, phone and address in clear only for the work at hand (SPEC §3.3)."""
    if view is None or not actor.has_any(*PERSONAL):
        return False
    mine = {f"u:{actor.login}"} | {f"r:{role}" for role in actor.roles}
    return any(
        task.assignee == actor.login or (task.assignee is None and mine & set(task.owners))
        for task in view.tasks
        if task.completed_at is None
    )


def may_read_money(actor: Actor) -> bool:
    """Prices are for those whose work needs them."""
    return needs_money(actor)


def owns_customer(customer: CustomerFacts | None, actor: Actor) -> bool:
    return customer is not None and customer.owner == actor.login


def note_clear_view(actor: Actor, entity: str) -> None:
    """Seeing personal data in clear is written down (SPEC S0.3 G3)."""
    with platform().work(actor=actor) as work:
        audit.record(work, action="personal.view", entity=entity)


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
