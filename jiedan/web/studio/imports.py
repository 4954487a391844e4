"""Importing diagrams of other engines: hand in, read the report, edit, keep, deploy."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from jiedan.core.errors import Invalid, JiedanError
from jiedan.core.i18n import current_locale, gettext
from jiedan.flow.content.findings import Finding
from jiedan.flow.content.xml import XML_LIMIT, FileTooLarge
from jiedan.flow.errors import DeploymentRefused
from jiedan.flow.importing import LEVELS
from jiedan.flow.importing.drafts import (
    Draft,
    check_draft,
    deploy_draft,
    form_of_draft,
    import_draft,
    list_drafts,
    open_draft,
    remove_draft,
    save_draft,
)
from jiedan.web.api.body import json_object, raw_body
from jiedan.web.house import flow, for_roles, person
from jiedan.web.security import allow_inline_styles
from jiedan.web.studio.check import LARGEST_SOURCE, shape
from jiedan.web.studio.rights import OWNERS
from jiedan.web.studio.routes import blueprint

MOST_FILES = 50


class NothingChosen(Invalid):
    """Choose at least one file."""


class TooManyFiles(Invalid):
    """At most %(limit)s files can be imported at once."""


@blueprint.get("/studio/imports")
@for_roles(*OWNERS)
def imports() -> str:
    """Where files are handed in, and the drafts that wait."""
    query = request.args.get("q", "")[:200].strip()
    page = list_drafts(flow(), query=query, after=request.args.get("after"))
    return render_template("studio/imports.html", page=page)


@blueprint.post("/studio/imports")
@for_roles(*OWNERS)
def add_imports() -> AnyResponse:
    """Convert what was handed in; a single file is shown at once."""
    uploads = [one for one in request.files.getlist("file") if one.filename]
    if not uploads:
        raise NothingChosen(fields={"file": gettext(NothingChosen.msgid())})
    if len(uploads) > MOST_FILES:
        raise TooManyFiles(limit=MOST_FILES)
    drafts = [draft for one in uploads if (draft := _import(one)) is not None]
    if len(drafts) == 1 and len(uploads) == 1:
        return redirect(url_for("studio.show_import", draft_id=drafts[0].id), 303)
    return redirect(url_for("studio.imports"), 303)


@blueprint.get("/studio/imports/<uuid:draft_id>")
@for_roles(*OWNERS)
def show_import(draft_id: UUID) -> str:
    """The report, and the converted diagram in the editor."""
    opened = open_draft(flow(), draft_id=draft_id)
    locale = current_locale()
    rows = [_shown(one, locale) for one in opened.imported.rows]
    allow_inline_styles()
    return render_template(
        "studio/import.html",
        opened=opened,
        draft=opened.draft,
        groups=[(level, [one for one in rows if one["level"] == level]) for level in LEVELS],
    )


@blueprint.get("/studio/imports/<uuid:draft_id>/source")
@for_roles(*OWNERS)
def import_source(draft_id: UUID) -> Response:
    """The diagram as it is now."""
    return Response(open_draft(flow(), draft_id=draft_id).source, mimetype="application/xml")


@blueprint.get("/studio/imports/<uuid:draft_id>/forms/<name>")
@for_roles(*OWNERS)
def import_form(draft_id: UUID, name: str) -> Response:
    """A form that was made from a list of fields, as a download."""
    content = form_of_draft(flow(), draft_id=draft_id, name=name)
    answer = Response(content, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.post("/studio/imports/<uuid:draft_id>/check")
@for_roles(*OWNERS)
def check_import(draft_id: UUID) -> Response:
    """What the deploy check says of the diagram as it is in the editor."""
    body = json_object(raw_body(LARGEST_SOURCE), {"source": str}, "source")
    findings = check_draft(flow(), draft_id=draft_id, source=body["source"].encode())
    return jsonify(findings=[shape(one) for one in findings])


@blueprint.post("/studio/imports/<uuid:draft_id>/draft")
@for_roles(*OWNERS)
def keep_import(draft_id: UUID) -> Response:
    """Keep the diagram as it is in the editor."""
    body = json_object(raw_body(LARGEST_SOURCE), {"source": str}, "source")
    save_draft(flow(), actor=person(), draft_id=draft_id, source=body["source"].encode())
    return jsonify(message=gettext("Kept as a draft."))


@blueprint.post("/studio/imports/<uuid:draft_id>/deployment")
@for_roles(*OWNERS)
def deploy_import(draft_id: UUID) -> Response:
    """Deploy the diagram with the forms that were made for it."""
    body = json_object(raw_body(LARGEST_SOURCE), {"source": str, "comment": str}, "source")
    comment = (body.get("comment") or "").strip()[:1000]
    source = body["source"].encode()
    try:
        deployed = deploy_draft(
            flow(), actor=person(), draft_id=draft_id, source=source, comment=comment
        )
    except DeploymentRefused as refusal:
        return jsonify(findings=[shape(one) for one in refusal.params["findings"]])
    first = next((one for one in deployed.changed if one.kind == "process"), None)
    target = url_for("studio.edit", kind="process", key=first.key) if first else None
    message = gettext("Deployed as %(version)s.", version=f"v{first.version}" if first else "–")
    return jsonify(message=message, label="", findings=[], next=target)


@blueprint.post("/studio/imports/<uuid:draft_id>/removal")
@for_roles(*OWNERS)
def remove_import(draft_id: UUID) -> AnyResponse:
    """Throw the draft away."""
    remove_draft(flow(), actor=person(), draft_id=draft_id)
    return redirect(url_for("studio.imports"), 303)


def _import(upload: FileStorage) -> Draft | None:
    name = upload.filename or ""
    try:
        content = upload.stream.read(XML_LIMIT + 1)
        if len(content) > XML_LIMIT:
            raise FileTooLarge(limit=XML_LIMIT)
        return import_draft(flow(), actor=person(), filename=name, content=content)
    except JiedanError as refusal:
        flash(f"{name}: {refusal.message()}", "bad")
        return None


def _shown(row: Finding, locale: str) -> dict[str, Any]:
    """A row of the report in the reader's language."""
    return {
        "level": row.level,
        "element": row.element_id,
        "label": row.label,
        "rule": row.rule,
        "text": row.text(locale),
        "mend": row.advice(locale),
    }
