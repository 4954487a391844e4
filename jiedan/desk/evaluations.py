"""Is an order feasible, what are its risks, who decided, what did the customer confirm (P02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import DeciderExcluded, InvalidRecord, WrongState
from jiedan.desk.records import get_order
from jiedan.desk.review_checks import forbidden_words
from jiedan.desk.tables import Evaluation, TermsConfirmation
from jiedan.desk.values import Problems, Ref, Result, add, as_date, as_id, clean, plain, touch

RISK_TYPES = frozenset({"credit", "market", "legal", "delivery", "technical", "other"})
INFEASIBLE_REASONS = frozenset(
    {"out_of_scope", "no_capacity", "tech", "price", "risk", "platform_rule"}
)
NEEDS_MEASURE = 8
FEWEST_RISKS = 3


@dataclass(frozen=True, slots=True)
class EvaluationFacts(Result):
    """An evaluation (D14, D15) and what was decided."""

    evaluation_id: str
    order_id: str
    round: int
    in_scope: bool
    resource_ok: str
    tech_ok: str
    risks: list[dict[str, Any]]
    risk_score: int
    verdict: str | None
    suggestion: str
    infeasible_reason: str | None
    evaluator: str
    decision: str | None
    conditions: str | None
    decline_reply: str | None
    decided_by: str | None


def record_evaluation(
    work: Work,
    *,
    order_id: Ref,
    in_scope: bool,
    resource_ok: str,
    tech_ok: str,
    evidence: str,
    risks: Sequence[Mapping[str, Any]],
    suggestion: str,
    infeasible_reason: str | None = None,
    verdict: str | None = None,
) -> EvaluationFacts:
    """Keep an evaluation (T02.4): risks ``{type, prob 1-5, impact 1-5, measure, owner, due}``.

    At least three kinds of risk; one of 8 points or more needs a measure, an owner and a date
    (SPEC N2.2.2, N2.2.3). Out of scope, without resources or technically impossible needs a
    reason code.
    """
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    problems.one_of("resource_ok", resource_ok, frozenset({"yes", "partial", "no"}))
    problems.one_of("tech_ok", tech_ok, frozenset({"yes", "uncertain", "no"}))
    proof = problems.text("evidence", evidence, longest=2000, needed=True)
    advice = problems.text("suggestion", suggestion, longest=2000, shortest=10)
    impossible = not in_scope or resource_ok == "no" or tech_ok == "no"
    reason = problems.one_of(
        "infeasible_reason",
        infeasible_reason,
        INFEASIBLE_REASONS,
        needed=impossible or verdict == "infeasible",
    )
    rows = _risks(risks, problems)
    problems.raise_as(InvalidRecord)
    score = max((row["score"] for row in rows), default=0)
    last = work.session.scalar(
        select(func.max(Evaluation.round)).where(Evaluation.order_id == order.id)
    )
    row = add(
        work,
        Evaluation(
            order_id=order.id,
            round=(last or 0) + 1,
            in_scope=in_scope is True,
            resource_ok=resource_ok,
            tech_ok=tech_ok,
            evidence=proof,
            risks=rows,
            risk_score=score,
            verdict=verdict,
            suggestion=advice,
            infeasible_reason=reason or None,
            evaluator=work.actor.login,
        ),
    )
    order.risk_level = "high" if score >= 15 else "medium" if score >= NEEDS_MEASURE else "low"
    touch(work, order)
    audit.record(
        work,
        action="order.evaluate",
        entity=f"order:{order.id}",
        after={"round": row.round, "verdict": verdict, "risk_score": score},
    )
    return _facts(row)


def set_verdict(work: Work, *, order_id: Ref, verdict: str) -> EvaluationFacts:
    """Keep what D14 made of the latest evaluation: feasible, conditional or infeasible."""
    row = _latest(work.session, order_id)
    row.verdict = verdict
    touch(work, row)
    work.session.flush()
    return _facts(row)


def decide_evaluation(
    work: Work,
    *,
    order_id: Ref,
    decision: str,
    conditions: str | None = None,
    decline_reply: str | None = None,
) -> EvaluationFacts:
    """Decide on the latest evaluation (T02.5): accept, decline or more_info.

    Raises DeciderExcluded for its evaluator (SPEC SOD-3). Declining needs words for the
    customer, without forbidden ones.
    """
    row = _latest(work.session, order_id)
    if row.decision is not None:
        raise WrongState(state=row.decision)
    if row.evaluator == work.actor.login or row.evaluator == work.actor.on_behalf_of:
        raise DeciderExcluded
    problems = Problems()
    problems.one_of("decision", decision, frozenset({"accept", "decline", "more_info"}))
    reply = problems.text(
        "decline_reply", decline_reply, longest=1000, needed=decision == "decline"
    )
    hits = forbidden_words(work, reply or "")
    if hits:
        problems.add("decline_reply", lazy("Forbidden: %(word)s", word=", ".join(hits)))
    row.conditions = problems.text("conditions", conditions, longest=1000)
    problems.raise_as(InvalidRecord)
    row.decision, row.decline_reply = decision, reply
    row.decided_by, row.decided_at = work.actor.login, work.now
    touch(work, row)
    audit.record(
        work,
        action="order.evaluation_decision",
        entity=f"order:{row.order_id}",
        after={"decision": decision},
    )
    return _facts(row)


def confirm_terms(
    work: Work,
    *,
    order_id: Ref,
    requirement: str,
    delivery_date: Any,
    price: int,
    payment: str,
    customer_confirm_ref: str,
    differences: str | None = None,
    agreed: bool = True,
) -> int:
    """Keep the key terms as the customer confirmed them, or not (T02.6); returns the round."""
    order = get_order(work.session, order_id)
    problems = Problems()
    text = problems.text("requirement", requirement, longest=2000, needed=True)
    day = problems.day("delivery_date", as_date(delivery_date))
    amount = problems.fen("price", price)
    way = problems.text("payment", payment, longest=60, needed=True)
    ref = problems.text("customer_confirm_ref", customer_confirm_ref, longest=200, needed=agreed)
    what = problems.text("differences", differences, longest=2000, needed=not agreed)
    problems.raise_as(InvalidRecord)
    rounds = work.session.scalar(
        select(func.max(TermsConfirmation.round)).where(TermsConfirmation.order_id == order.id)
    )
    row = add(
        work,
        TermsConfirmation(
            order_id=order.id,
            round=(rounds or 0) + 1,
            terms={
                "requirement": text,
                "delivery_date": plain(day),
                "price_fen": amount,
                "payment": way,
            },
            customer_confirm_ref=ref or clean(customer_confirm_ref),
            differences=what,
            agreed=agreed,
            at=work.now,
            by=work.actor.login,
        ),
    )
    audit.record(
        work,
        action="order.terms",
        entity=f"order:{order.id}",
        after={"round": row.round, "agreed": agreed},
    )
    return row.round


def evaluation_facts(session: Session, *, order_id: Ref) -> EvaluationFacts | None:
    """The latest evaluation of an order."""
    row = _find(session, order_id)
    return _facts(row) if row else None


def _risks(risks: Sequence[Mapping[str, Any]], problems: Problems) -> list[dict[str, Any]]:
    rows = []
    for index, risk in enumerate(risks):
        path = f"risks[{index}]"
        kind = problems.one_of(f"{path}.type", risk.get("type"), RISK_TYPES)
        points = {}
        for name in ("prob", "impact"):
            value = risk.get(name)
            number = int(str(value)) if str(value) in ("1", "2", "3", "4", "5") else 0
            if number == 0:
                problems.add(f"{path}.{name}", lazy("Enter 1 to 5."))
            points[name] = number
        score = points["prob"] * points["impact"]
        measure = clean(risk.get("measure"))
        due = as_date(risk.get("due"))
        if score >= NEEDS_MEASURE:
            if not measure:
                problems.add(f"{path}.measure", lazy("This risk needs a measure."))
            if not clean(risk.get("owner")):
                problems.add(f"{path}.owner", lazy("This risk needs somebody who deals with it."))
            if due is None:
                problems.add(f"{path}.due", lazy("This risk needs a date."))
        rows.append(
            {
                "type": kind,
                **points,
                "score": score,
                "measure": measure,
                "owner": clean(risk.get("owner")),
                "due": plain(due),
            }
        )
    if len({row["type"] for row in rows}) < FEWEST_RISKS:
        problems.add("risks", lazy("Rate at least %(n)s kinds of risk.", n=FEWEST_RISKS))
    return rows


def _find(session: Session, order_id: Ref) -> Evaluation | None:
    return session.scalar(
        select(Evaluation)
        .where(Evaluation.order_id == as_id(order_id))
        .order_by(Evaluation.round.desc())
        .limit(1)
    )


def _latest(session: Session, order_id: Ref) -> Evaluation:
    row = _find(session, order_id)
    if row is None:
        raise WrongState(state="none")
    return row


def _facts(row: Evaluation) -> EvaluationFacts:
    return EvaluationFacts(
        evaluation_id=str(row.id),
        order_id=str(row.order_id),
        round=row.round,
        in_scope=row.in_scope,
        resource_ok=row.resource_ok,
        tech_ok=row.tech_ok,
        risks=list(row.risks),
        risk_score=row.risk_score,
        verdict=row.verdict,
        suggestion=row.suggestion,
        infeasible_reason=row.infeasible_reason,
        evaluator=row.evaluator,
        decision=row.decision,
        conditions=row.conditions,
        decline_reply=row.decline_reply,
        decided_by=row.decided_by,
    )
