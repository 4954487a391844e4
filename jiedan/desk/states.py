"""The states of an order and the only ways from one to the next (SPEC S2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select

from jiedan.core import audit
from jiedan.core.i18n import LazyText, LocalText, gettext
from jiedan.core.work import Work
from jiedan.desk.errors import IllegalTransition, NotEditable, OrderOnHold
from jiedan.desk.records import get_order
from jiedan.desk.tables import Order, OrderHold, OrderStage
from jiedan.desk.values import Ref, Result, add, clean, touch


class OrderState(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    PENDING_SPECIAL = "pending_special"
    APPROVED = "approved"
    CONTRACT_PENDING = "contract_pending"
    AWAITING_DEPOSIT = "awaiting_deposit"
    ALLOCATED = "allocated"
    PLANNED = "planned"
    IN_EXECUTION = "in_execution"
    READY = "ready"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    IN_ACCEPTANCE = "in_acceptance"
    ACCEPTANCE_ISSUE = "acceptance_issue"
    ACCEPTED = "accepted"
    RETURNED_FULL = "returned_full"
    SETTLED = "settled"
    CLOSED = "closed"
    REJECTED = "rejected"
    LOST = "lost"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


S = OrderState

STATE_NAMES = {
    S.DRAFT: LocalText("草稿", "Draft"),
    S.SUBMITTED: LocalText("待审核", "To be reviewed"),
    S.IN_REVIEW: LocalText("审核中", "In review"),
    S.RETURNED: LocalText("已退回", "Returned"),
    S.PENDING_SPECIAL: LocalText("待特批", "Special approval pending"),
    S.APPROVED: LocalText("审核通过", "Approved"),
    S.CONTRACT_PENDING: LocalText("待签约", "Contract pending"),
    S.AWAITING_DEPOSIT: LocalText("待定金", "Awaiting deposit"),
    S.ALLOCATED: LocalText("已分配", "Allocated"),
    S.PLANNED: LocalText("计划已审", "Planned"),
    S.IN_EXECUTION: LocalText("执行中", "In execution"),
    S.READY: LocalText("待交付", "Ready for delivery"),
    S.PARTIALLY_DELIVERED: LocalText("部分交付", "Partially delivered"),
    S.DELIVERED: LocalText("已交付", "Delivered"),
    S.IN_ACCEPTANCE: LocalText("验收中", "In acceptance"),
    S.ACCEPTANCE_ISSUE: LocalText("验收异议", "Acceptance issue"),
    S.ACCEPTED: LocalText("已验收", "Accepted"),
    S.RETURNED_FULL: LocalText("全部退货", "Returned in full"),
    S.SETTLED: LocalText("已结清", "Settled"),
    S.CLOSED: LocalText("已关闭", "Closed"),
    S.REJECTED: LocalText("已拒单", "Rejected"),
    S.LOST: LocalText("已流失", "Lost"),
    S.EXPIRED: LocalText("已过期", "Expired"),
    S.CANCELLING: LocalText("取消中", "Cancelling"),
    S.CANCELLED: LocalText("已取消", "Cancelled"),
}
"""What people call the states."""

FINAL = frozenset({S.CLOSED, S.REJECTED, S.LOST, S.EXPIRED, S.CANCELLED})
BEFORE_DISPATCH = frozenset(
    {
        S.DRAFT,
        S.SUBMITTED,
        S.IN_REVIEW,
        S.RETURNED,
        S.PENDING_SPECIAL,
        S.APPROVED,
        S.CONTRACT_PENDING,
        S.AWAITING_DEPOSIT,
        S.ALLOCATED,
        S.PLANNED,
        S.IN_EXECUTION,
        S.READY,
    }
)
CREDIT_COUNTS = frozenset(
    {
        S.APPROVED,
        S.CONTRACT_PENDING,
        S.AWAITING_DEPOSIT,
        S.ALLOCATED,
        S.PLANNED,
        S.IN_EXECUTION,
        S.READY,
        S.PARTIALLY_DELIVERED,
    }
)
"""States in which an order's undelivered part uses the customer's credit."""

# Beyond the chain of SPEC S2.2: draft -> lost and draft -> rejected are the ends of P01 and P02
# before an order was submitted; -> draft is the withdrawal before the first decision (P03).
_FORWARD: dict[OrderState, frozenset[OrderState]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.EXPIRED, S.LOST, S.REJECTED}),
    S.SUBMITTED: frozenset({S.IN_REVIEW, S.EXPIRED, S.DRAFT}),
    S.IN_REVIEW: frozenset({S.APPROVED, S.RETURNED, S.PENDING_SPECIAL, S.REJECTED, S.DRAFT}),
    S.RETURNED: frozenset({S.SUBMITTED, S.LOST}),
    S.PENDING_SPECIAL: frozenset({S.APPROVED, S.RETURNED, S.REJECTED}),
    S.APPROVED: frozenset({S.CONTRACT_PENDING, S.AWAITING_DEPOSIT, S.ALLOCATED}),
    S.CONTRACT_PENDING: frozenset({S.AWAITING_DEPOSIT, S.ALLOCATED, S.LOST}),
    S.AWAITING_DEPOSIT: frozenset({S.ALLOCATED, S.LOST}),
    S.ALLOCATED: frozenset({S.PLANNED, S.IN_EXECUTION}),
    S.PLANNED: frozenset({S.IN_EXECUTION}),
    S.IN_EXECUTION: frozenset({S.READY}),
    S.READY: frozenset({S.PARTIALLY_DELIVERED, S.DELIVERED}),
    S.PARTIALLY_DELIVERED: frozenset({S.DELIVERED}),
    S.DELIVERED: frozenset({S.IN_ACCEPTANCE}),
    S.IN_ACCEPTANCE: frozenset({S.ACCEPTED, S.ACCEPTANCE_ISSUE}),
    S.ACCEPTANCE_ISSUE: frozenset({S.IN_ACCEPTANCE, S.ACCEPTED, S.RETURNED_FULL}),
    S.RETURNED_FULL: frozenset({S.SETTLED}),
    S.ACCEPTED: frozenset({S.SETTLED}),
    S.SETTLED: frozenset({S.CLOSED}),
    S.CANCELLING: frozenset({S.CANCELLED}),
}
_ALLOWED_ON_HOLD = frozenset(
    {S.RETURNED, S.REJECTED, S.LOST, S.EXPIRED, S.CANCELLING, S.CANCELLED, S.DRAFT}
)


@dataclass(frozen=True, slots=True)
class Moved(Result):
    """An order went from one state to another, or was already there."""

    order_id: str
    before: str
    state: str


def legal_moves(state: str) -> frozenset[OrderState]:
    """The states that an order may go to from ``state``."""
    here = OrderState(state)
    moves = _FORWARD.get(here, frozenset())
    return moves | {S.CANCELLING} if here in BEFORE_DISPATCH else moves


def set_state(work: Work, *, order_id: Ref, to: str, reason: str | LazyText | None = None) -> Moved:
    """Move an order to the state ``to``; being there already changes nothing.

    Raises IllegalTransition for a way that SPEC S2.2 does not know and OrderOnHold (SPEC G9)
    for a forward move of a held order. Each move is audited and leaves its time stamp.
    """
    order = get_order(work.session, order_id, lock=True)
    after = OrderState(to)
    before = OrderState(order.state)
    if after == before:
        return Moved(str(order.id), before, after)
    if after not in legal_moves(before):
        raise IllegalTransition(
            before=str(STATE_NAMES[before]), after=str(STATE_NAMES[after]), state=before.value
        )
    if order.held and after not in _ALLOWED_ON_HOLD:
        raise OrderOnHold(reason=hold_reason(work, order))
    enter_stage(work, order, after, reason)
    return Moved(str(order.id), before, after)


def enter_stage(
    work: Work,
    order: Order,
    state: OrderState,
    reason: str | LazyText | None,
    *,
    first: bool = False,
) -> None:
    """Write the state, its time stamp and its audit record; ``first`` for an order just opened."""
    before = None if first else order.state
    last = select(func.coalesce(func.max(OrderStage.seq), 0)).where(OrderStage.order_id == order.id)
    order.state = state
    order.state_reason = _kept(reason)
    touch(work, order)
    add(
        work,
        OrderStage(
            order_id=order.id,
            seq=last.scalar_subquery() + 1,
            before=before,
            state=state,
            at=work.now,
            by=work.actor.login,
            reason=order.state_reason,
        ),
    )
    audit.record(
        work,
        action="order.state",
        entity=f"order:{order.id}",
        before={"state": before},
        after={"state": state.value, "reason": order.state_reason},
    )


def _kept(reason: str | LazyText | None) -> str | None:
    text = clean(reason)
    return (text if isinstance(reason, LazyText) else text[:500]) or None


def hold_reason(work: Work, order: Order) -> str:
    """Why the order is held, in the words of whoever held it."""
    reason = work.session.scalar(
        select(OrderHold.reason)
        .where(OrderHold.order_id == order.id, OrderHold.released_at.is_(None))
        .order_by(OrderHold.held_at)
        .limit(1)
    )
    return reason or gettext("no reason given")


def require_state(order: Order, *states: OrderState) -> Order:
    """The order, provided that it stands in one of ``states``; raises NotEditable otherwise."""
    if order.state not in states:
        raise NotEditable(state=str(STATE_NAMES[OrderState(order.state)]))
    return order
