"""Owns the automatic checks before people review an order, and what they come to (S2.3.3)."""

from typing import Any

from sqlalchemy import select

from handlers.credit_facts import HOLDS
from handlers.order_scalars import order_scalars, yuan
from handlers.violations import Violations, check_payment_policy, subject_of, uncovered
from jiedan import Context, handler
from jiedan.core.sentences import restored
from jiedan.desk import holds, review_checks
from jiedan.desk.records import get_order
from jiedan.desk.review_checks import Violation
from jiedan.desk.tables import ReviewRound

CREDIT_HOLD = "credit"


@handler("review.check_catalogue")
def check_catalogue(context: Context, order_id: str) -> dict[str, Any]:
    """Every article exists, is active and may be sold here (SPEC S2.3.3)."""
    return {
        "catalogue_findings": _dicts(review_checks.check_catalogue(context.work, order_id=order_id))
    }


@handler("review.check_payment")
def check_payment(context: Context, order_id: str) -> dict[str, Any]:
    """Payment method and term are within policy."""
    return {"payment_findings": check_payment_policy(context, order_id)}


@handler("review.check_customer")
def check_customer(context: Context, order_id: str) -> dict[str, Any]:
    """The customer is real, complete and not blacklisted."""
    return {
        "customer_findings": _dicts(review_checks.check_customer(context.work, order_id=order_id))
    }


@handler("review.check_delivery")
def check_delivery(context: Context, order_id: str) -> dict[str, Any]:
    """Lead time, stock and region allow the promised date."""
    return {
        "delivery_findings": _dicts(review_checks.check_delivery(context.work, order_id=order_id))
    }


@handler("review.screen_legal")
def screen_legal(context: Context, order_id: str) -> dict[str, Any]:
    """No forbidden goods, regions or words."""
    return {"legal_findings": _dicts(review_checks.screen_legal(context.work, order_id=order_id))}


def _dicts(found: list[Violation]) -> Violations:
    return [one.as_dict() for one in found]


@handler("review.weigh_findings")
def weigh_findings(
    context: Context,
    order_id: str,
    catalogue_findings: Violations,
    price_findings: Violations,
    credit_findings: Violations,
    payment_findings: Violations,
    customer_findings: Violations,
    delivery_findings: Violations,
    legal_findings: Violations,
    credit_decision: str,
) -> dict[str, Any]:
    """Put the findings together: forbidden, a credit hold, or something for people to judge.

    The round keeps them; what decision D05 asks comes along.
    """
    found = [
        *catalogue_findings, *price_findings, *credit_findings, *payment_findings,
        *customer_findings, *delivery_findings, *legal_findings,
    ]  # fmt: skip
    _keep(context, order_id, found)
    banned = next((one for one in found if one["forbidden"]), None)
    open_ones = uncovered(context, order_id, found)
    credit = next((one for one in open_ones if one["code"] == "CREDIT"), None)
    stopped = credit is not None and credit_decision in HOLDS
    if credit is not None and stopped and banned is None:
        holds.hold_order(
            context.work, order_id=order_id, reason=restored(credit["text"]), code=CREDIT_HOLD
        )
    order = get_order(context.work.session, order_id)
    codes = {one["code"] for one in found}
    outcome = "forbidden" if banned else "credit_hold" if stopped else "review"
    if outcome == "review" and not open_ones and _exempt(context, order.channel):
        outcome = "exempt"
    return {
        "violations": found,
        "checks_outcome": outcome,
        "forbidden_code": banned["code"] if banned else None,
        "forbidden_text": banned["text"] if banned else None,
        "special_subject": subject_of(open_ones),
        "special_possible": banned is None,
        "amount": yuan(order.total_fen),
        "payment_std": codes.isdisjoint({"PAYMENT_METHOD", "TERM_EXCESS"}),
        "contract_std": not legal_findings,
        **order_scalars(context, order_id),
    }


def _exempt(context: Context, channel: str) -> bool:
    """Whether nobody has to review an order of this channel in which the checks found nothing."""
    return channel == "netease" and not context.work.platform.parameters.flag("netease.review")


def _keep(context: Context, order_id: str, found: Violations) -> None:
    order = get_order(context.work.session, order_id)
    row = context.work.session.scalar(
        select(ReviewRound).where(
            ReviewRound.order_id == order.id, ReviewRound.round == order.review_round
        )
    )
    if row is not None:
        row.violations = found
