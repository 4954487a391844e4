"""Messages from outside with what became of them."""

from __future__ import annotations

from flask import render_template, request

from jiedan.flow.messages import list_messages
from jiedan.flow.states import MessageState
from jiedan.web.house import flow, for_roles
from jiedan.web.instance_rights import SEE_ALL
from jiedan.web.monitor.routes import blueprint


@blueprint.get("/monitor/messages")
@for_roles(*SEE_ALL)
def list_received() -> str:
    """Newest first, by state."""
    state = request.args.get("state", "")
    states = frozenset({MessageState(state)}) if state in set(MessageState) else frozenset()
    page = list_messages(
        flow(),
        states=states,
        query=request.args.get("q", "")[:200].strip(),
        after=request.args.get("after"),
    )
    return render_template(
        "monitor/messages.html", page=page, state=state, states=list(MessageState), view="messages"
    )
