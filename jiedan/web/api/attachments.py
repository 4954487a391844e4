"""Files beside a task over the API."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from flask import request

from jiedan.core.i18n import lazy
from jiedan.flow import remarks
from jiedan.web.api import shapes
from jiedan.web.api.body import MissingKey, identifier
from jiedan.web.api.caller import caller
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow


@blueprint.post("/v1/tasks/<task_id>/attachments")
@describe(
    lazy("Put a file beside a task: a multipart form with one part named file"),
    file=True,
    answers=201,
)
def attach_file(task_id: str) -> tuple[dict[str, Any], int]:
    upload = request.files.get("file")
    if upload is None:
        raise MissingKey(name="file")
    made = remarks.attach(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        stream=cast(BinaryIO, upload.stream),
        filename=upload.filename or "",
    )
    return shapes.plain(made), 201
