"""The handlers of the process that is killed: one leaves a row, one tells the outside."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any

from jiedan import Context, handler


@handler("crash.book")
def book(context: Context, order: str) -> dict[str, Any]:
    """Leave a row in the step's own transaction."""
    context.notify(logins=("booker",), msgid=order, kind="booked")
    return {}


@handler("crash.send", external=True)
def send(context: Context, order: str) -> dict[str, Any]:
    """Tell the outside, which counts."""
    body = json.dumps({"order": order, "key": context.idempotency_key}).encode()
    with urllib.request.urlopen(os.environ["OUTSIDE"], body, timeout=10) as answer:
        return {"receipt": json.load(answer)["receipt"]}
