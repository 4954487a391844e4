"""Mails and robot messages that leave the house, with what became of them."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.outgoing.listing import list_outgoing
from jiedan.outgoing.sending import send_again
from jiedan.outgoing.tables import SendState
from jiedan.web.addresses import safe_next
from jiedan.web.house import flow, for_roles, person
from jiedan.web.instance_rights import REPAIR, SEE_ALL
from jiedan.web.monitor.routes import blueprint

STATES: dict[str, LazyText] = {
    SendState.DUE: lazy("to be sent"),
    SendState.SENDING: lazy("being sent"),
    SendState.SENT: lazy("sent"),
    SendState.FAILED: lazy("given up"),
}


@blueprint.get("/monitor/outgoing")
@for_roles(*SEE_ALL)
def list_sent() -> str:
    """Newest first, by state."""
    state = request.args.get("state", "")
    page = list_outgoing(
        flow(),
        states=frozenset({state}) if state in STATES else frozenset(),
        query=request.args.get("q", "")[:200].strip(),
        after=request.args.get("after"),
    )
    return render_template(
        "monitor/outgoing.html", page=page, state=state, states=STATES, view="outgoing"
    )


@blueprint.post("/monitor/outgoing/<uuid:message_id>/again")
@for_roles(*REPAIR)
def send_one_again(message_id: UUID) -> Response:
    """Try a message again that was given up."""
    send_again(flow(), actor=person(), message_id=message_id)
    flash(gettext("The message will be sent again within a minute."), "good")
    return redirect(safe_next("monitor.list_sent"), 303)
