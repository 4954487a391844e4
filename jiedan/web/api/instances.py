"""Instances over the API: start one, look at one."""

from __future__ import annotations

from typing import Any

from jiedan.core.i18n import lazy
from jiedan.flow import instances
from jiedan.web.api import shapes
from jiedan.web.api.body import idempotency_key, identifier, json_body
from jiedan.web.api.caller import caller
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow
from jiedan.web.instance_rights import may_repair, require_sight

Reply = tuple[dict[str, Any], int]


@blueprint.post("/v1/processes/<process_id>/instances")
@describe(
    lazy("Start an instance on the newest version of a process"),
    body={"variables": dict, "business_key": str},
    keyed=True,
)
def start_process(process_id: str) -> Reply:
    body = json_body({"variables": dict, "business_key": str})
    result = instances.start_instance(
        flow(),
        actor=caller(),
        process_id=process_id,
        variables=body.get("variables") or {},
        business_key=body.get("business_key"),
        key=idempotency_key(),
    )
    return shapes.started(result), 200 if result.replayed else 201


@blueprint.get("/v1/instances/<instance_id>")
@describe(lazy("Read an instance: where it stands, its tasks and its history"))
def read_instance(instance_id: str) -> Reply:
    actor = caller()
    view = instances.show_instance(flow(), instance_id=identifier(instance_id))
    require_sight(view, actor)
    return shapes.instance(view, with_variables=may_repair(actor)), 200
