"""The lists and the numbers on their tabs."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import g, make_response, render_template, request
from werkzeug.wrappers import Response

from jiedan.core.actor import Actor
from jiedan.core.errors import NotFound
from jiedan.core.i18n import current_locale, lazy
from jiedan.flow import inbox as tasks
from jiedan.flow.definitions import list_definitions
from jiedan.flow.inbox import InboxCounts, TaskItem, View
from jiedan.flow.instances import list_instances
from jiedan.flow.pages import Page
from jiedan.flow.saved_views import list_views
from jiedan.flow.states import DefinitionKind
from jiedan.flow.team import roles_led
from jiedan.flow.verbs.copying import count_unread_copies, list_copies
from jiedan.web.house import flow, person
from jiedan.web.inbox.asked import (
    DUES,
    PLACES,
    PRIORITIES,
    SORTS,
    Asked,
    read_address,
    remember_place,
)
from jiedan.web.inbox.routes import blueprint
from jiedan.web.inbox.rows import steps_of
from jiedan.web.navigation import WORK, Badge, Entry
from jiedan.web.order_facts import may_read_money


def count_badge(actor: Actor) -> Badge | None:
    """How much there is to do; red when some of it is late."""
    counts = _counts(actor)
    return Badge(str(counts.todo), alarm=counts.overdue.number > 0) if counts.todo.number else None


NAVIGATION = (Entry("inbox.todo", lazy("Inbox"), "inbox", WORK, 10, badge=count_badge, on_phone=1),)


@blueprint.get("/inbox")
def todo() -> str | Response:
    """What is assigned to me, and what I may claim."""
    return _tasks("todo")


@blueprint.get("/inbox/team")
def team() -> str | Response:
    """What my team has to do, claimed or not."""
    if not roles_led(flow(), person()):
        raise NotFound
    return _tasks("team")


@blueprint.get("/inbox/done")
def done() -> str | Response:
    """What I completed, newest first."""
    return _tasks("done")


@blueprint.get("/inbox/drafts")
def drafts() -> str | Response:
    """What I began to fill in and have not handed in."""
    return _tasks("drafts")


@blueprint.get("/inbox/started")
def started() -> str:
    """What I started and how far it got."""
    remember_place()
    asked = read_address()
    page = list_instances(
        flow(),
        query=asked.query,
        process_id=asked.filters.process_id,
        started_by=person().login,
        after=asked.after,
    )
    return render_template("inbox/started.html", page=page, **_around("started", asked))


@blueprint.get("/inbox/copies")
def copies() -> str:
    """What was sent to me for information."""
    remember_place()
    asked = read_address()
    page = list_copies(
        flow(),
        actor=person(),
        unread_only=request.args.get("unread") == "1",
        query=asked.query,
        after=asked.after,
    )
    return render_template("inbox/copies.html", page=page, **_around("copies", asked))


def _tasks(view: View) -> str | Response:
    asked = read_address()
    page = tasks.list_tasks(
        flow(),
        actor=person(),
        view=view,
        query=asked.query,
        filters=asked.filters,
        sort=asked.sort,
        after=asked.after,
        size=asked.size,
    )
    etag = _etag(page)
    if request.args.get("part") == "rows":
        return _rows(view, asked, page, etag)
    remember_place()
    around = _around(view, asked)
    return render_template(f"inbox/{_TEMPLATES[view]}.html", page=page, etag=etag, **around)


_TEMPLATES = {"todo": "open", "team": "open", "drafts": "drafts", "done": "done"}


def _rows(view: View, asked: Asked, page: Page[TaskItem], etag: str) -> Response:
    """Only the rows, and nothing at all while they are what the page already shows."""
    if etag in request.if_none_match:
        return make_response("", 304)
    response = make_response(
        render_template("inbox/rows.html", page=page, etag=etag, **_beside_rows(view, asked))
    )
    response.set_etag(etag)
    return response


def _beside_rows(view: str, asked: Asked) -> dict[str, Any]:
    return {"view": view, "asked": asked, "is_filtered": asked.is_filtered}


def _etag(page: Page[TaskItem]) -> str:
    shown = "|".join(
        f"{one.task_id}:{one.version}:{one.assignee}:{one.overdue}:{one.is_new}"
        for one in page.items
    )
    return sha256(f"{current_locale()}|{page.count}|{shown}".encode()).hexdigest()[:16]


def _counts(actor: Actor) -> InboxCounts:
    found: InboxCounts | None = g.get("inbox_counts")
    if found is None:
        found = g.inbox_counts = tasks.count_tasks(flow(), actor=actor)
    return found


def _around(view: str, asked: Asked) -> dict[str, Any]:
    """What stands above the rows of every list."""
    actor = person()
    led = roles_led(flow(), actor)
    processes = list_definitions(flow(), kind=DefinitionKind.PROCESS)
    views = list_views(flow(), actor=actor)
    current = request.args.get("view", "")
    return {
        "view": view,
        "asked": asked,
        "counts": _counts(actor),
        "unread_copies": count_unread_copies(flow(), actor=actor),
        "places": {name: label for name, label in PLACES.items() if name != "team" or led},
        "processes": processes,
        "steps": steps_of(asked.filters.process_id),
        "groups": sorted(led) if view == "team" else sorted(actor.roles),
        "dues": DUES,
        "priorities": PRIORITIES,
        "sorts": SORTS,
        "sees_money": may_read_money(actor),
        "views": views,
        "current_view": next((one for one in views if str(one.id) == current), None),
        "is_filtered": asked.is_filtered,
    }
