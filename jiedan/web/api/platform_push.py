"""Orders pushed by a sales platform: signed, fresh, once (SPEC N2.1.3, E25)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from flask import request

from jiedan.core.actor import Actor
from jiedan.core.i18n import lazy
from jiedan.desk import platforms as platform_rules
from jiedan.flow import messages
from jiedan.web.api.body import raw_body
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow, platform

PUSHED = "platform.order.pushed"
SYSTEM_ROLE = frozenset({"API"})


@cache
def _load(folder: Path) -> platform_rules.Platforms:
    return platform_rules.load_platforms(folder / "platforms.toml")


def platforms() -> platform_rules.Platforms:
    """The sales platforms of config/platforms.toml, read once."""
    return _load(platform().settings.config_dir)


@blueprint.post("/v1/platform/orders")
@describe(lazy("Take an order that a sales platform pushes"), signed=True)
def push() -> tuple[dict[str, Any], int]:
    verified = platform_rules.verify_push(
        platforms(),
        headers=request.headers,
        body=raw_body(),
        now=platform().clock.now(),
    )
    actor = Actor(
        login=f"platform:{verified.platform}",
        name=verified.platform,
        roles=SYSTEM_ROLE,
        ip=request.remote_addr,
    )
    result = messages.deliver_message(
        flow(),
        actor=actor,
        name=PUSHED,
        correlation_key=verified.platform_order_no,
        payload=verified.payload,
        key=f"{verified.platform}:{verified.platform_order_no}:{verified.event}",
    )
    answer = {
        "result": "success",
        "platform_order_no": verified.platform_order_no,
        "instance_id": str(result.instance_id) if result.instance_id else None,
        "duplicate": result.replayed,
    }
    return answer, 200
