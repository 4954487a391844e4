"""What every answer tells the browser about trust, and the check that a form is ours."""

from __future__ import annotations

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect

from jiedan.core.errors import Forbidden, TooLarge

csrf = CSRFProtect()
"""Blueprints that authenticate without cookies (the API) call `csrf.exempt(blueprint)`."""

_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


class PageExpired(Forbidden):
    """This page is too old to be sent in. Please reload it and try again."""


def allow_inline_styles() -> None:
    """For the editors only: their libraries write <style> elements."""
    g.inline_styles = True


def install(app: Flask) -> None:
    """Add the check of forms, the size limit and the headers to an application."""
    csrf.init_app(app)
    limit = app.config["REQUEST_BYTES"]

    @app.before_request
    def refuse_too_large() -> None:
        is_upload = request.mimetype == "multipart/form-data"
        if not is_upload and (request.content_length or 0) > limit:
            raise TooLarge
        if not is_upload:
            request.max_content_length = limit

    @app.errorhandler(CSRFError)
    def refuse_foreign_form(error: CSRFError) -> ResponseReturnValue:
        return app.handle_user_exception(PageExpired())

    @app.after_request
    def add_headers(response: Response) -> Response:
        policy = dict(_POLICY)
        if g.get("inline_styles"):
            policy["style-src"] = "'self' 'unsafe-inline'"
        headers = response.headers
        headers.setdefault(
            "Content-Security-Policy",
            "; ".join(f"{name} {value}" for name, value in policy.items()),
        )
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        return response
