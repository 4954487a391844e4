"""Who is sitting at the browser: the cookie that holds a person's revocable sign-in."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from jiedan.core.errors import Unauthorized
from jiedan.people.sign_in import SignedIn, load_session
from jiedan.web.house import platform

COOKIE = "jiedan"
API = "/api/v1/"
_ALWAYS_OPEN = frozenset({"static"})
_BEFORE_PASSWORD = frozenset({"account.password", "account.change_password", "signin.leave"})


def install(app: Flask) -> None:
    """Find out who acts, and let nobody else past except where a view is open to all."""

    @app.before_request
    def recognise() -> BaseResponse | None:
        if request.endpoint in _ALWAYS_OPEN:
            return None
        g.actor = g.sign_in = None
        token = request.cookies.get(COOKIE)
        if token and not request.path.startswith(API):
            found = load_session(platform(), token=token, ip=request.remote_addr)
            if found is not None:
                g.actor, g.sign_in = found.actor, found
        view: Any = current_app.view_functions.get(request.endpoint or "")
        if g.actor is None:
            if view is not None and not _is_open(view):
                raise Unauthorized
            return None
        must_change = cast(SignedIn, g.sign_in).must_change_password
        if must_change and request.endpoint not in _BEFORE_PASSWORD and not _is_open(view):
            return redirect(url_for("account.password"), 303)
        return None


def _is_open(view: Any) -> bool:
    """Open views say so themselves; the API knows its callers by tokens and signatures."""
    return request.path.startswith(API) or getattr(view, "open_to_all", False)


def begin(response: BaseResponse, found: SignedIn) -> BaseResponse:
    """Put a fresh sign-in into the browser."""
    response.set_cookie(
        COOKIE,
        found.token,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
        max_age=platform().settings.session_hours * 3600,
    )
    return response


def end(response: Response | BaseResponse) -> BaseResponse:
    """Take the sign-in out of the browser."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
    return response
