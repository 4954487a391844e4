"""What a single row can do, and the steps that a filter offers."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import Conflict, Forbidden
from jiedan.core.i18n import gettext
from jiedan.flow.content.read import ElementInfo
from jiedan.flow.current import bundle_of, current
from jiedan.flow.tasks import claim_task, unclaim_task
from jiedan.web.addresses import safe_next
from jiedan.web.formatting import said
from jiedan.web.house import flow, person, platform
from jiedan.web.inbox.routes import blueprint


@blueprint.post("/inbox/<uuid:task_id>/claim")
def claim(task_id: UUID) -> Response:
    """Take a task straight from the list."""
    try:
        claim_task(flow(), actor=person(), task_id=task_id)
    except (Conflict, Forbidden) as refusal:
        flash(refusal.message(), "warn")
        return redirect(safe_next("inbox.todo"), 303)
    return redirect(url_for("task.show", task_id=task_id), 303)


@blueprint.post("/inbox/<uuid:task_id>/unclaim")
def unclaim(task_id: UUID) -> Response:
    """Give a task back to everybody who may do it."""
    unclaim_task(flow(), actor=person(), task_id=task_id)
    flash(gettext("Given back."), "good")
    return redirect(safe_next("inbox.todo"), 303)


def steps_of(process_id: str | None) -> list[tuple[str, str]]:
    """The user tasks of a process as (id, name), in the order of the file; none without one."""
    if not process_id:
        return []
    with platform().read() as session:
        bundle_id = current(session, flow()).bundles.get(process_id)
        if bundle_id is None:
            return []
        process = bundle_of(session, flow(), bundle_id).processes[process_id]
    tasks: list[ElementInfo] = [one for one in process.elements.values() if one.kind == "userTask"]
    return [(one.id, said(one)) for one in tasks]
