"""Keeps trace of what was refused: an audit entry for each refused call (SPEC A25).

Neither bodies nor headers are kept, only who asked for what and why it was not given. One caller
cannot fill the trail: past a number a minute the refusals of one kind are only logged.
"""

from __future__ import annotations

import threading
import time

from flask import Flask, Response, g, request

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.logs import get_logger
from jiedan.web.addresses import told_path
from jiedan.web.house import platform
from jiedan.web.sessions import API

EXTENSION = "refusals"
"""Where the application keeps its budget."""
PER_MINUTE = 60
"""How many refusals of one kind a caller can add to the audit trail in a minute."""
_CALLERS = 2_000
_LONGEST_PATH = 150
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

log = get_logger(__name__)


def install(app: Flask) -> None:
    """Note each refused call after it was answered; `g.refused` is its code where it has one."""
    budget = app.extensions[EXTENSION] = Budget()

    @app.after_request
    def note(response: Response) -> Response:
        if not _counts(response.status_code) or request.endpoint == "static":
            return response
        actor = g.get("api_actor") or g.get("actor")
        caller = actor.login if actor else request.remote_addr or ""
        code = g.get("refused") or response.status.split(" ", 1)[-1].upper().replace(" ", "_")
        if budget.take(f"{caller} {code}"):
            _record(actor, code, response.status_code)
        else:
            log.warning("refused", code=code, caller=caller, path=told_path()[:_LONGEST_PATH])
        return response


def _counts(status: int) -> bool:
    """All refusals but a person's mistyped address."""
    if not 400 <= status < 500:
        return False
    if request.method in _WRITES or request.path.startswith(API):
        return True
    return status in (401, 403) or "refused" in g


def _record(actor: Actor | None, code: str, status: int) -> None:
    who = actor or Actor("anonymous", "", ip=request.remote_addr)
    try:
        with platform().work(actor=who) as work:
            audit.record(
                work,
                action="request.refused",
                entity=f"page:{told_path()[:_LONGEST_PATH]}",
                after={"method": request.method, "status": status, "code": code},
            )
    except Exception:
        # The refusal stands whether or not it could be noted.
        log.exception("a refusal could not be noted", code=code)


class Budget:
    """How much each caller may still add in this minute."""

    def __init__(self, *, per_minute: int = PER_MINUTE) -> None:
        self.per_minute = per_minute
        self._lock = threading.Lock()
        self._minute = 0
        self._taken: dict[str, int] = {}

    def take(self, caller: str) -> bool:
        """Take one, if there is one left."""
        minute = int(time.monotonic() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._taken = minute, {}
            taken = self._taken.get(caller, 0)
            if taken >= self.per_minute or (not taken and len(self._taken) >= _CALLERS):
                return False
            self._taken[caller] = taken + 1
            return True
