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


@dataclass(frozen=True, slots=True)
class AnswerFacts(Result):
    """What was answered by a link, and how it is proved."""

    kind: str
    signer: str
    way: str | None
    evidence_sha256: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LinkFacts(Result):
    """A link and what has become of it: open, answered, expired or revoked."""

    link_id: str
    purpose: str
    order_id: str
    order_no: str
    channel: str
    shipment_id: str | None
    shipment_no: str | None
    shipment_state: str | None
    phone_check: bool
    made_at: datetime
    made_by: str
    expires_at: datetime
    opened_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None
    state: str
    answers: list[AnswerFacts]


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


def list_links(session: Session, *, order_id: Ref, now: datetime) -> list[LinkFacts]:
    """The links of an order, latest first."""
    rows = session.scalars(
        select(PortalLink)
        .where(PortalLink.order_id == as_id(order_id))
        .order_by(PortalLink.created_at.desc(), PortalLink.id.desc())
        .limit(100)
    )
    return [_facts(session, row, now) for row in rows]


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
    return _facts(session, row, now)


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


def _facts(session: Session, row: PortalLink, now: datetime) -> LinkFacts:
    order = get_order(session, row.order_id)
    shipment = session.get(Shipment, row.shipment_id) if row.shipment_id else None
    # What was answered about the same delivery by another link counts here, too.
    same = (
        PortalAnswer.subject == f"delivery:{row.shipment_id}"
        if row.shipment_id
        else PortalAnswer.link_id == row.id
    )
    answers = session.scalars(select(PortalAnswer).where(same).order_by(PortalAnswer.at)).all()
    state = "open"
    if row.revoked_at is not None:
        state = "revoked"
    elif answers and row.single_use:
        state = "answered"
    elif now >= row.expires_at:
        state = "expired"
    return LinkFacts(
        link_id=str(row.id),
        purpose=row.purpose,
        order_id=str(row.order_id),
        order_no=order.number or "",
        channel=order.channel,
        shipment_id=str(shipment.id) if shipment else None,
        shipment_no=shipment.number if shipment else None,
        shipment_state=shipment.state if shipment else None,
        phone_check=row.phone_check,
        made_at=row.created_at,
        made_by=row.created_by,
        expires_at=row.expires_at,
        opened_at=row.opened_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        state=state,
        answers=[
            AnswerFacts(one.kind, one.signer, one.way, one.evidence_sha256, one.at)
            for one in answers
        ],
    )


def _hash(token: str) -> str:
    # A random secret of 256 bits needs no slow hash.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
