"""Migrations and repairs over the API: another version, another place, other variables."""

from __future__ import annotations

from typing import Any

from flask import request

from jiedan.core.actor import Actor
from jiedan.core.i18n import lazy
from jiedan.flow import migration, migration_list, migration_plan, migration_runs, repairs
from jiedan.flow.errors import NotAllowed
from jiedan.flow.migration_work import work_some
from jiedan.web.api import shapes
from jiedan.web.api.body import identifier, json_body, page_size
from jiedan.web.api.caller import caller
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow
from jiedan.web.instance_rights import may_repair

Reply = tuple[dict[str, Any], int]
AT_ONCE = 50
"""Instances that are done before the answer; a worker does the rest."""


@blueprint.get("/v1/processes/<process_id>/migration-plan")
@describe(lazy("Compare two versions: what becomes of each element"), query=("version", "target"))
def read_migration_plan(process_id: str) -> Reply:
    _admin()
    plan = migration_plan.plan_migration(
        flow(),
        process_id=process_id,
        source_version=_number("version") or 1,
        target_version=_number("target"),
    )
    return shapes.plain(plan), 200


@blueprint.get("/v1/migrations")
@describe(lazy("List migrations, newest first"), query=("after", "size"))
def list_migrations() -> Reply:
    _admin()
    found = migration_list.list_migrations(
        flow(), after=request.args.get("after"), size=page_size()
    )
    return shapes.page(found, [shapes.plain(one) for one in found.items]), 200


@blueprint.post("/v1/migrations")
@describe(
    lazy("Choose running instances for a version and try them; nothing changes yet"),
    body={
        "process_id": str,
        "target_version": int,
        "source_version": int,
        "query": str,
        "instance_ids": list,
        "mapping": dict,
    },
    required=("process_id",),
    answers=201,
)
def begin_migration() -> Reply:
    actor = _admin()
    body = json_body(
        {
            "process_id": str,
            "target_version": int,
            "source_version": int,
            "query": str,
            "instance_ids": list,
            "mapping": dict,
        },
        "process_id",
    )
    ids = body.get("instance_ids")
    migration_id = migration_runs.begin_migration(
        flow(),
        actor=actor,
        process_id=body["process_id"],
        target_version=body.get("target_version"),
        source_version=body.get("source_version"),
        query=(body.get("query") or "")[:200],
        instance_ids=None if ids is None else [identifier(str(one)) for one in ids],
        mapping=_mapping(body),
    )
    return _worked(migration_id), 201


@blueprint.get("/v1/migrations/<migration_id>")
@describe(
    lazy("Read a migration: how far it is, and the result of each instance"),
    query=("after", "size"),
)
def read_migration(migration_id: str) -> Reply:
    _admin()
    return _shape(identifier(migration_id)), 200


@blueprint.put("/v1/migrations/<migration_id>/mapping")
@describe(
    lazy("Say what becomes of elements, and try again"),
    body={"mapping": dict},
    required=("mapping",),
)
def map_migration(migration_id: str) -> Reply:
    actor = _admin()
    body = json_body({"mapping": dict}, "mapping")
    found = identifier(migration_id)
    migration_runs.change_mapping(
        flow(), actor=actor, migration_id=found, mapping=_mapping(body) or {}
    )
    return _worked(found), 200


@blueprint.post("/v1/migrations/<migration_id>/run")
@describe(
    lazy("Take every instance that can go to the version"),
    body={"reason": str},
    required=("reason",),
    answers=202,
)
def run_migration(migration_id: str) -> Reply:
    actor, found = _admin(), identifier(migration_id)
    migration_runs.run_migration(flow(), actor=actor, migration_id=found, reason=_reason())
    return _worked(found), 202


@blueprint.post("/v1/migrations/<migration_id>/reversion")
@describe(
    lazy("Take every instance back that can go back"),
    body={"reason": str},
    required=("reason",),
    answers=202,
)
def revert_migration(migration_id: str) -> Reply:
    actor, found = _admin(), identifier(migration_id)
    migration_runs.revert_migration(flow(), actor=actor, migration_id=found, reason=_reason())
    return _worked(found), 202


@blueprint.post("/v1/instances/<instance_id>/migration")
@describe(
    lazy("Take one instance to another version"),
    body={"target_version": int, "mapping": dict, "reason": str},
    required=("reason",),
)
def migrate_instance(instance_id: str) -> Reply:
    actor = _admin()
    body = json_body({"target_version": int, "mapping": dict, "reason": str}, "reason")
    done = migration.migrate_instance(
        flow(),
        actor=actor,
        instance_id=identifier(instance_id),
        target_version=body.get("target_version"),
        mapping=_mapping(body),
        reason=body["reason"],
    )
    return shapes.plain(done), 200


@blueprint.post("/v1/instances/<instance_id>/migration-reversal")
@describe(
    lazy("Take one instance back to the version it came from"),
    body={"reason": str},
    required=("reason",),
)
def revert_instance(instance_id: str) -> Reply:
    actor = _admin()
    done = migration.revert_instance(
        flow(), actor=actor, instance_id=identifier(instance_id), reason=_reason()
    )
    return shapes.plain(done), 200


# --- repairs -------------------------------------------------------------------------------------
@blueprint.get("/v1/instances/<instance_id>/tokens")
@describe(lazy("List where an instance stands, and where each token may be moved"))
def list_tokens(instance_id: str) -> Reply:
    _admin()
    found = repairs.list_tokens(flow(), instance_id=identifier(instance_id))
    return {"items": [shapes.plain(one) for one in found]}, 200


@blueprint.post("/v1/instances/<instance_id>/tokens/<token_id>/move")
@describe(
    lazy("Move a token to another element"),
    body={"element_id": str, "reason": str},
    required=("element_id", "reason"),
)
def move_token(instance_id: str, token_id: str) -> Reply:
    actor = _admin()
    body = json_body({"element_id": str, "reason": str}, "element_id", "reason")
    repairs.move_token(
        flow(),
        actor=actor,
        instance_id=identifier(instance_id),
        token_id=identifier(token_id),
        element_id=body["element_id"],
        reason=body["reason"],
    )
    return {}, 200


@blueprint.post("/v1/instances/<instance_id>/tokens/<token_id>/cancellation")
@describe(lazy("Take a token, or one round, away"), body={"reason": str}, required=("reason",))
def cancel_token(instance_id: str, token_id: str) -> Reply:
    actor = _admin()
    repairs.cancel_token(
        flow(),
        actor=actor,
        instance_id=identifier(instance_id),
        token_id=identifier(token_id),
        reason=_reason(),
    )
    return {}, 200


@blueprint.post("/v1/instances/<instance_id>/tokens/<token_id>/items")
@describe(
    lazy("Give a repeated activity one more round for each value"),
    body={"values": list, "reason": str},
    required=("values", "reason"),
    answers=201,
)
def add_items(instance_id: str, token_id: str) -> Reply:
    actor = _admin()
    body = json_body({"values": list, "reason": str}, "values", "reason")
    for value in body["values"]:
        repairs.add_item(
            flow(),
            actor=actor,
            instance_id=identifier(instance_id),
            token_id=identifier(token_id),
            value=value,
            reason=body["reason"],
        )
    return {}, 201


@blueprint.put("/v1/instances/<instance_id>/variables")
@describe(
    lazy("Set variables of an instance, or as one of its tokens sees them"),
    body={"variables": dict, "token_id": str, "reason": str},
    required=("variables", "reason"),
)
def set_variables(instance_id: str) -> Reply:
    actor = _admin()
    body = json_body({"variables": dict, "token_id": str, "reason": str}, "variables", "reason")
    token_id = body.get("token_id")
    repairs.set_variables(
        flow(),
        actor=actor,
        instance_id=identifier(instance_id),
        variables=body["variables"],
        token_id=None if token_id is None else identifier(token_id),
        reason=body["reason"],
    )
    return {}, 200


def _admin() -> Actor:
    actor = caller()
    if not may_repair(actor):
        raise NotAllowed
    return actor


def _reason() -> str:
    return str(json_body({"reason": str}, "reason")["reason"])


def _mapping(body: dict[str, Any]) -> dict[str, str] | None:
    found = body.get("mapping")
    return None if found is None else {str(key): str(value) for key, value in found.items()}


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isdigit() and len(text) < 9 else None


def _worked(migration_id: Any) -> dict[str, Any]:
    work_some(flow(), migration_id=migration_id, limit=AT_ONCE)
    return _shape(migration_id)


def _shape(migration_id: Any) -> dict[str, Any]:
    found = migration_list.show_migration(flow(), migration_id=migration_id)
    items = migration_list.list_items(
        flow(),
        migration_id=migration_id,
        after=request.args.get("after"),
        size=page_size(),
    )
    return {
        **shapes.plain(found),
        "instances": shapes.page(items, [shapes.plain(one) for one in items.items]),
    }
