"""The bell: what the platform wants people to know."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.actor import Actor
from jiedan.core.i18n import gettext
from jiedan.flow.notice_wishes import (
    ALWAYS,
    CHANNELS,
    KINDS,
    HoursInvalid,
    hours_of,
    set_wishes,
    wishes_of,
)
from jiedan.flow.notices import count_unread, list_notices, mark_read
from jiedan.web.house import flow, person, platform

blueprint = Blueprint("notices", __name__, url_prefix="/notices")
TIMES = ("quiet_from", "quiet_to", "digest_at")


def unread_count(actor: Actor) -> int:
    """How many notices wait for this person."""
    return count_unread(flow(), actor=actor).number


@blueprint.get("")
def show() -> str:
    """All notices, newest first."""
    page = list_notices(
        flow(),
        actor=person(),
        unread_only=request.args.get("unread") == "1",
        after=request.args.get("after"),
    )
    said = [(one, one.text()) for one in page.items]
    return render_template("notices.html", page=page, notices=said)


@blueprint.get("/settings")
def settings() -> str:
    """What this person wants to be told, by which channel, and when not."""
    return _settings_page()


@blueprint.post("/settings")
def choose() -> Response | tuple[str, int]:
    """Keep the ticks and the times."""
    ticked = frozenset(
        (kind, channel)
        for kind, _, channel in (one.partition("/") for one in request.form.getlist("wanted"))
    )
    times = {name: request.form.get(name, "").strip()[:5] for name in TIMES}
    try:
        set_wishes(flow(), actor=person(), wanted=ticked, **times)
    except HoursInvalid as refusal:
        return _settings_page(errors=refusal.fields, typed=times), 422
    flash(gettext("Kept."), "good")
    return redirect(url_for("notices.settings"), 303)


def _settings_page(**more: Any) -> str:
    login = person().login
    with platform().read() as session:
        wishes, hours = wishes_of(session, login), hours_of(session, login)
    typed = {
        name: "" if value is None else value.strftime("%H:%M")
        for name, value in ((name, getattr(hours, name)) for name in TIMES)
    }
    around = {"errors": {}, "typed": typed, **more}
    return render_template(
        "notice_settings.html",
        wishes=wishes,
        kinds=KINDS,
        channels=CHANNELS,
        always=ALWAYS,
        **around,
    )


@blueprint.post("/reading")
def read() -> Response:
    """Mark one notice as read and go where it points, or mark all."""
    wanted = request.form.get("id")
    ids = (UUID(wanted),) if wanted else None
    mark_read(flow(), actor=person(), notice_ids=ids)
    task, instance = request.form.get("task"), request.form.get("instance")
    if task:
        return redirect(url_for("task.show", task_id=UUID(task)), 303)
    if instance:
        return redirect(url_for("orders.of_instance", instance_id=UUID(instance)), 303)
    return redirect(url_for("notices.show"), 303)
