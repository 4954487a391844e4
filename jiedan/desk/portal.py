"""The customer's links: made by staff, opened without sign-in, answered, revoked (SPEC E35)."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.errors import Invalid
from jiedan.core.i18n import lazy
from jiedan.core.text import number_text
from jiedan.core.work import Work
from jiedan.desk.errors import UnknownRecord, WrongState
from jiedan.desk.portal_errors import (
    LinkExpired,
    LinkRevoked,
    LinkUnknown,
    NothingToConfirm,
    TooManyReports,
    WrongDigits,
)
from jiedan.desk.portal_facts import LinkFacts, link_facts
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Order, PortalAnswer, PortalLink, Shipment
from jiedan.desk.values import Ref, Result, add, as_id, touch

SECRET_BYTES = 32
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
ON_THE_WAY = frozenset({"in_transit", "exception"})
"""States of a shipment whose receipt can be confirmed."""
DIGITS = 4
"""How many last digits of the receiver's phone a link may ask for."""


class Purpose(StrEnum):
    """What a link is good for."""

    STATUS = "status"
    DELIVERY = "delivery"
    ISSUE = "issue"
    RETURN = "return"
    COMPLAINT = "complaint"


SINGLE_USE = frozenset({Purpose.DELIVERY})


@dataclass(frozen=True, slots=True)
class MadeLink(Result):
    """A new link; its secret is known here and to the customer, and nowhere else."""

    link_id: str
    token: str
    purpose: str
    expires_at: datetime


def make_link(
    work: Work,
    *,
    order_id: Ref,
    purpose: str,
    shipment_id: Ref | None = None,
    phone_check: bool = False,
) -> MadeLink:
    """A new link to an order, or to the confirmation of one of its shipments.

    Raises WrongState while the order has no number, UnknownRecord for a shipment of another
    order, NothingToConfirm for one that is not under way.
    """
    wanted = _purpose(purpose)
    order = get_order(work.session, order_id)
    if order.number is None:
        raise WrongState(state=order.state)
    shipment = _shipment(work.session, order, shipment_id) if wanted is Purpose.DELIVERY else None
    limit = "portal.answer_days" if wanted in SINGLE_USE else "portal.link_days"
    days = float(work.platform.parameters.number(limit))
    token = secrets.token_urlsafe(SECRET_BYTES)
    row = add(
        work,
        PortalLink(
            token_hash=_hash(token),
            purpose=wanted,
            order_id=order.id,
            shipment_id=shipment.id if shipment else None,
            single_use=wanted in SINGLE_USE,
            phone_check=phone_check and bool(_digits(order)),
            expires_at=work.now + timedelta(days=days),
        ),
    )
    audit.record(
        work,
        action="portal.link.make",
        entity=f"order:{order.id}",
        after={
            "link": str(row.id),
            "purpose": wanted.value,
            "shipment": shipment.number if shipment else None,
            "expires_at": row.expires_at.isoformat(),
        },
    )
    return MadeLink(str(row.id), token, wanted, row.expires_at)


def revoke_link(work: Work, *, order_id: Ref, link_id: Ref) -> None:
    """Make a link of this order worthless; a second time changes nothing."""
    row = get_row(work.session, PortalLink, link_id)
    if row.order_id != as_id(order_id):
        raise UnknownRecord(kind="portal_links")
    if row.revoked_at is not None:
        return
    row.revoked_at, row.revoked_by = work.now, work.actor.login
    touch(work, row)
    audit.record(
        work,
        action="portal.link.revoke",
        entity=f"order:{row.order_id}",
        after={"link": str(row.id), "purpose": row.purpose},
    )


def open_link(session: Session, *, token: str, now: datetime) -> LinkFacts:
    """What this secret opens. Raises LinkUnknown, LinkExpired or LinkRevoked.

    A link that was used up still opens, to show what was answered by it.
    """
    if not _SECRET.fullmatch(token):
        raise LinkUnknown
    row = session.scalar(select(PortalLink).where(PortalLink.token_hash == _hash(token)))
    if row is None:
        raise LinkUnknown
    _require_good(row, now)
    return link_facts(session, row, now)


def note_opening(work: Work, *, link_id: Ref) -> None:
    """Keep when the customer opened a link first."""
    row = get_row(work.session, PortalLink, link_id)
    if row.opened_at is None:
        row.opened_at = work.now
        audit.record(
            work,
            action="portal.link.open",
            entity=f"order:{row.order_id}",
            after={"link": str(row.id), "purpose": row.purpose},
        )


def check_digits(session: Session, *, link_id: Ref, digits: str) -> None:
    """Raises WrongDigits unless these are the last digits of the receiver's phone."""
    row = get_row(session, PortalLink, link_id)
    known = _digits(get_order(session, row.order_id))
    given = number_text(digits)
    if not known or not secrets.compare_digest(known.encode(), given.encode("utf-8", "replace")):
        raise WrongDigits({"digits": lazy("Please look at the number again.")})


def answer_link(
    work: Work,
    *,
    link_id: Ref,
    kind: str,
    signer: str,
    key: str,
    way: str | None = None,
    evidence_sha256: str | None = None,
) -> bool:
    """Keep what the customer said; False when it was said before, which changes nothing.

    A delivery is answered once, by whichever link, and only while it is under way; a report once
    per ``key``, and not more often than `portal.reports_per_day`. Raises LinkExpired, LinkRevoked,
    NothingToConfirm, TooManyReports.
    """
    row = work.session.scalars(
        select(PortalLink).where(PortalLink.id == as_id(link_id)).with_for_update()
    ).one()
    _require_good(row, work.now)
    subject = f"delivery:{row.shipment_id}" if row.shipment_id else f"{kind}:{row.id}:{key}"
    known = select(PortalAnswer.id).where(PortalAnswer.subject == subject)
    if work.session.scalar(known) is not None:
        return False
    if row.shipment_id:
        shipment = get_row(work.session, Shipment, row.shipment_id)
        if shipment.state not in ON_THE_WAY:
            raise NothingToConfirm(state=shipment.state)
    if not row.single_use:
        _require_few(work, row)
    add(
        work,
        PortalAnswer(
            link_id=row.id,
            kind=kind,
            subject=subject,
            signer=signer,
            way=way,
            evidence_sha256=evidence_sha256,
            ip=work.actor.ip,
            at=work.now,
        ),
    )
    row.used_at = work.now
    touch(work, row)
    audit.record(
        work,
        action=f"portal.{kind}",
        entity=f"order:{row.order_id}",
        after={"link": str(row.id), "way": way, "evidence": evidence_sha256},
    )
    return True


def _require_good(row: PortalLink, now: datetime) -> None:
    if row.revoked_at is not None:
        raise LinkRevoked
    if now >= row.expires_at:
        raise LinkExpired


def _require_few(work: Work, row: PortalLink) -> None:
    today = work.session.scalar(
        select(func.count())
        .select_from(PortalAnswer)
        .where(PortalAnswer.link_id == row.id, PortalAnswer.at > work.now - timedelta(days=1))
    )
    if (today or 0) >= work.platform.parameters.number("portal.reports_per_day"):
        raise TooManyReports


def _purpose(text: str) -> Purpose:
    try:
        return Purpose(text)
    except ValueError as wrong:
        raise Invalid({"purpose": lazy("Choose one of the offered values.")}) from wrong


def _shipment(session: Session, order: Order, shipment_id: Ref | None) -> Shipment:
    shipment = get_row(session, Shipment, shipment_id or "")
    if shipment.order_id != order.id:
        raise UnknownRecord(kind="shipments")
    if shipment.state not in ON_THE_WAY:
        raise NothingToConfirm(state=shipment.state)
    return shipment


def _digits(order: Order) -> str:
    """The last digits of the receiver's phone; empty when there are not enough."""
    digits = re.sub(r"[^0-9]", "", order.receiver_phone or "")
    return digits[-DIGITS:] if len(digits) > DIGITS else ""


def _hash(token: str) -> str:
    # A random secret of 256 bits needs no slow hash.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
