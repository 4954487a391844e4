"""Owns order review (P03): automatic checks, opinions, rework, arbitration."""

from typing import Any

from sqlalchemy import select

from handlers.beside import Fact, fact, line_facts, order_facts, yuan
from handlers.credit_facts import hold_text, judge_credit
from handlers.intake import ENTRY_FIELDS, save_order
from handlers.order_scalars import contract_facts, order_scalars
from handlers.order_scalars import yuan as in_yuan
from handlers.orders import name_instance
from handlers.violations import Violations, gravest, subject_of, uncovered
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.errors import Conflict
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import holds, orders, review_checks, reviews, states
from jiedan.desk.records import get_order
from jiedan.desk.review_checks import Violation
from jiedan.desk.states import OrderState
from jiedan.desk.tables import ReviewRound

CREDIT_HOLD = "credit"


class SpecialApprovalNeeded(Conflict):
    """Only a special approval lets this pass: %(codes)s."""


# --- machine steps -------------------------------------------------------------------------------
@handler("review.start_round")
def start_round(context: Context, order_id: str) -> dict[str, Any]:
    """Open the next round; an order whose special approval came while it was back is handed in.

    A credit hold ends here and begins again where the checks of the round still find its reason.
    """
    holds.release_order(
        context.work, order_id=order_id, reason=gettext("reviewed again"), code=CREDIT_HOLD
    )
    order = get_order(context.work.session, order_id)
    if order.state == OrderState.RETURNED:
        orders.submit_order(context.work, order_id=order_id)
    started = reviews.start_round(context.work, order_id=order_id)
    return {"round": started.round, "review_outcome": None, "hold_option": None}


@handler("review.check_catalogue")
def check_catalogue(context: Context, order_id: str) -> dict[str, Any]:
    """Every article exists, is active and may be sold here (SPEC S2.3.3)."""
    return {
        "catalogue_findings": _dicts(review_checks.check_catalogue(context.work, order_id=order_id))
    }


@handler("review.check_payment")
def check_payment(context: Context, order_id: str) -> dict[str, Any]:
    """Payment method and term are within policy."""
    return {
        "payment_findings": _dicts(review_checks.check_payment(context.work, order_id=order_id))
    }


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
    credit = judge_credit(context, order_id)
    open_ones = uncovered(context, order_id, found)
    stopped = credit.holds and any(one["code"] == "CREDIT" for one in open_ones)
    if stopped and banned is None:
        holds.hold_order(
            context.work, order_id=order_id, reason=hold_text(credit), code=CREDIT_HOLD
        )
    order = get_order(context.work.session, order_id)
    codes = {one["code"] for one in found}
    return {
        "violations": found,
        "checks_outcome": "forbidden" if banned else "credit_hold" if stopped else "review",
        "forbidden_code": banned["code"] if banned else None,
        "forbidden_text": banned["text"] if banned else None,
        "special_subject": subject_of(open_ones),
        "special_possible": banned is None,
        "amount": in_yuan(order.total_fen),
        "payment_std": codes.isdisjoint({"PAYMENT_METHOD", "TERM_EXCESS"}),
        "contract_std": not legal_findings,
        **order_scalars(context, order_id),
    }


def _keep(context: Context, order_id: str, found: Violations) -> None:
    order = get_order(context.work.session, order_id)
    row = context.work.session.scalar(
        select(ReviewRound).where(
            ReviewRound.order_id == order.id, ReviewRound.round == order.review_round
        )
    )
    if row is not None:
        row.violations = found


@handler("review.consolidate")
def consolidate(
    context: Context, order_id: str, violations: Violations, special_subject: str | None = None
) -> dict[str, Any]:
    """Close the round: approved, rework, special or rejected."""
    found = reviews.consolidate_round(context.work, order_id=order_id, violations=violations)
    if found.outcome == "special":
        states.set_state(context.work, order_id=order_id, to=OrderState.PENDING_SPECIAL)
    return {
        "review_outcome": found.outcome,
        "review_reasons": found.reasons,
        "max_rounds_reached": found.max_rounds_reached,
        "special_subject": special_subject or subject_of(violations) or "price",
    }


@handler("review.approve")
def approve(context: Context, order_id: str) -> dict[str, Any]:
    """The order is approved as the reviewers, or the leaders, saw it."""
    states.set_state(context.work, order_id=order_id, to=OrderState.APPROVED)
    name_instance(context, order_id)
    return {
        "outcome": "approved",
        "contract_facts": contract_facts(context, order_id),
        **order_scalars(context, order_id),
    }


@handler("review.reject")
def reject(
    context: Context,
    order_id: str,
    forbidden_code: str | None = None,
    forbidden_text: str | None = None,
    hold_option: str | None = None,
    review_reasons: list[str] | None = None,
) -> dict[str, Any]:
    """Refuse the order: forbidden, refused for its credit, or by a reviewer."""
    code = forbidden_code or ("CREDIT" if hold_option == "reject" else None)
    code = code or next(iter(review_reasons or ()), "REVIEW")
    holds.release_order(context.work, order_id=order_id, reason=gettext("order rejected"))
    orders.reject_order(context.work, order_id=order_id, code=code, opinion=forbidden_text)
    order = get_order(context.work.session, order_id)
    context.notify(
        logins=[order.owner] if order.owner else [],
        msgid="Order %(order_no)s was rejected: %(code)s",
        order_no=order.number or "",
        code=code,
    )
    return {"outcome": "rejected"}


@handler("review.return_order")
def return_order(
    context: Context, order_id: str, violations: Violations | None = None
) -> dict[str, Any]:
    """Give the order back to its sales representative with the rules that it breaks (S2.3.4)."""
    reasons = ", ".join(sorted({one["code"] for one in violations or ()}))
    states.set_state(
        context.work, order_id=order_id, to=OrderState.RETURNED, reason=reasons or None
    )
    holds.release_order(
        context.work, order_id=order_id, reason=gettext("order returned"), code=CREDIT_HOLD
    )
    order = get_order(context.work.session, order_id)
    context.notify(
        logins=[order.owner] if order.owner else [],
        msgid="Order %(order_no)s came back from review. %(reasons)s",
        order_no=order.number or "",
        reasons=reasons,
    )
    limit = int(context.work.platform.parameters.number("review.max_rounds"))
    return {"max_rounds_reached": order.review_round >= limit}


# --- T03.1: reviewing ----------------------------------------------------------------------------
@handler("review.load_review")
def load_review(context: Context, order_id: str, violations: Violations) -> dict[str, Any]:
    """The checklist with one row for each item, and what the automatic checks found."""
    order = get_order(context.work.session, order_id)
    return {
        "values": {"items": [{"code": code} for code in reviews.ITEM_CODES]},
        "facts": [
            *order_facts(context, order_id),
            *line_facts(order),
            *price_facts(context, order_id),
            *violation_facts(violations),
        ],
    }


@handler("review.save_review")
def save_review(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    role: str,
    violations: Violations,
) -> dict[str, Any]:
    """Keep one reviewer's opinion; what breaks policy passes by special approval only (S2.3.7)."""
    open_ones = uncovered(context, order_id, violations)
    if outcome == "approve" and open_ones:
        raise SpecialApprovalNeeded(codes=", ".join(sorted({one["code"] for one in open_ones})))
    if outcome == "special" and any(one["forbidden"] for one in violations):
        raise InvalidAnswer({"outcome": lazy("Nobody may approve this specially.")})
    reviews.record_review(
        context.work,
        order_id=order_id,
        role=role,
        outcome=outcome,
        items=answer["items"],
        opinion=answer.get("opinion"),
        reason_codes=answer.get("reason_codes") or (),
        needed=reviews.ITEM_CODES,
    )
    return {}


# --- T03.2 and T03.3: rework, arbitration --------------------------------------------------------
@handler("review.load_rework")
def load_rework(
    context: Context, order_id: str, violations: Violations | None = None
) -> dict[str, Any]:
    """The order as it stands, the opinions of the last round beside it."""
    values = orders.entry_values(context.work.session, order_id=order_id)
    values = {name: values.get(name) for name in ENTRY_FIELDS} | {"total": None}
    return {
        "values": values,
        "facts": [
            *order_facts(context, order_id),
            *violation_facts(violations or []),
            *opinion_facts(context, order_id),
        ],
    }


@handler("review.save_rework")
def save_rework(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Save what was negotiated and hand it in again, or ask for a special approval."""
    if outcome == "given_up":
        return {"lost_reason": answer.get("lost_reason")}
    save_order(context, answer, order_id, complete=True)
    orders.log_contact(
        context.work,
        order_id=order_id,
        purpose="rework",
        way="negotiation",
        result=answer["negotiation_log"],
    )
    if outcome == "resubmit":
        orders.submit_order(context.work, order_id=order_id)
        return {}
    return {
        "special_subject": answer["special_subject"],
        "special_justification": answer.get("justification"),
    }


@handler("review.load_arbitration")
def load_arbitration(context: Context, order_id: str) -> dict[str, Any]:
    """All opinions of all rounds."""
    return {
        "values": {},
        "facts": [*order_facts(context, order_id), *opinion_facts(context, order_id)],
    }


@handler("review.save_arbitration")
def save_arbitration(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Keep the sales manager's word on an order that was returned too often."""
    orders.log_contact(
        context.work,
        order_id=order_id,
        purpose="arbitration",
        way="internal",
        result=answer["note"],
    )
    decided: dict[str, Any] = {"lost_reason": answer.get("lost_reason")}
    if outcome == "special":
        decided["special_subject"] = answer["special_subject"]
    return decided


# --- beside the forms ----------------------------------------------------------------------------
def violation_facts(violations: Violations) -> list[Fact]:
    """What the automatic checks found, the gravest first."""
    if not violations:
        return [fact(gettext("Automatic checks"), gettext("nothing found"))]
    worst = gravest(violations)
    ordered = sorted(violations, key=lambda one: one is not worst)
    return [fact(f"{one['code']} · {gettext(one['severity'])}", one["text"]) for one in ordered]


def price_facts(context: Context, order_id: str) -> list[Fact]:
    """Each line's price beside the policy price and the deviation."""
    order = get_order(context.work.session, order_id)
    return [
        fact(
            f"{line.seq}. {gettext('Price')}",
            gettext(
                "%(offer)s, policy %(policy)s, deviation %(pct)s %%",
                offer=yuan("", line.unit_price_fen)["value"],
                policy=yuan("", line.policy_fen)["value"],
                pct=line.dev_pct,
            ),
        )
        for line in order.lines
    ]


def opinion_facts(context: Context, order_id: str) -> list[Fact]:
    """What reviewers said, round by round."""
    return [
        fact(
            gettext("Round %(n)s · %(role)s", n=one.round, role=one.role),
            one.opinion or gettext("approved"),
        )
        for one in reviews.list_reviews(context.work.session, order_id=order_id)
    ]
