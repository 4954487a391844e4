"""Messages from outside: to the instance that waits for them, or kept until one does."""

from __future__ import annotations

from typing import Any

from jiedan.core.errors import Forbidden
from jiedan.core.i18n import lazy
from jiedan.flow import messages
from jiedan.web.api import shapes
from jiedan.web.api.body import idempotency_key, json_body
from jiedan.web.api.caller import caller
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow
from jiedan.web.order_requests import require_message_possible

SENDERS = frozenset({"API", "AD", "FO", "FM", "LG", "LM", "AS", "AM", "CS", "PA", "SR"})
"""Roles that report events from outside; the role API is for systems."""


class MayNotSend(Forbidden):
    """You may not send messages to processes."""


@blueprint.post("/v1/messages/<name>")
@describe(
    lazy("Send a message"),
    body={"correlation": str, "payload": dict, "key": str},
    required=("correlation",),
    keyed=True,
    answers=202,
)
def send(name: str) -> tuple[dict[str, Any], int]:
    actor = caller()
    if not actor.roles & SENDERS:
        raise MayNotSend()
    body = json_body({"correlation": str, "payload": dict, "key": str}, "correlation")
    require_message_possible(name, body["correlation"])
    result = messages.deliver_message(
        flow(),
        actor=actor,
        name=name,
        correlation_key=body["correlation"],
        payload=body.get("payload") or {},
        key=body.get("key") or idempotency_key(),
    )
    return shapes.plain(result), 200 if result.replayed else 202
