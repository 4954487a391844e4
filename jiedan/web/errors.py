"""The one place that knows what a failure is called in HTTP, for pages and for the API."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask import Flask, Response, g, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException, InternalServerError

from jiedan.core import errors
from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.web.addresses import told_path

log = logging.getLogger("jiedan.web")

_STATUS: tuple[tuple[type[errors.JiedanError], int], ...] = (
    (errors.BadRequest, 400),
    (errors.Unauthorized, 401),
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.Gone, 410),
    (errors.TooLarge, 413),
    (errors.TooMany, 429),
    (errors.Conflict, 409),
    (errors.Invalid, 422),
)
_TITLES: Mapping[int, LazyText] = {
    400: lazy("This request makes no sense"),
    401: lazy("Please sign in"),
    403: lazy("You may not do this"),
    404: lazy("There is nothing here"),
    405: lazy("This does not work that way"),
    409: lazy("Somebody was faster, or things have changed"),
    410: lazy("No longer available"),
    413: lazy("That is too large"),
    415: lazy("That kind of content is not taken here"),
    422: lazy("Some of this cannot be right"),
    429: lazy("Too many attempts"),
    500: lazy("Something went wrong on our side"),
}


def status_of(error: errors.JiedanError) -> int:
    """The HTTP status of one of our errors."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def title_of(status: int) -> str:
    """What a status is called for people."""
    return str(_TITLES.get(status, _TITLES[500 if status >= 500 else 400]))


def wants_json() -> bool:
    """Whether this request comes from a program."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def problem(
    status: int, code: str, detail: str, fields: Mapping[str, Any] | None = None, **more: Any
) -> Response:
    """An RFC 9457 problem document with a stable `code`."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title_of(status),
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    if fields:
        body["fields"] = {path: str(text) for path, text in fields.items()}
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def install(app: Flask) -> None:
    """Turn every failure into a friendly page or a problem document."""

    @app.errorhandler(errors.JiedanError)
    def known(error: errors.JiedanError) -> Any:
        status = status_of(error)
        if status == 401 and not wants_json() and request.method == "GET":
            return redirect(url_for("signin.show", next=request.full_path.rstrip("?")), 303)
        fields = error.fields if isinstance(error, errors.Invalid) else None
        g.refused = error.code
        return _answer(status, error.code, error.message(), fields)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        if isinstance(error, InternalServerError):
            return unknown(error.original_exception or error)
        status = error.code or 500
        if status < 400:
            return error
        return _answer(status, error.name.upper().replace(" ", "_"), "")

    @app.errorhandler(Exception)
    def unknown(error: BaseException) -> Any:
        incident = uuid4().hex[:8]
        log.error("unexpected failure %s at %s", incident, told_path(), exc_info=error)
        if app.testing and app.config.get("PROPAGATE_EXCEPTIONS"):
            raise error
        said = gettext(
            "Nothing was changed. If it happens again, tell an admin this number: %(incident)s",
            incident=incident,
        )
        return _answer(500, "INTERNAL_ERROR", said)


def _answer(status: int, code: str, detail: str, fields: Mapping[str, Any] | None = None) -> Any:
    if wants_json():
        return problem(status, code, detail or title_of(status), fields)
    g.setdefault("actor", None)
    try:
        page = render_template(
            "failure.html", status=status, title=title_of(status), detail=detail, fields=fields
        )
    except Exception:
        # The failure may be in the frame itself; a person still deserves a sentence.
        log.exception("the page for a failure failed")
        page = f"<!doctype html><title>{status}</title><p>{title_of(status)}</p>"
    return page, status
