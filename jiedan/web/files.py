"""Handing out attachments, never as something the browser would run."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, send_file

from jiedan.flow.remarks import find_attachment
from jiedan.web.house import flow, person, platform

blueprint = Blueprint("files", __name__, url_prefix="/files")
_SHOWN_INLINE = frozenset({"application/pdf", "image/png", "image/jpeg"})


@blueprint.get("/<uuid:attachment_id>")
def show(attachment_id: UUID) -> Response:
    """A file that the reader may see; others get 404."""
    found = find_attachment(flow(), actor=person(), attachment_id=attachment_id)
    response = send_file(
        platform().files.path(found.sha256),
        mimetype=found.mime,
        as_attachment=found.mime not in _SHOWN_INLINE,
        download_name=found.filename,
        etag=found.sha256,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-cache"
    return response
