"""Conditions that came with an approval and block the dispatch until they are met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.work import Work
from jiedan.desk.billing import order_amounts
from jiedan.desk.errors import ConditionOpen, InvalidRecord, WrongState
from jiedan.desk.records import get_row
from jiedan.desk.tables import Approval, Condition
from jiedan.desk.values import Problems, Ref, Result, add, as_id

# Wordings of "goods only against payment"; such a condition is met by the money itself.
PAID_FIRST = ("款到发货", "先款后货", "付款后发货", "payment before delivery", "paid in full")


@dataclass(frozen=True, slots=True)
class ConditionFacts(Result):
    """A condition; ``kind`` paid is met by payment in full, manual by a person's word."""

    condition_id: str
    kind: str
    text: str
    met: bool
    met_at: datetime | None
    met_by: str | None


def add_conditions(work: Work, approval: Approval, text: str) -> None:
    """Keep each line of the approver's conditions as a condition of the order."""
    for part in (line.strip(" ;；。") for line in text.splitlines()):
        if not part:
            continue
        kind = "paid" if any(phrase in part.lower() for phrase in PAID_FIRST) else "manual"
        add(
            work,
            Condition(order_id=approval.order_id, approval_id=approval.id, kind=kind, text=part),
        )


def list_conditions(session: Session, *, order_id: Ref) -> list[ConditionFacts]:
    """All conditions of an order, met or not."""
    rows = session.scalars(
        select(Condition).where(Condition.order_id == as_id(order_id)).order_by(Condition.id)
    ).all()
    if not rows:
        return []
    amounts = order_amounts(session, order_id=order_id)
    paid = amounts.paid_fen >= amounts.payable_fen
    return [
        ConditionFacts(
            str(row.id),
            row.kind,
            row.text,
            row.met_at is not None or (row.kind == "paid" and paid),
            row.met_at,
            row.met_by,
        )
        for row in rows
    ]


def open_conditions(session: Session, *, order_id: Ref) -> list[ConditionFacts]:
    """The conditions that are not met yet; payment is looked at as it stands."""
    return [row for row in list_conditions(session, order_id=order_id) if not row.met]


def require_conditions_met(session: Session, *, order_id: Ref) -> None:
    """Raises ConditionOpen while a condition stands open (SPEC A05)."""
    for row in open_conditions(session, order_id=order_id):
        raise ConditionOpen(text=row.text)


def meet_condition(work: Work, *, condition_id: Ref, evidence: str) -> ConditionFacts:
    """Declare a condition met, with the evidence for it; money speaks for itself."""
    row = get_row(work.session, Condition, condition_id)
    problems = Problems()
    text = problems.text("evidence", evidence, longest=1000, needed=True)
    problems.raise_as(InvalidRecord)
    if row.kind == "paid" or row.met_at is not None:
        raise WrongState(state=row.kind)
    row.met_at, row.met_by, row.evidence = work.now, work.actor.login, text
    work.session.flush()
    audit.record(
        work,
        action="condition.met",
        entity=f"order:{row.order_id}",
        after={"text": row.text, "evidence": text},
    )
    return ConditionFacts(str(row.id), row.kind, row.text, True, row.met_at, row.met_by)
