"""Starting something: the processes that a person may begin by hand."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import NotFound
from jiedan.core.i18n import gettext, lazy
from jiedan.flow.instances import start_instance
from jiedan.web.formatting import said
from jiedan.web.house import flow, person
from jiedan.web.navigation import WORK, Entry
from jiedan.web.startable import Way, find_startable, startable_by

blueprint = Blueprint("start", __name__, url_prefix="/start")
NAVIGATION = (
    Entry(
        "start.show",
        lazy("Start"),
        "start",
        WORK,
        20,
        on_phone=3,
        phone_label=lazy("Start"),
        has_something=lambda actor: bool(startable_by(actor)),
    ),
)


@blueprint.get("")
def show() -> str:
    """What this person may start."""
    ways = startable_by(person())
    keys = {way.name: uuid4().hex for way in ways}
    return render_template("start/show.html", ways=ways, keys=keys)


def _given(way: Way) -> dict[str, str]:
    told = {name: request.form.get(name, "")[:100].strip() for name in way.may_set}
    return {name: text for name, text in told.items() if text}


@blueprint.post("/<name>")
def begin(name: str) -> Response:
    """Start it and go on to the first task, when it is for the same person.

    A page may add what the way lets itself be told, such as the order that it is about.
    """
    way = find_startable(name, person())
    if way is None:
        raise NotFound
    started = start_instance(
        flow(),
        actor=person(),
        process_id=way.process,
        variables={**way.variables, **_given(way)},
        key=request.form.get("_key") or None,
    )
    mine = next((one for one in started.next_tasks if one.mine), None)
    if mine is not None:
        return redirect(url_for("task.show", task_id=mine.task_id), 303)
    names = ", ".join(said(one) for one in started.next_tasks)
    flash(gettext("Started. It waits at: %(tasks)s.", tasks=names or "—"), "good")
    return redirect(url_for("orders.of_instance", instance_id=started.instance_id), 303)
