"""The demo's clock: read it and move it; a real installation has no such address."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from jiedan.core.clock import MovableClock
from jiedan.core.errors import Invalid
from jiedan.core.i18n import lazy
from jiedan.web.api.body import json_body
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow, only_in_demo, platform

LONGEST_MOVE = timedelta(days=366)


class BadMove(Invalid):
    """Give `advance_seconds` (up to one year) or `set` (a moment with its time zone)."""


@blueprint.get("/v1/clock")
@describe(lazy("Read the demo's clock"), open=True)
def read_clock() -> tuple[dict[str, Any], int]:
    clock = _clock()
    return {"now": clock.now().isoformat(), "frozen": clock.is_frozen}, 200


@blueprint.post("/v1/clock")
@describe(lazy("Move the demo's clock"), body={"advance_seconds": int, "set": str, "run": bool})
def move_clock() -> tuple[dict[str, Any], int]:
    clock = _clock()
    body = json_body({"advance_seconds": int, "set": str, "run": bool})
    if body.get("run"):
        clock.run()
    elif body.get("set") is not None:
        clock.set(_moment(body["set"]))
    else:
        clock.advance(_step(body.get("advance_seconds")))
    flow().wake(clock.now())
    return {"now": clock.now().isoformat(), "frozen": clock.is_frozen}, 200


def _clock() -> MovableClock:
    only_in_demo()
    return cast(MovableClock, platform().clock)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadMove() from error
    if moment.tzinfo is None:
        raise BadMove()
    return moment


def _step(seconds: int | None) -> timedelta:
    if seconds is None or not 0 <= seconds <= LONGEST_MOVE.total_seconds():
        raise BadMove()
    return timedelta(seconds=seconds)
