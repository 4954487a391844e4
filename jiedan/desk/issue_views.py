"""Reading issues: what decisions ask about one, and its story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Issue, IssueUpdate
from jiedan.desk.values import Ref, Result, as_id


@dataclass(frozen=True, slots=True)
class IssueFacts(Result):
    """An issue and what decides about it (D12, D13)."""

    issue_id: str
    issue_no: str
    order_id: str | None
    order_no: str | None
    source: str
    contact: str
    description: str
    category: str
    safety: bool
    line_stop: bool
    cause_known: bool
    affected_pct: int
    repeat: int
    severity: str | None
    department: str | None
    assignee: str | None
    due_at: datetime | None
    state: str
    reopened: int
    rating: int | None
    found_at: datetime
    plan: dict[str, Any]


def issue_facts(session: Session, *, issue_id: Ref) -> IssueFacts:
    """An issue with what D12 and D13 ask."""
    issue = get_row(session, Issue, issue_id)
    number = get_order(session, issue.order_id).number if issue.order_id else None
    return IssueFacts(
        issue_id=str(issue.id),
        issue_no=issue.number,
        order_id=str(issue.order_id) if issue.order_id else None,
        order_no=number,
        source=issue.source,
        contact=issue.contact,
        description=issue.description,
        category=issue.category,
        safety=issue.safety,
        line_stop=issue.line_stop,
        cause_known=issue.cause_known,
        affected_pct=issue.affected_pct,
        repeat=_repeats(session, issue),
        severity=issue.severity,
        department=issue.department,
        assignee=issue.assignee,
        due_at=issue.due_at,
        state=issue.state,
        reopened=issue.reopened,
        rating=issue.rating,
        found_at=issue.found_at,
        plan=dict(issue.plan),
    )


def list_issues(session: Session, *, order_id: Ref) -> list[IssueFacts]:
    """The issues of an order."""
    rows = session.scalars(
        select(Issue).where(Issue.order_id == as_id(order_id)).order_by(Issue.number)
    ).all()
    return [issue_facts(session, issue_id=row.id) for row in rows]


def list_updates(session: Session, *, issue_id: Ref) -> list[dict[str, Any]]:
    """The story of an issue, oldest first."""
    rows = session.scalars(
        select(IssueUpdate)
        .where(IssueUpdate.issue_id == as_id(issue_id))
        .order_by(IssueUpdate.at, IssueUpdate.id)
    )
    return [
        {
            "kind": row.kind,
            "text": row.text,
            "to_customer": row.to_customer,
            "at": row.at,
            "by": row.by,
            "data": dict(row.data),
        }
        for row in rows
    ]


def _repeats(session: Session, issue: Issue) -> int:
    earlier = (
        session.scalar(
            select(func.count())
            .select_from(Issue)
            .where(
                Issue.order_id == issue.order_id,
                Issue.category == issue.category,
                Issue.id != issue.id,
                Issue.found_at <= issue.found_at,
                Issue.state != "rejected",
            )
        )
        if issue.order_id
        else 0
    )
    return int(earlier or 0) + issue.reopened
