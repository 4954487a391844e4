"""Incidents: what failed, with its cause, and the ways to mend it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import Invalid
from jiedan.core.i18n import gettext
from jiedan.flow.incidents import list_incidents, retry_incident, show_incident, skip_incident
from jiedan.flow.instances import show_instance
from jiedan.web.house import flow, for_roles, person
from jiedan.web.instance_rights import REPAIR, SEE_ALL
from jiedan.web.monitor.routes import blueprint

LONGEST_VARIABLES = 200_000
"""Characters of edited variables."""


class VariablesUnreadable(Invalid):
    """The variables must be one JSON object."""


class ReasonMissing(Invalid):
    """Say why."""


@blueprint.get("/monitor/incidents")
@for_roles(*SEE_ALL)
def list_failed() -> str:
    """Open incidents, newest first; all of them on request."""
    open_only = request.args.get("all") != "1"
    page = list_incidents(flow(), open_only=open_only, after=request.args.get("after"))
    return render_template(
        "monitor/incidents.html", page=page, open_only=open_only, view="incidents"
    )


@blueprint.get("/monitor/incidents/<uuid:incident_id>")
@for_roles(*REPAIR)
def show_failed(incident_id: UUID) -> str:
    """One incident: cause, variables, and what can be done."""
    incident = show_incident(flow(), incident_id=incident_id)
    view = show_instance(flow(), instance_id=incident.instance_id)
    return render_template(
        "monitor/incident.html",
        incident=incident,
        item=view.item,
        variables=orjson.dumps(
            dict(incident.variables or {}), option=orjson.OPT_INDENT_2, default=str
        ).decode(),
    )


@blueprint.post("/monitor/incidents/<uuid:incident_id>/retry")
@for_roles(*REPAIR)
def retry(incident_id: UUID) -> Response:
    """Run the failed step again."""
    retry_incident(
        flow(),
        actor=person(),
        incident_id=incident_id,
        variables=edited_variables(),
        reason=request.form.get("reason", "").strip(),
    )
    flash(gettext("The step was run again."), "good")
    return _back(incident_id)


@blueprint.post("/monitor/incidents/<uuid:incident_id>/skip")
@for_roles(*REPAIR)
def skip(incident_id: UUID) -> Response:
    """Go on as if the step had succeeded."""
    skip_incident(
        flow(),
        actor=person(),
        incident_id=incident_id,
        reason=required_reason(),
        variables=edited_variables(),
    )
    flash(gettext("The step was skipped."), "good")
    return _back(incident_id)


def required_reason() -> str:
    """The reason in the form. Raises ReasonMissing."""
    reason = request.form.get("reason", "").strip()[:1000]
    if not reason:
        raise ReasonMissing(fields={"reason": gettext("Say why.")})
    return reason


def edited_variables() -> dict[str, Any] | None:
    """The variables in the form, None when nobody changed them. Raises VariablesUnreadable."""
    text = request.form.get("variables", "").strip()
    if not text or request.form.get("original", "").strip() == text:
        return None
    try:
        found = orjson.loads(text) if len(text) <= LONGEST_VARIABLES else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise VariablesUnreadable(
            fields={"variables": gettext("The variables must be one JSON object.")}
        )
    return found


def _back(incident_id: UUID) -> Response:
    incident = show_incident(flow(), incident_id=incident_id)
    return redirect(url_for("monitor.show", instance_id=incident.instance_id), 303)
