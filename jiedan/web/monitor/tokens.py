"""What an admin mends by hand on an instance: tokens, rounds and variables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import Invalid
from jiedan.core.i18n import gettext
from jiedan.flow.instances import show_instance
from jiedan.flow.repairs import add_item, cancel_token, list_tokens, move_token, set_variables
from jiedan.web.house import flow, for_roles, person
from jiedan.web.instance_rights import REPAIR
from jiedan.web.monitor.incidents import edited_variables, required_reason
from jiedan.web.monitor.routes import blueprint

LONGEST_VALUE = 20_000
"""Characters of the value of a new round."""


class ValueUnreadable(Invalid):
    """The value must be JSON."""


class NothingChanged(Invalid):
    """No variable was changed."""


@blueprint.get("/monitor/instances/<uuid:instance_id>/repair")
@for_roles(*REPAIR)
def show_tokens(instance_id: UUID) -> str:
    """Each place where the instance stands, with what can be done there."""
    view = show_instance(flow(), instance_id=instance_id)
    return render_template(
        "monitor/repair.html",
        item=view.item,
        tokens=() if view.unreadable else list_tokens(flow(), instance_id=instance_id),
        variables=orjson.dumps(
            dict(view.variables), option=orjson.OPT_INDENT_2, default=str
        ).decode(),
        rests=view.item.state.value == "suspended",
    )


@blueprint.post("/monitor/instances/<uuid:instance_id>/tokens/<uuid:token_id>/move")
@for_roles(*REPAIR)
def move(instance_id: UUID, token_id: UUID) -> Response:
    """Go on at another element."""
    move_token(
        flow(),
        actor=person(),
        instance_id=instance_id,
        token_id=token_id,
        element_id=request.form.get("element", ""),
        reason=required_reason(),
    )
    flash(gettext("Moved."), "good")
    return _back(instance_id)


@blueprint.post("/monitor/instances/<uuid:instance_id>/tokens/<uuid:token_id>/cancellation")
@for_roles(*REPAIR)
def take_away(instance_id: UUID, token_id: UUID) -> Response:
    """Take a token, or one round, away."""
    cancel_token(
        flow(),
        actor=person(),
        instance_id=instance_id,
        token_id=token_id,
        reason=required_reason(),
    )
    flash(gettext("Taken away."), "good")
    return _back(instance_id)


@blueprint.post("/monitor/instances/<uuid:instance_id>/tokens/<uuid:token_id>/items")
@for_roles(*REPAIR)
def add_round(instance_id: UUID, token_id: UUID) -> Response:
    """Give a repeated activity one more round."""
    add_item(
        flow(),
        actor=person(),
        instance_id=instance_id,
        token_id=token_id,
        value=_value(),
        reason=required_reason(),
    )
    flash(gettext("Added."), "good")
    return _back(instance_id)


@blueprint.post("/monitor/instances/<uuid:instance_id>/variables")
@for_roles(*REPAIR)
def change_variables(instance_id: UUID) -> Response:
    """Set variables of the instance."""
    variables = edited_variables()
    if variables is None:
        raise NothingChanged(fields={"variables": gettext("No variable was changed.")})
    set_variables(
        flow(),
        actor=person(),
        instance_id=instance_id,
        variables=variables,
        reason=required_reason(),
    )
    flash(gettext("The variables were set."), "good")
    return _back(instance_id)


def _value() -> Any:
    text = request.form.get("value", "").strip()
    try:
        return orjson.loads(text) if text and len(text) <= LONGEST_VALUE else _unreadable()
    except orjson.JSONDecodeError:
        return _unreadable()


def _unreadable() -> Any:
    raise ValueUnreadable(fields={"value": gettext("The value must be JSON.")})


def _back(instance_id: UUID) -> Response:
    return redirect(url_for("monitor.show", instance_id=instance_id), 303)
