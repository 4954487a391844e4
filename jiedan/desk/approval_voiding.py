"""Making approvals worthless when the order they were given for has changed (SPEC P04)."""

from __future__ import annotations

from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.work import Work
from jiedan.desk.tables import Approval, Condition
from jiedan.desk.values import Ref, as_id, touch


def void_approvals(work: Work, *, order_id: Ref, reason: str) -> list[str]:
    """Void every pending or granted approval of an order; returns their ids.

    Conditions that came with them are dropped unless they are met already.
    """
    rows = work.session.scalars(
        select(Approval).where(
            Approval.order_id == as_id(order_id), Approval.state.in_(["pending", "granted"])
        )
    ).all()
    for approval in rows:
        approval.state = "void"
        approval.state_reason = reason
        touch(work, approval)
        open_conditions = work.session.scalars(
            select(Condition).where(
                Condition.approval_id == approval.id, Condition.met_at.is_(None)
            )
        )
        for condition in open_conditions.all():
            work.session.delete(condition)
        audit.record(
            work,
            action="approval.void",
            entity=f"order:{approval.order_id}",
            after={"approval": str(approval.id), "reason": reason},
        )
    work.session.flush()
    return [str(row.id) for row in rows]
