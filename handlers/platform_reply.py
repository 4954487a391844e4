"""Owns what we tell a sales platform: queued with the order, sent outside, its receipt kept."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from jiedan import Context, Retry, handler
from jiedan.desk import orders, platform_orders, platforms

QUEUED = "platform.reply.queued"
SECONDS = 10
"""How long the platform has to answer."""


def tell_platform(
    context: Context, platform_order_id: str, *, kind: str, key: str | None = None, **body: Any
) -> str:
    """Queue an answer to a platform, and start the process that sends it beside the order."""
    reply_id = platform_orders.queue_reply(
        context.work, platform_order_id=platform_order_id, kind=kind, key=key, **body
    )
    context.publish(QUEUED, reply_id, {"reply_id": reply_id}, key=f"reply:{reply_id}")
    return reply_id


@handler("platform.reply", external=True, retries=5, timeout=30)
def reply(context: Context, reply_id: str | None = None) -> dict[str, Any]:
    """Send an answer to the platform, signed; tried again while the platform is down (X32)."""
    if reply_id is None:
        return {"acknowledged": False}
    wanted = platform_orders.reply_to_send(context.work.session, reply_id=reply_id)
    setup = platforms.find_platform(context.work, wanted["platform"])
    url = setup.reply_url()
    if url is None:
        return {"acknowledged": False}
    secret = setup.secret(demo=context.work.platform.settings.demo)
    answer = _post(context, url, secret or "", wanted)
    return {"acknowledged": True, "reply_answer": answer}


def _post(context: Context, url: str, secret: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("a platform is answered over http or https")
    body = json.dumps(wanted["body"], ensure_ascii=False).encode()
    timestamp = str(int(context.now.timestamp()))
    request = Request(
        url,
        data=body,
        headers={
            "Content-Type": "application/json",
            "Idempotency-Key": wanted["key"],
            "X-Platform-Timestamp": timestamp,
            "X-Platform-Signature": platforms.sign(secret=secret, timestamp=timestamp, body=body),
        },
    )
    try:
        with urlopen(request, timeout=SECONDS) as response:
            return {"status": response.status}
    except HTTPError as error:
        with error:
            if error.code >= 500 or error.code == 429:
                raise Retry(reason=f"HTTP {error.code}") from error
            return {"status": error.code}
    except (URLError, TimeoutError) as error:
        raise Retry(reason=str(error)) from error


@handler("platform.record_reply")
def record_reply(context: Context, reply_id: str, acknowledged: bool = False) -> dict[str, Any]:
    """Keep whether and when the platform confirmed a reply."""
    platform_orders.reply_sent(context.work, reply_id=reply_id, acknowledged=acknowledged)
    return {}


@handler("platform.decline")
def decline(
    context: Context,
    order_id: str,
    decline_reason: str | None = None,
    decline_reply: str | None = None,
    reply_id: str | None = None,
    acknowledged: bool = False,
    platform_order_id: str | None = None,
) -> dict[str, Any]:
    """The order ends as rejected with its reason; the platform's receipt is kept (N2.2.5)."""
    if reply_id is not None:
        platform_orders.reply_sent(context.work, reply_id=reply_id, acknowledged=acknowledged)
    if platform_order_id is not None:
        platform_orders.set_platform_state(
            context.work, platform_order_id=platform_order_id, state="declined"
        )
    orders.reject_order(
        context.work, order_id=order_id, code=decline_reason or "terms", opinion=decline_reply
    )
    return {"outcome": "declined"}
