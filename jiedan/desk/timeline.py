"""When an order reached which stage, and how long each took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.desk.tables import OrderStage
from jiedan.desk.values import Ref, Result, as_id

# The milestones of an order's life as people see them, and the states that mean one is reached.
STEPS: tuple[tuple[str, frozenset[str]], ...] = (
    ("intake", frozenset({"draft"})),
    ("review", frozenset({"submitted", "in_review"})),
    ("approved", frozenset({"approved"})),
    ("execution", frozenset({"allocated", "planned", "in_execution"})),
    ("ready", frozenset({"ready"})),
    ("delivered", frozenset({"partially_delivered", "delivered"})),
    ("accepted", frozenset({"accepted"})),
    ("settled", frozenset({"settled"})),
    ("closed", frozenset({"closed"})),
)


@dataclass(frozen=True, slots=True)
class Stage(Result):
    """A state that an order entered; ``seconds`` is how long it stayed, None while it does."""

    state: str
    before: str | None
    at: datetime
    by: str
    reason: str | None
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Step(Result):
    """A step of the order's life: done, current, or ahead; ``at`` is when it was first reached."""

    code: str
    at: datetime | None
    status: str


def order_timeline(session: Session, *, order_id: Ref) -> list[Stage]:
    """Every state the order was in, oldest first."""
    rows = list(
        session.scalars(
            select(OrderStage)
            .where(OrderStage.order_id == as_id(order_id))
            .order_by(OrderStage.seq)
        )
    )
    ends: list[datetime | None] = [*(row.at for row in rows[1:]), None]
    return [
        Stage(row.state, row.before, row.at, row.by, row.reason, _seconds(row.at, end))
        for row, end in zip(rows, ends, strict=True)
    ]


def progress_steps(stages: Sequence[Stage]) -> list[Step]:
    """The steps for the progress bar of an order's page, from its timeline."""
    times: dict[str, datetime] = {}
    for stage in stages:
        times.setdefault(stage.state, stage.at)
    present = stages[-1].state if stages else "draft"
    reached = [
        index for index, (_, states) in enumerate(STEPS) if any(state in times for state in states)
    ]
    last = max(reached, default=0)
    found = []
    for index, (code, states) in enumerate(STEPS):
        at = min((times[state] for state in states if state in times), default=None)
        current = index == last and present != "closed"
        status = "current" if current else "done" if index <= last else "ahead"
        found.append(Step(code, at, status))
    return found


def _seconds(start: datetime, end: datetime | None) -> int | None:
    return int((end - start) / timedelta(seconds=1)) if end else None
