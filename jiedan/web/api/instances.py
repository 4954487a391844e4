"""Instances over the API: start one, look at one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiedan.core.actor import Actor
from jiedan.core.errors import Forbidden
from jiedan.core.i18n import lazy
from jiedan.flow import instances
from jiedan.web.api import shapes
from jiedan.web.api.body import idempotency_key, identifier, json_body
from jiedan.web.api.caller import caller
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow
from jiedan.web.instance_rights import may_repair, require_sight
from jiedan.web.startable import startable_by

Reply = tuple[dict[str, Any], int]
STARTERS = frozenset({"PO", "AD", "API"})
"""Roles that start any process with any variables; the role API is for systems."""


class MayNotStart(Forbidden):
    """You may not start “%(process_id)s” this way."""


@blueprint.post("/v1/processes/<process_id>/instances")
@describe(
    lazy("Start an instance on the newest version of a process"),
    body={"variables": dict, "business_key": str},
    keyed=True,
    answers=201,
)
def start_process(process_id: str) -> Reply:
    actor = caller()
    body = json_body({"variables": dict, "business_key": str})
    variables, business_key = body.get("variables") or {}, body.get("business_key")
    require_start(actor, process_id, variables, business_key)
    result = instances.start_instance(
        flow(),
        actor=actor,
        process_id=process_id,
        variables=variables,
        business_key=business_key,
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


def require_start(
    actor: Actor, process_id: str, variables: Mapping[str, Any], business_key: str | None
) -> None:
    """People start what `config/start.toml` opens to them, exactly as it is written there.

    A variable more could skip a check, and a number given by hand could be another order's, so
    both are for systems and owners of processes. Raises MayNotStart.
    """
    if actor.roles & STARTERS:
        return
    allowed = any(way.allows(process_id, variables) for way in startable_by(actor))
    if business_key is not None or not allowed:
        raise MayNotStart(process_id=process_id[:80])
