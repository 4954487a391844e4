"""Lets the holder of a good link in, slowly when links are wrong, and knows him as the customer."""

from __future__ import annotations

from flask import current_app, g, request, session

from jiedan.core.actor import CUSTOMER_LOGIN, Actor
from jiedan.core.errors import TooMany
from jiedan.desk.portal import note_opening, open_link
from jiedan.desk.portal_errors import LinkUnknown, PortalRefusal
from jiedan.desk.portal_facts import LinkFacts
from jiedan.desk.portal_guesses import network_of, note_guess, require_not_guessing
from jiedan.web.house import now, platform
from jiedan.web.portal.routes import StaffOnlyLooks
from jiedan.web.refusals import Budget

VISITS_PER_MINUTE = 120
_BUDGET = "portal visits"
_KNOWN = "known_links"
_MOST_KNOWN = 20


class TooManyVisits(PortalRefusal, TooMany):
    """That was a lot at once. Please wait a minute."""


def customer() -> Actor:
    """Who acts here: nobody that we know by name, from an address that we do."""
    return Actor(CUSTOMER_LOGIN, "Customer", frozenset({"CU"}), ip=request.remote_addr)


def come_in(token: str) -> LinkFacts:
    """What this secret opens. Raises a kind of PortalRefusal and counts wrong tries."""
    _require_few_visits()
    try:
        with platform().read() as reading:
            require_not_guessing(
                reading, parameters=platform().parameters, ip=request.remote_addr, now=now()
            )
            found = open_link(reading, token=token, now=now())
    except LinkUnknown:
        with platform().work(actor=customer()) as work:
            note_guess(work)
        raise
    if found.opened_at is None and g.actor is None:
        with platform().work(actor=customer()) as work:
            note_opening(work, link_id=found.link_id)
    return found


def require_customer() -> None:
    """Staff may look at what a customer sees, but not answer for him (SOD-7)."""
    if g.actor is not None:
        raise StaffOnlyLooks


def may_look(link: LinkFacts) -> bool:
    """Whether the visitor has shown that he knows the receiver's number, where a link asks."""
    return not link.phone_check or g.actor is not None or link.link_id in session.get(_KNOWN, ())


def remember(link: LinkFacts) -> None:
    """Ask this browser no more for the number."""
    known = [one for one in session.get(_KNOWN, []) if one != link.link_id]
    session[_KNOWN] = [*known, link.link_id][-_MOST_KNOWN:]


def _require_few_visits() -> None:
    budget = current_app.extensions.setdefault(_BUDGET, Budget(per_minute=VISITS_PER_MINUTE))
    if not budget.take(network_of(request.remote_addr)):
        raise TooManyVisits
