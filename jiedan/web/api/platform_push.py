"""Orders pushed by a sales platform: signed, fresh, once (SPEC N2.1.3, E25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import request

from jiedan.core.actor import Actor
from jiedan.core.i18n import lazy
from jiedan.desk import platform_orders
from jiedan.desk.errors import ConflictingPayload
from jiedan.flow import messages, notices
from jiedan.flow.platform import Flow
from jiedan.web.api.body import raw_body
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow

PUSHED = "platform.order.pushed"
USUAL_PLATFORM = "netease"
PLATFORM_ROLE = "API"
TOLD_OF_CONFLICTS = ("r:PA", "r:BM")
CONFLICT = lazy("The platform sent order %(number)s again with other content. We refused it.")


@dataclass(frozen=True, slots=True)
class TakenPush:
    """A push that is kept, with the instance that carries its order."""

    platform_order_no: str
    instance_id: UUID | None
    duplicate: bool


@blueprint.post("/v1/platform/orders")
@describe(lazy("Take an order that a sales platform pushes"), signed=True)
def push_order() -> tuple[dict[str, Any], int]:
    """What takes long comes after the answer."""
    taken = take_push(
        flow(),
        name=request.headers.get("X-Platform", USUAL_PLATFORM)[:64],
        timestamp=request.headers.get("X-Platform-Timestamp"),
        signature=request.headers.get("X-Platform-Signature"),
        body=raw_body(),
        ip=request.remote_addr,
    )
    answer = {
        "result": "success",
        "platform_order_no": taken.platform_order_no,
        "instance_id": str(taken.instance_id) if taken.instance_id else None,
        "duplicate": taken.duplicate,
    }
    return answer, 200


def take_push(
    flow: Flow,
    *,
    name: str,
    timestamp: str | None,
    signature: str | None,
    body: bytes,
    ip: str | None = None,
) -> TakenPush:
    """Verify a push, keep it and start its process, in one transaction.

    Raises BadSignature, StalePush, BadPayload and ConflictingPayload.
    """
    actor = Actor(login=f"platform:{name}", name=name, roles=frozenset({PLATFORM_ROLE}), ip=ip)
    try:
        with flow.platform.work(actor=actor) as work:
            taken = platform_orders.receive_push(
                work, platform=name, timestamp=timestamp, signature=signature, body=body
            )
            number = taken.platform_order_no
            delivered = messages.publish(
                work,
                flow,
                name=PUSHED,
                correlation_key=number,
                key=f"{name}:{number}",
                payload={
                    "platform": name,
                    "platform_order_id": taken.platform_order_id,
                    "platform_order_no": number,
                },
            )
    except ConflictingPayload:
        # The refusal undid everything; that it happened is worth a work of its own.
        with flow.platform.work(actor=actor) as work:
            noted = platform_orders.note_conflict(work, platform=name, body=body)
            if noted is not None:
                notices.notify(
                    work,
                    owners=TOLD_OF_CONFLICTS,
                    kind="conflict",
                    msgid=CONFLICT.msgid,
                    params={"number": noted.platform_order_no},
                )
        raise
    return TakenPush(number, delivered.instance_id, taken.duplicate)
