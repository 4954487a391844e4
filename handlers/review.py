"""Owns order review (P03): automatic checks, opinions, rework, arbitration."""

from typing import Any

from handlers.beside import Fact, fact, line_facts, order_facts, yuan
from handlers.order_scalars import contract_facts, order_scalars
from handlers.orders import name_instance
from handlers.violations import Violations, gravest, name_list, name_of, subject_of, uncovered
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.errors import Conflict
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import holds, orders, reviews, states
from jiedan.desk.records import get_order
from jiedan.desk.states import OrderState

CREDIT_HOLD = "credit"


REVIEWERS = {
    "OR": lazy("Order review"),
    "FO": lazy("Finance"),
    "PM": lazy("Production"),
    "LC": lazy("Legal"),
}


class SpecialApprovalNeeded(Conflict):
    """Only a special approval lets this pass: %(codes)s."""


# --- machine steps -------------------------------------------------------------------------------
@handler("review.start_round")
def start_round(context: Context, order_id: str) -> dict[str, Any]:
    """Open the next round; an order whose special approval came while it was back is handed in.

    A credit hold ends here and begins again where the checks of the round still find its reason.
    """
    holds.release_order(
        context.work, order_id=order_id, reason=lazy("reviewed again"), code=CREDIT_HOLD
    )
    order = get_order(context.work.session, order_id)
    if order.state == OrderState.RETURNED:
        orders.submit_order(context.work, order_id=order_id)
    started = reviews.start_round(context.work, order_id=order_id)
    return {"round": started.round, "review_outcome": None, "hold_option": None}


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
    holds.release_order(context.work, order_id=order_id, reason=lazy("order rejected"))
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
    reasons = name_list({one["code"] for one in violations or ()})
    states.set_state(context.work, order_id=order_id, to=OrderState.RETURNED, reason=reasons)
    holds.release_order(
        context.work, order_id=order_id, reason=lazy("order returned"), code=CREDIT_HOLD
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
        raise SpecialApprovalNeeded(
            codes=", ".join(sorted({name_of(one["code"]) for one in open_ones}))
        )
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


# --- beside the forms ----------------------------------------------------------------------------
def violation_facts(violations: Violations) -> list[Fact]:
    """What the automatic checks found, the gravest first."""
    if not violations:
        return [fact(gettext("Automatic checks"), gettext("nothing found"))]
    worst = gravest(violations)
    ordered = sorted(violations, key=lambda one: one is not worst)
    return [
        fact(f"{name_of(one['code'])} · {gettext(one['severity'])}", one["text"]) for one in ordered
    ]


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
            gettext("Round %(n)s · %(role)s", n=one.round, role=REVIEWERS.get(one.role, one.role)),
            one.opinion or gettext("approved"),
        )
        for one in reviews.list_reviews(context.work.session, order_id=order_id)
    ]
