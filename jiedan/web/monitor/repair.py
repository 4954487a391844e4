"""What an admin does with an instance: suspend, resume, cancel, each with a reason."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from jiedan.core.i18n import gettext
from jiedan.flow.instances import cancel_instance, resume_instance, suspend_instance
from jiedan.web.house import flow, for_roles, person
from jiedan.web.instance_rights import REPAIR
from jiedan.web.monitor.incidents import required_reason
from jiedan.web.monitor.routes import blueprint


@blueprint.post("/monitor/instances/<uuid:instance_id>/suspension")
@for_roles(*REPAIR)
def suspend(instance_id: UUID) -> Response:
    """Stop everything of this instance for a while."""
    suspend_instance(flow(), actor=person(), instance_id=instance_id, reason=required_reason())
    flash(gettext("Suspended."), "good")
    return _back(instance_id)


@blueprint.post("/monitor/instances/<uuid:instance_id>/resumption")
@for_roles(*REPAIR)
def resume(instance_id: UUID) -> Response:
    """Let it go on."""
    resume_instance(flow(), actor=person(), instance_id=instance_id, reason=required_reason())
    flash(gettext("Resumed."), "good")
    return _back(instance_id)


@blueprint.post("/monitor/instances/<uuid:instance_id>/cancellation")
@for_roles(*REPAIR)
def cancel(instance_id: UUID) -> Response:
    """End it where it stands."""
    cancel_instance(flow(), actor=person(), instance_id=instance_id, reason=required_reason())
    flash(gettext("Cancelled."), "good")
    return _back(instance_id)


def _back(instance_id: UUID) -> Response:
    return redirect(url_for("monitor.show", instance_id=instance_id), 303)
