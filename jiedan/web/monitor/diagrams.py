"""What the live diagram asks for: the files of an instance's processes and what to mark on them."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from jiedan.core.i18n import pick
from jiedan.flow.instances import InstanceView, diagram_of, show_instance
from jiedan.web.house import flow, person
from jiedan.web.instance_rights import require_sight
from jiedan.web.monitor.routes import blueprint
from jiedan.web.monitor.steps import ELEMENTS


@blueprint.get("/monitor/instances/<uuid:instance_id>/diagram.json")
def diagram_state(instance_id: UUID) -> AnyResponse:
    """Processes and marks; an unchanged answer is a 304, so that polling costs little."""
    view = require_sight(show_instance(flow(), instance_id=instance_id), person())
    content = orjson.dumps(marks(view))
    response = Response(content, mimetype="application/json")
    response.set_etag(sha256(content).hexdigest()[:20])
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)


@blueprint.get("/monitor/instances/<uuid:instance_id>/processes/<process_id>.bpmn")
def diagram_source(instance_id: UUID, process_id: str) -> Response:
    """The BPMN file as this instance runs it."""
    require_sight(show_instance(flow(), instance_id=instance_id), person())
    content = diagram_of(flow(), instance_id=instance_id, process_id=process_id)
    response = Response(content, mimetype="application/xml")
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def marks(view: InstanceView) -> dict[str, Any]:
    """Where the tokens are, what was done how often, what failed; by process and element."""
    elements: dict[str, dict[str, dict[str, int]]] = defaultdict(
        lambda: defaultdict(lambda: {"active": 0, "done": 0, "incident": 0})
    )
    for token in sorted(view.tokens, key=lambda one: one.state == "inside"):
        facts = elements[token.process_id][token.element_id]
        # The body of several instances is not one more of them.
        facts["active"] += 1 if token.state != "inside" or not facts["active"] else 0
    for entry in view.history:
        if entry.kind in ELEMENTS:
            elements[entry.process_id][entry.element_id]["done"] += 1
    for incident in view.incidents:
        if incident.state == "open" and incident.process_id and incident.element_id:
            elements[incident.process_id][incident.element_id]["incident"] += 1
    visited = [diagram for diagram in view.diagrams if diagram.process_id in elements]
    waiting = {token.process_id for token in view.tokens if token.state != "inside"}
    current = _deepest(view, waiting)
    return {
        "processes": [
            {
                "id": diagram.process_id,
                "name": pick(diagram.name, diagram.name_en),
                "version": diagram.version,
                "xml": url_for(
                    "monitor.diagram_source",
                    instance_id=view.item.instance_id,
                    process_id=diagram.process_id,
                    v=diagram.sha256[:12],
                ),
                "current": diagram.process_id == current,
            }
            for diagram in visited or view.diagrams[:1]
        ],
        "elements": elements,
    }


def _deepest(view: InstanceView, waiting: set[str]) -> str:
    """The process to open first: a called one that waits, rather than the one that calls it."""
    called = [one for one in waiting if one != view.item.process_id]
    return sorted(called)[0] if called else view.item.process_id
