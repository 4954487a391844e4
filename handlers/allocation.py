"""Owns who carries an order out: the proposal of decision D08, and the allocation (T06.1)."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import select

from handlers.beside import fact, line_facts, order_facts, order_of
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import allocation, states
from jiedan.desk.regions import region_of
from jiedan.desk.tables import Allocation, Order

EARLIER = 1
"""Working days between the end of the work and the promised date."""


@handler("alloc.propose")
def propose(context: Context, order_id: str) -> dict[str, Any]:
    """Ask D08, once per kind of product, which department should act and from which warehouse."""
    order = order_of(context, order_id)
    proposals: list[dict[str, Any]] = []
    for kind in dict.fromkeys(line.fulfil for line in order.lines):
        found = context.decide(
            "allocation",
            product_type=kind,
            region=region_of(order.province),
            channel=order.channel,
        ).value
        if found["dept"] not in {one["dept"] for one in proposals}:
            proposals.append({**found, "kind": kind})
    return {
        "proposals": proposals,
        "has_mto": any(line.fulfil == "mto" for line in order.lines),
        "has_service": any(line.fulfil == "service" for line in order.lines),
        "alloc_role": "BM" if order.channel == "netease" else "SR",
    }


@handler("alloc.load")
def load(context: Context, order_id: str, proposals: list[dict[str, Any]]) -> dict[str, Any]:
    """Fill the form with the proposal, and with whoever last did this for the department."""
    order = order_of(context, order_id)
    due = work_end(context, order)
    rows = [
        {
            "dept": one["dept"],
            "responsible": _last_responsible(context, one["dept"]),
            "milestone": _milestone(one["kind"]),
            "milestone_due": due.isoformat(),
            "requirement": _requirement(order, one["kind"]),
            "key": False,
        }
        for one in proposals
    ]
    shown = [
        fact(
            gettext("Proposal"),
            " / ".join(part for part in (one["dept"], one.get("warehouse")) if part),
        )
        for one in proposals
    ]
    return {
        "values": {"assignments": rows},
        "facts": [*order_facts(context, order_id), *line_facts(order), *shown],
    }


@handler("alloc.save")
def save(
    context: Context,
    answer: dict[str, Any],
    order_id: str,
    proposals: list[dict[str, Any]],
) -> dict[str, Any]:
    """Allocate the order; whoever departs from the proposal says why."""
    assignments = [
        {
            "dept": row["dept"],
            "responsible": row["responsible"],
            "requirement": row["requirement"],
            "milestones": [
                {"name": row["milestone"], "due": row["milestone_due"], "key": bool(row.get("key"))}
            ],
        }
        for row in answer["assignments"]
    ]
    assignments[0]["milestones"] += [
        {"name": more["name"], "due": more["due"], "key": bool(more.get("key"))}
        for more in answer.get("more_milestones") or []
    ]
    chosen = {row["dept"] for row in answer["assignments"]}
    if chosen != {one["dept"] for one in proposals} and not answer.get("override_reason"):
        raise InvalidAnswer({"override_reason": lazy("You depart from the proposal: say why.")})
    warehouse = next((one["warehouse"] for one in proposals if one.get("warehouse")), None)
    allocation.allocate_order(
        context.work,
        order_id=order_id,
        assignments=assignments,
        warehouse=warehouse,
        proposal=proposals[0],
        override_reason=answer.get("override_reason"),
    )
    states.set_state(context.work, order_id=order_id, to=states.S.ALLOCATED)
    context.notify(
        logins=[row["responsible"] for row in answer["assignments"]],
        msgid="Order %(order_no)s was allocated to you.",
        order_no=order_of(context, order_id).number or "",
    )
    return {"responsible": answer["assignments"][0]["responsible"], "warehouse": warehouse}


def work_end(context: Context, order: Order) -> datetime:
    """When the work on an order has to be done: a working day before it is promised."""
    calendar = context.work.platform.calendar
    promised = order.promised_date or order.delivery_date
    if promised is None:
        return calendar.deadline(context.now, 5, "wd")
    evening = datetime.combine(promised, time(18), SHANGHAI)
    earlier = calendar.deadline_before(evening, EARLIER * 8, "wh")
    return max(earlier, min(calendar.deadline(context.now, 8, "wh"), evening))


def _milestone(kind: str) -> str:
    return {
        "stock": gettext("Goods picked"),
        "mto": gettext("Production finished"),
        "service": gettext("Service done"),
        "electronic": gettext("Files ready"),
    }.get(kind, gettext("Work done"))


def _requirement(order: Order, kind: str) -> str:
    wanted = ", ".join(
        f"{line.sku} × {line.qty.normalize():f}" for line in order.lines if line.fulfil == kind
    )
    return gettext("As ordered: %(wanted)s. Promised for %(date)s.") % {
        "wanted": wanted,
        "date": order.promised_date or order.delivery_date,
    }


def _last_responsible(context: Context, department: str) -> str | None:
    """Who was responsible the last time this department had an order."""
    found: str | None = context.work.session.scalar(
        select(Allocation.responsible)
        .where(Allocation.department == department)
        .order_by(Allocation.created_at.desc())
        .limit(1)
    )
    return found
