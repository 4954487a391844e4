"""The numbers of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from jiedan.core.clock import SHANGHAI
from jiedan.desk.order_list import is_late
from jiedan.desk.states import FINAL
from jiedan.desk.tables import Invoice, Issue, Order, OrderStage, Payment, Shipment
from jiedan.desk.values import Result, shanghai_date

CHART_DAYS = 30


@dataclass(frozen=True, slots=True)
class DayNumbers(Result):
    """What the dashboard shows; amounts in fen, the day in Shanghai."""

    day: date
    by_state: dict[str, int]
    by_channel: dict[str, int]
    open_orders: int
    opened_today: int
    submitted_today: int
    submitted_today_fen: int
    approved_today: int
    delivered_today: int
    closed_today: int
    received_today_fen: int
    late_orders: int
    held_orders: int
    in_transit: int
    open_issues: int
    overdue_invoices: int
    overdue_fen: int
    receivable_fen: int
    order_book_fen: int


def day_numbers(session: Session, *, now: datetime, owner: str | None = None) -> DayNumbers:
    """The numbers of the day in Shanghai, for everybody or for one sales person's orders."""
    today = shanghai_date(now)
    start = datetime.combine(today, time(), SHANGHAI)
    mine = [Order.owner == owner] if owner else []
    by_state: dict[str, int] = dict(
        session.execute(select(Order.state, func.count()).where(*mine).group_by(Order.state)).all()
    )
    by_channel: dict[str, int] = dict(
        session.execute(
            select(Order.channel, func.count()).where(*mine).group_by(Order.channel)
        ).all()
    )
    final = [state.value for state in FINAL]
    entered = _entered_since(session, start, mine)
    owed, overdue, overdue_fen = _receivables(session, today, owner)
    return DayNumbers(
        day=today,
        by_state=by_state,
        by_channel=by_channel,
        open_orders=sum(n for state, n in by_state.items() if state not in final),
        opened_today=entered.get("draft", (0, 0))[0],
        submitted_today=entered.get("submitted", (0, 0))[0],
        submitted_today_fen=entered.get("submitted", (0, 0))[1],
        approved_today=entered.get("approved", (0, 0))[0],
        delivered_today=entered.get("delivered", (0, 0))[0],
        closed_today=entered.get("closed", (0, 0))[0],
        received_today_fen=_sum(session, Payment.amount_fen, Payment.received_at >= start),
        late_orders=_count(session, Order, is_late(today), *mine),
        held_orders=_count(session, Order, Order.held.is_(True), *mine),
        in_transit=_count(session, Shipment, Shipment.state == "in_transit"),
        open_issues=_count(session, Issue, Issue.state.not_in(["closed", "rejected"])),
        overdue_invoices=overdue,
        overdue_fen=overdue_fen,
        receivable_fen=owed,
        order_book_fen=_sum(session, Order.total_fen, Order.state.not_in(final), *mine),
    )


def daily_intake(
    session: Session, *, now: datetime, days: int = CHART_DAYS
) -> list[dict[str, Any]]:
    """Orders handed in per day and channel for the last days, days without any included."""
    today = shanghai_date(now)
    first = today - timedelta(days=days - 1)
    rows = session.execute(
        select(OrderStage.at, Order.channel, Order.total_fen)
        .join(Order, Order.id == OrderStage.order_id)
        .where(
            OrderStage.state == "submitted",
            OrderStage.at >= datetime.combine(first, time(), SHANGHAI),
        )
    )
    found = {
        first + timedelta(days=offset): {"sales": 0, "netease": 0, "amount_fen": 0}
        for offset in range(days)
    }
    for at, channel, amount in rows:
        counts = found.get(shanghai_date(at))
        if counts is not None:
            counts[channel] += 1
            counts["amount_fen"] += amount
    return [{"day": day, **counts} for day, counts in found.items()]


def _entered_since(
    session: Session, start: datetime, mine: list[Any]
) -> dict[str, tuple[int, int]]:
    rows = session.execute(
        select(
            OrderStage.state,
            func.count(OrderStage.order_id.distinct()),
            func.sum(Order.total_fen),
        )
        .join(Order, Order.id == OrderStage.order_id)
        .where(OrderStage.at >= start, *mine)
        .group_by(OrderStage.state)
    )
    return {state: (count, int(amount or 0)) for state, count, amount in rows}


def _receivables(session: Session, today: date, owner: str | None) -> tuple[int, int, int]:
    owed = Invoice.amount_fen - Invoice.paid_fen
    late = Invoice.due_on < today
    query = select(
        func.sum(owed), func.sum(case((late, 1), else_=0)), func.sum(case((late, owed), else_=0))
    ).where(Invoice.state == "issued")
    if owner:
        query = query.join(Order, Order.id == Invoice.order_id).where(Order.owner == owner)
    total, count, amount = session.execute(query).one()
    return int(total or 0), int(count or 0), int(amount or 0)


def _count(session: Session, kind: Any, *where: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(kind).where(*where)) or 0)


def _sum(session: Session, column: Any, *where: Any) -> int:
    return int(session.scalar(select(func.sum(column)).where(*where)) or 0)
