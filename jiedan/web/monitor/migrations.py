"""Running instances go to another version: choose, map, try, go, and back."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from jiedan.core.errors import Invalid
from jiedan.core.i18n import gettext, pick
from jiedan.flow.definitions import list_definitions, list_versions
from jiedan.flow.migration import revert_instance
from jiedan.flow.migration_list import (
    Migration,
    MigrationItem,
    blocked_at,
    list_candidates,
    list_items,
    list_migrations,
    show_migration,
)
from jiedan.flow.migration_plan import Change, members_of_bundle, plan_of, versions_of
from jiedan.flow.migration_runs import (
    begin_migration,
    change_mapping,
    revert_migration,
    run_migration,
)
from jiedan.flow.migration_work import work_some
from jiedan.flow.obstacles import say
from jiedan.flow.states import DefinitionKind, MigrationItemState
from jiedan.web.house import flow, for_roles, person
from jiedan.web.instance_rights import REPAIR
from jiedan.web.monitor.incidents import required_reason
from jiedan.web.monitor.routes import blueprint

AT_ONCE = 50
"""Instances that are done before the page answers; a worker does the rest."""
SIDES = ("source", "target")


class VersionUnknown(Invalid):
    """Choose a process and a version."""


@blueprint.get("/monitor/migrations")
@for_roles(*REPAIR)
def list_moves() -> str:
    """All migrations, newest first."""
    page = list_migrations(flow(), after=request.args.get("after"))
    processes = {one.key: one for one in list_definitions(flow(), kind=DefinitionKind.PROCESS)}
    return render_template(
        "monitor/migrations.html", page=page, processes=processes, view="migrations"
    )


@blueprint.get("/monitor/migrations/new")
@for_roles(*REPAIR)
def choose_instances() -> str:
    """Which instances of which process should go to which version."""
    processes = list_definitions(flow(), kind=DefinitionKind.PROCESS)
    process_id = request.args.get("process", "")
    found: dict[str, Any] = {}
    if process_id in {one.key for one in processes}:
        versions = list_versions(flow(), kind=DefinitionKind.PROCESS, key=process_id)
        target = _number(request.args.get("target")) or versions[0].version
        if target not in {one.version for one in versions}:
            raise VersionUnknown(fields={"target": gettext("Choose a version.")})
        found = {
            "versions": versions,
            "running": versions_of(flow(), process_id=process_id),
            "target": target,
            "page": list_candidates(
                flow(),
                process_id=process_id,
                target_version=target,
                source_version=_number(request.args.get("version")),
                query=_words(request.args.get("q")),
                after=request.args.get("after"),
            ),
        }
    return render_template(
        "monitor/migration_new.html", processes=processes, process_id=process_id, **found
    )


@blueprint.post("/monitor/migrations")
@for_roles(*REPAIR)
def begin() -> AnyResponse:
    """Take the choice as it is now and try it."""
    form = request.form
    target = _number(form.get("target"))
    if not form.get("process") or target is None:
        raise VersionUnknown(fields={"target": gettext("Choose a version.")})
    some = [_identifier(one) for one in form.getlist("instance")]
    migration_id = begin_migration(
        flow(),
        actor=person(),
        process_id=form["process"],
        target_version=target,
        source_version=_number(form.get("version")),
        query=_words(form.get("q")),
        instance_ids=some if form.get("choice") == "some" else None,
    )
    return _worked(migration_id)


@blueprint.get("/monitor/migrations/<uuid:migration_id>")
@for_roles(*REPAIR)
def show_move(migration_id: UUID) -> str:
    """What becomes of each element, what the trial found, how far it is."""
    migration = show_migration(flow(), migration_id=migration_id)
    state = request.args.get("state", "")
    states = frozenset({state}) if state in set(MigrationItemState) else frozenset[str]()
    changes = _changes(migration)
    names = {
        (one.place.process_id, one.place.element_id): pick(one.place.name, one.place.name_en)
        for one in changes
    }
    blocked = blocked_at(flow(), migration_id=migration_id)

    def why(item: MigrationItem) -> list[str]:
        said = []
        for found in item.obstacles:
            place = found.get("process", ""), found.get("element", "")
            said.append(say(found["rule"], names.get(place, place[1]), found.get("detail", "")))
        return list(dict.fromkeys(said))

    return render_template(
        "monitor/migration.html",
        migration=migration,
        process=_definition(migration),
        page=list_items(
            flow(), migration_id=migration_id, states=states, after=request.args.get("after")
        ),
        state=state,
        states=[one for one in MigrationItemState if migration.counts.get(one)],
        asked=[one for one in changes if _is_asked(one, blocked, migration)],
        silent=[one for one in changes if not _is_asked(one, blocked, migration)],
        blocked=blocked,
        why=why,
    )


@blueprint.post("/monitor/migrations/<uuid:migration_id>/mapping")
@for_roles(*REPAIR)
def map_elements(migration_id: UUID) -> AnyResponse:
    """Say what becomes of elements, and try again."""
    mapping = {
        name.removeprefix("to:"): value
        for name, value in request.form.items()
        if name.startswith("to:") and value and name.rpartition("/")[2] != value
    }
    change_mapping(flow(), actor=person(), migration_id=migration_id, mapping=mapping)
    return _worked(migration_id)


@blueprint.post("/monitor/migrations/<uuid:migration_id>/run")
@for_roles(*REPAIR)
def run_move(migration_id: UUID) -> AnyResponse:
    """Take all that can go to the new version."""
    run_migration(flow(), actor=person(), migration_id=migration_id, reason=required_reason())
    return _worked(migration_id)


@blueprint.post("/monitor/migrations/<uuid:migration_id>/reversion")
@for_roles(*REPAIR)
def revert_move(migration_id: UUID) -> AnyResponse:
    """Take all back that can go back."""
    revert_migration(flow(), actor=person(), migration_id=migration_id, reason=required_reason())
    return _worked(migration_id)


@blueprint.post("/monitor/instances/<uuid:instance_id>/migration-reversal")
@for_roles(*REPAIR)
def revert_one(instance_id: UUID) -> AnyResponse:
    """Take one instance back to the version it came from."""
    revert_instance(flow(), actor=person(), instance_id=instance_id, reason=required_reason())
    flash(gettext("The migration was taken back."), "good")
    return redirect(url_for("monitor.show", instance_id=instance_id), 303)


@blueprint.get("/monitor/migrations/<uuid:migration_id>/<any(source, target):side>.json")
@for_roles(*REPAIR)
def move_diagram(migration_id: UUID, side: str) -> AnyResponse:
    """The old or the new diagram with what stands there and what cannot go."""
    migration = show_migration(flow(), migration_id=migration_id)
    content = orjson.dumps(_marks(migration, side))
    response = Response(content, mimetype="application/json")
    response.set_etag(sha256(content).hexdigest()[:20])
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)


def _marks(migration: Migration, side: str) -> dict[str, Any]:
    elements: dict[str, dict[str, dict[str, int]]] = {}
    blocked = blocked_at(flow(), migration_id=migration.id)
    for change in _changes(migration):
        place = change.place if side == "source" else change.target
        if place is None:
            continue
        facts = elements.setdefault(place.process_id, {}).setdefault(
            place.element_id, {"active": 0, "done": 0, "incident": 0}
        )
        facts["active"] += change.tasks
        if side == "source":
            at = (place.process_id, place.element_id)
            facts["incident"] = blocked.get(at, 0) or int(change.is_open_question)
        else:
            facts["done"] += int(change.is_change)
    versions = _versions(migration, side)
    worth = _worth_a_look(migration, elements)
    return {
        "processes": [
            {
                "id": process_id,
                "name": _name_of(process_id),
                "version": versions[process_id],
                "xml": url_for(
                    "studio.source",
                    kind="process",
                    key=process_id,
                    version=versions[process_id],
                ),
                "current": process_id == worth[0],
            }
            for process_id in worth
            if process_id in versions
        ],
        "elements": elements,
    }


def _worth_a_look(
    migration: Migration, elements: Mapping[str, Mapping[str, Mapping[str, int]]]
) -> list[str]:
    """The processes that differ, those where something cannot go first; else the root."""
    before, after = (_versions(migration, side) for side in SIDES)
    changed = [one for one in before if before[one] != after.get(one)]

    def rank(process_id: str) -> tuple[bool, bool, str]:
        facts = elements.get(process_id, {}).values()
        stops = any(one["incident"] for one in facts)
        return not stops, not any(one["done"] for one in facts), process_id

    return sorted(changed, key=rank) or [migration.process_id]


def _versions(migration: Migration, side: str) -> dict[str, int]:
    bundle_id = migration.bundle_id if side == "target" else migration.source_bundles[0]
    return members_of_bundle(flow(), bundle_id=bundle_id)


def _changes(migration: Migration) -> tuple[Change, ...]:
    return plan_of(
        flow(),
        bundle_ids=[one for one in migration.source_bundles if one != migration.bundle_id],
        target_id=migration.bundle_id,
        mapping=migration.mapping,
    )


def _is_asked(change: Change, blocked: Mapping[tuple[str, str], int], migration: Migration) -> bool:
    """Whether somebody should look at it: it changes, or stops an instance."""
    place = change.place
    at = (place.process_id, place.element_id)
    return bool(
        change.is_open_question
        or (change.is_change and not change.optional)
        or blocked.get(at)
        or place.key in migration.mapping
    )


def _definition(migration: Migration) -> Any:
    found = list_versions(flow(), kind=DefinitionKind.PROCESS, key=migration.process_id)
    return next((one for one in found if one.version == migration.version), found[0])


def _name_of(process_id: str) -> str:
    found = list_versions(flow(), kind=DefinitionKind.PROCESS, key=process_id)
    return pick(found[0].name, found[0].name_en) if found else process_id


def _worked(migration_id: UUID) -> AnyResponse:
    """What is quickly done is done when the page comes; a worker goes on with the rest."""
    work_some(flow(), migration_id=migration_id, limit=AT_ONCE)
    return redirect(url_for("monitor.show_move", migration_id=migration_id), 303)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and len(text) < 9 else None


def _words(text: str | None) -> str:
    return (text or "")[:200].strip()


def _identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise VersionUnknown() from error
