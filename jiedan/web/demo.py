"""The demo's clock, moved from the strip on top of every page."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from jiedan.core.clock import MovableClock
from jiedan.core.i18n import gettext
from jiedan.web.addresses import safe_next
from jiedan.web.formatting import moment_long
from jiedan.web.house import flow, only_in_demo, platform

blueprint = Blueprint("demo", __name__, url_prefix="/demo")
_STEPS = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}


@blueprint.post("/clock")
def move_clock() -> Response:
    """Push the clock forward; what falls due meanwhile happens right after."""
    only_in_demo()
    step = _STEPS.get(request.form.get("by", ""))
    clock = platform().clock
    if step is not None and isinstance(clock, MovableClock):
        moment = clock.advance(step)
        flow().wake(moment)
        flash(gettext("It is now %(moment)s.", moment=moment_long(moment)), "info")
    return redirect(safe_next(), 303)
