"""Orders pushed by a sales platform: signed, fresh, once (SPEC N2.1.3, E25)."""

from __future__ import annotations

from typing import Any

from flask import request

from jiedan.core.actor import Actor
from jiedan.core.i18n import lazy
from jiedan.desk import platform_orders
from jiedan.desk.errors import ConflictingPayload
from jiedan.flow import messages, notices
from jiedan.web.api.body import raw_body
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow, platform

PUSHED = "platform.order.pushed"
USUAL_PLATFORM = "netease"
PLATFORM_ROLE = "API"
TOLD_OF_CONFLICTS = ("r:PA", "r:BM")
CONFLICT = lazy("The platform sent order %(number)s again with other content. We refused it.")


@blueprint.post("/v1/platform/orders")
@describe(lazy("Take an order that a sales platform pushes"), signed=True)
def push_order() -> tuple[dict[str, Any], int]:
    """The push is kept and its process started in one transaction; what takes long comes later."""
    name = request.headers.get("X-Platform", USUAL_PLATFORM)[:64]
    body = raw_body()
    actor = Actor(
        login=f"platform:{name}",
        name=name,
        roles=frozenset({PLATFORM_ROLE}),
        ip=request.remote_addr,
    )
    try:
        with platform().work(actor=actor) as work:
            taken = platform_orders.receive_push(
                work,
                platform=name,
                timestamp=request.headers.get("X-Platform-Timestamp"),
                signature=request.headers.get("X-Platform-Signature"),
                body=body,
            )
            number = taken.platform_order_no
            delivered = messages.publish(
                work,
                flow(),
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
        with platform().work(actor=actor) as work:
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
    answer = {
        "result": "success",
        "platform_order_no": number,
        "instance_id": str(delivered.instance_id) if delivered.instance_id else None,
        "duplicate": taken.duplicate,
    }
    return answer, 200
