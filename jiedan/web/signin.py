"""Signing in by password, in the demo by one click, and signing out."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import JiedanError
from jiedan.people.directory import has_any_user, list_users
from jiedan.people.sign_in import sign_in, sign_in_as, sign_out
from jiedan.web import sessions
from jiedan.web.addresses import safe_next
from jiedan.web.errors import status_of
from jiedan.web.house import house, only_in_demo, open_to_all, platform
from jiedan.web.preferences import keep

blueprint = Blueprint("signin", __name__)
_ORDER = (
    "CS", "SR", "OC", "OR", "FO", "FM", "PA", "BM", "SM", "SD", "GM", "PP", "PM", "EX", "WH",
    "QC", "LG", "LM", "AS", "AM", "LC", "PO", "AD",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody to sign in as with one click."""

    login: str
    name: str
    roles: str


@blueprint.get("/sign-in")
@open_to_all
def show() -> str:
    """The form, and in the demo a card for each person."""
    return _page()


@blueprint.post("/sign-in")
@open_to_all
def enter() -> Response | tuple[str, int]:
    """Sign in by password and go where one was going."""
    login = request.form.get("login", "")
    try:
        found = sign_in(
            platform(),
            login=login,
            password=request.form.get("password", ""),
            ip=request.remote_addr,
            agent=request.user_agent.string,
        )
    except JiedanError as refusal:
        return _page(login=login[:64], refusal=refusal.message()), status_of(refusal)
    response = sessions.begin(redirect(safe_next(), 303), found)
    if found.locale and not request.cookies.get("locale"):
        keep(response, "locale", found.locale)
    return response


@blueprint.post("/sign-in/demo")
@open_to_all
def enter_demo() -> Response:
    """Sign in as one of the demo's people."""
    only_in_demo()
    _leave_quietly()
    found = sign_in_as(
        platform(),
        login=request.form.get("login", ""),
        ip=request.remote_addr,
        agent=request.user_agent.string,
        reason="demo",
    )
    return sessions.begin(redirect(url_for("home.show"), 303), found)


@blueprint.post("/sign-out")
@open_to_all
def leave() -> Response:
    """End this sign-in, on the server too."""
    _leave_quietly()
    return sessions.end(redirect(url_for("signin.show"), 303))


def _leave_quietly() -> None:
    token = request.cookies.get(sessions.COOKIE)
    if token:
        sign_out(platform(), token=token)


def _page(login: str = "", refusal: str = "") -> str:
    cards = _cards() if platform().settings.demo else []
    with platform().read() as session:
        is_empty = not cards and not has_any_user(session)
    return render_template(
        "signin/show.html",
        # Somebody who is signed in comes here in the demo to become somebody else: no frame.
        actor=None,
        cards=cards,
        login=login,
        refusal=refusal,
        is_empty=is_empty,
        next=request.values.get("next", ""),
    )


def _cards() -> list[Card]:
    with platform().read() as session:
        people = list_users(session, active=True, size=200).people

    def place(roles: frozenset[str]) -> int:
        return min((_ORDER.index(role) for role in roles if role in _ORDER), default=len(_ORDER))

    people.sort(key=lambda one: (place(one.roles), one.login))
    lookups = house().lookups
    return [
        Card(
            one.login,
            one.shown,
            " · ".join(lookups.role_name(role) for role in sorted(one.roles)),
        )
        for one in people
    ]
