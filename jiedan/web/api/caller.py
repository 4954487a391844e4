"""Who calls the API: the person behind a bearer token."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request

from jiedan.core.actor import Actor
from jiedan.core.errors import Unauthorized
from jiedan.people.tokens import load_token
from jiedan.web.api.routes import blueprint
from jiedan.web.house import platform


class MissingToken(Unauthorized):
    """Send an API token: Authorization: Bearer …"""


class UnknownToken(Unauthorized):
    """This API token is unknown, expired or revoked."""


@blueprint.before_request
def identify() -> None:
    """Ask who calls before anything of the call is read."""
    view: Any = current_app.view_functions.get(request.endpoint or "")
    said = getattr(view, "description", None)
    if said is not None and not said.open and not said.signed:
        caller()


def caller() -> Actor:
    """The actor of the current request, found once."""
    known: Actor | None = g.get("api_actor")
    if known is None:
        known = g.api_actor = _load()
    return known


def _load() -> Actor:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise MissingToken()
    actor = load_token(platform(), token=secret.strip(), ip=request.remote_addr)
    if actor is None:
        raise UnknownToken()
    return actor
