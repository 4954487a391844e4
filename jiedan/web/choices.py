"""Answers boxes that search while one types: customers, products, carriers, people."""

from __future__ import annotations

import re

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from jiedan.core.errors import NotFound
from jiedan.web.house import house, person

blueprint = Blueprint("choices", __name__)
_SOURCE = re.compile(r"[a-z_]{1,40}(:[A-Z,]{0,80})?")
MOST = 12


@blueprint.get("/choices/<source>")
def find(source: str) -> Response:
    """Up to a dozen choices for what was typed so far."""
    person()
    if not _SOURCE.fullmatch(source):
        raise NotFound
    found = house().lookups.find(source, request.args.get("q", "")[:100], limit=MOST)
    return jsonify([{"value": one.typed, "label": one.label} for one in found])
