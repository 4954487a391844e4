"""create_web: the application that people's browsers and other programs talk to."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Flask, g, request

from jiedan.core.i18n import html_lang
from jiedan.core.platform import Platform
from jiedan.flow.platform import Flow
from jiedan.web import (
    bundles,
    errors,
    formatting,
    preferences,
    refusals,
    security,
    sessions,
)
from jiedan.web.addresses import this_page
from jiedan.web.areas import areas
from jiedan.web.house import EXTENSION, House
from jiedan.web.instance_rights import may_open
from jiedan.web.lookups import Lookups, label_of
from jiedan.web.markdown import render
from jiedan.web.navigation import Navigation
from jiedan.web.notices import unread_count
from jiedan.web.outcomes import outcome_name
from jiedan.web.startable import startable_by

UPLOAD_FILES = 12
"""How many files of the largest allowed size fit into one posted form."""


def create_web(flow: Flow, platform: Platform, *, testing: bool = False) -> Flask:
    """Build the Flask application over a process platform. It starts nothing by itself."""
    app = Flask("jiedan.web", static_folder=str(bundles.FOLDER), template_folder="templates")
    settings = platform.settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        TESTING=testing,
        PROPAGATE_EXCEPTIONS=testing,
        REQUEST_BYTES=settings.request_max_kb * 1024,
        MAX_CONTENT_LENGTH=_largest_upload(platform),
        MAX_FORM_PARTS=10_000,
        SEND_FILE_MAX_AGE_DEFAULT=365 * 24 * 3600,
        SESSION_COOKIE_NAME="page",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    lookups = Lookups(platform)
    # What is offered on a page and what is accepted from it come from the same lists.
    flow.label_of = label_of
    app.extensions[EXTENSION] = House(flow, platform, lookups)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    bundles.install(app)
    formatting.install(app)
    app.jinja_env.filters["markdown"] = render
    app.jinja_env.globals["may_open"] = may_open
    app.jinja_env.globals["choices"] = lookups.choices
    app.jinja_env.globals["this_page"] = this_page
    app.jinja_env.globals["outcome_name"] = partial(outcome_name, flow)
    preferences.install(app)
    sessions.install(app)
    security.install(app)
    errors.install(app)
    refusals.install(app)
    _furnish(app, Navigation(_register(app)), demo=settings.demo)
    return app


def _register(app: Flask) -> list[Any]:
    entries: list[Any] = []
    for area in areas():
        app.register_blueprint(area.blueprint)
        entries.extend(getattr(area, "NAVIGATION", ()))
    return entries


def _furnish(app: Flask, navigation: Navigation, *, demo: bool) -> None:
    """What every template may use."""
    app.extensions["navigation"] = navigation

    @app.context_processor
    def frame() -> dict[str, Any]:
        actor = g.get("actor")
        return {
            "actor": actor,
            "theme": g.get("theme", "auto"),
            "locale_tag": html_lang(),
            "demo": demo,
            "now": app.extensions[EXTENSION].platform.clock.now(),
            "navigation": navigation.sections,
            "phone_navigation": navigation.phone,
            "may_start": bool(actor and startable_by(actor)),
            "unread": unread_count(actor) if actor else 0,
            "is_fragment": request.headers.get("HX-Request") == "true",
        }


def _largest_upload(platform: Platform) -> int:
    return int(platform.parameters.number("upload.max_mb") * 1024 * 1024) * UPLOAD_FILES
