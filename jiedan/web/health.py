"""Whether this server can work: for whoever watches it, without sign-in and without secrets."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from jiedan.flow.jobs import next_due
from jiedan.web.house import flow, now, open_to_all

blueprint = Blueprint("health", __name__)
log = logging.getLogger("jiedan.web")


@blueprint.get("/health")
@open_to_all
def show() -> tuple[dict[str, Any], int]:
    """200 when the database answers, else 503; and by how many seconds the oldest job is late.

    A number that keeps growing says that nobody works jobs and timers.
    """
    try:
        due_at = next_due(flow()).due_at
    except SQLAlchemyError:
        log.exception("the database does not answer")
        return {"status": "failing", "database": False}, 503
    late = 0.0 if due_at is None else max(0.0, (now() - due_at).total_seconds())
    return {"status": "ok", "database": True, "oldest_job_late_seconds": round(late, 1)}, 200
