"""The pages of a link: where the order stands, confirm a delivery or object, send a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import Invalid, Message
from jiedan.core.i18n import gettext, lazy
from jiedan.desk.portal import DIGITS, ON_THE_WAY, Purpose, check_digits
from jiedan.desk.portal_errors import LinkUnknown, WrongDigits
from jiedan.desk.portal_facts import LinkFacts
from jiedan.desk.portal_guesses import note_guess, require_digits_left
from jiedan.desk.portal_views import STAGES, customer_view
from jiedan.desk.values import Problems
from jiedan.flow.signatures import SignatureUnreadable
from jiedan.web.house import now, open_to_all, platform
from jiedan.web.portal.answers import (
    confirm_delivery,
    dispute_delivery,
    drawn_signature,
    send_report,
)
from jiedan.web.portal.door import come_in, customer, may_look, remember, require_customer
from jiedan.web.portal.forms import (
    LONGEST,
    REPORTS,
    SHORTEST,
    form_key,
    read_name,
    read_report,
    read_text,
)
from jiedan.web.portal.routes import blueprint

TITLES = {
    Purpose.STATUS: lazy("Your order"),
    Purpose.DELIVERY: lazy("Confirm your delivery"),
    **{Purpose(name): report.title for name, report in REPORTS.items()},
}
Answer = Response | str | tuple[str, int]


@blueprint.get("/<token>")
@open_to_all
def show(token: str) -> Answer:
    """Whatever this link is for."""
    return _page(token, come_in(token))


@blueprint.post("/<token>/digits")
@open_to_all
def know(token: str) -> Answer:
    """The visitor knows the receiver's number, or not."""
    link = come_in(token)
    try:
        with platform().read() as session:
            require_digits_left(
                session, parameters=platform().parameters, link_id=link.link_id, now=now()
            )
            check_digits(session, link_id=link.link_id, digits=request.form.get("digits", ""))
    except WrongDigits as wrong:
        with platform().work(actor=customer()) as work:
            note_guess(work, link_id=link.link_id)
        return _page(token, link, problems=wrong.fields), 422
    remember(link)
    return _back(token)


@blueprint.post("/<token>/confirmation")
@open_to_all
def confirm(token: str) -> Answer:
    """Everything arrived: signed by name, with or without a drawing."""
    link = _to_answer(token, Purpose.DELIVERY)
    try:
        signer = read_name(request.form)
        _require_agreement()
        drawn = drawn_signature(request.form)
    except SignatureUnreadable as wrong:
        return _page(token, link, problems={"_signature": wrong.message()}), 422
    except Invalid as wrong:
        return _page(token, link, problems=wrong.fields), 422
    confirm_delivery(link, signer=signer, statement=_statement(link), drawn=drawn)
    return _back(token)


@blueprint.post("/<token>/objection")
@open_to_all
def object_to(token: str) -> Answer:
    """Something is wrong with this delivery."""
    link = _to_answer(token, Purpose.DELIVERY)
    problems = Problems()
    objection = read_text(problems, request.form, "objection")
    try:
        signer = read_name(request.form)
        problems.raise_as(Invalid)
    except Invalid as wrong:
        found = {**problems.fields, **wrong.fields}
        found = {("objector" if name == "signer" else name): text for name, text in found.items()}
        return _page(token, link, problems=found, objecting=True), 422
    dispute_delivery(link, signer=signer, objection=objection)
    return _back(token)


@blueprint.post("/<token>/report")
@open_to_all
def report(token: str) -> Answer:
    """A problem, a wish to return or a complaint."""
    link = _to_answer(token, *REPORTS)
    asked = REPORTS[link.purpose]
    try:
        key = form_key(request.form)
        said = read_report(asked, request.form)
    except Invalid as wrong:
        return _page(token, link, problems=wrong.fields), 422
    payload = asked.payload(link, said)
    send_report(link, message=asked.message, payload=payload, name=said["name"], key=key)
    return redirect(url_for("portal.show", token=token, sent="1"), 303)


def _to_answer(token: str, *purposes: str) -> LinkFacts:
    """The link, when it is for one of these and the visitor may answer by it."""
    link = come_in(token)
    if link.purpose not in purposes or not may_look(link):
        raise LinkUnknown
    require_customer()
    return link


def _require_agreement() -> None:
    if request.form.get("agreed") != "yes":
        raise Invalid({"agreed": lazy("Please tick this to confirm.")})


def _statement(link: LinkFacts) -> str:
    return gettext(
        "I have received the goods of delivery %(no)s completely and without visible damage.",
        no=link.shipment_no,
    )


def _page(
    token: str,
    link: LinkFacts,
    *,
    problems: Mapping[str, Message] | None = None,
    objecting: bool = False,
) -> str:
    shared: dict[str, Any] = {
        "token": token,
        "link": link,
        "title": TITLES[Purpose(link.purpose)],
        "problems": problems or {},
        "given": request.form,
        "is_staff": g.actor is not None,
    }
    if not may_look(link):
        return render_template("portal/digits.html", digits=DIGITS, **shared)
    with platform().read() as session:
        order = customer_view(session, order_id=link.order_id)
    shared["order"] = order
    if link.purpose == Purpose.STATUS:
        return render_template("portal/status.html", stages=STAGES, **shared)
    if link.purpose == Purpose.DELIVERY:
        return render_template(
            "portal/delivery.html",
            parcel=next(
                (one for one in order.parcels if one.shipment_id == link.shipment_id), None
            ),
            answer=link.answers[0] if link.answers else None,
            can_confirm=link.shipment_state in ON_THE_WAY,
            statement=_statement(link),
            objecting=objecting,
            shortest=SHORTEST,
            longest=LONGEST,
            **shared,
        )
    return render_template(
        "portal/report.html",
        report=REPORTS[link.purpose],
        sent=request.args.get("sent") == "1",
        key=request.form.get("_key") or uuid4().hex,
        shortest=SHORTEST,
        longest=LONGEST,
        **shared,
    )


def _back(token: str) -> Response:
    return redirect(url_for("portal.show", token=token), 303)
