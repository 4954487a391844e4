"""What is deployed: processes, decisions and forms with their versions."""

from __future__ import annotations

from pathlib import PurePath

from flask import Response, render_template, request

from jiedan.core.errors import NotFound
from jiedan.flow.definitions import list_definitions, list_versions, show_definition
from jiedan.flow.states import DefinitionKind
from jiedan.web.house import flow, for_roles, person
from jiedan.web.studio.rights import OWNERS, READERS
from jiedan.web.studio.routes import blueprint

TYPES = {
    DefinitionKind.PROCESS: "application/xml",
    DefinitionKind.DECISION: "application/xml",
    DefinitionKind.FORM: "application/json",
}


def kind_named(name: str) -> DefinitionKind:
    """The kind in an address; raises NotFound for anything else."""
    if name not in set(DefinitionKind):
        raise NotFound
    return DefinitionKind(name)


@blueprint.get("/studio")
@for_roles(*READERS)
def list_all() -> str:
    """Everything that is deployed, by kind."""
    wanted = request.args.get("kind", DefinitionKind.PROCESS.value)
    kind = kind_named(wanted)
    return render_template(
        "studio/library.html",
        kind=kind,
        kinds=list(DefinitionKind),
        definitions=list_definitions(
            flow(), kind=kind, query=request.args.get("q", "")[:200].strip()
        ),
        is_owner=person().has_any(*OWNERS),
    )


@blueprint.get("/studio/<kind>/<key>/versions")
@for_roles(*READERS)
def versions(kind: str, key: str) -> str:
    """All versions of one definition, newest first."""
    found = list_versions(flow(), kind=kind_named(kind), key=key)
    if not found:
        raise NotFound
    return render_template("studio/versions.html", kind=kind_named(kind), versions=found)


@blueprint.get("/studio/<kind>/<key>/source")
@for_roles(*READERS)
def source(kind: str, key: str) -> Response:
    """The file of one version; a download with `download=1`."""
    named = kind_named(kind)
    version = request.args.get("version", type=int)
    definition, content = show_definition(flow(), kind=named, key=key, version=version)
    response = Response(content, mimetype=TYPES[named])
    if request.args.get("download"):
        name = PurePath(definition.filename).name
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
