"""Special approvals: asked for, decided level by level, cosigned, conditioned (P04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.approval_conditions import (
    ConditionFacts,
    add_conditions,
    meet_condition,
    open_conditions,
)
from jiedan.desk.approval_steps import COSIGN_ROLES, LEVEL_ROLES, StepPlan, plan_steps
from jiedan.desk.approval_views import (
    ApprovalFacts,
    NextStep,
    approval_facts,
    facts_of,
    granted,
    list_approvals,
    next_step,
)
from jiedan.desk.approval_voiding import void_approvals
from jiedan.desk.errors import (
    ApproverExcluded,
    InvalidRecord,
    NotApprovable,
    WrongState,
)
from jiedan.desk.records import get_order, get_row
from jiedan.desk.reviews import reviewers_of
from jiedan.desk.tables import Approval, ApprovalStep
from jiedan.desk.values import Problems, Ref, add, as_id, plain, touch

__all__ = [
    "COSIGN_ROLES",
    "LEVEL_ROLES",
    "SUBJECTS",
    "ApprovalFacts",
    "ConditionFacts",
    "NextStep",
    "approval_facts",
    "expire_approval",
    "granted",
    "list_approvals",
    "meet_condition",
    "next_step",
    "open_conditions",
    "record_cosign",
    "record_decision",
    "request_approval",
    "void_approvals",
]

SUBJECTS = frozenset(
    {
        "price",
        "credit",
        "payment_term",
        "lead_time",
        "deposit_waiver",
        "concession",
        "compensation",
        "cancel_fee",
        "credit_override",
    }
)
DECISIONS = frozenset({"approve", "approve_with_conditions", "reject", "return"})
COSIGNS = frozenset({"agree", "disagree"})
SHORTEST_OPINION = 5
SHORTEST_JUSTIFICATION = 30


def request_approval(
    work: Work,
    *,
    subject: str,
    level: int,
    justification: str,
    severity: str = "major",
    cosign: Sequence[str] = (),
    order_id: Ref | None = None,
    channel: str = "sales",
    facts: Mapping[str, Any] | None = None,
    benefit: str | None = None,
    attachments: Sequence[str] = (),
    excluded: Sequence[str] = (),
    candidates: Mapping[str, Sequence[str]] | None = None,
) -> ApprovalFacts:
    """Ask for a special approval up to ``level`` 1 to 3, with cosigners ``finance``, ``legal``.

    Requester, entering clerk and reviewers may not decide (SPEC SOD-2). Who holds which role
    may be given as ``candidates``: then a level without anybody left goes up, one person on
    several levels decides once at the highest, and NoApprover is raised when nobody remains.
    An earlier pending request on the same subject is replaced.
    """
    problems = Problems()
    problems.one_of("subject", subject, SUBJECTS)
    text = problems.text(
        "justification", justification, longest=3000, shortest=SHORTEST_JUSTIFICATION
    )
    if level not in (1, 2, 3):
        problems.add("level", lazy("Choose one of the offered values."))
    for role in cosign:
        problems.one_of("cosign", role, frozenset(COSIGN_ROLES))
    problems.raise_as(InvalidRecord)
    if severity == "forbidden":
        raise NotApprovable(reason=subject)
    order = get_order(work.session, order_id) if order_id else None
    barred = {work.actor.login, *excluded}
    if order is not None:
        channel = order.channel
        barred |= {login for login in (order.entered_by, order.accepted_by) if login}
        barred |= reviewers_of(work.session, order_id=order.id)
        _replace_pending(work, order.id, subject)
    plans = plan_steps(level, tuple(cosign), channel, candidates, frozenset(barred))
    approval = add(
        work,
        Approval(
            order_id=order.id if order else None,
            order_version=order.version if order else None,
            subject=subject,
            severity=severity,
            level=level,
            requester=work.actor.login,
            excluded=sorted(barred),
            facts=plain(dict(facts or {})),
            justification=text,
            benefit=benefit,
            attachments=list(attachments),
        ),
    )
    for seq, step in enumerate(plans, start=1):
        approval.steps.append(_row(seq, step))
    work.session.flush()
    audit.record(
        work,
        action="approval.request",
        entity=f"order:{approval.order_id}",
        after={
            "approval": str(approval.id),
            "subject": subject,
            "level": level,
            "merged": [step.level for step in plans if step.state == "merged"],
        },
    )
    return facts_of(approval)


def record_decision(
    work: Work,
    *,
    approval_id: Ref,
    decision: str,
    opinion: str,
    level: int | None = None,
    conditions: str | None = None,
    override_reason: str | None = None,
) -> ApprovalFacts:
    """Decide the level that is due. A refusal or a return ends the approval.

    Agreeing at the last level grants it, for ``special.validity_days``; over a disagreeing
    cosigner only with an ``override_reason``. Conditions become order conditions that block
    dispatch. Raises ApproverExcluded (SPEC SOD-2).
    """
    approval, step = _due_step(work, approval_id, kind="decide")
    if level is not None and level != step.level:
        raise WrongState(state="other_level")
    problems = Problems()
    problems.one_of("decision", decision, DECISIONS)
    text = problems.text("opinion", opinion, longest=2000, shortest=SHORTEST_OPINION)
    agreed = decision in ("approve", "approve_with_conditions")
    wish = problems.text(
        "conditions",
        conditions,
        longest=2000,
        needed=decision == "approve_with_conditions",
    )
    last = next_step(work.session, approval_id=approval.id)
    override = problems.text(
        "override_reason",
        override_reason,
        longest=2000,
        shortest=SHORTEST_OPINION if agreed and last.needs_override else 0,
    )
    problems.raise_as(InvalidRecord)
    _decide(work, step, decision, text)
    step.conditions, step.override_reason = wish, override
    if not agreed:
        _end(work, approval, "refused" if decision == "reject" else "returned", text)
    elif last.last:
        days = int(work.platform.parameters.number("special.validity_days"))
        approval.valid_until = work.now + timedelta(days=days)
        _end(work, approval, "granted", None)
    if agreed and wish and approval.order_id is not None:
        add_conditions(work, approval, wish)
    audit.record(
        work,
        action="approval.decide",
        entity=f"order:{approval.order_id}",
        after={"approval": str(approval.id), "level": step.level, "decision": decision},
    )
    return facts_of(approval)


def record_cosign(
    work: Work, *, approval_id: Ref, role: str, decision: str, opinion: str
) -> ApprovalFacts:
    """Cosign as ``finance`` or ``legal``; a disagreement has to be overridden explicitly."""
    approval, step = _due_step(work, approval_id, kind="cosign", role=role)
    problems = Problems()
    problems.one_of("decision", decision, COSIGNS)
    text = problems.text("opinion", opinion, longest=2000, shortest=SHORTEST_OPINION)
    problems.raise_as(InvalidRecord)
    _decide(work, step, decision, text)
    work.session.flush()
    audit.record(
        work,
        action="approval.cosign",
        entity=f"order:{approval.order_id}",
        after={"approval": str(approval.id), "role": role, "decision": decision},
    )
    return facts_of(approval)


def expire_approval(work: Work, *, approval_id: Ref) -> ApprovalFacts:
    """End an approval whose time is over."""
    approval = get_row(work.session, Approval, approval_id)
    if approval.state not in ("pending", "granted"):
        raise WrongState(state=approval.state)
    _end(work, approval, "expired", None)
    return facts_of(approval)


def _replace_pending(work: Work, order_id: Ref, subject: str) -> None:
    rows = work.session.scalars(
        select(Approval).where(
            Approval.order_id == as_id(order_id),
            Approval.subject == subject,
            Approval.state == "pending",
        )
    )
    for row in rows.all():
        _end(work, row, "void", "replaced")


def _due_step(
    work: Work, approval_id: Ref, *, kind: str, role: str | None = None
) -> tuple[Approval, ApprovalStep]:
    approval = get_row(work.session, Approval, approval_id)
    due = next_step(work.session, approval_id=approval.id)
    if due.kind != kind:
        raise WrongState(state=due.state if due.kind == "done" else due.kind)
    if work.actor.login in approval.excluded or work.actor.on_behalf_of in approval.excluded:
        raise ApproverExcluded
    for step in approval.steps:
        if step.state == "waiting" and step.kind == kind and role in (None, step.role):
            return approval, step
    raise WrongState(state=str(role))


def _decide(work: Work, step: ApprovalStep, decision: str, opinion: str | None) -> None:
    step.state = "done"
    step.decision = decision
    step.opinion = opinion
    step.by = work.actor.login
    step.on_behalf_of = work.actor.on_behalf_of
    step.at = work.now


def _end(work: Work, approval: Approval, state: str, reason: str | None) -> None:
    approval.state = state
    approval.state_reason = reason
    approval.decided_at = work.now
    touch(work, approval)
    work.session.flush()


def _row(seq: int, plan: StepPlan) -> ApprovalStep:
    return ApprovalStep(seq=seq, kind=plan.kind, level=plan.level, role=plan.role, state=plan.state)
