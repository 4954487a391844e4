"""The first page: where this person's day begins."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from jiedan.core.actor import Actor
from jiedan.web.dashboard import LEADERS
from jiedan.web.house import person

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> Response:
    """Leaders begin with the day's numbers, everybody else with the inbox."""
    return redirect(url_for(first_page(person())), 303)


def first_page(actor: Actor) -> str:
    """The endpoint of the page that suits the person's roles."""
    return "dashboard.show" if actor.has_any(*LEADERS) else "inbox.todo"
