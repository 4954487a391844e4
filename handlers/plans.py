"""Owns work plans and what to do when something is short (T06.2-T06.6)."""

from typing import Any

from handlers.allocation import work_end
from handlers.beside import (
    Fact,
    fact,
    line_facts,
    line_name,
    order_facts,
    order_of,
    person_fact,
    said,
    yuan,
)
from handlers.names import CHOICES, called
from handlers.resources import open_lines, short_lines
from jiedan import Context, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import plans, shortfalls, states
from jiedan.desk.plans import PlanFacts
from jiedan.desk.tables import Order


@handler("plans.load")
def load(context: Context, order_id: str, responsible: str | None = None) -> dict[str, Any]:
    """The last plan to go on from, or a plain one: fetch or make, check, hand over."""
    order = order_of(context, order_id)
    last = plans.plan_values(context.work.session, order_id=order_id)
    values = (
        {
            "steps": [_unnumbered(step) for step in last.steps],
            "human": last.human,
            "material": last.material,
            "budget": last.budget,
        }
        if last
        else {"steps": _plain_steps(context, order, responsible)}
    )
    return {"values": values, "facts": [*order_facts(context, order_id), *line_facts(order)]}


@handler("plans.submit")
def submit(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Hand the plan in."""
    plans.submit_plan(
        context.work,
        order_id=order_id,
        steps=[{**step, "seq": number} for number, step in enumerate(answer["steps"], 1)],
        human=answer.get("human") or [],
        material=answer.get("material") or [],
        budget=answer.get("budget") or [],
    )
    return {"plan_author": context.actor.login}


@handler("plans.load_review")
def load_review(context: Context, order_id: str, plan_author: str | None = None) -> dict[str, Any]:
    """The plan as its reviewer reads it."""
    plan = plans.plan_values(context.work.session, order_id=order_id)
    return {
        "values": {},
        "facts": [
            *order_facts(context, order_id),
            person_fact(gettext("Author"), plan_author),
            *(_plan_facts(plan) if plan else []),
        ],
    }


@handler("plans.decide")
def decide(context: Context, answer: dict[str, Any], outcome: str, order_id: str) -> dict[str, Any]:
    """Approve the plan or send it back."""
    plans.decide_plan(
        context.work, order_id=order_id, decision=outcome, reason=answer.get("reason")
    )
    if outcome == "approve":
        states.set_state(context.work, order_id=order_id, to=states.S.PLANNED)
    return {}


@handler("plans.load_shortage")
def load_shortage(context: Context, order_id: str) -> dict[str, Any]:
    """What is short, in words to begin with."""
    order = order_of(context, order_id)
    gaps = _gaps(order)
    return {
        "values": {"kind": "material", "gap": "\n".join(gaps), "impact_days": 1},
        "facts": [*order_facts(context, order_id), *_gap_facts(order)],
    }


@handler("plans.report_shortage")
def report_shortage(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Keep the report for whoever decides."""
    found = plans.report_shortage(
        context.work,
        order_id=order_id,
        kind=answer["kind"],
        gap=answer["gap"],
        impact_days=answer["impact_days"],
        proposal=answer["proposal"],
    )
    return {"shortage_id": found.shortage_id}


@handler("plans.load_shortage_decision")
def load_shortage_decision(context: Context, order_id: str, shortage_id: str) -> dict[str, Any]:
    """The report."""
    return {
        "values": {},
        "facts": [*order_facts(context, order_id), *_shortage_facts(context, shortage_id)],
    }


@handler("plans.decide_shortage")
def decide_shortage(
    context: Context, answer: dict[str, Any], order_id: str, shortage_id: str
) -> dict[str, Any]:
    """Decide what to do about it; later or less also needs the customer."""
    plans.decide_shortage(
        context.work,
        shortage_id=shortage_id,
        choice=answer["choice"],
        new_date=answer.get("new_date"),
        cost_fen=answer.get("cost"),
        note=answer["note"],
    )
    return {"choice": answer["choice"], "new_date": answer.get("new_date")}


@handler("plans.load_consent")
def load_consent(
    context: Context, order_id: str, shortage_id: str, new_date: str | None = None
) -> dict[str, Any]:
    """What the customer is asked."""
    return {
        "values": {"new_promise": new_date},
        "facts": [*order_facts(context, order_id), *_shortage_facts(context, shortage_id)],
    }


@handler("plans.record_consent")
def record_consent(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    shortage_id: str,
    choice: str,
) -> dict[str, Any]:
    """Keep the customer's answer; a yes moves the promised date or cuts the quantity."""
    plans.record_consent(
        context.work,
        shortage_id=shortage_id,
        answer=outcome,
        new_promise=answer.get("new_promise"),
        evidence=answer["evidence"],
    )
    if outcome == "agree" and choice == "partial":
        shortfalls.drop_unreserved(
            context.work, order_id=order_id, reason=lazy("Delivered in part as agreed")
        )
    return {}


def _unnumbered(step: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name != "seq"}


def _plain_steps(context: Context, order: Order, responsible: str | None) -> list[dict[str, Any]]:
    begin = context.now.astimezone(SHANGHAI)
    end = max(work_end(context, order), context.now).astimezone(SHANGHAI)
    kinds = {line.fulfil for line in order.lines}
    names = {
        "stock": gettext("Pick the goods"),
        "mto": gettext("Make the goods"),
        "service": gettext("Perform the service"),
        "electronic": gettext("Prepare the files"),
    }
    steps = [names[kind] for kind in names if kind in kinds] + [gettext("Check before delivery")]
    return [
        {
            "name": name,
            "owner": responsible,
            "start": begin.date().isoformat(),
            "end": end.date().isoformat(),
        }
        for name in steps
    ]


def _plan_facts(plan: PlanFacts) -> list[Fact]:
    steps = [
        fact(
            f"{number}. {step['name']}",
            f"{said(step['start'])} – {said(step['end'])}",
            by=step["owner"],
        )
        for number, step in enumerate(plan.steps, 1)
    ]
    people = [
        fact(gettext("Person"), f"{row['skill']}, {row['days']}", by=row["person"])
        for row in plan.human
    ]
    material = [
        fact(gettext("Material"), f"{row['sku']} × {row['qty']}, {row['need_date']}")
        for row in plan.material
    ]
    budget = [yuan(row["item"], row["amount"]) for row in plan.budget]
    return [*steps, *people, *material, *budget]


def _gaps(order: Order) -> list[str]:
    unmade = [
        (line, line.qty - line.qty_cancelled - line.qty_produced)
        for line in open_lines(order, "mto")
    ]
    short = [*short_lines(order), *unmade]
    return [f"{line.sku} {line_name(line)}: {said(qty)}" for line, qty in short]


def _gap_facts(order: Order) -> list[Fact]:
    return [fact(gettext("Short"), gap) for gap in _gaps(order)]


def _shortage_facts(context: Context, shortage_id: str) -> list[Fact]:
    found = plans.shortage_facts(context.work.session, shortage_id=shortage_id)
    return [
        fact(gettext("What is missing"), found.gap),
        fact(gettext("Days lost"), found.impact_days),
        fact(gettext("Proposal"), found.proposal),
        fact(gettext("Decision"), called(CHOICES, found.choice)),
        fact(gettext("New date"), found.new_date),
    ]
