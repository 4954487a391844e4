"""What the world around the demo company does: banks pay, carriers deliver, customers confirm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.clock import shanghai
from jiedan.core.database import dump_json
from jiedan.demo.answers import Story
from jiedan.desk.payments import deposit_balance, match_payment, register_payment
from jiedan.desk.platforms import load_platforms, sign
from jiedan.desk.settlement import settlement_balance
from jiedan.desk.tables import Order
from jiedan.flow.messages import deliver_message
from jiedan.flow.platform import Flow
from jiedan.web.api.platform_push import take_push

PLATFORM = "netease"
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
    elif message == "platform.settled":
        due = _payment(flow, story, correlation_key)
        payload = {"settlement_ref": due["payment_ref"], "amount_fen": due["amount_fen"]}
    elif message == "payment.received":
        payload = _payment(flow, story, correlation_key)
    deliver_message(
        flow, actor=OUTSIDE, name=message, correlation_key=correlation_key, payload=payload
    )


def push_order(flow: Flow, story: Story) -> UUID | None:
    """The platform sends us the order of this story, signed; the instance that carries it."""
    now = flow.platform.clock.now()
    setup = load_platforms(flow.platform.settings.config_dir / "platforms.toml")[PLATFORM]
    qty = story.rng.randint(1, 6)
    item = {"sku": "P-5001", "title": "智能插座", "qty": qty, "unit_price_fen": 8_900}
    body = dump_json(
        {
            "order_no": f"NE{shanghai(now):%Y%m%d%H%M%S}{story.rng.randint(100, 999)}",
            "status": "PAID",
            "paid_at": shanghai(now).isoformat(),
            "total_fen": qty * 8_900,
            "buyer": {"id": f"b-{story.company}", "name": story.company, "kind": "consumer"},
            "address": {
                "receiver": story.company,
                "phone": f"139{story.rng.randint(10**7, 10**8 - 1)}",
                "province": "浙江",
                "city": "杭州市",
                "district": "滨江区",
                "detail": f"江南大道 {story.rng.randint(1, 900)} 号",
            },
            "items": [item],
        }
    ).encode()
    timestamp = str(int(now.timestamp()))
    secret = setup.secret(demo=True) or ""
    taken = take_push(
        flow,
        name=PLATFORM,
        timestamp=timestamp,
        signature=sign(secret=secret, timestamp=timestamp, body=body),
        body=body,
    )
    return taken.instance_id


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
