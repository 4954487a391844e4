"""The bell: what the platform wants people to know."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.actor import Actor
from jiedan.flow.notices import count_unread, list_notices, mark_read
from jiedan.web.house import flow, person

blueprint = Blueprint("notices", __name__, url_prefix="/notices")


def unread_count(actor: Actor) -> int:
    """How many notices wait for this person."""
    return count_unread(flow(), actor=actor).number


@blueprint.get("")
def show() -> str:
    """All notices, newest first."""
    page = list_notices(
        flow(),
        actor=person(),
        unread_only=request.args.get("unread") == "1",
        after=request.args.get("after"),
    )
    said = [(one, one.text()) for one in page.items]
    return render_template("notices.html", page=page, notices=said)


@blueprint.post("/reading")
def read() -> Response:
    """Mark one notice as read and go where it points, or mark all."""
    wanted = request.form.get("id")
    ids = (UUID(wanted),) if wanted else None
    mark_read(flow(), actor=person(), notice_ids=ids)
    task, instance = request.form.get("task"), request.form.get("instance")
    if task:
        return redirect(url_for("task.show", task_id=UUID(task)), 303)
    if instance:
        return redirect(url_for("orders.of_instance", instance_id=UUID(instance)), 303)
    return redirect(url_for("notices.show"), 303)
