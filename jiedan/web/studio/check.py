"""The check while one edits, and the deployment of what passed it."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from werkzeug.wrappers import Response

from jiedan.core.i18n import current_locale, gettext
from jiedan.flow.content.check import Finding
from jiedan.flow.definitions import check_files, deploy, list_versions
from jiedan.flow.errors import DeploymentRefused
from jiedan.flow.states import DefinitionKind
from jiedan.web.api.body import json_object, raw_body
from jiedan.web.house import flow, for_roles, person
from jiedan.web.studio.editors import ENDINGS
from jiedan.web.studio.library import kind_named
from jiedan.web.studio.rights import OWNERS, READERS
from jiedan.web.studio.routes import blueprint

LARGEST_SOURCE = 4 * 1024 * 1024
"""Bytes of one definition."""


@blueprint.post("/studio/<kind>/<key>/check")
@for_roles(*READERS)
def check_source(kind: str, key: str) -> Response:
    """What the deploy check says of the file as it is in the editor."""
    named = kind_named(kind)
    body = json_object(raw_body(LARGEST_SOURCE), {"source": str}, "source")
    findings = check_files(flow(), files=_files(named, key, body["source"]))
    return jsonify(findings=[shape(one) for one in findings])


@blueprint.post("/studio/<kind>/<key>/deployment")
@for_roles(*OWNERS)
def deploy_source(kind: str, key: str) -> Response:
    """Make a new version of it."""
    named = kind_named(kind)
    body = json_object(raw_body(LARGEST_SOURCE), {"source": str, "comment": str}, "source")
    try:
        deployed = deploy(
            flow(),
            actor=person(),
            files=_files(named, key, body["source"]),
            comment=(body.get("comment") or "").strip()[:1000],
        )
    except DeploymentRefused as refusal:
        return jsonify(findings=[shape(one) for one in refusal.params["findings"]])
    newest = list_versions(flow(), kind=named, key=key)
    label = f"v{newest[0].version}" if newest else ""
    message = (
        gettext("Deployed as %(version)s.", version=label)
        if deployed.changed
        else gettext("Nothing changed, so no version was made.")
    )
    return jsonify(message=message, label=label, findings=[])


def shape(finding: Finding) -> dict[str, Any]:
    """A finding in the reader's language."""
    locale = current_locale()
    return {
        "severity": finding.level,
        "element": finding.element_id,
        "label": finding.label,
        "rule": finding.rule,
        "message": finding.text(locale),
        "mend": finding.advice(locale),
    }


def _files(kind: DefinitionKind, key: str, source: str) -> dict[str, bytes]:
    return {f"{key}{ENDINGS[kind]}": source.encode()}
