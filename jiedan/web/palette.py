"""The command palette (Ctrl-K): go to an order, a task, a person, a process or a view by typing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from flask import Blueprint, current_app, jsonify, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import NotFound
from jiedan.core.i18n import gettext
from jiedan.core.pinyin import pinyin_keys
from jiedan.flow.inbox import TaskFilters, list_tasks
from jiedan.flow.instances import list_instances
from jiedan.flow.saved_views import list_views
from jiedan.people.directory import find_person
from jiedan.people.errors import PersonUnknown
from jiedan.web.formatting import said
from jiedan.web.house import flow, house, person, platform
from jiedan.web.inbox.asked import PLACES
from jiedan.web.instance_rights import SEE_ALL
from jiedan.web.navigation import Navigation
from jiedan.web.startable import startable_by

blueprint = Blueprint("palette", __name__)
OF_EACH = 6


@dataclass(frozen=True, slots=True)
class Found:
    """One place to go."""

    kind: str
    label: str
    about: str
    url: str


@blueprint.get("/go")
def go() -> Response | str:
    """Places that fit what was typed: JSON for the palette, a page without JavaScript."""
    typed = request.args.get("q", "")[:100].strip()
    found = [asdict(one) for one in _find(typed)]
    if request.accept_mimetypes.best == "application/json":
        return jsonify(found)
    return render_template("palette.html", found=found, typed=typed)


def _find(typed: str) -> Iterator[Found]:
    yield from _places(typed)
    if not typed:
        return
    actor = person()
    tasks = list_tasks(flow(), actor=actor, query=typed, size=OF_EACH)
    for task in tasks.items:
        about = " · ".join(part for part in (task.business_key, task.title) if part)
        yield Found(gettext("Task"), said(task), about, url_for("task.show", task_id=task.task_id))
    by = None if actor.roles & SEE_ALL else actor.login
    for one in list_instances(flow(), query=typed, started_by=by, size=OF_EACH).items:
        yield Found(
            gettext("Order"),
            one.business_key or one.title or "",
            " · ".join(part for part in (one.title, "、".join(one.waiting_at)) if part),
            url_for("orders.of_instance", instance_id=one.instance_id),
        )
    yield Found(
        gettext("Search"),
        gettext("Search orders for “%(text)s”", text=typed),
        "",
        url_for("orders.find", q=typed),
    )
    for choice in house().lookups.find("people", typed, limit=OF_EACH):
        yield Found(
            gettext("Person"),
            choice.label,
            gettext("What waits for this person"),
            url_for("palette.of_person", login=choice.value),
        )


def _places(typed: str) -> Iterator[Found]:
    """Pages, saved views and things to start, by name or pinyin."""
    actor = person()
    navigation: Navigation = current_app.extensions["navigation"]
    pages = [
        Found(gettext("Page"), place.label, section, place.url)
        for section, places in navigation.sections()
        for place in places
    ]
    lists = [
        Found(gettext("List"), label, gettext("Inbox"), url_for(f"inbox.{name}"))
        for name, label in _lists()
    ]
    views = [
        Found(gettext("View"), one.name, "", url_for("inbox.open_view", view_id=one.id))
        for one in list_views(flow(), actor=actor)
    ]
    starts = [
        Found(gettext("Start"), way.label, way.about, url_for("start.show") + f"#{way.name}")
        for way in startable_by(actor)
    ]
    every = [*views, *lists, *pages, *starts]
    fitting = [one for one in every if _fits(one.label, typed)]
    yield from fitting[: 8 if typed else 14]


def _lists() -> Iterator[tuple[str, str]]:
    for name, label in PLACES.items():
        if name != "team":
            yield name, str(label)


def _fits(label: str, typed: str) -> bool:
    wanted = typed.lower()
    return not wanted or wanted in label.lower() or wanted in pinyin_keys(label.lower())


@blueprint.get("/people/<login>")
def of_person(login: str) -> str:
    """A person as colleagues see them; for who leads them, also what they hold."""
    with platform().read() as session:
        try:
            found = find_person(session, login)
        except PersonUnknown as unknown:
            raise NotFound from unknown
    page = list_tasks(
        flow(), actor=person(), view="team", filters=TaskFilters(holder=login), size=50
    )
    return render_template("person.html", found=found, page=page)
