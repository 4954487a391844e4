"""The pages of the three editors, and starting something new."""

from __future__ import annotations

import re

from flask import Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from jiedan.core.errors import Conflict, Invalid
from jiedan.core.i18n import gettext
from jiedan.flow.content.templates import element_templates
from jiedan.flow.definitions import list_definitions, show_definition
from jiedan.flow.errors import DefinitionNotFound
from jiedan.flow.states import DefinitionKind
from jiedan.web.house import flow, for_roles, person
from jiedan.web.security import allow_inline_styles
from jiedan.web.studio.blank import blank_file
from jiedan.web.studio.library import kind_named
from jiedan.web.studio.rights import OWNERS, READERS
from jiedan.web.studio.routes import blueprint

ID = re.compile(r"[a-z][a-z0-9_]{1,62}")


class NameTaken(Conflict):
    """Something with this id exists already."""


class BadId(Invalid):
    """An id is 2 to 63 small letters, digits and underscores, and starts with a letter."""


@blueprint.get("/studio/<kind>/<key>")
@for_roles(*READERS)
def edit(kind: str, key: str) -> str:
    """One definition in its editor; readers see it without the deploy button."""
    named = kind_named(kind)
    version = request.args.get("version", type=int)
    name = request.args.get("name", "")[:100].strip()
    try:
        definition, _ = show_definition(flow(), kind=named, key=key, version=version)
    except DefinitionNotFound:
        if version is not None or not name or not ID.fullmatch(key):
            raise
        definition = None
    allow_inline_styles()
    return render_template(
        "studio/editor.html",
        kind=named,
        key=key,
        definition=definition,
        version=version,
        filename=definition.filename if definition else f"{key}{ENDINGS[named]}",
        name=name,
        is_owner=person().has_any(*OWNERS),
    )


ENDINGS = {
    DefinitionKind.PROCESS: ".bpmn",
    DefinitionKind.DECISION: ".dmn",
    DefinitionKind.FORM: ".form",
}


@blueprint.post("/studio/<kind>")
@for_roles(*OWNERS)
def create(kind: str) -> AnyResponse:
    """Open the editor on something that does not exist yet."""
    named = kind_named(kind)
    key = request.form.get("key", "").strip()
    name = request.form.get("name", "").strip()[:100]
    if not ID.fullmatch(key) or not name:
        raise BadId(fields={"key": gettext(BadId.msgid())})
    if any(one.key == key for one in list_definitions(flow(), kind=named)):
        raise NameTaken
    return redirect(url_for("studio.edit", kind=named.value, key=key, name=name), 303)


@blueprint.get("/studio/<kind>/<key>/blank")
@for_roles(*OWNERS)
def blank(kind: str, key: str) -> Response:
    """The file that a new definition starts from."""
    named = kind_named(kind)
    if not ID.fullmatch(key):
        raise BadId
    return Response(
        blank_file(named, key=key, name=request.args.get("name", "")[:100] or key),
        mimetype="text/plain",
    )


@blueprint.get("/studio/templates.json")
@for_roles(*READERS)
def templates() -> Response:
    """The handlers as element templates: what a service task can do."""
    return jsonify(element_templates(flow().registry))
