"""Who carries out an order and by when; how far it has come (T06.1, T06.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Allocation, Milestone, Order
from jiedan.desk.values import ZERO, Problems, Ref, Result, add, as_id, clean, hundredths, touch

SHORTEST_REQUIREMENT = 10


@dataclass(frozen=True, slots=True)
class Allocated(Result):
    """An order was given to its departments."""

    order_id: str
    departments: list[str]
    responsible: list[str]
    milestones: list[dict[str, Any]]
    overridden: bool


@dataclass(frozen=True, slots=True)
class Progress(Result):
    """How far an order has come; ``lag_pct`` is how far it is behind its plan."""

    order_id: str
    progress_pct: Decimal
    expected_pct: Decimal
    lag_pct: Decimal
    late: list[str]
    next_due: datetime | None
    all_reached: bool


def allocate_order(
    work: Work,
    *,
    order_id: Ref,
    assignments: Sequence[Mapping[str, Any]],
    warehouse: str | None = None,
    proposal: Mapping[str, Any] | None = None,
    override_reason: str | None = None,
) -> Allocated:
    """Give an order to departments: ``{dept, responsible, requirement, milestones}``.

    Each needs a requirement of at least 10 characters and a milestone ``{name, due, key}`` that
    is due by the promised day (SPEC S2.4.2). Another department than ``proposal["dept"]`` needs
    an ``override_reason``. An earlier allocation is replaced; reached milestones stay.
    """
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    rows = _checked(order, assignments, problems)
    wanted = clean((proposal or {}).get("dept"))
    overridden = bool(wanted) and wanted not in [row["dept"] for row in rows]
    reason = problems.text("override_reason", override_reason, longest=500, needed=overridden)
    problems.raise_as(InvalidRecord)
    _replace(work, order)
    milestones = []
    for row in rows:
        allocation = add(
            work,
            Allocation(
                order_id=order.id,
                department=row["dept"],
                responsible=row["responsible"],
                requirement=row["requirement"],
                proposal=dict(proposal or {}),
                override_reason=reason,
            ),
        )
        for name, due, key in row["milestones"]:
            milestone = add(
                work,
                Milestone(
                    order_id=order.id,
                    allocation_id=allocation.id,
                    name=name,
                    due_at=due,
                    planned_at=work.now,
                    is_key=key,
                ),
            )
            milestones.append({"milestone_id": str(milestone.id), "name": name, "due": due})
    order.department = rows[0]["dept"]
    order.warehouse = warehouse or (proposal or {}).get("warehouse") or order.warehouse
    touch(work, order)
    audit.record(
        work,
        action="order.allocate",
        entity=f"order:{order.id}",
        after={"departments": [row["dept"] for row in rows], "override_reason": reason},
    )
    return Allocated(
        str(order.id),
        [row["dept"] for row in rows],
        [row["responsible"] for row in rows],
        milestones,
        overridden,
    )


def reach_milestone(work: Work, *, milestone_id: Ref, at: Any = None) -> Progress:
    """Note that a milestone was reached."""
    row = get_row(work.session, Milestone, milestone_id)
    problems = Problems()
    moment = problems.moment("at", at) if at else work.now
    problems.raise_as(InvalidRecord)
    row.reached_at = row.reached_at or moment
    row.reached_by = row.reached_by or work.actor.login
    touch(work, row)
    work.session.flush()
    return order_progress(work.session, order_id=row.order_id, now=work.now)


def reach_milestones(work: Work, *, order_id: Ref) -> Progress:
    """Note that every milestone of an order was reached; its execution is complete."""
    rows = list_milestones(work.session, order_id=order_id)
    for row in rows:
        if row.reached_at is None:
            row.reached_at, row.reached_by = work.now, work.actor.login
            touch(work, row)
    work.session.flush()
    return progress_of(order_id, rows, work.now)


def order_progress(session: Session, *, order_id: Ref, now: datetime) -> Progress:
    """Milestones reached against milestones that should be reached by now; key ones weigh double.

    Between two milestones the plan is taken as a straight line from its making to its end.
    """
    return progress_of(order_id, list_milestones(session, order_id=order_id), now)


def progress_of(order_id: Ref, rows: Sequence[Milestone], now: datetime) -> Progress:
    """The same for milestones that are loaded."""
    total = sum(_weight(row) for row in rows)
    if total == 0:
        return Progress(str(order_id), Decimal(0), Decimal(0), Decimal(0), [], None, False)
    reached = sum(_weight(row) for row in rows if row.reached_at is not None)
    expected = sum((_weight(row) * _elapsed(row, now) for row in rows), ZERO)
    progress = hundredths(Decimal(reached) * 100 / total)
    plan = hundredths(expected * 100 / total)
    open_rows = [row for row in rows if row.reached_at is None]
    return Progress(
        str(order_id),
        progress,
        plan,
        max(plan - progress, Decimal(0)),
        [row.name for row in open_rows if row.due_at < now],
        min((row.due_at for row in open_rows), default=None),
        not open_rows,
    )


def recover_lag(
    work: Work, *, milestone_id: Ref, cause: str, measures: str, new_eta: Any
) -> Progress:
    """Keep why a milestone is late and how it will be caught up (T06.9, SPEC N3.4.3)."""
    row = get_row(work.session, Milestone, milestone_id)
    problems = Problems()
    why = problems.text("cause", cause, longest=1000, needed=True)
    how = problems.text("measures", measures, longest=2000, shortest=10)
    due = problems.moment("new_eta", new_eta)
    if due and due <= work.now:
        problems.add("new_eta", lazy("This lies in the past."))
    problems.raise_as(InvalidRecord)
    before = row.due_at
    row.cause, row.catch_up = why, how
    row.due_at = due or before
    touch(work, row)
    audit.record(
        work,
        action="milestone.recover",
        entity=f"order:{row.order_id}",
        before={"due": before.isoformat()},
        after={"due": row.due_at.isoformat(), "cause": why},
    )
    return order_progress(work.session, order_id=row.order_id, now=work.now)


def list_milestones(session: Session, *, order_id: Ref) -> Sequence[Milestone]:
    """The milestones of an order by due date."""
    return session.scalars(
        select(Milestone)
        .where(Milestone.order_id == as_id(order_id))
        .order_by(Milestone.due_at, Milestone.name)
    ).all()


def milestone_facts(row: Milestone) -> dict[str, Any]:
    """A milestone as pages show it."""
    return {
        "milestone_id": str(row.id),
        "name": row.name,
        "due": row.due_at,
        "key": row.is_key,
        "reached_at": row.reached_at,
    }


def _checked(
    order: Order, assignments: Sequence[Mapping[str, Any]], problems: Problems
) -> list[dict[str, Any]]:
    if not assignments:
        problems.add("assignments", lazy("Please fill this in."))
    latest = (
        datetime.combine(order.promised_date, time.max, SHANGHAI) if order.promised_date else None
    )
    rows = []
    for index, given in enumerate(assignments):
        path = f"assignments[{index}]"
        milestones = []
        for place, item in enumerate(given.get("milestones") or []):
            at = f"{path}.milestones[{place}]"
            name = problems.text(f"{at}.name", item.get("name"), longest=80, needed=True)
            due = problems.moment(f"{at}.due", item.get("due"))
            if due and latest and due > latest:
                problems.add(f"{at}.due", lazy("This is later than the promised date."))
            milestones.append((name, due, item.get("key") is True))
        if not milestones:
            problems.add(f"{path}.milestones", lazy("At least one milestone is needed."))
        rows.append(
            {
                "dept": problems.text(f"{path}.dept", given.get("dept"), longest=60, needed=True),
                "responsible": problems.text(
                    f"{path}.responsible", given.get("responsible"), longest=60, needed=True
                ),
                "requirement": problems.text(
                    f"{path}.requirement",
                    given.get("requirement"),
                    longest=2000,
                    shortest=SHORTEST_REQUIREMENT,
                ),
                "milestones": milestones,
            }
        )
    return rows


def _replace(work: Work, order: Order) -> None:
    rows = work.session.scalars(
        select(Allocation).where(Allocation.order_id == order.id, Allocation.state == "active")
    )
    for row in rows:
        row.state = "replaced"
        touch(work, row)
    for milestone in list_milestones(work.session, order_id=order.id):
        if milestone.reached_at is None:
            work.session.delete(milestone)
    work.session.flush()


def _weight(row: Milestone) -> int:
    return 2 if row.is_key else 1


def _elapsed(row: Milestone, now: datetime) -> Decimal:
    if now >= row.due_at:
        return Decimal(1)
    span = (row.due_at - row.planned_at).total_seconds()
    gone = (now - row.planned_at).total_seconds()
    return Decimal(0) if span <= 0 or gone <= 0 else Decimal(gone) / Decimal(span)
