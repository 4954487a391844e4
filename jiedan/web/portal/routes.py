"""Where the customer's pages are registered, and what their answers tell browsers and robots."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, render_template
from flask_wtf.csrf import CSRFError

from jiedan.core.errors import Forbidden
from jiedan.desk.portal_errors import PortalRefusal
from jiedan.web.errors import status_of

blueprint = Blueprint("portal", __name__, url_prefix="/c")


class PageTooOld(PortalRefusal, Forbidden):
    """This page was open for too long. Please open the link again."""


class StaffOnlyLooks(PortalRefusal, Forbidden):
    """You are signed in as staff. Only the customer can answer here."""


@blueprint.errorhandler(PortalRefusal)
def refuse(refusal: PortalRefusal) -> tuple[str, int]:
    """A kind page that says what to do; it tells nothing about any order."""
    g.refused = refusal.code
    return render_template("portal/refusal.html", refusal=refusal), status_of(refusal)


@blueprint.errorhandler(CSRFError)
def refuse_old_page(_: CSRFError) -> tuple[str, int]:
    """A form that is not ours, or from a page of long ago."""
    return refuse(PageTooOld())


@blueprint.after_request
def keep_secret(response: Response) -> Any:
    """The address is the secret: it goes to no other site, no index and no cache."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Cache-Control"] = "no-store"
    return response
