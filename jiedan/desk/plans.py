"""Work plans, shortages and what the customer says to them (T06.2 to T06.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import AuthorExcluded, InvalidRecord, WrongState
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Shortage, WorkPlan
from jiedan.desk.values import Problems, Ref, Result, add, as_date, as_id, plain, touch

SHORTAGE_KINDS = frozenset({"human", "material", "equipment", "money"})
SHORTAGE_CHOICES = frozenset(
    {"reallocate", "purchase", "outsource", "overtime", "reschedule", "partial", "cancel"}
)


@dataclass(frozen=True, slots=True)
class PlanFacts(Result):
    """A work plan."""

    plan_id: str
    order_id: str
    version: int
    state: str
    author: str
    steps: list[dict[str, Any]]
    human: list[dict[str, Any]]
    material: list[dict[str, Any]]
    budget: list[dict[str, Any]]
    budget_fen: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class ShortageFacts(Result):
    """Something that an order lacks, and what was decided."""

    shortage_id: str
    order_id: str
    kind: str
    gap: str
    impact_days: int
    proposal: str
    choice: str | None
    new_date: date | None
    consent: str | None
    state: str


def submit_plan(
    work: Work,
    *,
    order_id: Ref,
    steps: Sequence[Mapping[str, Any]],
    human: Sequence[Mapping[str, Any]] = (),
    material: Sequence[Mapping[str, Any]] = (),
    budget: Sequence[Mapping[str, Any]] = (),
) -> PlanFacts:
    """Hand in a work plan: steps ``{name, owner, start, end}``, each ending after it starts.

    Human rows are ``{skill, person, days}``, material rows ``{sku, qty, need_date}``, budget
    rows ``{item, amount}`` in fen. A new plan replaces an undecided one.
    """
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    if not steps:
        problems.add("steps", lazy("Please fill this in."))
    for index, step in enumerate(steps):
        path = f"steps[{index}]"
        problems.text(f"{path}.name", step.get("name"), longest=200, needed=True)
        problems.text(f"{path}.owner", step.get("owner"), longest=60, needed=True)
        start = problems.day(f"{path}.start", as_date(step.get("start")))
        end = problems.day(f"{path}.end", as_date(step.get("end")))
        if start and end and end < start:
            problems.add(f"{path}.end", lazy("The end lies before the start."))
    for index, row in enumerate(material):
        problems.qty(f"material[{index}].qty", row.get("qty"))
        problems.text(f"material[{index}].sku", row.get("sku"), longest=40, needed=True)
    total = 0
    for index, row in enumerate(budget):
        total += problems.fen(f"budget[{index}].amount", row.get("amount"), zero=True) or 0
    problems.raise_as(InvalidRecord)
    latest = _latest(work.session, order.id)
    if latest is not None and latest.state == "submitted":
        latest.state = "replaced"
    plan = add(
        work,
        WorkPlan(
            order_id=order.id,
            version=(latest.version if latest else 0) + 1,
            steps=plain(list(steps)),
            human=plain(list(human)),
            material=plain(list(material)),
            budget=plain(list(budget)),
            budget_fen=total,
            author=work.actor.login,
        ),
    )
    audit.record(
        work, action="plan.submit", entity=f"order:{order.id}", after={"version": plan.version}
    )
    return _plan(plan)


def decide_plan(
    work: Work, *, order_id: Ref, decision: str, reason: str | None = None
) -> PlanFacts:
    """Approve or return the plan that waits; not by its author (T06.3)."""
    plan = _latest(work.session, get_order(work.session, order_id).id)
    if plan is None or plan.state != "submitted":
        raise WrongState(state=plan.state if plan else "none")
    if plan.author == work.actor.login:
        raise AuthorExcluded
    problems = Problems()
    problems.one_of("decision", decision, frozenset({"approve", "return"}))
    text = problems.text("reason", reason, longest=1000, needed=decision == "return")
    problems.raise_as(InvalidRecord)
    plan.state = "approved" if decision == "approve" else "returned"
    plan.reason = text
    plan.decided_by, plan.decided_at = work.actor.login, work.now
    touch(work, plan)
    audit.record(
        work, action="plan.decide", entity=f"order:{plan.order_id}", after={"state": plan.state}
    )
    return _plan(plan)


def plan_values(session: Session, *, order_id: Ref) -> PlanFacts | None:
    """The latest plan of an order."""
    plan = _latest(session, get_order(session, order_id).id)
    return _plan(plan) if plan else None


def report_shortage(
    work: Work, *, order_id: Ref, kind: str, gap: str, impact_days: int, proposal: str
) -> ShortageFacts:
    """Report what an order lacks (T06.4, SPEC N3.2.5)."""
    order = get_order(work.session, order_id)
    problems = Problems()
    problems.one_of("kind", kind, SHORTAGE_KINDS)
    text = problems.text("gap", gap, longest=1000, needed=True)
    idea = problems.text("proposal", proposal, longest=2000, shortest=10)
    if not 0 <= impact_days <= 365:
        problems.add("impact_days", lazy("Enter 0 to 365 days."))
    problems.raise_as(InvalidRecord)
    row = add(
        work,
        Shortage(order_id=order.id, kind=kind, gap=text, impact_days=impact_days, proposal=idea),
    )
    audit.record(work, action="shortage.report", entity=f"order:{order.id}", after={"kind": kind})
    return _shortage(row)


def decide_shortage(
    work: Work,
    *,
    shortage_id: Ref,
    choice: str,
    note: str,
    new_date: Any = None,
    cost_fen: int | None = None,
) -> ShortageFacts:
    """Decide what to do about a shortage (T06.5); rescheduling needs a new date.

    Decided again when the customer did not agree to the first decision.
    """
    row = get_row(work.session, Shortage, shortage_id)
    if row.state != "reported" and row.consent != "disagree":
        raise WrongState(state=row.state)
    problems = Problems()
    problems.one_of("choice", choice, SHORTAGE_CHOICES)
    text = problems.text("note", note, longest=1000, needed=True)
    day = problems.day("new_date", as_date(new_date)) if new_date else None
    if choice == "reschedule" and day is None:
        problems.add("new_date", lazy("Please fill this in."))
    if cost_fen is not None:
        problems.fen("cost", cost_fen, zero=True)
    problems.raise_as(InvalidRecord)
    row.choice, row.note, row.new_date, row.cost_fen = choice, text, day, cost_fen
    row.decided_by, row.state, row.consent = work.actor.login, "decided", None
    touch(work, row)
    audit.record(
        work, action="shortage.decide", entity=f"order:{row.order_id}", after={"choice": choice}
    )
    return _shortage(row)


def record_consent(
    work: Work, *, shortage_id: Ref, answer: str, evidence: str, new_promise: Any = None
) -> ShortageFacts:
    """Keep what the customer says to a later date or a part delivery (T06.6).

    An agreed new promise becomes the order's promised date.
    """
    row = get_row(work.session, Shortage, shortage_id)
    if row.state != "decided":
        raise WrongState(state=row.state)
    problems = Problems()
    problems.one_of("answer", answer, frozenset({"agree", "disagree"}))
    proof = problems.text("evidence", evidence, longest=500, needed=True)
    day = problems.day("new_promise", as_date(new_promise)) if new_promise else row.new_date
    problems.raise_as(InvalidRecord)
    row.consent, row.consent_evidence, row.state = answer, proof, "answered"
    touch(work, row)
    if answer == "agree":
        order = get_order(work.session, row.order_id, lock=True)
        before = order.promised_date
        order.promised_date = day or before
        order.partial_ok = order.partial_ok or row.choice == "partial"
        touch(work, order)
        audit.record(
            work,
            action="order.promise",
            entity=f"order:{order.id}",
            before={"promised_date": str(before)},
            after={"promised_date": str(order.promised_date), "consent": proof},
        )
    return _shortage(row)


def shortage_facts(session: Session, *, shortage_id: Ref) -> ShortageFacts:
    """What was reported, decided and answered."""
    return _shortage(get_row(session, Shortage, shortage_id))


def _latest(session: Session, order_id: Ref) -> WorkPlan | None:
    return session.scalar(
        select(WorkPlan)
        .where(WorkPlan.order_id == as_id(order_id))
        .order_by(WorkPlan.version.desc())
        .limit(1)
    )


def _plan(row: WorkPlan) -> PlanFacts:
    return PlanFacts(
        str(row.id),
        str(row.order_id),
        row.version,
        row.state,
        row.author,
        list(row.steps),
        list(row.human),
        list(row.material),
        list(row.budget),
        row.budget_fen,
        row.reason,
    )


def _shortage(row: Shortage) -> ShortageFacts:
    return ShortageFacts(
        str(row.id),
        str(row.order_id),
        row.kind,
        row.gap,
        row.impact_days,
        row.proposal,
        row.choice,
        row.new_date,
        row.consent,
        row.state,
    )
