"""Stock phrases: writing and removing one's own, and for administrators the house's."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.i18n import gettext
from jiedan.flow.phrases import Phrase, PhraseRefused, add_phrase, list_phrases, remove_phrase
from jiedan.web.house import flow, person

blueprint = Blueprint("phrases", __name__, url_prefix="/phrases")


@blueprint.record
def furnish(state: object) -> None:
    """Let templates ask for the phrases of whoever reads."""
    app: Flask = state.app  # type: ignore[attr-defined]
    app.jinja_env.globals["stock_phrases"] = stock_phrases


def stock_phrases() -> tuple[Phrase, ...]:
    """Once per request."""
    found: tuple[Phrase, ...] | None = g.get("stock_phrases")
    if found is None:
        found = g.stock_phrases = list_phrases(flow(), actor=person())
    return found


@blueprint.get("")
def show() -> str:
    """Mine and the house's."""
    return render_template("phrases.html", phrases=stock_phrases(), admin=_is_admin())


@blueprint.post("")
def add() -> Response:
    """Keep one more."""
    try:
        add_phrase(
            flow(),
            actor=person(),
            text=request.form.get("text", ""),
            house=request.form.get("house") == "1",
        )
    except PhraseRefused as refusal:
        flash(" ".join(str(one) for one in refusal.fields.values()), "bad")
    else:
        flash(gettext("Kept."), "good")
    return redirect(url_for("phrases.show"), 303)


@blueprint.post("/<uuid:phrase_id>/removal")
def remove(phrase_id: UUID) -> Response:
    """Forget one."""
    remove_phrase(flow(), actor=person(), phrase_id=phrase_id)
    return redirect(url_for("phrases.show"), 303)


def _is_admin() -> bool:
    return person().has(flow().admins)
