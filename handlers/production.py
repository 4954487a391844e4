"""Owns the making of one order line (P07): schedule, reports, inspections, bad pieces."""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from handlers.beside import Fact, fact, line_name, order_facts, order_of, said
from jiedan import Context, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext
from jiedan.desk import line_work, orders, production
from jiedan.desk.production import ProductionFacts

KINDS = {
    "inspect_material": "IQC",
    "inspect_process": "IPQC",
    "inspect_production": "FQC",
}
"""Which inspection an element of the diagram is."""


@handler("production.create")
def create(context: Context, order_id: str, line: int) -> dict[str, Any]:
    """Open the production order, or take up the one that runs."""
    found = production.create_production(context.work, order_id=order_id, seq=line)
    return {"production_id": found.production_id, "production_no": found.number}


@handler("production.replan")
def replan(context: Context, order_id: str, line: int) -> dict[str, Any]:
    """The order was changed: make what is wanted now; old forms are void with their tasks."""
    found = production.replan_production(context.work, order_id=order_id, seq=line)
    return {"production_id": found.production_id}


@handler("production.load_schedule")
def load_schedule(context: Context, order_id: str, line: int, production_id: str) -> dict[str, Any]:
    """From now on until the promised day."""
    order = order_of(context, order_id)
    day = order.promised_date or order.delivery_date
    end = datetime.combine(day, time(18), SHANGHAI) if day else None
    return {
        "values": {
            "plan_start": context.now.astimezone(SHANGHAI).isoformat(timespec="minutes"),
            "plan_end": end.isoformat() if end and end > context.now else None,
            "material_ok": False,
        },
        "facts": _facts(context, order_id, line, production_id),
    }


@handler("production.schedule")
def schedule(context: Context, answer: dict[str, Any], production_id: str) -> dict[str, Any]:
    """Release the production order."""
    production.schedule_production(
        context.work,
        production_id=production_id,
        plan_start=answer["plan_start"],
        plan_end=answer["plan_end"],
        workline=answer["line"],
        capacity_hours=answer["capacity_hours"],
    )
    return {}


@handler("production.load_report")
def load_report(context: Context, order_id: str, line: int, production_id: str) -> dict[str, Any]:
    """What was reported before; all of it made, as a proposal."""
    found = _found(context, production_id)
    return {
        "values": {
            "qty_plan": said(found.qty),
            "qty_done": said(found.qty),
            "progress_pct": 100,
        },
        "facts": _facts(context, order_id, line, production_id),
    }


@handler("production.report")
def report(context: Context, answer: dict[str, Any], production_id: str) -> dict[str, Any]:
    """Keep the report."""
    production.report_production(
        context.work,
        production_id=production_id,
        qty_done=answer["qty_done"],
        progress_pct=int(answer["progress_pct"]),
        downtime_h=answer.get("downtime_h"),
        note=answer.get("note"),
    )
    return {}


@handler("production.load_inspection")
def load_inspection(
    context: Context, order_id: str, line: int, production_id: str
) -> dict[str, Any]:
    """How many pieces the sampling table asks for."""
    needed = _sample(context, _found(context, production_id))
    counted = {"qty_bad": "0"} if KINDS[context.element_id] == "FQC" else {}
    return {
        "values": {"sample_needed": needed, "sample_size": needed, **counted},
        "facts": _facts(context, order_id, line, production_id),
    }


@handler("production.inspect")
def inspect(
    context: Context, answer: dict[str, Any], outcome: str, production_id: str
) -> dict[str, Any]:
    """Keep what quality found; whoever made the goods does not inspect them (SOD-6)."""
    production.record_inspection(
        context.work,
        production_id=production_id,
        kind=KINDS[context.element_id],
        sample_size=int(answer["sample_size"]),
        needed_sample=_sample(context, _found(context, production_id)),
        result=outcome,
        defects=answer.get("defects") or (),
        measurements=answer.get("measurements") or (),
        qty_bad=answer.get("qty_bad"),
        step=answer.get("step"),
        note=answer.get("note"),
    )
    return {}


@handler("quality.gate")
def gate(context: Context, production_id: str) -> dict[str, Any]:
    """Only what the final inspection passed is taken in; outcome done or bad."""
    found = production.take_in(context.work, production_id=production_id)
    return {"outcome": "done" if found.state == "done" else "bad" if found.lot > 0 else "more"}


@handler("production.load_review")
def load_review(context: Context, order_id: str, line: int, production_id: str) -> dict[str, Any]:
    """The bad pieces and what quality wrote."""
    found = _found(context, production_id)
    return {
        "values": {"qty": said(found.lot)},
        "facts": _facts(context, order_id, line, production_id),
    }


@handler("production.review")
def review(context: Context, answer: dict[str, Any], production_id: str) -> dict[str, Any]:
    """Decide on the bad pieces."""
    found = production.decide_nonconformity(
        context.work,
        production_id=production_id,
        decision=answer["decision"],
        cause=answer["cause"],
    )
    return {
        "nonconformity": "failed" if found.state == "failed" else answer["decision"],
        "nonconformity_by": context.actor.login,
        "nonconformity_cause": answer["cause"],
    }


@handler("production.load_concession")
def load_concession(
    context: Context,
    order_id: str,
    line: int,
    production_id: str,
    nonconformity_cause: str | None = None,
) -> dict[str, Any]:
    """What the customer is asked to accept."""
    return {
        "values": {},
        "facts": [
            *_facts(context, order_id, line, production_id),
            fact(gettext("Cause"), nonconformity_cause),
        ],
    }


@handler("production.save_concession")
def save_concession(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Keep the customer's answer."""
    orders.log_contact(
        context.work,
        order_id=order_id,
        purpose="concession",
        way="internal",
        result=f"{outcome}: {answer['evidence']}",
    )
    return {}


@handler("production.accept_concession")
def accept_concession(context: Context, production_id: str) -> dict[str, Any]:
    """Take in what was accepted as it is."""
    found = production.accept_concession(context.work, production_id=production_id)
    return {"outcome": "done" if found.state == "done" else "more"}


@handler("production.fail")
def fail(context: Context, order_id: str, line: int) -> dict[str, Any]:
    """The owner hears that a line cannot be made as planned; a shortage is reported next."""
    order = order_of(context, order_id)
    context.notify(
        logins=[login for login in [order.owner] if login],
        roles=["PM"],
        kind="warning",
        msgid="Line %(line)s of %(order_no)s could not be made.",
        line=str(line),
        order_no=order.number or "",
    )
    return {}


def _found(context: Context, production_id: str) -> ProductionFacts:
    return production.production_facts(context.work.session, production_id=production_id)


def _sample(context: Context, found: ProductionFacts) -> int:
    """Decision D22 over the lot; the incoming and in-process lots are the whole order."""
    lot = found.lot if KINDS.get(context.element_id) == "FQC" else found.qty
    size = int(Decimal(str(context.decide("sampling", lot=lot).value)))
    return min(size, int(lot)) or 1


def _facts(context: Context, order_id: str, line: int, production_id: str) -> list[Fact]:
    row = line_work.line_of(order_of(context, order_id), line)
    found = _found(context, production_id)
    inspected = [
        fact(kind, f"{said(seen.result)} · {said(seen.note)}")
        for kind in ("IQC", "IPQC", "FQC")
        if (
            seen := production.latest_inspection(
                context.work.session, production_id=production_id, kind=kind
            )
        )
    ]
    return [
        *order_facts(context, order_id),
        fact(gettext("Production order"), found.number),
        fact(f"{row.seq}. {row.sku}", f"{line_name(row)} × {said(found.qty)}"),
        fact(gettext("Specification"), row.spec),
        fact(gettext("Made so far"), said(found.qty_done)),
        fact(gettext("Passed"), said(found.qty_good)),
        *inspected,
    ]
