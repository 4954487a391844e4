"""Owns noticing that an order falls behind, and catching up (T06.9)."""

from datetime import timedelta
from typing import Any

from handlers.beside import Fact, fact, order_facts, order_of, said
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import allocation, orders
from jiedan.desk.tables import Milestone


@handler("tracking.detect_lag")
def detect_lag(context: Context, order_id: str, responsible: str | None = None) -> dict[str, Any]:
    """Late when milestones are overdue and progress lags by `milestone.lag_pct` (N3.4.3).

    Whoever is responsible is warned `milestone.warn_before` ahead of a milestone.
    """
    found = allocation.order_progress(context.work.session, order_id=order_id, now=context.now)
    limits = context.work.platform.parameters
    warn_before, unit = limits.limit("milestone.warn_before")
    horizon = context.work.platform.calendar.deadline(context.now, warn_before, unit)
    due = found.next_due
    if responsible and due is not None and context.now < due <= horizon:
        context.notify(
            logins=[responsible],
            kind="warning",
            msgid="A milestone of %(order_no)s is due soon.",
            order_no=order_of(context, order_id).number or "",
        )
    late = bool(found.late) and found.lag_pct >= limits.number("milestone.lag_pct")
    return {"is_late": late, "responsible": responsible, "promise_at_risk": False}


@handler("tracking.load_lag")
def load_lag(context: Context, order_id: str) -> dict[str, Any]:
    """The late milestones, and a day more as a proposal."""
    soon = (context.now + timedelta(days=1)).astimezone(SHANGHAI)
    return {
        "values": {"new_eta": soon.isoformat(timespec="minutes"), "affects_promise": False},
        "facts": [*order_facts(context, order_id), *_late_facts(context, order_id)],
    }


@handler("tracking.recover")
def recover(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Keep cause and measures at each late milestone; leaders hear of it."""
    late = _late(context, order_id)
    for row in late:
        allocation.recover_lag(
            context.work,
            milestone_id=row.id,
            cause=answer["cause"],
            measures=answer["measures"],
            new_eta=answer["new_eta"],
        )
    order = order_of(context, order_id)
    context.notify(
        logins=[login for login in [order.owner] if login],
        roles=["BM" if order.channel == "netease" else "SM"],
        kind="warning",
        msgid="%(order_no)s is behind its plan: %(measures)s",
        order_no=order.number or "",
        measures=answer["measures"],
    )
    return {"promise_at_risk": bool(answer.get("affects_promise"))}


@handler("tracking.load_consent")
def load_consent(context: Context, order_id: str) -> dict[str, Any]:
    """What the customer is asked."""
    return {
        "values": {},
        "facts": [*order_facts(context, order_id), *_late_facts(context, order_id)],
    }


@handler("tracking.record_consent")
def record_consent(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """The promised day moves only when the customer agreed (S2.4.9)."""
    orders.log_contact(
        context.work,
        order_id=order_id,
        purpose="later_date",
        way="internal",
        result=f"{outcome}: {answer['evidence']}",
    )
    if outcome == "agree":
        day = answer.get("new_promise")
        if not day:
            raise InvalidAnswer({"new_promise": lazy("Enter a date.")})
        orders.set_promised_date(
            context.work, order_id=order_id, promised_date=day, consent=answer["evidence"]
        )
    return {}


def _late(context: Context, order_id: str) -> list[Milestone]:
    rows = allocation.list_milestones(context.work.session, order_id=order_id)
    open_rows = [row for row in rows if row.reached_at is None]
    return [row for row in open_rows if row.due_at < context.now] or open_rows[:1]


def _late_facts(context: Context, order_id: str) -> list[Fact]:
    return [
        fact(gettext("Late: %(name)s", name=row.name), said(row.due_at))
        for row in _late(context, order_id)
    ]
