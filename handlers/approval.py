"""Owns special approvals (P04): the level, the request, decisions and co-signatures."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from handlers.beside import Fact, fact, line_facts, order_facts, person_fact
from handlers.credit_facts import HOLDS, judge_credit
from handlers.order_scalars import yuan
from handlers.violations import SUBJECTS, Violations, find_violations, gravest, name_of
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import approvals, states
from jiedan.desk.approvals import ApprovalFacts
from jiedan.desk.errors import WrongState
from jiedan.desk.records import get_order
from jiedan.desk.states import OrderState

COSIGNERS = {role: name for name, role in approvals.COSIGN_ROLES.items()}
SUBJECT_NAMES = {
    "price": lazy("price"),
    "credit": lazy("credit"),
    "payment_term": lazy("payment term"),
    "lead_time": lazy("delivery date"),
    "deposit_waiver": lazy("deposit waiver"),
    "concession": lazy("concession"),
    "compensation": lazy("compensation"),
    "cancel_fee": lazy("cancellation fee"),
    "credit_override": lazy("credit override"),
}


# --- machine steps -------------------------------------------------------------------------------
@handler("approval.resolve_level")
def resolve_level(
    context: Context,
    order_id: str,
    subject: str,
    amount_fen: int | None = None,
    severity: str | None = None,
    violations: Violations | None = None,
    credit_decision: str | None = None,
) -> dict[str, Any]:
    """Ask decision D07 who must decide, over what the order breaks at this moment (SPEC S2.3.7).

    `violations` are those of the last check, None when the order was changed since; `severity`
    is taken as given for subjects that no check of the order knows.
    """
    broken: Violations = []
    if subject in set(SUBJECTS.values()):
        found = find_violations(context, order_id) if violations is None else violations
        broken = [one for one in found if one["severity"] != "note"]
    worst = gravest(broken)
    severity = severity or (worst["severity"] if worst else "minor")
    if any(one["forbidden"] for one in broken):
        severity = "forbidden"
    order = get_order(context.work.session, order_id)
    amount = order.total_fen if amount_fen is None else amount_fen
    level = context.decide(
        "special_level",
        subject=_asked_subject(context, order_id, subject, credit_decision),
        severity=severity,
        amount=yuan(amount),
    ).value
    return {
        "approvable": int(level["level"]) > 0,
        "approval_level": int(level["level"]),
        "approval_severity": severity,
        "approval_cosign": level["cosign"].split(",") if level["cosign"] else [],
        "approval_codes": sorted({one["code"] for one in broken if one["code"] in SUBJECTS}),
        "approval_id": None,
        "approval_expires": None,
    }


def _asked_subject(
    context: Context, order_id: str, subject: str, credit_decision: str | None
) -> str:
    """D07 tells the release of an overdue hold and an override of the grade from plain credit."""
    if subject != "credit":
        return subject
    decision = credit_decision or judge_credit(context, order_id).decision
    if decision == "hold_overdue":
        return "hold_release"
    return "credit_override" if decision in HOLDS else subject


@handler("approval.next_step")
def next_step(context: Context, approval_id: str) -> dict[str, Any]:
    """Which level decides next, or who co-signs before the last one (SPEC X08)."""
    due = approvals.next_step(context.work.session, approval_id=approval_id)
    return {
        "next_kind": due.kind,
        "approval_due_level": due.level,
        "level_roles": due.roles if due.kind == "decide" else [],
        "cosign_roles": due.roles if due.kind == "cosign" else [],
        "needs_override": due.needs_override,
    }


@handler("approval.grant")
def grant(context: Context, order_id: str, approval_id: str) -> dict[str, Any]:
    """Tell everybody concerned; the approval counts since the last level agreed."""
    found = approvals.approval_facts(context.work.session, approval_id=approval_id)
    _tell(context, order_id, found.requester, "The special approval for %(order_no)s was granted.")
    return {"outcome": "granted"}


@handler("approval.refuse")
def refuse(
    context: Context, order_id: str, requester: str | None = None, approval_id: str | None = None
) -> dict[str, Any]:
    """Refused, abandoned or not approvable at all: the order goes back (SPEC X07)."""
    if approval_id is not None:
        found = approvals.approval_facts(context.work.session, approval_id=approval_id)
        if found.state == "pending":
            approvals.expire_approval(context.work, approval_id=approval_id)
    _tell(context, order_id, requester, "The special approval for %(order_no)s was refused.")
    return {"outcome": "refused"}


@handler("approval.expire")
def expire(context: Context, order_id: str, approval_id: str) -> dict[str, Any]:
    """Nobody decided within the validity: the request expires (SPEC X07)."""
    found = approvals.expire_approval(context.work, approval_id=approval_id)
    _tell(context, order_id, found.requester, "The special approval for %(order_no)s expired.")
    return {"outcome": "expired"}


def _tell(context: Context, order_id: str, login: str | None, msgid: str) -> None:
    order = get_order(context.work.session, order_id)
    logins = {one for one in (login, order.owner) if one}
    context.notify(logins=sorted(logins), msgid=msgid, order_no=order.number or "")


# --- T04.1: the request --------------------------------------------------------------------------
@handler("approval.load_request")
def load_request(
    context: Context,
    order_id: str,
    subject: str,
    approval_level: int,
    approval_cosign: list[str],
    special_justification: str | None = None,
    approval_id: str | None = None,
    violations: Violations | None = None,
) -> dict[str, Any]:
    """The facts that the leaders will see; nobody can edit them."""
    values = {
        "subject": subject,
        "level_text": _level_text(approval_level, approval_cosign),
        "justification": special_justification,
    }
    earlier: list[Fact] = []
    if approval_id is not None:
        before = approvals.approval_facts(context.work.session, approval_id=approval_id)
        values["justification"] = before.justification
        earlier = step_facts(before)
    return {"values": values, "facts": [*_order_beside(context, order_id, violations), *earlier]}


def _level_text(level: int, cosign: list[str]) -> str:
    text = gettext("up to level %(level)s", level=level)
    if not cosign:
        return text
    names = {"finance": gettext("finance"), "legal": gettext("legal")}
    return text + gettext(
        ", co-signed by %(names)s", names=", ".join(names.get(one, one) for one in cosign)
    )


@handler("approval.save_request")
def save_request(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    subject: str,
    approval_level: int,
    approval_severity: str,
    approval_cosign: list[str],
    approval_codes: list[str],
) -> dict[str, Any]:
    """Ask for the approval; from here on nobody may edit its facts."""
    if outcome == "abandon":
        return {}
    _pend(context, order_id)
    order = get_order(context.work.session, order_id)
    found = approvals.request_approval(
        context.work,
        subject=subject,
        level=approval_level,
        severity=approval_severity,
        cosign=approval_cosign,
        justification=answer["justification"],
        benefit=answer.get("benefit"),
        attachments=answer.get("attachments") or (),
        order_id=order_id,
        channel=order.channel,
        candidates=_candidates(context, order.channel, approval_cosign),
        facts={
            "codes": approval_codes,
            "total_fen": order.total_fen,
            "version": order.version,
            "asked_by": context.actor.name,
        },
    )
    days = int(context.work.platform.parameters.number("special.validity_days"))
    return {
        "approval_id": found.approval_id,
        "approval_expires": (context.now + timedelta(days=days)).isoformat(),
    }


def _candidates(context: Context, channel: str, cosign: list[str]) -> dict[str, list[str]] | None:
    """Who holds the roles that may decide; None when nobody can tell who holds a role."""
    roles = {role for level in approvals.LEVEL_ROLES[channel].values() for role in level}
    roles |= {approvals.COSIGN_ROLES[name] for name in cosign}
    found: dict[str, list[str]] = {}
    for role in roles:
        holders = context.holders(role)
        if holders is None:
            return None
        found[role] = sorted(holders)
    return found


def _pend(context: Context, order_id: str) -> None:
    """An order in the hands of reviewers waits for the leaders, unless it is held for credit."""
    order = get_order(context.work.session, order_id)
    if order.state == OrderState.IN_REVIEW and not order.held:
        states.set_state(context.work, order_id=order_id, to=OrderState.PENDING_SPECIAL)


# --- T04.2 and T04.3: deciding -------------------------------------------------------------------
@handler("approval.load_decision")
def load_decision(
    context: Context, order_id: str, approval_id: str, violations: Violations | None = None
) -> dict[str, Any]:
    """The request, the order, and what others decided before."""
    found = approvals.approval_facts(context.work.session, approval_id=approval_id)
    asked = [
        person_fact(gettext("Requested by"), found.facts.get("asked_by") or found.requester),
        fact(gettext("Subject"), SUBJECT_NAMES.get(found.subject, found.subject)),
        fact(gettext("Justification"), found.justification),
    ]
    return {
        "values": {},
        "facts": [*asked, *_order_beside(context, order_id, violations), *step_facts(found)],
    }


@handler("approval.save_decision")
def save_decision(
    context: Context, answer: dict[str, Any], outcome: str, approval_id: str
) -> dict[str, Any]:
    """Decide the level that is due; never the requester, the clerk or a reviewer (SOD-2)."""
    _check_level(context, approval_id)
    approvals.record_decision(
        context.work,
        approval_id=approval_id,
        decision=outcome,
        opinion=answer["opinion"],
        conditions=answer.get("conditions"),
        override_reason=answer.get("override_reason"),
    )
    agreed = outcome in ("approve", "approve_with_conditions")
    return {"decision": "approve" if agreed else outcome}


def _check_level(context: Context, approval_id: str) -> None:
    due = approvals.next_step(context.work.session, approval_id=approval_id)
    if due.kind != "decide":
        raise WrongState(state=due.kind)


@handler("approval.save_cosign")
def save_cosign(
    context: Context, answer: dict[str, Any], outcome: str, approval_id: str, cosign_role: str
) -> dict[str, Any]:
    """Keep what finance or legal thinks of it."""
    if cosign_role not in COSIGNERS:
        raise InvalidAnswer({"outcome": lazy("This role does not co-sign.")})
    approvals.record_cosign(
        context.work,
        approval_id=approval_id,
        role=COSIGNERS[cosign_role],
        decision=outcome,
        opinion=answer["opinion"],
    )
    return {}


# --- beside the forms ----------------------------------------------------------------------------
def _order_beside(context: Context, order_id: str, violations: Violations | None) -> list[Fact]:
    order = get_order(context.work.session, order_id)
    broken = [fact(name_of(one["code"]), one["text"]) for one in violations or ()]
    return [*order_facts(context, order_id), *line_facts(order), *broken]


def step_facts(found: ApprovalFacts) -> list[Fact]:
    """Who decided what so far."""
    return [
        fact(_step_name(one), f"{gettext(one['decision'])} · {one['opinion']}")
        for one in found.steps
        if one["by"]
    ]


def _step_name(step: Mapping[str, Any]) -> str:
    if step["kind"] == "decide":
        return gettext("Level %(n)s", n=step["level"])
    role = step["role"]
    return gettext("Co-signed: %(who)s", who=gettext(role))
