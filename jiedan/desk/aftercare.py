"""What follows a closed order: return visits and surveys to come (SPEC N5.4.1, S6.1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord
from jiedan.desk.records import get_order
from jiedan.desk.tables import Order, PlannedContact
from jiedan.desk.values import Problems, Ref, Result, add, as_id, shanghai_date

KINDS = frozenset({"visit", "survey"})
MODES = frozenset({"phone", "mail", "questionnaire"})
YEAR = timedelta(days=365)
_COUNTED = ("accepted", "settled", "closed")


@dataclass(frozen=True, slots=True)
class PlannedFacts(Result):
    """A visit or survey that is due."""

    planned_id: str
    order_id: str
    customer_id: str
    kind: str
    mode: str
    due_on: date
    state: str


def plan_contact(work: Work, *, order_id: Ref, kind: str, mode: str, due_on: date) -> PlannedFacts:
    """Plan a visit or survey after an order, once of each kind."""
    problems = Problems()
    problems.one_of("kind", kind, KINDS)
    problems.one_of("mode", mode, MODES)
    problems.raise_as(InvalidRecord)
    order = get_order(work.session, order_id)
    known = work.session.scalar(
        select(PlannedContact).where(
            PlannedContact.order_id == order.id, PlannedContact.kind == kind
        )
    )
    if known is not None:
        return _facts(known)
    row = add(
        work,
        PlannedContact(
            order_id=order.id, customer_id=order.customer_id, kind=kind, mode=mode, due_on=due_on
        ),
    )
    audit.record(
        work,
        action=f"{kind}.plan",
        entity=f"order:{order.id}",
        after={"mode": mode, "due_on": due_on.isoformat()},
    )
    return _facts(row)


def planned_contacts(session: Session, *, order_id: Ref) -> list[PlannedFacts]:
    """What is planned after an order, soonest first."""
    rows = session.scalars(
        select(PlannedContact)
        .where(PlannedContact.order_id == as_id(order_id))
        .order_by(PlannedContact.due_on)
    )
    return [_facts(row) for row in rows]


def orders_in_year(work: Work, *, customer_id: Ref) -> int:
    """How many of a customer's orders reached their end within the last twelve months (D01)."""
    since = work.now - YEAR
    return int(
        work.session.scalar(
            select(func.count())
            .select_from(Order)
            .where(
                Order.customer_id == as_id(customer_id),
                Order.state.in_(_COUNTED),
                Order.created_at >= since,
            )
        )
        or 0
    )


def days_from_now(work: Work, days: int) -> date:
    """The Shanghai day that many days ahead."""
    return shanghai_date(work.now) + timedelta(days=days)


def _facts(row: PlannedContact) -> PlannedFacts:
    return PlannedFacts(
        str(row.id),
        str(row.order_id),
        str(row.customer_id),
        row.kind,
        row.mode,
        row.due_on,
        row.state,
    )
