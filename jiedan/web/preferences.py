"""The reader's language and look: chosen by hand, else by the browser, kept in cookies."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from jiedan.core.i18n import html_lang, known_locale, set_locale
from jiedan.people.accounts import choose_locale
from jiedan.web.addresses import safe_next
from jiedan.web.house import open_to_all, platform

blueprint = Blueprint("preferences", __name__)
THEMES = ("auto", "light", "dark")
_YEAR = 365 * 24 * 3600


def install(app: Flask) -> None:
    """Put the language in force before anything is said."""

    @app.before_request
    def choose_language() -> None:
        wanted = known_locale(request.args.get("lang")) or known_locale(
            request.cookies.get("locale")
        )
        if wanted is None and request.accept_languages:
            wanted = next(
                (
                    short
                    for tag in request.accept_languages.values()
                    if (short := known_locale(tag))
                ),
                None,
            )
        set_locale(wanted or platform().settings.locale)
        theme = request.cookies.get("theme", "auto")
        g.theme = theme if theme in THEMES else "auto"

    @app.after_request
    def say_language(response: Response) -> Response:
        response.headers.setdefault("Content-Language", html_lang())
        response.vary.update(("Cookie", "Accept-Language"))
        return response


@blueprint.post("/preferences")
@open_to_all
def choose() -> BaseResponse:
    """Keep a language or a look and go back."""
    response = redirect(safe_next(), 303)
    locale = known_locale(request.form.get("locale"))
    if locale:
        keep(response, "locale", locale)
        if g.actor is not None:
            # Mails and reminders are to speak the same language as the pages.
            with platform().work(actor=g.actor) as work:
                choose_locale(work, locale=locale)
    theme = request.form.get("theme")
    if theme in THEMES:
        keep(response, "theme", theme)
    return response


def keep(response: BaseResponse, name: str, value: str) -> None:
    """A year's cookie that holds no secret."""
    response.set_cookie(name, value, max_age=_YEAR, samesite="Lax", httponly=True)
