"""Owns complaints (P13); whoever is accused neither reads nor handles them (SOD-8)."""

from typing import Any

from handlers.beside import Fact, fact, person_fact, said, yuan
from handlers.calendar import until
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.desk import complaints, orders
from jiedan.desk.complaints import ComplaintFacts

RESPONSIBLE: dict[str, LazyText] = {
    "ours": lazy("ours"),
    "customer": lazy("the customer's"),
    "carrier": lazy("the carrier's"),
    "shared": lazy("shared"),
    "none": lazy("nobody's"),
}
STORY: dict[str, LazyText] = {
    "logged": lazy("Said to the customer"),
    "findings": lazy("Suggestion"),
    "plan": lazy("Offered"),
    "answer_agreed": lazy("The customer agreed"),
    "answer_rejected": lazy("The customer refused"),
    "answer_counter": lazy("The customer wants something else"),
    "answer_unreachable": lazy("The customer was not reached"),
    "mediated": lazy("Mediation"),
    "done": lazy("Done"),
}


@handler("complaint.begin")
def begin(
    context: Context,
    order_no: str | None = None,
    content: str | None = None,
    complainant: str | None = None,
    contact: str | None = None,
    category: str | None = None,
    issue_no: str | None = None,
) -> dict[str, Any]:
    """Know every variable from the start."""
    return {
        "order_no": order_no,
        "said": {
            "content": content,
            "complainant": complainant,
            "contact": contact,
            "category": category,
        },
        "channel": None,
        "grade": None,
        "order_id": None,
        "complaint_id": None,
        "complaint_roles": ["AM"],
        "money_fen": 0,
        "anonymous": False,
        "asked_by": None,
        "approval_outcome": None,
        "answer_state": None,
    }


@handler("complaint.load_log")
def load_log(context: Context, said: dict[str, Any], order_no: str | None = None) -> dict[str, Any]:
    """What a message brought; until when we promise an answer."""
    reply = until(context, "complaint.investigate").astimezone(SHANGHAI)
    return {
        "values": {**said, "order_no": order_no, "anonymous": False},
        "facts": [fact(gettext("Promise an answer by"), reply)],
    }


@handler("complaint.log")
def log(context: Context, answer: dict[str, Any], outcome: str) -> dict[str, Any]:
    """Write it down; a plain problem with an order goes on as an issue instead."""
    anonymous = bool(answer.get("anonymous"))
    found = complaints.log_complaint(
        context.work,
        content=answer["content"],
        category=answer["category"],
        anonymous=anonymous,
        complainant=answer.get("complainant"),
        contact=answer.get("contact"),
        order_no=answer.get("order_no"),
        accused=answer.get("accused"),
        demand=answer.get("demand"),
        soothing=answer["soothing_words"],
        promised_reply_at=until(context, "complaint.investigate"),
        due_at=until(context, "complaint.close"),
    )
    context.set_business_key(found.number)
    context.set_title(found.number, {})
    order = (
        orders.order_ref(context.work.session, order_id=found.order_id) if found.order_id else None
    )
    return {
        "complaint_id": found.complaint_id,
        "anonymous": anonymous,
        "order_id": found.order_id,
        "channel": order.channel if order else None,
    }


@handler("complaint.to_issue")
def to_issue(context: Context, complaint_id: str) -> dict[str, Any]:
    """Hand it over: the issue process looks after it from here."""
    found = complaints.complaint_facts(context.work.session, complaint_id=complaint_id)
    order = (
        orders.order_ref(context.work.session, order_id=found.order_id) if found.order_id else None
    )
    number = order.order_no if order else None
    if number:
        context.publish(
            "issue.reported",
            number,
            {
                "order_no": number,
                "description": found.content,
                "contact": found.contact or "—",
                "category": found.category,
                "source": "customer",
            },
            key=f"complaint:{found.number}",
        )
    complaints.transfer_complaint(context.work, complaint_id=complaint_id, issue_no=number or "—")
    return {"outcome": "transferred"}


@handler("complaint.route")
def route(context: Context, complaint_id: str) -> dict[str, Any]:
    """Decision D13: audit where somebody is accused, else the department it is about."""
    found = complaints.complaint_facts(context.work.session, complaint_id=complaint_id)
    target = context.decide(
        "issue_routing", category=found.category, accused_handles=found.accused is not None
    ).value
    complaints.begin_investigation(
        context.work, complaint_id=complaint_id, department=target["department"]
    )
    return {"complaint_roles": target["roles"].split(",")}


@handler("complaint.load")
def load(context: Context, complaint_id: str) -> dict[str, Any]:
    """The complaint and its story; not for the accused."""
    complaints.require_not_accused(context.work, complaint_id=complaint_id)
    found = complaints.complaint_facts(context.work.session, complaint_id=complaint_id)
    values: dict[str, Any] = {}
    if context.element_id == "plan_answer":
        values = {"plan": found.plan, "money": found.money_fen, "apology": found.apology}
    return {"values": values, "facts": _facts(context, found)}


@handler("complaint.investigate")
def investigate(context: Context, answer: dict[str, Any], complaint_id: str) -> dict[str, Any]:
    """Keep what was found."""
    complaints.record_findings(
        context.work,
        complaint_id=complaint_id,
        facts=answer["facts"],
        responsibility=answer["responsibility"],
        suggestion=answer["suggestion"],
        evidence=answer["evidence"],
    )
    return {}


@handler("complaint.plan")
def plan(context: Context, answer: dict[str, Any], complaint_id: str) -> dict[str, Any]:
    """Keep what we offer; money needs an order that it is granted for."""
    known = complaints.complaint_facts(context.work.session, complaint_id=complaint_id)
    if answer.get("money") and known.order_id is None:
        raise InvalidAnswer({"money": lazy("Without an order no money can be approved.")})
    found = complaints.plan_answer(
        context.work,
        complaint_id=complaint_id,
        plan=answer["plan"],
        money_fen=answer.get("money") or 0,
        apology=bool(answer.get("apology")),
    )
    return {"money_fen": found.money_fen, "asked_by": context.actor.login}


@handler("complaint.offer")
def offer(context: Context, complaint_id: str) -> dict[str, Any]:
    """The plan is ready for the customer."""
    complaints.offer_answer(context.work, complaint_id=complaint_id)
    return {}


@handler("complaint.negotiate")
def negotiate(
    context: Context, answer: dict[str, Any], outcome: str, complaint_id: str
) -> dict[str, Any]:
    """Keep the round; more than three are a deadlock (X29)."""
    found = complaints.record_answer(
        context.work,
        complaint_id=complaint_id,
        result=outcome,
        record=answer["record"],
        evidence=answer.get("evidence") or (),
    )
    return {"answer_state": found.state}


@handler("complaint.mediate")
def mediate(context: Context, answer: dict[str, Any], complaint_id: str) -> dict[str, Any]:
    """Keep the decision."""
    complaints.mediate(
        context.work,
        complaint_id=complaint_id,
        decision=answer["decision"],
        ref=answer.get("mediation_ref"),
    )
    return {}


@handler("complaint.execute")
def execute(context: Context, answer: dict[str, Any], complaint_id: str) -> dict[str, Any]:
    """Keep what was done."""
    complaints.carry_out(
        context.work, complaint_id=complaint_id, done=answer["done"], evidence=answer["evidence"]
    )
    return {}


@handler("complaint.summarise")
def summarise(context: Context, answer: dict[str, Any], complaint_id: str) -> dict[str, Any]:
    """Keep what we learn; whoever has something to do hears of it."""
    found = complaints.summarise(
        context.work,
        complaint_id=complaint_id,
        root_cause=answer["root_cause"],
        lessons=answer["lessons"],
        actions=answer["actions"],
        reply_proof=answer.get("reply_proof") or (),
    )
    for one in answer["actions"]:
        context.notify(
            logins=[one["owner"]],
            msgid="After complaint %(number)s: %(action)s",
            number=found.number,
            action=one["action"],
        )
    return {"end_state": found.state}


@handler("complaint.escalate")
def escalate(context: Context) -> dict[str, Any]:
    """The time for the whole complaint is over: management hears of it."""
    context.notify(
        roles=["AM", "GM"],
        kind="breach",
        msgid="Complaint %(number)s is not closed in time.",
        number=context.business_key or "",
    )
    return {}


def _facts(context: Context, found: ComplaintFacts) -> list[Fact]:
    order = (
        orders.order_ref(context.work.session, order_id=found.order_id) if found.order_id else None
    )
    story = complaints.complaint_story(context.work.session, complaint_id=found.complaint_id)
    return [
        fact(gettext("Complaint"), found.number),
        fact(gettext("Order"), order.order_no if order else None),
        fact(gettext("Who complains"), found.complainant),
        fact(gettext("Contact"), found.contact),
        fact(gettext("About"), found.content),
        *([person_fact(gettext("Accused"), found.accused)] if found.accused else []),
        fact(gettext("Wanted"), found.demand),
        fact(gettext("Found out"), found.facts),
        fact(gettext("Responsibility"), RESPONSIBLE.get(found.responsibility or "")),
        yuan(gettext("Money offered"), found.money_fen or None),
        *(fact(str(STORY[one.kind]), said(one.text)) for one in story if one.kind in STORY),
    ]
