"""What the world around the demo company does: banks pay, carriers deliver, customers confirm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.clock import shanghai
from jiedan.demo.answers import Story
from jiedan.desk.payments import deposit_balance, match_payment, register_payment
from jiedan.desk.settlement import settlement_balance
from jiedan.desk.tables import Order
from jiedan.flow.messages import deliver_message
from jiedan.flow.platform import Flow

OUTSIDE = Actor("outside", "Outside", frozenset({"API"}))

DELAYS: Mapping[str, tuple[float, float]] = {
    "carrier.status": (20, 60),
    "customer.delivery.confirmed": (2, 30),
    "payment.received": (100, 500),
    "payment.deposit.received": (10, 90),
    "platform.settled": (48, 160),
}
"""Hours after which the outside answers what somebody waits for, at least and at most."""


class NothingToSay(LookupError):
    """The outside has no reason to answer this."""


def answer_wait(flow: Flow, story: Story, *, message: str, correlation_key: str) -> None:
    """Send the message that an order waits for, with what such a message says.

    Raises NothingToSay.
    """
    payload: dict[str, Any] = {}
    if message == "carrier.status":
        at = shanghai(flow.platform.clock.now()).isoformat()
        payload = {"code": "delivered", "at": at, "place": "上海"}
    elif message == "customer.delivery.confirmed":
        payload = {"signer": "周工", "proof": "链接确认"}
    elif message == "payment.deposit.received":
        _pay_deposit(flow, story, correlation_key)
    elif message == "payment.received":
        payload = _payment(flow, story, correlation_key)
    deliver_message(
        flow, actor=OUTSIDE, name=message, correlation_key=correlation_key, payload=payload
    )


def _reference(story: Story) -> str:
    return f"BANK{story.rng.randint(10**8, 10**9 - 1)}"


def _order_named(session: Session, number: str) -> UUID:
    order_id = session.scalar(select(Order.id).where(Order.number == number))
    if order_id is None:
        raise NothingToSay(number)
    return order_id


def _pay_deposit(flow: Flow, story: Story, number: str) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        order_id = _order_named(work.session, number)
        missing = deposit_balance(work.session, order_id=order_id).remaining_fen
        if missing <= 0:
            return
        ref = _reference(story)
        register_payment(
            work, ref=ref, amount_fen=missing, customer_id=story.customer, payer=story.company
        )
        match_payment(
            work,
            ref=ref,
            splits=[{"order_id": str(order_id), "amount_fen": missing}],
            purpose="deposit",
            difference_reason="定金",
        )


def _payment(flow: Flow, story: Story, key: str) -> dict[str, Any]:
    with flow.platform.read() as session:
        order_id = _order_named(session, key)
        due = settlement_balance(session, order_id=order_id).remaining_fen
    return {"payment_ref": _reference(story), "amount_fen": due, "payer": story.company}
