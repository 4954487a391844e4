"""What a person does with the own account: the password."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import Invalid
from jiedan.core.i18n import gettext
from jiedan.people.accounts import change_own_password
from jiedan.web.house import person, platform

blueprint = Blueprint("account", __name__, url_prefix="/account")


@blueprint.get("/password")
def password() -> str:
    """The form for a new password."""
    return render_template("account/password.html", errors={})


@blueprint.post("/password")
def change_password() -> Response | tuple[str, int]:
    """Take a new password; all other sign-ins of this person end."""
    wanted = request.form.get("password", "")
    try:
        if wanted != request.form.get("again", ""):
            raise Invalid({"again": gettext("The two new passwords differ.")})
        with platform().work(actor=person()) as work:
            change_own_password(
                work,
                present=request.form.get("present", ""),
                password=wanted,
                keep_session=g.sign_in.session_id,
            )
    except Invalid as refusal:
        errors = refusal.fields or {"password": refusal.message()}
        return render_template("account/password.html", errors=errors), 422
    flash(gettext("Your password is changed. You are signed out everywhere else."), "good")
    return redirect(url_for("home.show"), 303)
