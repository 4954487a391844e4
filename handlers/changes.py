"""Owns changes of a running order (P15): impact, review of the proposal, consent, effect."""

from datetime import date
from decimal import Decimal
from typing import Any

from handlers.beside import Fact, fact, line_name, order_facts, order_of, said, yuan
from handlers.calendar import until
from handlers.credit_facts import judge_credit
from handlers.order_scalars import order_scalars
from handlers.order_scalars import yuan as in_yuan
from handlers.orders import name_instance
from handlers.review import SpecialApprovalNeeded, violation_facts
from handlers.violations import Violations, find_violations, gravest, name_of, subject_of, uncovered
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.core.money import format_yuan
from jiedan.desk import changes, payments, requests
from jiedan.desk.changes import ChangeFacts
from jiedan.desk.errors import NotChangeable, RequestOpen, ReviewerExcluded
from jiedan.desk.facts import order_facts as decision_facts
from jiedan.desk.tables import Order
from jiedan.desk.values import hundredths

NAMES: dict[str, LazyText] = {
    "delivery_date": lazy("Delivery date"),
    "payment_method": lazy("Payment method"),
    "term_days": lazy("Payment term"),
    "province": lazy("Province"),
    "city": lazy("City"),
    "district": lazy("District"),
    "detail": lazy("Address"),
    "receiver": lazy("Receiver"),
    "receiver_phone": lazy("Phone"),
    "partial_ok": lazy("Partial delivery"),
    "qty": lazy("Quantity"),
    "unit_price_fen": lazy("Unit price"),
    "spec": lazy("Specification"),
}
HEAD_SHOWN = ("payment_method", "term_days", "province", "city", "district", "detail")


@handler("change.open")
def open_wish(context: Context, order_id: str, asked_by: str | None = None) -> dict[str, Any]:
    """Take the wish; outcome impossible outside the work, or while another wish is open."""
    outcome = "open"
    try:
        requests.require_changeable(context.work.session, order_id=order_id)
    except (NotChangeable, RequestOpen):
        outcome = "impossible"
    return {
        "outcome": outcome,
        "asked_by": asked_by,
        "change_id": None,
        "path": None,
        "review_roles": [],
        "violations": [],
        "review_outcome": None,
        "special_subject": None,
        "special_outcome": None,
        "addendum_outcome": None,
        "addendum_needed": False,
        "total_after_fen": 0,
        "top_up_left_fen": 0,
        "top_up_until": None,
    }


@handler("change.load_request")
def load_request(context: Context, order_id: str) -> dict[str, Any]:
    """The order as it stands, to be changed here and there."""
    order = order_of(context, order_id)
    values: dict[str, Any] = {name: getattr(order, name) for name in HEAD_SHOWN}
    day = order.promised_date or order.delivery_date
    return {
        "values": {
            **values,
            "delivery_date": day.isoformat() if day else None,
            "receiver": order.receiver,
            "receiver_phone": order.receiver_phone,
            "lines": [
                {
                    "line": str(line.seq),
                    "sku": line.sku,
                    "name": line_name(line),
                    "qty": said(line.qty),
                    "unit_price": line.unit_price_fen,
                    "spec": line.spec or None,
                }
                for line in order.lines
                if line.state != "cancelled"
            ],
        },
        "facts": order_facts(context, order_id),
    }


@handler("change.request")
def request(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Write down what is to change; what stays the same is left out."""
    if outcome == "withdraw":
        return {}
    order = order_of(context, order_id)
    found = changes.request_change(
        context.work,
        order_id=order_id,
        source=answer["source"],
        reason=answer["reason"],
        wanted_by=answer.get("wanted_by"),
        wish=_wish(order, answer),
    )
    return {
        "change_id": found.change_id,
        "asked_by": context.actor.login,
        "total_after_fen": found.total_after_fen,
    }


def _wish(order: Order, answer: dict[str, Any]) -> dict[str, Any]:
    head = {
        name: answer.get(name)
        for name in (*HEAD_SHOWN, "delivery_date", "receiver", "receiver_phone")
        if name in answer and said(answer.get(name)) != said(_now(order, name))
    }
    if answer.get("payment_method") != "credit_term":
        head.pop("term_days", None)
    shown = [line for line in order.lines if line.state != "cancelled"]
    given = answer.get("lines") or []
    if len(given) != len(shown):
        raise InvalidAnswer({"lines": lazy("The list has changed: look at it again.")})
    lines = [
        {
            "line": line.seq,
            "qty": row.get("qty"),
            "unit_price": row.get("unit_price"),
            "spec": row.get("spec"),
        }
        for line, row in zip(shown, given, strict=True)
    ]
    return {**head, "lines": lines, "new_lines": answer.get("new_lines") or []}


def _now(order: Order, name: str) -> Any:
    if name == "delivery_date":
        day: date | None = order.promised_date or order.delivery_date
        return day.isoformat() if day else None
    return getattr(order, name)


@handler("change.impact")
def impact(context: Context, order_id: str, change_id: str) -> dict[str, Any]:
    """Try the change without effect and ask D17 how to go on; who reviews it says D05."""
    work = context.work
    found = changes.change_facts(work.session, change_id=change_id)
    order = order_of(context, order_id)
    stage = changes.stage_of(work.session, change_id=change_id)
    paths = {one["path"].rsplit(".", 1)[-1] for one in found.diff}
    before = order.promised_date or order.delivery_date
    with changes.tried(work, order_id=order_id, wish=found.wish) as after:
        violations = find_violations(context, order_id)
        credit = judge_credit(context, order_id)
        facts = decision_facts(work, order_id=order_id)
        roles = context.decide(
            "review_routing",
            amount=in_yuan(after.total_fen),
            has_mto=any(line.fulfil == "mto" for line in after.lines),
            payment_std=facts.payment_std,
            contract_std=facts.contract_std,
        ).value
        day = after.promised_date or after.delivery_date
    grown = found.total_after_fen - found.total_before_fen
    delta = hundredths(Decimal(grown) * 100 / found.total_before_fen)
    asked = {
        "amount_delta_pct": delta,
        "spec_changed": "spec" in paths,
        "lead_delta_days": _days_between(before, day),
        "stage": stage,
        "payment_changed": bool(paths & changes.PAYMENT),
        "credit_fails": grown > 0 and not credit.passes,
    }
    path = context.decide("change_impact", **asked).value
    changes.rule_change(work, change_id=change_id, path=path, impact=asked)
    return {"path": path, "violations": violations, "review_roles": list(roles)}


def _days_between(before: date | None, after: date | None) -> int:
    return (after - before).days if before and after else 0


# --- deciding ------------------------------------------------------------------------------------
@handler("change.load_decision")
def load_decision(
    context: Context, order_id: str, change_id: str, violations: Violations | None = None
) -> dict[str, Any]:
    """What would change, what it means, and what the automatic checks say of it."""
    return {"values": {}, "facts": _facts(context, order_id, change_id, violations)}


@handler("change.decide")
def decide(
    context: Context, answer: dict[str, Any], outcome: str, change_id: str
) -> dict[str, Any]:
    """A minor change needs one manager, who did not ask for it."""
    _refuse_asker(context, change_id)
    changes.add_opinion(
        context.work,
        change_id=change_id,
        role="manager",
        outcome=outcome,
        opinion=answer.get("note"),
    )
    return {}


@handler("change.review")
def review(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    change_id: str,
    role: str,
    violations: Violations,
) -> dict[str, Any]:
    """One role's opinion of the proposed version; against policy only by special approval."""
    order = order_of(context, order_id)
    if context.actor.login in (order.entered_by, order.accepted_by):
        raise ReviewerExcluded
    _refuse_asker(context, change_id)
    open_ones = uncovered(context, order_id, violations)
    if outcome == "approve" and open_ones:
        raise SpecialApprovalNeeded(
            codes=", ".join(sorted({name_of(one["code"]) for one in open_ones}))
        )
    changes.add_opinion(
        context.work, change_id=change_id, role=role, outcome=outcome, opinion=answer.get("note")
    )
    return {}


@handler("change.consolidate")
def consolidate(context: Context, change_id: str, violations: Violations) -> dict[str, Any]:
    """One refusal refuses; one wish for a special approval asks for it."""
    found = changes.change_facts(context.work.session, change_id=change_id)
    outcomes = {one["outcome"] for one in found.opinions}
    verdict = next((one for one in ("reject", "special") if one in outcomes), "approve")
    worst = gravest(violations)
    return {
        "review_outcome": verdict,
        "special_subject": subject_of(violations) or "price",
        "special_severity": worst["severity"] if worst else "minor",
    }


@handler("change.record_consent")
def record_consent(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str, change_id: str
) -> dict[str, Any]:
    """Keep the customer's answer, and say what his yes still needs."""
    work = context.work
    found = changes.record_consent(
        work, change_id=change_id, answer=outcome, evidence=answer["evidence"]
    )
    paid = payments.deposit_balance(work.session, order_id=order_id).paid_fen
    due = order_of(context, order_id).deposit_pct or 0
    left = max(found.deposit_after_fen - paid, 0) if due else 0
    return {
        "addendum_needed": changes.needs_addendum(work.session, order_id=order_id),
        "top_up_left_fen": left,
        "top_up_until": until(context, "deposit.expire").isoformat(),
    }


@handler("change.check_top_up")
def check_top_up(context: Context, order_id: str, change_id: str) -> dict[str, Any]:
    """What is left of the higher deposit after the payment that came in."""
    found = changes.change_facts(context.work.session, change_id=change_id)
    paid = payments.deposit_balance(context.work.session, order_id=order_id).paid_fen
    return {"top_up_left_fen": max(found.deposit_after_fen - paid, 0)}


@handler("change.apply")
def apply(context: Context, order_id: str, change_id: str) -> dict[str, Any]:
    """Make it true, and tell those who work on the lines: their old forms are void."""
    found = changes.apply_change(context.work, change_id=change_id)
    order = order_of(context, order_id)
    for seq in sorted(_lines_of(found)):
        context.publish("line.changed", f"{order.number}#{seq}", {})
    name_instance(context, order_id)
    context.notify(
        logins=[login for login in [order.owner] if login],
        roles=["PM", "LG"],
        msgid="Order %(order_no)s was changed to version %(version)s.",
        order_no=order.number or "",
        version=str(order.version),
    )
    return {"outcome": "applied", **order_scalars(context, order_id)}


@handler("change.refuse")
def refuse(
    context: Context,
    order_id: str,
    change_id: str | None = None,
    asked_by: str | None = None,
    path: str | None = None,
) -> dict[str, Any]:
    """The order stays as it is; whoever asked hears why."""
    if change_id is not None:
        changes.end_change(context.work, change_id=change_id, state="refused", note=path or "—")
    order = order_of(context, order_id)
    context.notify(
        logins=sorted({login for login in (asked_by, order.owner) if login}),
        kind="warning",
        msgid="The change of order %(order_no)s was refused; it stays as it is.",
        order_no=order.number or "",
    )
    return {"outcome": "refused"}


def _refuse_asker(context: Context, change_id: str) -> None:
    found = changes.change_facts(context.work.session, change_id=change_id)
    if found.asked_by == context.actor.login:
        raise ReviewerExcluded


def _lines_of(found: ChangeFacts) -> set[int]:
    return {
        int(one["path"].split("[")[1].split("]")[0])
        for one in found.diff
        if one["path"].startswith("lines[")
    }


def _facts(
    context: Context, order_id: str, change_id: str, violations: Violations | None
) -> list[Fact]:
    found = changes.change_facts(context.work.session, change_id=change_id)
    rows = [
        fact(_called(one["path"]), f"{_shown(one, 'old')} → {_shown(one, 'new')}")
        for one in found.diff
    ]
    said_of_it = [
        fact(gettext("Opinion: %(role)s", role=one["role"]), one["opinion"])
        for one in found.opinions
    ]
    return [
        *order_facts(context, order_id),
        fact(gettext("Change"), found.number),
        fact(gettext("Reason"), found.reason),
        *rows,
        yuan(gettext("Total now"), found.total_before_fen),
        yuan(gettext("Total then"), found.total_after_fen),
        *(violation_facts(violations) if violations else []),
        *said_of_it,
    ]


def _called(path: str) -> str:
    name = path.rsplit(".", 1)[-1]
    if path.startswith("new_lines"):
        return gettext("New line")
    called = str(NAMES.get(name, name))
    if not path.startswith("lines["):
        return called
    return f"{path.split('[')[1].split(']')[0]}. {called}"


def _shown(one: dict[str, Any], side: str) -> str:
    value = one[side]
    return format_yuan(value) if one["path"].endswith("_fen") and value else said(value)
