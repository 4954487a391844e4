"""Starting something: the processes that a person may begin by hand."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import Conflict, NotFound
from jiedan.core.i18n import gettext, lazy
from jiedan.flow.instances import show_instance, start_instance
from jiedan.web.formatting import said
from jiedan.web.house import flow, person
from jiedan.web.navigation import WORK, Entry
from jiedan.web.order_requests import ask_of_order
from jiedan.web.startable import Way, find_startable, startable_by


class NotRunning(Conflict):
    """No process carries this order any more."""


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
    ways = [way for way in startable_by(person()) if not way.only_on_order]
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
    if way.message:
        return _ask_order(way, request.form.get("order_no", ""))
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


def _ask_order(way: Way, order_no: str) -> Response:
    """Tell a running order what is wanted of it, and go on to the task that this opens."""
    told = ask_of_order(
        message=way.message, order_no=order_no, key=request.form.get("_key") or uuid4().hex
    )
    if told.instance_id is None:
        raise NotRunning
    view = show_instance(flow(), instance_id=told.instance_id)
    mine = [
        one
        for one in view.tasks
        if one.completed_at is None and f"u:{person().login}" in one.owners
    ]
    if mine:
        return redirect(url_for("task.show", task_id=mine[-1].task_id), 303)
    flash(gettext("Your request reached the order."), "good")
    return redirect(url_for("orders.show", ref=order_no), 303)
