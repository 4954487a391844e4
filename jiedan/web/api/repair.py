"""Repair over the API: incidents and jobs, for those who repair instances."""

from __future__ import annotations

from typing import Any

from flask import request

from jiedan.core.actor import Actor
from jiedan.core.errors import Forbidden, Invalid
from jiedan.core.i18n import lazy
from jiedan.flow import incidents, jobs, repair
from jiedan.flow.states import JobState
from jiedan.web.api import shapes
from jiedan.web.api.body import flag, idempotency_key, identifier, json_body, page_size
from jiedan.web.api.caller import caller
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow
from jiedan.web.instance_rights import may_repair

Reply = tuple[dict[str, Any], int]
MENDING = {"variables": dict, "reason": str}


class MayNotRepair(Forbidden):
    """Only administrators see and repair incidents and jobs."""


class UnknownJobState(Invalid):
    """`state` is due, running, done, incident, suspended or cancelled."""


@blueprint.get("/v1/incidents")
@describe(
    lazy("List incidents, newest first; open ones, or all of them"),
    query=("all", "instance", "after", "size"),
)
def list_incidents() -> Reply:
    _admin()
    instance = request.args.get("instance")
    found = incidents.list_incidents(
        flow(),
        open_only=not flag("all"),
        instance_id=identifier(instance) if instance else None,
        after=request.args.get("after") or None,
        size=page_size(),
    )
    return shapes.page(found, [_incident(one) for one in found.items]), 200


@blueprint.get("/v1/incidents/<incident_id>")
@describe(lazy("Read an incident with its cause and the variables at its element"))
def read_incident(incident_id: str) -> Reply:
    _admin()
    return _incident(incidents.show_incident(flow(), incident_id=identifier(incident_id))), 200


@blueprint.post("/v1/incidents/<incident_id>/retry")
@describe(
    lazy("Run the failed step again, with these variables changed first"), body=MENDING, keyed=True
)
def retry_incident(incident_id: str) -> Reply:
    body = json_body(MENDING)
    incidents.retry_incident(
        flow(),
        actor=_admin(),
        incident_id=identifier(incident_id),
        variables=body.get("variables"),
        reason=body.get("reason") or "",
        key=idempotency_key(),
    )
    return read_incident(incident_id)


@blueprint.post("/v1/incidents/<incident_id>/skip")
@describe(
    lazy("Go on as if the step had succeeded with these variables as its result"),
    body=MENDING,
    required=("reason",),
    keyed=True,
)
def skip_incident(incident_id: str) -> Reply:
    body = json_body(MENDING, "reason")
    incidents.skip_incident(
        flow(),
        actor=_admin(),
        incident_id=identifier(incident_id),
        variables=body.get("variables"),
        reason=body["reason"],
        key=idempotency_key(),
    )
    return read_incident(incident_id)


@blueprint.get("/v1/jobs")
@describe(
    lazy("List jobs and timers by due time"),
    query=("state", "instance", "after", "size"),
)
def list_jobs() -> Reply:
    _admin()
    state, instance = request.args.get("state"), request.args.get("instance")
    if state and state not in set(JobState):
        raise UnknownJobState
    found = jobs.list_jobs(
        flow(),
        states=frozenset({state}) if state else frozenset(),
        instance_id=identifier(instance) if instance else None,
        after=request.args.get("after") or None,
        size=page_size(),
    )
    return shapes.page(found, [shapes.plain(one) for one in found.items]), 200


@blueprint.get("/v1/jobs/<job_id>")
@describe(lazy("Read a job with what its handler is given"))
def read_job(job_id: str) -> Reply:
    _admin()
    view = repair.show_job(flow(), job_id=identifier(job_id))
    return {
        **shapes.plain(view.job),
        "inputs": shapes.plain(view.inputs),
        "incident_id": shapes.plain(view.incident_id),
    }, 200


@blueprint.post("/v1/jobs/<job_id>/run")
@describe(lazy("Make a waiting job or timer due at once"))
def run_job(job_id: str) -> Reply:
    jobs.run_now(flow(), actor=_admin(), job_id=identifier(job_id))
    return read_job(job_id)


@blueprint.post("/v1/jobs/<job_id>/retry")
@describe(
    lazy("Try a handler's job at once with all its tries, with these variables changed first"),
    body=MENDING,
    keyed=True,
)
def retry_job(job_id: str) -> Reply:
    body = json_body(MENDING)
    repair.retry_job(
        flow(),
        actor=_admin(),
        job_id=identifier(job_id),
        variables=body.get("variables"),
        reason=body.get("reason") or "",
        key=idempotency_key(),
    )
    return read_job(job_id)


@blueprint.post("/v1/jobs/<job_id>/skip")
@describe(
    lazy("Go on as if the handler had succeeded with these variables as its result"),
    body=MENDING,
    required=("reason",),
    keyed=True,
)
def skip_job(job_id: str) -> Reply:
    body = json_body(MENDING, "reason")
    repair.skip_job(
        flow(),
        actor=_admin(),
        job_id=identifier(job_id),
        variables=body.get("variables"),
        reason=body["reason"],
        key=idempotency_key(),
    )
    return read_job(job_id)


def _admin() -> Actor:
    actor = caller()
    if not may_repair(actor):
        raise MayNotRepair
    return actor


def _incident(incident: incidents.Incident) -> dict[str, Any]:
    found: dict[str, Any] = shapes.plain(incident)
    return found
