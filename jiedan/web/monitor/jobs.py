"""Jobs and timers: when they are due, what they ended in, and the ways to mend one."""

from __future__ import annotations

from uuid import UUID

import orjson
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.flow.jobs import list_jobs, run_now
from jiedan.flow.repair import retry_job, show_job, skip_job
from jiedan.flow.states import JobKind, JobState
from jiedan.web.addresses import safe_next
from jiedan.web.house import flow, for_roles, person
from jiedan.web.instance_rights import REPAIR, SEE_ALL
from jiedan.web.monitor.incidents import edited_variables, required_reason
from jiedan.web.monitor.routes import blueprint

STATES: dict[str, LazyText] = {
    JobState.DUE: lazy("waiting"),
    JobState.RUNNING: lazy("running"),
    JobState.DONE: lazy("done"),
    JobState.INCIDENT: lazy("stuck"),
    JobState.SUSPENDED: lazy("suspended"),
    JobState.CANCELLED: lazy("cancelled"),
}
KINDS: dict[str, LazyText] = {
    JobKind.HANDLER: lazy("handler"),
    JobKind.TIMER: lazy("timer"),
    JobKind.MESSAGE: lazy("message expiry"),
    JobKind.PERIODIC: lazy("periodic"),
}
PERIODIC: dict[str, LazyText] = {
    "forget what is old": lazy("forget what is old"),
    "look at the calendar": lazy("look at the calendar"),
    "send messages": lazy("send messages"),
    "write digests": lazy("write digests"),
}
"""What people read for the names of the house's own jobs."""


@blueprint.get("/monitor/jobs")
@for_roles(*SEE_ALL)
def list_waiting() -> str:
    """Jobs and timers by due time."""
    state = request.args.get("state", JobState.DUE.value)
    states = frozenset({state}) if state in set(JobState) else frozenset()
    page = list_jobs(flow(), states=states, after=request.args.get("after"))
    return render_template(
        "monitor/jobs.html",
        page=page,
        state=state,
        states=STATES,
        kinds=KINDS,
        periodic=PERIODIC,
        view="jobs",
    )


@blueprint.get("/monitor/jobs/<uuid:job_id>")
@for_roles(*REPAIR)
def show_one_job(job_id: UUID) -> str | Response:
    """One job: what its handler is given, its last error, and what can be done."""
    view = show_job(flow(), job_id=job_id)
    if view.incident_id is not None:
        # There the whole cause is told, and the same can be done.
        return redirect(url_for("monitor.show_failed", incident_id=view.incident_id))
    return render_template(
        "monitor/job.html",
        view=view,
        job=view.job,
        states=STATES,
        kinds=KINDS,
        inputs=orjson.dumps(dict(view.inputs), option=orjson.OPT_INDENT_2, default=str).decode(),
    )


@blueprint.post("/monitor/jobs/<uuid:job_id>/run")
@for_roles(*REPAIR)
def run_job_now(job_id: UUID) -> Response:
    """Make a waiting job or timer due at once."""
    run_now(flow(), actor=person(), job_id=job_id)
    flash(gettext("The job is due now."), "good")
    return redirect(safe_next("monitor.list_waiting"), 303)


@blueprint.post("/monitor/jobs/<uuid:job_id>/retry")
@for_roles(*REPAIR)
def retry_one_job(job_id: UUID) -> Response:
    """Try it at once, with what was edited."""
    retry_job(
        flow(),
        actor=person(),
        job_id=job_id,
        variables=edited_variables(),
        reason=request.form.get("reason", "").strip()[:1000],
    )
    flash(gettext("The job is due now."), "good")
    return redirect(url_for("monitor.list_waiting"), 303)


@blueprint.post("/monitor/jobs/<uuid:job_id>/skip")
@for_roles(*REPAIR)
def skip_one_job(job_id: UUID) -> Response:
    """Go on as if its handler had succeeded."""
    reason = required_reason()
    skip_job(flow(), actor=person(), job_id=job_id, reason=reason, variables=edited_variables())
    flash(gettext("The step was skipped."), "good")
    return redirect(url_for("monitor.list_waiting"), 303)
