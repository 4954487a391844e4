"""Complaints: logged, investigated, answered, negotiated, carried out, learned from (P13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.errors import AccusedExcluded, InvalidRecord, WrongState
from jiedan.desk.order_refs import find_order
from jiedan.desk.records import get_row
from jiedan.desk.tables import Complaint, ComplaintRecord
from jiedan.desk.values import Problems, Ref, Result, add, as_id, plain, touch

CATEGORIES = frozenset(
    {
        *("quality", "qty", "spec", "performance", "logistics", "service", "install", "invoice"),
        *("attitude", "privacy", "other"),
    }
)
RESPONSIBLE = frozenset({"ours", "customer", "carrier", "shared", "none"})
ANSWERS = frozenset({"agreed", "rejected", "counter", "unreachable"})
MOST_ROUNDS = 3
"""More rounds of negotiation than this are a deadlock (SPEC X29)."""
ENDS = frozenset({"closed", "mediated"})
_NEXT = {
    "new": {"investigating", "transferred"},
    "investigating": {"planning"},
    "planning": {"negotiating", "executing"},
    "negotiating": {"planning", "executing", "mediating"},
    "mediating": {"executing"},
    "executing": {"summarising"},
    "summarising": set(ENDS),
}


@dataclass(frozen=True, slots=True)
class ComplaintFacts(Result):
    """A complaint and where it stands."""

    complaint_id: str
    number: str
    order_id: str | None
    anonymous: bool
    complainant: str | None
    contact: str | None
    content: str
    category: str
    accused: str | None
    demand: str | None
    promised_reply_at: datetime | None
    facts: str | None
    responsibility: str | None
    plan: str | None
    money_fen: int
    apology: bool
    rounds: int
    mediated: bool
    summary: dict[str, Any]
    state: str


def log_complaint(
    work: Work,
    *,
    content: str,
    category: str,
    source: str = "phone",
    anonymous: bool = False,
    complainant: str | None = None,
    contact: str | None = None,
    order_no: str | None = None,
    accused: str | None = None,
    demand: str | None = None,
    soothing: str | None = None,
    promised_reply_at: datetime | None = None,
    due_at: datetime | None = None,
) -> ComplaintFacts:
    """Write a complaint down with what was said to calm the customer (T13.1).

    An anonymous complaint keeps neither name nor contact. Raises AccusedExcluded when the
    accused writes it down (SPEC SOD-8).
    """
    problems = Problems()
    text = problems.text("content", content, longest=4000, shortest=10)
    problems.one_of("category", category, CATEGORIES)
    name = problems.text("complainant", complainant, longest=120, needed=not anonymous)
    reach = problems.text("contact", contact, longest=120, needed=not anonymous)
    wish = problems.text("demand", demand, longest=1000)
    problems.raise_as(InvalidRecord)
    if accused is not None and accused == work.actor.login:
        raise AccusedExcluded
    order_id = find_order(work.session, number=order_no).order_id if order_no else None
    row = add(
        work,
        Complaint(
            number=take_number(work, kind="complaint"),
            order_id=as_id(order_id) if order_id else None,
            source=source,
            anonymous=anonymous,
            complainant=None if anonymous else name,
            contact=None if anonymous else reach,
            content=text,
            category=category,
            accused=accused,
            demand=wish,
            promised_reply_at=promised_reply_at,
            due_at=due_at,
        ),
    )
    _tell(work, row, "logged", soothing or "—")
    return facts_of(row)


def transfer_complaint(work: Work, *, complaint_id: Ref, issue_no: str) -> ComplaintFacts:
    """It is a problem with an order, not a complaint about us: the issue goes on with it."""
    row = _handled(work, complaint_id, "new")
    _tell(work, row, "transferred", issue_no)
    return _moved(work, row, "transferred")


def begin_investigation(work: Work, *, complaint_id: Ref, department: str) -> ComplaintFacts:
    """Give it to whoever has nothing to do with it."""
    row = get_row(work.session, Complaint, complaint_id)
    row.department = department
    return _moved(work, row, "investigating")


def record_findings(
    work: Work,
    *,
    complaint_id: Ref,
    facts: str,
    responsibility: str,
    suggestion: str,
    evidence: Sequence[Any] = (),
) -> ComplaintFacts:
    """What really happened (T13.2)."""
    row = _handled(work, complaint_id, "investigating")
    problems = Problems()
    text = problems.text("facts", facts, longest=4000, shortest=30)
    problems.one_of("responsibility", responsibility, RESPONSIBLE)
    advice = problems.text("suggestion", suggestion, longest=2000, needed=True)
    problems.raise_as(InvalidRecord)
    row.facts, row.responsibility = text, responsibility
    _tell(work, row, "findings", advice or "", files=list(evidence))
    return _moved(work, row, "planning")


def plan_answer(
    work: Work, *, complaint_id: Ref, plan: str, money_fen: int = 0, apology: bool = False
) -> ComplaintFacts:
    """What we offer (T13.3); money needs an approval before the customer hears of it."""
    row = _handled(work, complaint_id, "planning")
    problems = Problems()
    text = problems.text("plan", plan, longest=4000, shortest=5)
    amount = problems.fen("money", money_fen, zero=True)
    problems.raise_as(InvalidRecord)
    row.plan, row.money_fen, row.apology = text, amount or 0, apology
    _tell(work, row, "plan", text or "", money_fen=amount)
    touch(work, row)
    work.session.flush()
    return facts_of(row)


def offer_answer(work: Work, *, complaint_id: Ref) -> ComplaintFacts:
    """Take the plan to the customer; an anonymous one is carried out without him."""
    row = get_row(work.session, Complaint, complaint_id)
    return _moved(work, row, "executing" if row.anonymous else "negotiating")


def record_answer(
    work: Work, *, complaint_id: Ref, result: str, record: str, evidence: Sequence[Any] = ()
) -> ComplaintFacts:
    """A round with the customer (T13.4); one too many is for mediation."""
    row = _handled(work, complaint_id, "negotiating")
    problems = Problems()
    problems.one_of("result", result, ANSWERS)
    text = problems.text("record", record, longest=4000, needed=True)
    problems.raise_as(InvalidRecord)
    row.rounds += 1
    _tell(work, row, f"answer_{result}", text or "", files=list(evidence))
    if result == "agreed":
        return _moved(work, row, "executing")
    return _moved(work, row, "mediating" if row.rounds > MOST_ROUNDS else "planning")


def mediate(
    work: Work, *, complaint_id: Ref, decision: str, ref: str | None = None
) -> ComplaintFacts:
    """What management, or a mediator outside, decides (T13.5)."""
    row = _handled(work, complaint_id, "mediating")
    problems = Problems()
    text = problems.text("decision", decision, longest=4000, shortest=5)
    problems.raise_as(InvalidRecord)
    row.mediation = plain({"decision": text, "ref": ref, "by": work.actor.login})
    _tell(work, row, "mediated", text or "")
    return _moved(work, row, "executing")


def carry_out(
    work: Work, *, complaint_id: Ref, done: str, evidence: Sequence[Any] = ()
) -> ComplaintFacts:
    """What was promised is done (T13.6)."""
    row = _handled(work, complaint_id, "executing")
    problems = Problems()
    text = problems.text("done", done, longest=2000, needed=True)
    problems.raise_as(InvalidRecord)
    _tell(work, row, "done", text or "", files=list(evidence))
    return _moved(work, row, "summarising")


def summarise(
    work: Work,
    *,
    complaint_id: Ref,
    root_cause: str,
    lessons: str,
    actions: Sequence[Mapping[str, Any]],
    reply_proof: Sequence[Any],
) -> ComplaintFacts:
    """Why it happened, what we learn, at least one action, and proof of our answer (T13.7)."""
    row = _handled(work, complaint_id, "summarising")
    problems = Problems()
    cause = problems.text("root_cause", root_cause, longest=2000, shortest=5)
    lesson = problems.text("lessons", lessons, longest=2000, needed=True)
    if not actions:
        problems.add("actions", lazy("At least one action is needed."))
    if not reply_proof and not row.anonymous:
        problems.add("reply_proof", lazy("Please fill this in."))
    problems.raise_as(InvalidRecord)
    row.summary = plain(
        {
            "root_cause": cause,
            "lessons": lesson,
            "actions": [dict(one) for one in actions],
            "reply_proof": list(reply_proof),
        }
    )
    row.closed_at = work.now
    _tell(work, row, "summary", lesson or "")
    return _moved(work, row, "mediated" if row.mediation else "closed")


def complaint_facts(session: Session, *, complaint_id: Ref) -> ComplaintFacts:
    """A complaint by its id."""
    return facts_of(get_row(session, Complaint, complaint_id))


def complaint_story(session: Session, *, complaint_id: Ref) -> list[ComplaintRecord]:
    """What happened, oldest first."""
    return list(
        session.scalars(
            select(ComplaintRecord)
            .where(ComplaintRecord.complaint_id == as_id(complaint_id))
            .order_by(ComplaintRecord.at, ComplaintRecord.id)
        )
    )


def require_not_accused(work: Work, *, complaint_id: Ref) -> None:
    """Raises AccusedExcluded for whoever the complaint is about (SPEC SOD-8)."""
    if get_row(work.session, Complaint, complaint_id).accused == work.actor.login:
        raise AccusedExcluded


def facts_of(row: Complaint) -> ComplaintFacts:
    """The facts of a loaded row."""
    return ComplaintFacts(
        str(row.id),
        row.number,
        str(row.order_id) if row.order_id else None,
        row.anonymous,
        row.complainant,
        row.contact,
        row.content,
        row.category,
        row.accused,
        row.demand,
        row.promised_reply_at,
        row.facts,
        row.responsibility,
        row.plan,
        row.money_fen,
        row.apology,
        row.rounds,
        bool(row.mediation),
        dict(row.summary),
        row.state,
    )


def _handled(work: Work, complaint_id: Ref, state: str) -> Complaint:
    require_not_accused(work, complaint_id=complaint_id)
    row = get_row(work.session, Complaint, complaint_id)
    if row.state != state:
        raise WrongState(state=row.state)
    return row


def _moved(work: Work, row: Complaint, to: str) -> ComplaintFacts:
    if to not in _NEXT.get(row.state, set()):
        raise WrongState(state=row.state)
    before, row.state = row.state, to
    touch(work, row)
    work.session.flush()
    audit.record(
        work,
        action="complaint.state",
        entity=f"complaint:{row.id}",
        before={"state": before},
        after={"state": to},
    )
    return facts_of(row)


def _tell(
    work: Work, row: Complaint, kind: str, text: str, *, files: Sequence[Any] = (), **data: Any
) -> None:
    add(
        work,
        ComplaintRecord(
            complaint_id=row.id,
            kind=kind,
            text=text,
            data=plain(data),
            files=list(files),
            at=work.now,
            by=work.actor.login,
        ),
    )
