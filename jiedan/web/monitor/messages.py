"""Messages from outside with what became of them, and jobs with when they are due."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

from jiedan.core.i18n import gettext
from jiedan.flow.jobs import list_jobs, run_now
from jiedan.flow.messages import list_messages
from jiedan.flow.states import JobState, MessageState
from jiedan.web.addresses import safe_next
from jiedan.web.house import flow, for_roles, person
from jiedan.web.instance_rights import REPAIR, SEE_ALL
from jiedan.web.monitor.routes import blueprint


@blueprint.get("/monitor/messages")
@for_roles(*SEE_ALL)
def list_received() -> str:
    """Newest first, by state."""
    state = request.args.get("state", "")
    states = frozenset({MessageState(state)}) if state in set(MessageState) else frozenset()
    page = list_messages(
        flow(),
        states=states,
        query=request.args.get("q", "")[:200].strip(),
        after=request.args.get("after"),
    )
    return render_template(
        "monitor/messages.html", page=page, state=state, states=list(MessageState), view="messages"
    )


@blueprint.get("/monitor/jobs")
@for_roles(*SEE_ALL)
def list_waiting() -> str:
    """Jobs and timers by due time."""
    state = request.args.get("state", JobState.DUE.value)
    states = frozenset({state}) if state in set(JobState) else frozenset()
    page = list_jobs(flow(), states=states, after=request.args.get("after"))
    return render_template(
        "monitor/jobs.html", page=page, state=state, states=list(JobState), view="jobs"
    )


@blueprint.post("/monitor/jobs/<uuid:job_id>/run")
@for_roles(*REPAIR)
def run_job_now(job_id: UUID) -> Response:
    """Make a waiting job or timer due at once."""
    run_now(flow(), actor=person(), job_id=job_id)
    flash(gettext("The job is due now."), "good")
    return redirect(safe_next("monitor.list_waiting"), 303)
