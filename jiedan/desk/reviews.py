"""Review rounds: who found what, and what the round comes to (P03)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.database import dump_json
from jiedan.core.i18n import LocalText, lazy
from jiedan.core.work import Work
from jiedan.desk.checklists import checked_items
from jiedan.desk.entry import entry_values
from jiedan.desk.errors import AlreadyDone, InvalidRecord, ReviewerExcluded, WrongState
from jiedan.desk.order_refs import OrderRef, ref_of
from jiedan.desk.records import get_order
from jiedan.desk.states import OrderState, require_state, set_state
from jiedan.desk.tables import Order, Review, ReviewRound
from jiedan.desk.values import Problems, Ref, Result, add, as_id, clean

ITEM_CODES = (
    "CUST_REAL",
    "CUST_COMPLETE",
    "SPEC",
    "PRICE",
    "DATE",
    "PLACE",
    "PAYMENT",
    "CONTRACT",
    "COMPLIANCE",
)
"""The checklist of T03.1 (SPEC S2.3.2)."""
ITEM_NAMES = {
    "CUST_REAL": LocalText("客户信息真实", "Customer is real"),
    "CUST_COMPLETE": LocalText("客户信息完整", "Customer data complete"),
    "SPEC": LocalText("规格", "Specification"),
    "PRICE": LocalText("价格", "Price"),
    "DATE": LocalText("交货时间", "Delivery date"),
    "PLACE": LocalText("交货地点", "Delivery place"),
    "PAYMENT": LocalText("付款", "Payment"),
    "CONTRACT": LocalText("合同", "Contract"),
    "COMPLIANCE": LocalText("合规", "Compliance"),
}
REVIEW_OUTCOMES = frozenset({"approve", "return", "reject", "special"})
SHORTEST_OPINION = 10


@dataclass(frozen=True, slots=True)
class Round(Result):
    """A round of review over one version of an order."""

    order_id: str
    round: int
    version: int
    snapshot_hash: str


@dataclass(frozen=True, slots=True)
class Reviewed(Result):
    """What one role found."""

    review_id: str
    round: int
    role: str
    reviewer: str
    outcome: str
    failed: list[str]
    opinion: str | None
    reason_codes: list[str]


@dataclass(frozen=True, slots=True)
class Consolidated(Result):
    """What a round comes to: approved, rework, special or rejected."""

    outcome: str
    round: int
    failed: list[str]
    reasons: list[str]
    max_rounds_reached: bool


def start_round(work: Work, *, order_id: Ref) -> Round:
    """Open the next round: the order goes into review and its content is fixed by a hash."""
    order = get_order(work.session, order_id, lock=True)
    set_state(work, order_id=order.id, to=OrderState.IN_REVIEW)
    order.review_round += 1
    row = add(
        work,
        ReviewRound(
            order_id=order.id,
            round=order.review_round,
            order_version=order.version,
            snapshot_hash=snapshot_hash(work.session, order_id=order.id),
            started_at=work.now,
        ),
    )
    return Round(str(order.id), row.round, row.order_version, row.snapshot_hash)


def record_review(
    work: Work,
    *,
    order_id: Ref,
    role: str,
    outcome: str,
    items: Sequence[Mapping[str, Any]],
    opinion: str | None = None,
    reason_codes: Sequence[str] = (),
    needed: Sequence[str] = (),
) -> Reviewed:
    """Keep what a role found in the present round, once.

    Approving needs every item of ``needed`` answered and none failed. Anything else needs an
    opinion of at least 10 characters and a reason code (SPEC S2.3.6). Raises ReviewerExcluded
    for whoever accepted or entered the order (SPEC SOD-1).
    """
    order = require_state(get_order(work.session, order_id), OrderState.IN_REVIEW)
    if work.actor.login in (order.entered_by, order.accepted_by):
        raise ReviewerExcluded
    row = _present_round(work.session, order)
    rows = checked_items(items, needed)
    failed = [item["code"] for item in rows if item["result"] == "fail"]
    problems = Problems()
    problems.one_of("outcome", outcome, REVIEW_OUTCOMES)
    if outcome == "approve" and failed:
        problems.add("outcome", lazy("An order with a failed item cannot pass."))
    text = clean(opinion)
    if (outcome != "approve" or failed) and len(text) < SHORTEST_OPINION:
        problems.add("opinion", lazy("At least %(n)s characters.", n=SHORTEST_OPINION))
    if len(text) > 2000:
        problems.add("opinion", lazy("At most %(n)s characters.", n=2000))
    codes = [clean(code) for code in reason_codes if clean(code)]
    if outcome != "approve" and not codes:
        problems.add("reason_codes", lazy("Choose at least one reason."))
    problems.raise_as(InvalidRecord)
    if work.session.scalar(select(Review.id).where(Review.round_id == row.id, Review.role == role)):
        raise AlreadyDone
    review = add(
        work,
        Review(
            round_id=row.id,
            order_id=order.id,
            role=role,
            reviewer=work.actor.login,
            outcome=outcome,
            items=rows,
            opinion=text or None,
            reason_codes=codes,
            at=work.now,
        ),
    )
    audit.record(
        work,
        action="order.review",
        entity=f"order:{order.id}",
        after={"round": row.round, "role": role, "outcome": outcome, "codes": codes},
    )
    return _reviewed(review, row.round)


def consolidate_round(
    work: Work, *, order_id: Ref, violations: Sequence[Mapping[str, Any]] = ()
) -> Consolidated:
    """Close the present round and say what it comes to.

    Something forbidden or a refusal rejects; a wish for special approval comes next; then a
    return; approval needs every reviewer. ``max_rounds_reached`` when it goes back for the last
    time that ``review.max_rounds`` allows. The state of the order is not touched.
    """
    order = get_order(work.session, order_id)
    row = _present_round(work.session, order)
    reviews = _reviews(work.session, row)
    outcomes = {review.outcome for review in reviews}
    if any(violation.get("forbidden") for violation in violations) or "reject" in outcomes:
        outcome = "rejected"
    elif "special" in outcomes:
        outcome = "special"
    elif "return" in outcomes:
        outcome = "rework"
    elif reviews:
        outcome = "approved"
    else:
        raise WrongState(state="none")
    row.outcome = outcome
    row.closed_at = work.now
    work.session.flush()
    failed = {
        item["code"] for review in reviews for item in review.items if item["result"] == "fail"
    }
    reasons = {code for review in reviews for code in review.reason_codes}
    reasons |= {str(violation["code"]) for violation in violations if violation.get("forbidden")}
    limit = int(work.platform.parameters.number("review.max_rounds"))
    return Consolidated(
        outcome,
        row.round,
        sorted(failed),
        sorted(reasons),
        outcome != "approved" and row.round >= limit,
    )


def withdraw_review(work: Work, *, order_id: Ref, reason: str) -> OrderRef:
    """Take an order back into draft before anybody has decided in the present round."""
    order = require_state(
        get_order(work.session, order_id, lock=True), OrderState.SUBMITTED, OrderState.IN_REVIEW
    )
    if order.state == OrderState.IN_REVIEW:
        row = _present_round(work.session, order)
        if _reviews(work.session, row):
            raise AlreadyDone
        row.outcome = "withdrawn"
        row.closed_at = work.now
    problems = Problems()
    problems.text("reason", reason, longest=500, needed=True)
    problems.raise_as(InvalidRecord)
    set_state(work, order_id=order.id, to=OrderState.DRAFT, reason=reason)
    return ref_of(order)


def reviewers_of(session: Session, *, order_id: Ref) -> set[str]:
    """Everybody who ever reviewed an order; none of them approves it specially (SPEC SOD-2)."""
    return set(session.scalars(select(Review.reviewer).where(Review.order_id == as_id(order_id))))


def list_reviews(session: Session, *, order_id: Ref) -> list[Reviewed]:
    """All reviews of an order, round by round."""
    rows = session.execute(
        select(Review, ReviewRound.round)
        .join(ReviewRound, ReviewRound.id == Review.round_id)
        .where(Review.order_id == as_id(order_id))
        .order_by(ReviewRound.round, Review.at)
    )
    return [_reviewed(review, round_) for review, round_ in rows]


def snapshot_hash(session: Session, *, order_id: Ref) -> str:
    """SHA-256 over what the order says now (SPEC S2.3.5)."""
    content = dump_json(entry_values(session, order_id=order_id))
    return hashlib.sha256(content.encode()).hexdigest()


def _present_round(session: Session, order: Order) -> ReviewRound:
    row = session.scalar(
        select(ReviewRound).where(
            ReviewRound.order_id == order.id, ReviewRound.round == order.review_round
        )
    )
    if row is None:
        raise WrongState(state="none")
    return row


def _reviews(session: Session, row: ReviewRound) -> Sequence[Review]:
    return session.scalars(select(Review).where(Review.round_id == row.id)).all()


def _reviewed(row: Review, round_: int) -> Reviewed:
    return Reviewed(
        str(row.id),
        round_,
        row.role,
        row.reviewer,
        row.outcome,
        [item["code"] for item in row.items if item["result"] == "fail"],
        row.opinion,
        list(row.reason_codes),
    )
