"""Lists of instances, and one instance where it stands."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request

from jiedan.flow.definitions import list_definitions
from jiedan.flow.incidents import list_incidents
from jiedan.flow.instances import list_instances, show_instance
from jiedan.flow.migration import can_go_back
from jiedan.flow.states import DefinitionKind, InstanceState
from jiedan.web.house import flow, for_roles, person
from jiedan.web.instance_rights import SEE_ALL, may_repair, require_sight
from jiedan.web.monitor.routes import blueprint
from jiedan.web.monitor.steps import steps_of


@blueprint.get("/monitor")
@for_roles(*SEE_ALL)
def list_all() -> str:
    """All instances, newest first, by number, title, process and state."""
    state = request.args.get("state", "")
    states = frozenset({InstanceState(state)}) if state in set(InstanceState) else frozenset()
    page = list_instances(
        flow(),
        query=request.args.get("q", "")[:200].strip(),
        process_id=request.args.get("process") or None,
        states=states,
        after=request.args.get("after"),
    )
    return render_template(
        "monitor/instances.html",
        page=page,
        state=state,
        states=list(InstanceState),
        processes=list_definitions(flow(), kind=DefinitionKind.PROCESS),
        open_incidents=list_incidents(flow(), size=1).count,
        view="instances",
    )


@blueprint.get("/monitor/instances/<uuid:instance_id>")
def show(instance_id: UUID) -> str:
    """One instance: its diagram, tokens, tasks, history, and for admins variables and repair."""
    actor = person()
    view = require_sight(show_instance(flow(), instance_id=instance_id), actor)
    return render_template(
        "monitor/instance.html",
        view=view,
        item=view.item,
        repair=may_repair(actor),
        steps=steps_of(view.history),
        can_go_back=may_repair(actor) and can_go_back(flow(), instance_id=instance_id),
    )
