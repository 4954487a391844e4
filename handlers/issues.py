"""Owns the problems that customers report, from the first word to the solution (P11)."""

from typing import Any

from handlers.beside import Fact, fact, line_facts, order_facts, order_of, said, yuan
from handlers.names import ROLES, called
from handlers.order_scalars import customer_class
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext, lazy
from jiedan.core.money import format_yuan
from jiedan.desk import billing, contracts, issues, orders
from jiedan.desk.issues import IssueFacts

FROM_DELIVERY = frozenset({"acceptance", "delivery"})
"""Issues whose limit is that of the acceptance (S2.5.9); others have that of after-sales."""
LOW_RATING = 2


@handler("issue.register")
def register(
    context: Context,
    order_no: str,
    description: str,
    contact: str = "—",
    category: str = "other",
    safety: bool = False,
    line_stop: bool = False,
    qty_affected: Any = None,
    source: str = "customer",
) -> dict[str, Any]:
    """Store a report that came as a message, under the order that it names."""
    order = orders.find_order(context.work.session, number=order_no)
    logged = issues.log_issue(
        context.work,
        order_id=order.order_id,
        contact=contact,
        description=description,
        category=category,
        source=source,
        safety=safety,
        line_stop=line_stop,
        qty_affected=qty_affected,
    )
    context.set_business_key(logged.issue_no)
    return {"issue_id": logged.issue_id, "order_id": order.order_id, "owner": order.owner}


@handler("issues.load_log")
def load_log(context: Context, order_no: str | None = None) -> dict[str, Any]:
    """A report found now; about an order that is known, with the person to talk to."""
    now = context.now.astimezone(SHANGHAI).isoformat(timespec="minutes")
    values: dict[str, Any] = {"order_no": order_no, "found_at": now}
    if order_no is None:
        return {"values": values, "facts": []}
    found = orders.find_order(context.work.session, number=order_no)
    order = order_of(context, found.order_id)
    values["contact"] = " ".join(filter(None, [order.receiver, order.receiver_phone])) or None
    return {"values": values, "facts": [*order_facts(context, found.order_id), *line_facts(order)]}


@handler("issues.log")
def log(context: Context, answer: dict[str, Any], outcome: str) -> dict[str, Any]:
    """Register what the customer says; what is no problem of ours is turned down with a reason."""
    order = orders.find_order(context.work.session, number=answer["order_no"])
    logged = issues.log_issue(
        context.work,
        order_id=order.order_id,
        line=int(answer["line"]) if answer.get("line") else None,
        contact=answer["contact"],
        description=answer["description"],
        category=answer["category"],
        source="phone",
        safety=bool(answer.get("safety")),
        line_stop=bool(answer.get("line_stop")),
        cause_known=bool(answer.get("cause_known")),
        qty_affected=answer.get("qty_affected"),
        found_at=answer["found_at"],
        photos=answer.get("photos") or [],
    )
    context.set_business_key(logged.issue_no)
    context.set_title(f"{logged.issue_no} · {order.order_no}", {})
    if outcome == "rejected_claim":
        issues.reject_issue(context.work, issue_id=logged.issue_id, reason=answer["reject_reason"])
    return {
        "issue_id": logged.issue_id,
        "order_id": order.order_id,
        "order_no": order.order_no,
        "channel": order.channel,
        "owner": order.owner,
    }


@handler("issue.classify")
def classify(context: Context, issue_id: str) -> dict[str, Any]:
    """Ask D12 how serious it is and D13 whose it is, and fix the day of the solution."""
    found = _facts(context, issue_id)
    severity = context.decide(
        "issue_severity",
        safety=found.safety,
        line_stop=found.line_stop,
        affected_pct=found.affected_pct,
        repeat=found.repeat,
        category=found.category,
        cause_known=found.cause_known,
    ).value
    route = context.decide("issue_routing", category=found.category, accused_handles=False).value
    limits, calendar = context.work.platform.parameters, context.work.platform.calendar
    fix = "acceptance.general_fix" if found.source in FROM_DELIVERY else "aftersales.general_fix"
    start = context.now
    if severity == "major":
        start = calendar.deadline(start, *limits.limit("acceptance.major_plan"))
    due = calendar.deadline(start, *limits.limit(fix))
    issues.set_severity(
        context.work,
        issue_id=issue_id,
        severity=severity,
        department=route["department"],
        due_at=due,
    )
    order = (
        orders.order_ref(context.work.session, order_id=found.order_id) if found.order_id else None
    )
    return {
        "severity": severity,
        "issue_roles": route["roles"].split(","),
        "fix_due": due.isoformat(),
        "owner": order.owner if order else None,
        "channel": order.channel if order else None,
        "grade": _grade(context, found),
        "question": None,
        "resolution": None,
        "solved": False,
    }


@handler("issues.load_issue")
def load_issue(context: Context, issue_id: str, question: str | None = None) -> dict[str, Any]:
    """The issue and its story; a first reply goes by phone unless somebody chooses otherwise."""
    values = {"question": question}
    if context.element_id == "reply_first":
        values["way"] = "phone"
    return {"values": values, "facts": _issue_facts(context, issue_id)}


@handler("issues.reply")
def reply(context: Context, answer: dict[str, Any], issue_id: str) -> dict[str, Any]:
    """Keep the first reply."""
    issues.reply_first(context.work, issue_id=issue_id, reply=answer["reply"], way=answer["way"])
    return {}


@handler("issues.load_analysis")
def load_analysis(context: Context, issue_id: str) -> dict[str, Any]:
    """The issue; its due day as the expected one."""
    found = _facts(context, issue_id)
    eta = found.due_at.astimezone(SHANGHAI).isoformat() if found.due_at else None
    return {
        "values": {"eta": eta if found.due_at and found.due_at > context.now else None},
        "facts": _issue_facts(context, issue_id),
    }


@handler("issues.analyse")
def analyse(
    context: Context, answer: dict[str, Any], outcome: str, issue_id: str, severity: str
) -> dict[str, Any]:
    """Keep cause and plan, raise the issue to major, or ask the customer first."""
    if outcome == "ask":
        issues.ask_customer(context.work, issue_id=issue_id, question=answer["question"])
        return {"question": answer["question"], "severity": severity}
    issues.analyse_issue(
        context.work,
        issue_id=issue_id,
        cause=answer["cause"],
        plan=answer["plan"],
        eta=answer.get("eta"),
        resolution=answer.get("resolution"),
    )
    if outcome == "major":
        issues.set_severity(context.work, issue_id=issue_id, severity="major")
        severity = "major"
    return {"severity": severity, "resolution": answer.get("resolution")}


@handler("issues.ask")
def ask(context: Context, answer: dict[str, Any], issue_id: str) -> dict[str, Any]:
    """Keep the customer's answer; the time of waiting is added to the due day (N5.2.4)."""
    found = issues.answer_received(context.work, issue_id=issue_id, answer=answer["answer"])
    return {"question": None, "fix_due": found.due_at.isoformat() if found.due_at else None}


@handler("issues.form_team")
def form_team(context: Context, answer: dict[str, Any], issue_id: str) -> dict[str, Any]:
    """Name the departments that look into it, at least two."""
    if len(answer["members"]) < 2:
        raise InvalidAnswer({"members": lazy("At least two departments.")})
    departments = [called(ROLES, one) or one for one in answer["members"]]
    issues.add_update(
        context.work,
        issue_id=issue_id,
        kind="team",
        text=gettext("Analysis team: %(members)s; led by %(lead)s")
        % {"members": ", ".join(departments), "lead": answer["lead"]},
    )
    return {
        "team": [{"role": role} for role in answer["members"]],
        "team_lead": answer["lead"],
    }


@handler("issues.load_findings")
def load_findings(context: Context, issue_id: str, member: dict[str, Any]) -> dict[str, Any]:
    """The issue, and whose view is asked for."""
    return {
        "values": {},
        "facts": [
            *_issue_facts(context, issue_id),
            fact(gettext("Department"), called(ROLES, member["role"])),
        ],
    }


@handler("issues.save_findings")
def save_findings(
    context: Context, answer: dict[str, Any], issue_id: str, member: dict[str, Any]
) -> dict[str, Any]:
    """Keep a department's finding and its share of the responsibility."""
    issues.add_update(
        context.work,
        issue_id=issue_id,
        kind="finding",
        text=answer["findings"],
        role=member["role"],
        responsibility_pct=answer["responsibility_pct"],
    )
    return {}


@handler("issues.load_plan")
def load_plan(context: Context, issue_id: str) -> dict[str, Any]:
    """The findings, and whether the shares add up to 100 %."""
    found = _facts(context, issue_id)
    return {
        "values": {"plan": found.plan.get("plan")},
        "facts": [
            *_issue_facts(context, issue_id),
            fact(gettext("Shares add up to, %"), said(_shares(context, issue_id))),
        ],
    }


@handler("issues.plan")
def plan(context: Context, answer: dict[str, Any], issue_id: str) -> dict[str, Any]:
    """Keep the team's plan and tell the customer (S2.5.10)."""
    if _shares(context, issue_id) != 100:
        raise InvalidAnswer(
            {"plan": lazy("The departments' shares of responsibility must add up to 100 %.")}
        )
    issues.analyse_issue(
        context.work,
        issue_id=issue_id,
        cause=gettext("See the findings of the team"),
        plan=answer["plan"],
        resolution=answer["resolution"],
        cost_fen=answer.get("cost"),
    )
    issues.add_update(
        context.work,
        issue_id=issue_id,
        kind="plan",
        text=answer["customer_message"],
        to_customer=True,
    )
    return {"resolution": answer["resolution"]}


@handler("issues.update")
def update(context: Context, answer: dict[str, Any], issue_id: str) -> dict[str, Any]:
    """Keep what the customer was told."""
    issues.add_update(
        context.work,
        issue_id=issue_id,
        text=answer["content"],
        to_customer=True,
        way=answer["sent_way"],
        next_update=answer.get("next_update"),
    )
    return {}


@handler("issues.load_fix")
def load_fix(context: Context, issue_id: str) -> dict[str, Any]:
    """The plan that is carried out."""
    return {"values": {}, "facts": _issue_facts(context, issue_id)}


@handler("issues.fix")
def fix(context: Context, answer: dict[str, Any], issue_id: str) -> dict[str, Any]:
    """Keep the result with its evidence."""
    issues.fix_issue(
        context.work, issue_id=issue_id, result=answer["result"], evidence=answer["evidence"]
    )
    return {}


@handler("issues.load_compensation")
def load_compensation(context: Context, issue_id: str) -> dict[str, Any]:
    """The contract's cap on what we answer for."""
    return {
        "values": {"cap": _cap(context, issue_id)},
        "facts": _issue_facts(context, issue_id),
    }


@handler("issues.assess")
def assess(context: Context, answer: dict[str, Any], issue_id: str) -> dict[str, Any]:
    """Propose what is granted; money needs an approval after this (S2.5.11)."""
    issues.add_update(
        context.work,
        issue_id=issue_id,
        kind="compensation",
        text=gettext("Claimed %(claimed)s, assessed %(approved)s: %(why)s")
        % {
            "claimed": format_yuan(answer["claimed"]),
            "approved": format_yuan(answer["approved"]),
            "why": answer["responsibility"],
        },
        loss_proof=answer["loss_proof"],
    )
    return {"approved_fen": answer["approved"], "assessor": context.actor.login}


@handler("compensation.book")
def book_compensation(context: Context, issue_id: str, approved_fen: int) -> dict[str, Any]:
    """Write the granted amount into the issue; it counts as solved until the customer speaks."""
    found = _facts(context, issue_id)
    issues.analyse_issue(
        context.work,
        issue_id=issue_id,
        cause=gettext("See the assessment"),
        plan=str(found.plan.get("plan") or gettext("Deduction")),
        resolution="deduction",
        approved_fen=approved_fen,
    )
    issues.fix_issue(
        context.work,
        issue_id=issue_id,
        result=gettext("Deduction of %(amount)s") % {"amount": format_yuan(approved_fen)},
        evidence=gettext("Special approval"),
    )
    return {}


@handler("issues.confirm")
def confirm(
    context: Context, answer: dict[str, Any], outcome: str, issue_id: str
) -> dict[str, Any]:
    """Keep the customer's word; a low rating counts as not solved (N5.2.5).

    What is not solved for the third time becomes a complaint.
    """
    solved = outcome == "solved" and answer["rating"] > LOW_RATING
    found = _facts(context, issue_id)
    if not solved and found.reopened >= issues.MOST_REOPENS:
        issues.close_issue(context.work, issue_id=issue_id, reason="complaint")
        context.publish(
            "complaint.received",
            found.issue_no,
            {"issue_id": issue_id, "order_no": found.order_no, "content": answer.get("text")},
        )
        context.notify(
            roles=["AM"],
            msgid="Issue %(issue_no)s is still not solved and became a complaint.",
            kind="warning",
            issue_no=found.issue_no,
        )
        return {"solved": True}
    issues.confirm_issue(
        context.work,
        issue_id=issue_id,
        result="solved" if solved else "not_solved",
        rating=answer["rating"],
        text=answer.get("text"),
    )
    return {"solved": solved}


@handler("issue.close")
def close(context: Context, issue_id: str, resolution: str | None = None) -> dict[str, Any]:
    """File the issue as the customer left it, and tell the order's owner how it ended."""
    found = _facts(context, issue_id)
    if found.state in ("analysis", "fixing"):
        issues.fix_issue(
            context.work,
            issue_id=issue_id,
            result=gettext("The goods are taken back"),
            evidence=gettext("Return agreed"),
        )
        found = _facts(context, issue_id)
    if found.state == "resolved":
        reason = "returned" if resolution == "return" else "closed_unconfirmed"
        issues.close_issue(context.work, issue_id=issue_id, reason=reason)
    owner = (
        orders.order_ref(context.work.session, order_id=found.order_id).owner
        if found.order_id
        else None
    )
    context.notify(
        logins=[owner] if owner else [],
        msgid="Issue %(issue_no)s is closed.",
        issue_no=found.issue_no,
    )
    return {"outcome": "resolved", "resolution": resolution}


def _facts(context: Context, issue_id: str) -> IssueFacts:
    return issues.issue_facts(context.work.session, issue_id=issue_id)


def _issue_facts(context: Context, issue_id: str) -> list[Fact]:
    found = _facts(context, issue_id)
    story = issues.list_updates(context.work.session, issue_id=issue_id)
    return [
        fact(gettext("Issue"), found.issue_no),
        fact(gettext("Order"), found.order_no),
        fact(gettext("Contact details"), found.contact),
        fact(gettext("What happened"), found.description),
        fact(gettext("Affected, %"), found.affected_pct),
        fact(gettext("Department"), found.department),
        fact(gettext("To be solved by"), found.due_at),
        *(fact(gettext("Cause and plan"), plan) for plan in [found.plan.get("plan")] if plan),
        *(yuan(gettext("Granted"), fen) for fen in [found.plan.get("approved_fen")] if fen),
        *(fact(said(step["at"]), step["text"], by=step["by"]) for step in story),
    ]


def _shares(context: Context, issue_id: str) -> float:
    """The latest share of each department, added up."""
    latest = {
        step["data"].get("role"): float(step["data"].get("responsibility_pct") or 0)
        for step in issues.list_updates(context.work.session, issue_id=issue_id)
        if step["kind"] == "finding"
    }
    return round(sum(latest.values()), 2)


def _cap(context: Context, issue_id: str) -> int | None:
    """What the contract lets us answer for at most, in fen; None without a contract."""
    found = _facts(context, issue_id)
    if found.order_id is None:
        return None
    contract = contracts.order_contract(context.work.session, order_id=found.order_id)
    amounts = billing.order_amounts(context.work.session, order_id=found.order_id)
    if contract is None:
        return amounts.payable_fen
    return int(amounts.total_fen * contract.liability_cap_pct / 100)


def _grade(context: Context, found: IssueFacts) -> str | None:
    if found.order_id is None:
        return None
    return customer_class(context, order_of(context, found.order_id))
