"""What has become of the customer's links: open, answered, run out, revoked, and by what proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.desk.records import get_order
from jiedan.desk.tables import PortalAnswer, PortalLink, Shipment
from jiedan.desk.values import Ref, Result, as_id


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


def list_links(session: Session, *, order_id: Ref, now: datetime) -> list[LinkFacts]:
    """The links of an order, latest first."""
    rows = session.scalars(
        select(PortalLink)
        .where(PortalLink.order_id == as_id(order_id))
        .order_by(PortalLink.created_at.desc(), PortalLink.id.desc())
        .limit(100)
    )
    return [link_facts(session, row, now) for row in rows]


def link_facts(session: Session, row: PortalLink, now: datetime) -> LinkFacts:
    """The facts of a loaded link."""
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
