"""Owns feasibility and risks of a platform's order, and the decision on them (T02.4, T02.5)."""

from collections.abc import Mapping
from typing import Any

from handlers.beside import UNKNOWN, Fact, fact, order_facts
from jiedan import Context, handler
from jiedan.core.i18n import gettext
from jiedan.desk import evaluations, leads, platform_orders

RISK_FIELDS = ("type", "prob", "impact", "measure", "owner", "due")
SMALL_RISKS = (("credit", 1, 1), ("market", 1, 2), ("delivery", 1, 2))
"""What a paid standard order from stock risks (type, probability, impact)."""


@handler("platform.prefill_evaluation")
def prefill_evaluation(context: Context, order_id: str) -> dict[str, Any]:
    """A paid standard order from stock is feasible by rule; a person still decides."""
    evaluations.record_evaluation(
        context.work,
        order_id=order_id,
        in_scope=True,
        resource_ok="yes",
        tech_ok="yes",
        evidence=gettext("Standard goods from stock, paid through the platform."),
        risks=[
            {"type": kind, "prob": prob, "impact": impact} for kind, prob, impact in SMALL_RISKS
        ],
        suggestion=gettext("Accept the order and ship it from stock."),
    )
    return {"in_scope": True, "resource_ok": "yes", "tech_ok": "yes"}


@handler("platform.load_evaluation")
def load_evaluation(context: Context, order_id: str, lead_id: str | None = None) -> dict[str, Any]:
    """Three rows to begin with, and the last evaluation when more was asked for."""
    before = evaluations.evaluation_facts(context.work.session, order_id=order_id)
    values: dict[str, Any] = {
        "risks": [{"type": kind} for kind in ("credit", "market", "delivery")]
    }
    if before is not None:
        values = {
            "in_scope": "yes" if before.in_scope else "no",
            "resource_ok": before.resource_ok,
            "tech_ok": before.tech_ok,
            "suggestion": before.suggestion,
            "infeasible_reason": before.infeasible_reason,
            "risks": [
                {
                    name: risk.get(name)
                    for name in ("type", "prob", "impact", "measure", "owner", "due")
                }
                for risk in before.risks
            ],
        }
    beside = order_facts(context, order_id)
    if lead_id is not None:
        beside += [
            fact(gettext("Lead"), leads.lead_facts(context.work.session, lead_id=lead_id).lead_no)
        ]
    return {"values": values, "facts": beside}


@handler("platform.save_evaluation")
def save_evaluation(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Keep feasibility, risks and advice (SPEC N2.2.1 to N2.2.5)."""
    kept = evaluations.record_evaluation(
        context.work,
        order_id=order_id,
        in_scope=answer["in_scope"] == "yes",
        resource_ok=answer["resource_ok"],
        tech_ok=answer["tech_ok"],
        evidence=answer["evidence"],
        risks=answer["risks"],
        suggestion=answer["suggestion"],
        infeasible_reason=answer.get("infeasible_reason"),
    )
    return {"in_scope": kept.in_scope, "resource_ok": kept.resource_ok, "tech_ok": kept.tech_ok}


@handler("platform.score_risks")
def score_risks(context: Context, order_id: str, verdict: str) -> dict[str, Any]:
    """Keep the verdict of D14, and ask D15 for a measure against each risk."""
    kept = evaluations.set_verdict(context.work, order_id=order_id, verdict=verdict)
    proposed = {
        measure
        for risk in kept.risks
        for measure in context.decide("risk_measures", type=risk["type"], score=risk["score"]).value
    }
    return {"risk_score": kept.risk_score, "risk_measures": sorted(proposed - {"monitor"})}


@handler("platform.load_decision")
def load_decision(
    context: Context, order_id: str, risk_measures: list[str] | None = None
) -> dict[str, Any]:
    """The evaluation with its verdict, its risks and the measures that the table proposes."""
    kept = evaluations.evaluation_facts(context.work.session, order_id=order_id)
    beside = order_facts(context, order_id)
    if kept is not None:
        beside += evaluation_beside(kept, risk_measures or [])
    return {"values": {}, "facts": beside}


def evaluation_beside(kept: evaluations.EvaluationFacts, measures: list[str]) -> list[Fact]:
    """What the decider reads of an evaluation."""
    return [
        fact(gettext("Verdict"), gettext(kept.verdict or "open")),
        fact(gettext("Highest risk"), kept.risk_score),
        *(_risk_beside(risk) for risk in kept.risks),
        *(fact(gettext("Proposed measure"), gettext(one)) for one in measures),
        fact(gettext("Suggestion"), kept.suggestion),
    ]


def _risk_beside(risk: Mapping[str, Any]) -> Fact:
    kind = risk["type"]
    return fact(gettext(kind), f"{risk['score']} · {risk.get('measure') or UNKNOWN}")


@handler("platform.save_decision")
def save_decision(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    platform_order_id: str | None = None,
) -> dict[str, Any]:
    """Accept, decline with a reply to the customer, or ask for more; never the evaluator."""
    kept = evaluations.decide_evaluation(
        context.work,
        order_id=order_id,
        decision=outcome,
        conditions=answer.get("conditions"),
        decline_reply=answer.get("decline_reply"),
    )
    decided: dict[str, Any] = {"decision": outcome, "reply_id": None}
    if outcome == "decline":
        decided["decline_reason"] = kept.infeasible_reason or "declined"
        decided["decline_reply"] = kept.decline_reply
        if platform_order_id is not None:
            decided["reply_id"] = platform_orders.queue_reply(
                context.work,
                platform_order_id=platform_order_id,
                kind="decline",
                reason=decided["decline_reason"],
                text=kept.decline_reply,
            )
    return decided
