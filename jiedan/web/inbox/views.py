"""Saved views: keeping a list under a name, its address, sharing it; and copies that are opened."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.i18n import gettext
from jiedan.flow.saved_views import EVERYBODY, ViewRefused, drop_view, find_view, save_view
from jiedan.flow.verbs.copying import read_copies
from jiedan.web.house import flow, person
from jiedan.web.inbox.asked import PLACES, kept_parts
from jiedan.web.inbox.routes import blueprint


@blueprint.get("/inbox/views/<uuid:view_id>")
def open_view(view_id: UUID) -> Response:
    """The list that the view stands for; this address can be given to others."""
    view = find_view(flow(), actor=person(), view_id=view_id)
    place = view.place if view.place in PLACES else "todo"
    return redirect(_address(place, {**view.query, "view": str(view.id)}), 302)


@blueprint.post("/inbox/views")
def save() -> Response:
    """Keep the list as it is."""
    place = request.form.get("place", "todo")
    place = place if place in PLACES else "todo"
    query = kept_parts(dict(parse_qsl(request.form.get("address", "")[:2000])))
    share = request.form.get("share", "")
    mine = {EVERYBODY, *(f"r:{role}" for role in person().roles)}
    try:
        view = save_view(
            flow(),
            actor=person(),
            name=request.form.get("name", ""),
            place=place,
            query=query,
            shared_with=(share,) if share in mine else (),
        )
    except ViewRefused as refusal:
        flash(" ".join(str(one) for one in refusal.fields.values()), "bad")
        return redirect(_address(place, query), 303)
    flash(gettext("Saved. Its address can be passed on to those who may see it."), "good")
    return redirect(url_for("inbox.open_view", view_id=view.id), 303)


@blueprint.post("/inbox/views/<uuid:view_id>/removal")
def drop(view_id: UUID) -> Response:
    """Forget one of mine."""
    drop_view(flow(), actor=person(), view_id=view_id)
    flash(gettext("The view is gone; the tasks are not."), "good")
    return redirect(url_for("inbox.todo"), 303)


@blueprint.get("/inbox/copies/<uuid:instance_id>")
def open_copy(instance_id: UUID) -> Response:
    """What a copy is about; it is read from now on."""
    read_copies(flow(), actor=person(), instance_id=instance_id)
    return redirect(url_for("orders.of_instance", instance_id=instance_id), 303)


@blueprint.post("/inbox/copies/reading")
def read_all_copies() -> Response:
    """Mark all copies as read."""
    read_copies(flow(), actor=person())
    return redirect(url_for("inbox.copies"), 303)


def _address(place: str, query: Mapping[str, str]) -> str:
    asked = urlencode(query)
    return url_for(f"inbox.{place}") + (f"?{asked}" if asked else "")
