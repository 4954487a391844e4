"""The inbox: what I have to do, what I did, what I started."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.actor import Actor
from jiedan.core.errors import Conflict
from jiedan.core.i18n import current_locale, gettext, lazy
from jiedan.flow import inbox as tasks_of
from jiedan.flow.definitions import list_definitions
from jiedan.flow.instances import list_instances
from jiedan.flow.pages import Page
from jiedan.flow.states import DefinitionKind
from jiedan.flow.tasks import claim_task, unclaim_task
from jiedan.web.addresses import safe_next
from jiedan.web.house import flow, person
from jiedan.web.navigation import WORK, Badge, Entry

blueprint = Blueprint("inbox", __name__)
SORTS = {
    "due": lazy("Deadline"),
    "priority": lazy("Priority"),
    "created": lazy("Newest"),
}


def count_badge(actor: Actor) -> Badge | None:
    """How much there is to do; red when some of it is late."""
    counts = tasks_of.count_tasks(flow(), actor=actor)
    g.inbox_counts = counts
    return Badge(str(counts.todo), alarm=counts.overdue.number > 0) if counts.todo.number else None


NAVIGATION = (Entry("inbox.todo", lazy("Inbox"), "inbox", WORK, 10, badge=count_badge, on_phone=1),)


@blueprint.get("/inbox")
def todo() -> str | Response:
    """What is assigned to me, and what I may claim."""
    return _tasks("todo")


@blueprint.get("/inbox/done")
def done() -> str | Response:
    """What I completed, newest first."""
    return _tasks("done")


@blueprint.get("/inbox/started")
def started() -> str:
    """What I started and how far it got."""
    page = list_instances(
        flow(),
        query=_query(),
        process_id=request.args.get("process") or None,
        started_by=person().login,
        after=request.args.get("after"),
    )
    return render_template("inbox/started.html", view="started", page=page, **_around())


def _tasks(view: tasks_of.View) -> str | Response:
    sort = request.args.get("sort", "due")
    filters = tasks_of.TaskFilters(
        process_id=request.args.get("process") or None,
        overdue=request.args.get("overdue") == "1",
        mine_only=request.args.get("mine") == "1",
    )
    page = tasks_of.list_tasks(
        flow(),
        actor=person(),
        view=view,
        query=_query(),
        filters=filters,
        sort=sort,
        after=request.args.get("after"),
    )
    around = _around()
    around["is_filtered"] = bool(
        _query() or filters.process_id or filters.overdue or filters.mine_only
    )
    around |= {"view": view, "page": page, "sort": sort, "etag": _etag(page)}
    if view == "todo" and request.args.get("part") == "rows":
        return _rows(around)
    return render_template(f"inbox/{view}.html", **around)


def _rows(around: dict[str, Any]) -> Response:
    """Only the rows, and nothing at all while they are what the page already shows."""
    if around["etag"] in request.if_none_match:
        return make_response("", 304)
    response = make_response(render_template("inbox/todo_rows.html", **around))
    response.set_etag(around["etag"])
    return response


def _etag(page: Page[tasks_of.TaskItem]) -> str:
    shown = "|".join(
        f"{one.task_id}:{one.version}:{one.assignee}:{one.overdue}" for one in page.items
    )
    return sha256(f"{current_locale()}|{page.count}|{shown}".encode()).hexdigest()[:16]


def _query() -> str:
    return request.args.get("q", "")[:200].strip()


def _around() -> dict[str, Any]:
    actor = person()
    counts = g.get("inbox_counts") or tasks_of.count_tasks(flow(), actor=actor)
    processes = list_definitions(flow(), kind=DefinitionKind.PROCESS)
    return {"counts": counts, "processes": processes, "sorts": SORTS}


@blueprint.post("/inbox/<uuid:task_id>/claim")
def claim(task_id: UUID) -> Response:
    """Take a task straight from the list."""
    try:
        claim_task(flow(), actor=person(), task_id=task_id)
    except Conflict as refusal:
        flash(refusal.message(), "warn")
        return redirect(safe_next("inbox.todo"), 303)
    if request.form.get("stay"):
        flash(gettext("Claimed."), "good")
        return redirect(safe_next("inbox.todo"), 303)
    return redirect(url_for("task.show", task_id=task_id), 303)


@blueprint.post("/inbox/<uuid:task_id>/unclaim")
def unclaim(task_id: UUID) -> Response:
    """Give a task back to everybody who may do it."""
    unclaim_task(flow(), actor=person(), task_id=task_id)
    flash(gettext("Given back."), "good")
    return redirect(safe_next("inbox.todo"), 303)
