"""Possible orders found on a platform: screened, claimed, contacted (T02.2, T02.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.errors import AlreadyDone, InvalidRecord, WrongState
from jiedan.desk.records import get_customer, get_order, get_row
from jiedan.desk.tables import Lead
from jiedan.desk.values import Problems, Ref, Result, add, as_date, as_id, plain, touch


@dataclass(frozen=True, slots=True)
class LeadFacts(Result):
    """A lead and where it stands."""

    lead_id: str
    lead_no: str
    platform: str
    title: str
    content: str
    customer_id: str | None
    budget_fen: int | None
    deadline: date | None
    score: int | None
    claimed_by: str | None
    claimed_at: datetime | None
    contacted_at: datetime | None
    need_summary: str | None
    state: str
    order_id: str | None


def add_lead(
    work: Work,
    *,
    platform: str,
    title: str,
    content: str,
    customer_id: Ref | None = None,
    contact: str | None = None,
    budget_fen: int | None = None,
    deadline: Any = None,
    score: int | None = None,
) -> LeadFacts:
    """Put a lead into the pool."""
    problems = Problems()
    name = problems.text("title", title, longest=200, needed=True)
    text = problems.text("content", content, longest=4000, needed=True)
    day = problems.day("deadline", as_date(deadline)) if deadline else None
    problems.raise_as(InvalidRecord)
    row = add(
        work,
        Lead(
            number=take_number(work, kind="lead"),
            platform=platform,
            title=name,
            content=text,
            customer_id=get_customer(work.session, customer_id).id if customer_id else None,
            contact=contact,
            budget_fen=budget_fen,
            deadline=day,
            score=score,
        ),
    )
    audit.record(work, action="lead.add", entity=f"lead:{row.id}", after={"number": row.number})
    return _facts(row)


def claim_lead(work: Work, *, lead_id: Ref) -> LeadFacts:
    """Take a lead out of the pool; only one person can. Raises AlreadyDone for the others."""
    row = get_row(work.session, Lead, lead_id)
    taken = work.session.execute(
        update(Lead)
        .where(Lead.id == row.id, Lead.state == "open")
        .values(state="claimed", claimed_by=work.actor.login, claimed_at=work.now)
        .returning(Lead.id)
    ).first()
    if taken is None:
        raise AlreadyDone
    work.session.refresh(row)
    audit.record(work, action="lead.claim", entity=f"lead:{row.id}")
    return _facts(row)


def screen_lead(
    work: Work, *, lead_id: Ref, screening: Mapping[str, Any], decision: str, reason: str | None
) -> LeadFacts:
    """Keep the screening (T02.2): ``follow`` goes on, ``drop`` needs a reason."""
    row = _claimed(work.session, lead_id)
    problems = Problems()
    problems.one_of("decision", decision, frozenset({"follow", "drop"}))
    text = problems.text("reason", reason, longest=500, needed=decision == "drop")
    problems.raise_as(InvalidRecord)
    row.screening = plain(dict(screening))
    row.reason = text
    if decision == "drop":
        row.state = "lost"
    return _saved(work, row, "lead.screen")


def contact_lead(
    work: Work,
    *,
    lead_id: Ref,
    contact_at: Any,
    way: str,
    need_summary: str,
    budget_fen: int | None = None,
    deadline: Any = None,
) -> LeadFacts:
    """Keep the first talk (T02.3): when, how, and what is needed in 20 characters or more."""
    row = _claimed(work.session, lead_id)
    problems = Problems()
    moment = problems.moment("contact_at", contact_at)
    if moment and moment > work.now:
        problems.add("contact_at", lazy("This lies in the future."))
    problems.text("way", way, longest=60, needed=True)
    text = problems.text("need_summary", need_summary, longest=2000, shortest=20)
    day = problems.day("deadline", as_date(deadline)) if deadline else None
    problems.raise_as(InvalidRecord)
    row.contacted_at, row.need_summary = moment, text
    row.budget_fen = budget_fen if budget_fen is not None else row.budget_fen
    row.deadline = day or row.deadline
    return _saved(work, row, "lead.contact")


def release_lead(work: Work, *, lead_id: Ref, reason: str) -> LeadFacts:
    """Put a lead back into the pool, for example when nobody contacted it in time."""
    row = _claimed(work.session, lead_id)
    row.state, row.claimed_by, row.claimed_at = "open", None, None
    row.reason = reason
    return _saved(work, row, "lead.release")


def discard_lead(work: Work, *, lead_id: Ref, reason: str) -> LeadFacts:
    """Let a lead go for good."""
    row = get_row(work.session, Lead, lead_id)
    if row.state not in ("open", "claimed"):
        raise WrongState(state=row.state)
    problems = Problems()
    row.reason = problems.text("reason", reason, longest=500, needed=True)
    problems.raise_as(InvalidRecord)
    row.state = "lost"
    return _saved(work, row, "lead.discard")


def convert_lead(work: Work, *, lead_id: Ref, order_id: Ref) -> LeadFacts:
    """Note that a lead became an order."""
    row = _claimed(work.session, lead_id)
    order = get_order(work.session, order_id, lock=True)
    order.customer_id = order.customer_id or row.customer_id
    row.state, row.order_id = "converted", order.id
    return _saved(work, row, "lead.convert")


def lead_facts(session: Session, *, lead_id: Ref) -> LeadFacts:
    """A lead and where it stands."""
    return _facts(get_row(session, Lead, lead_id))


def find_lead(session: Session, *, order_id: Ref) -> LeadFacts | None:
    """The lead that an order began with."""
    row = session.scalar(select(Lead).where(Lead.order_id == as_id(order_id)))
    return _facts(row) if row else None


def open_leads(session: Session) -> list[LeadFacts]:
    """The pool, the best match first."""
    rows = session.scalars(
        select(Lead).where(Lead.state == "open").order_by(Lead.score.desc(), Lead.created_at)
    )
    return [_facts(row) for row in rows]


def _claimed(session: Session, lead_id: Ref) -> Lead:
    row = get_row(session, Lead, lead_id)
    if row.state not in ("claimed", "converted"):
        raise WrongState(state=row.state)
    return row


def _saved(work: Work, row: Lead, action: str) -> LeadFacts:
    touch(work, row)
    work.session.flush()
    audit.record(
        work,
        action=action,
        entity=f"lead:{row.id}",
        after={"state": row.state, "reason": row.reason},
    )
    return _facts(row)


def _facts(row: Lead) -> LeadFacts:
    return LeadFacts(
        lead_id=str(row.id),
        lead_no=row.number,
        platform=row.platform,
        title=row.title,
        content=row.content,
        customer_id=str(row.customer_id) if row.customer_id else None,
        budget_fen=row.budget_fen,
        deadline=row.deadline,
        score=row.score,
        claimed_by=row.claimed_by,
        claimed_at=row.claimed_at,
        contacted_at=row.contacted_at,
        need_summary=row.need_summary,
        state=row.state,
        order_id=str(row.order_id) if row.order_id else None,
    )
