"""Reading special approvals: what one waits for, what was decided, whether it is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from jiedan.desk.approval_steps import COSIGN_ROLES
from jiedan.desk.records import get_row
from jiedan.desk.tables import Approval
from jiedan.desk.values import Ref, Result, as_id, plain


@dataclass(frozen=True, slots=True)
class NextStep(Result):
    """What an approval waits for: decide, cosign, or done."""

    approval_id: str
    kind: str
    level: int | None
    roles: list[str]
    cosign: list[str]
    state: str
    last: bool
    needs_override: bool


@dataclass(frozen=True, slots=True)
class ApprovalFacts(Result):
    """An approval and all its steps."""

    approval_id: str
    order_id: str | None
    subject: str
    severity: str
    level: int
    state: str
    state_reason: str | None
    requester: str
    justification: str
    facts: dict[str, Any]
    valid_until: datetime | None
    steps: list[dict[str, Any]]


def next_step(session: Session, *, approval_id: Ref) -> NextStep:
    """What an approval waits for. Cosigners are asked together, before the last level."""
    approval = get_row(session, Approval, approval_id)
    waiting = [step for step in approval.steps if step.state == "waiting"]
    if approval.state != "pending" or not waiting:
        return NextStep(str(approval.id), "done", None, [], [], approval.state, False, False)
    first = waiting[0]
    if first.kind == "cosign":
        asked = [step for step in waiting if step.kind == "cosign"]
        return NextStep(
            str(approval.id),
            "cosign",
            None,
            [COSIGN_ROLES[step.role] for step in asked],
            [step.role for step in asked],
            approval.state,
            False,
            False,
        )
    last = len(waiting) == 1
    return NextStep(
        str(approval.id),
        "decide",
        first.level,
        first.role.split(","),
        [],
        approval.state,
        last,
        last and _disagreed(approval),
    )


def granted(session: Session, *, order_id: Ref, subject: str, now: datetime) -> bool:
    """Whether an approval on this subject is in force for the order as it stands."""
    rows = session.scalars(
        select(Approval).where(
            Approval.order_id == as_id(order_id),
            Approval.subject == subject,
            Approval.state == "granted",
        )
    )
    return any(row.valid_until is None or row.valid_until > now for row in rows)


def approval_facts(session: Session, *, approval_id: Ref) -> ApprovalFacts:
    """An approval and all its steps."""
    return facts_of(get_row(session, Approval, approval_id))


def list_approvals(session: Session, *, order_id: Ref) -> list[ApprovalFacts]:
    """All approvals that were ever asked for an order."""
    rows = session.scalars(
        select(Approval)
        .where(Approval.order_id == as_id(order_id))
        .order_by(Approval.created_at)
        .options(selectinload(Approval.steps))
    )
    return [facts_of(row) for row in rows]


def _disagreed(approval: Approval) -> bool:
    return any(step.decision == "disagree" for step in approval.steps)


def facts_of(row: Approval) -> ApprovalFacts:
    """The facts of a loaded approval."""
    return ApprovalFacts(
        approval_id=str(row.id),
        order_id=str(row.order_id) if row.order_id else None,
        subject=row.subject,
        severity=row.severity,
        level=row.level,
        state=row.state,
        state_reason=row.state_reason,
        requester=row.requester,
        justification=row.justification,
        facts=dict(row.facts),
        valid_until=row.valid_until,
        steps=[
            {
                "seq": step.seq,
                "kind": step.kind,
                "level": step.level,
                "role": step.role,
                "state": step.state,
                "decision": step.decision,
                "opinion": step.opinion,
                "conditions": step.conditions,
                "override_reason": step.override_reason,
                "by": step.by,
                "at": plain(step.at),
            }
            for step in row.steps
        ],
    )
