"""The blueprint that every endpoint of the API hangs on."""

from __future__ import annotations

from flask import Blueprint

from jiedan.web.security import csrf

blueprint = Blueprint("api", __name__, url_prefix="/api")
# Callers prove themselves by a token or a signature, never by a cookie.
csrf.exempt(blueprint)
