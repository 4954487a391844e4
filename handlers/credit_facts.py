"""Owns what the customer's credit allows for an order: decision D04 over the desk's facts."""

from dataclasses import dataclass
from typing import Any

from handlers.order_scalars import deposit_pct
from jiedan import Context
from jiedan.core.i18n import LazyText, lazy
from jiedan.core.sentences import keep
from jiedan.desk.credit import CreditFacts, check_credit

HOLDS = frozenset({"hold_overdue", "prepay_required", "guarantee", "credit_pending"})
"""Answers of D04 that stop the order until money, a guarantee or a decision is there."""
GRAVITY_OF_LEVEL = {2: "major", 3: "critical"}


@dataclass(frozen=True, slots=True)
class Credit:
    """What D04 said and the facts that it was asked with."""

    decision: str
    level: int | None
    facts: CreditFacts

    @property
    def passes(self) -> bool:
        return self.decision == "pass"

    @property
    def holds(self) -> bool:
        return self.decision in HOLDS


def judge_credit(context: Context, order_id: str) -> Credit:
    """Ask D04 about an order; a profile that is not in force counts as no grade."""
    facts = check_credit(
        context.work, order_id=order_id, deposit_pct=deposit_pct(context, order_id)
    )
    grade = facts.grade if facts.profile_state == "active" else None
    found = context.decide(
        "credit_decision",
        grade="E" if facts.blacklisted else grade,
        payment_method=facts.payment_method,
        max_overdue_days=facts.max_overdue_days,
        over_ratio=facts.over_ratio,
        hold_overdue_days=context.work.platform.parameters.number("credit.hold_overdue_days"),
    ).value
    level = found["level"]
    return Credit(found["decision"], int(level) if level is not None else None, facts)


def credit_violations(credit: Credit) -> list[dict[str, Any]]:
    """D04's answer as a violation, where reviewers or leaders have to look at it."""
    if credit.passes:
        return []
    refused = credit.decision == "reject"
    severity = "critical" if refused else GRAVITY_OF_LEVEL.get(credit.level or 2, "major")
    code = "BLACKLIST" if refused and credit.facts.blacklisted else "CREDIT"
    text = keep(hold_text(credit))
    return [{"code": code, "severity": severity, "forbidden": refused, "line": None, "text": text}]


def hold_text(credit: Credit) -> LazyText:
    """Why the credit check does not pass."""
    match credit.decision:
        case "hold_overdue":
            return lazy("An invoice is %(days)s days overdue.", days=credit.facts.max_overdue_days)
        case "prepay_required":
            return lazy("The credit grade asks for prepayment.")
        case "credit_pending":
            return lazy("The customer's credit is not assessed yet.")
        case "guarantee":
            return lazy("Slightly over the credit limit: a guarantee is needed.")
        case "reject":
            return lazy("The customer's credit does not allow any order.")
        case _:
            return lazy(
                "Over the credit limit by %(pct)s %%.", pct=f"{credit.facts.over_ratio * 100:.2f}"
            )
