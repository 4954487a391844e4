"""Owns the customer's acceptance of what was delivered (P10)."""

from datetime import datetime, time, timedelta
from typing import Any

from handlers.beside import fact, line_name, order_facts, order_of, said
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import acceptances, issues, orders, receipts, shortfalls, states
from jiedan.desk.acceptances import AcceptanceFacts
from jiedan.desk.records import get_customer
from jiedan.desk.tables import Order
from jiedan.desk.values import as_date

REMIND_BEFORE = timedelta(days=2)
S = states.S


@handler("acceptance.open")
def open_acceptance(context: Context, order_id: str) -> dict[str, Any]:
    """Begin the acceptance.

    Outcome open; accepted where a consumer's confirmed delivery is the acceptance (N4.3.1);
    returned where nothing of the order was delivered.
    """
    progress = receipts.delivery_progress(context.work.session, order_id=order_id)
    if not progress.any_delivered:
        for state in (S.DELIVERED, S.IN_ACCEPTANCE, S.ACCEPTANCE_ISSUE, S.RETURNED_FULL):
            states.set_state(
                context.work, order_id=order_id, to=state, reason=lazy("Nothing was delivered")
            )
        return {"outcome": "returned"}
    receipts.update_delivery_state(context.work, order_id=order_id)
    states.set_state(context.work, order_id=order_id, to=S.IN_ACCEPTANCE)
    if _confirmed_by_consumer(context, order_of(context, order_id)):
        acceptances.accept_by_platform(
            context.work, order_id=order_id, ref=lazy("Delivery confirmed by the customer")
        )
        states.set_state(context.work, order_id=order_id, to=S.ACCEPTED)
        return {"outcome": "accepted"}
    found = acceptances.open_acceptance(context.work, order_id=order_id)
    return {"outcome": "open", **_dates(context, found)}


@handler("acceptance.load")
def load(context: Context, order_id: str) -> dict[str, Any]:
    """The delivered lines, proposed as good."""
    order = order_of(context, order_id)
    names = {line.seq: line_name(line) for line in order.lines}
    rows = [
        {
            "line": str(row["line"]),
            "sku": row["sku"],
            "name": names[row["line"]],
            "qty_delivered": said(row["delivered"]),
            "qty_accepted": said(row["qty_accepted"]),
            "qty_rejected": "0",
            "spec_ok": True,
            "quality_ok": True,
            "performance": "ok",
        }
        for row in acceptances.acceptance_values(context.work.session, order_id=order_id)
    ]
    return {
        "values": {"lines": rows, "accepted_by": order.receiver},
        "facts": order_facts(context, order_id),
    }


@handler("acceptance.save")
def save(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Keep what the customer found, line by line."""
    acceptances.record_acceptance(
        context.work,
        acceptance_id=_open_one(context, order_id).acceptance_id,
        lines=[{**row, "line": int(row["line"])} for row in answer["lines"]],
        accepted_by=answer["accepted_by"],
        sign=answer["sign"],
    )
    return {}


@handler("acceptance.load_reminder")
def load_reminder(context: Context, order_id: str) -> dict[str, Any]:
    """Until when the customer has time."""
    now = context.now.astimezone(SHANGHAI).isoformat(timespec="minutes")
    return {
        "values": {"contact_log": [{"at": now, "way": "phone"}]},
        "facts": [
            *order_facts(context, order_id),
            fact(gettext("Acceptance until"), _open_one(context, order_id).deadline),
        ],
    }


@handler("acceptance.save_reminder")
def save_reminder(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Keep the talk."""
    for talk in answer["contact_log"]:
        orders.log_contact(
            context.work,
            order_id=order_id,
            purpose="acceptance_reminder",
            at=talk["at"],
            way=talk["way"],
            result=talk["result"],
        )
    return {}


@handler("acceptance.load_overdue")
def load_overdue(context: Context, order_id: str) -> dict[str, Any]:
    """Since when the acceptance is overdue."""
    order = order_of(context, order_id)
    return {
        "values": {"accepted_by": order.receiver},
        "facts": [
            *order_facts(context, order_id),
            fact(gettext("Acceptance was due"), _open_one(context, order_id).deadline),
        ],
    }


@handler("acceptance.save_overdue")
def save_overdue(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Extend, accept with proof, or deem accepted where the contract says so."""
    acceptance = _open_one(context, order_id)
    choice = answer["choice"]
    if choice == "extend":
        day = as_date(answer["new_deadline"])
        if day is None:
            raise InvalidAnswer({"new_deadline": lazy("Enter a date.")})
        acceptance = acceptances.extend_acceptance(
            context.work,
            acceptance_id=acceptance.acceptance_id,
            until=datetime.combine(day, time(18), SHANGHAI),
            note=answer["note"],
        )
        return {"choice": choice, **_dates(context, acceptance)}
    if choice == "deemed":
        acceptances.deem_accepted(
            context.work, acceptance_id=acceptance.acceptance_id, note=answer["note"]
        )
    else:
        rows = acceptances.acceptance_values(context.work.session, order_id=order_id)
        acceptances.record_acceptance(
            context.work,
            acceptance_id=acceptance.acceptance_id,
            lines=[
                {**row, "spec_ok": True, "quality_ok": True, "performance": "na"} for row in rows
            ],
            accepted_by=answer["accepted_by"],
            sign=answer["proof"],
        )
    return {"choice": choice}


@handler("acceptance.evaluate")
def evaluate(context: Context, order_id: str) -> dict[str, Any]:
    """Everything good, or an issue about what was rejected. Outcome accepted or issue."""
    found = acceptances.acceptance_facts(context.work.session, order_id=order_id)
    if found is None or found.result != "issue":
        states.set_state(context.work, order_id=order_id, to=S.ACCEPTED)
        return {"outcome": "accepted"}
    states.set_state(context.work, order_id=order_id, to=S.ACCEPTANCE_ISSUE)
    order = order_of(context, order_id)
    complaint = _complaint(context, order)
    logged = issues.log_issue(
        context.work,
        order_id=order_id,
        source="acceptance",
        contact=" ".join(part for part in (order.receiver, order.receiver_phone) if part) or "—",
        description=complaint["text"],
        category=complaint["category"],
        qty_affected=sum(line.qty_rejected for line in order.lines) or None,
        found_at=context.now,
    )
    return {"outcome": "issue", "issue_id": logged.issue_id, "approved_fen": None}


@handler("acceptance.conclude")
def conclude(
    context: Context,
    order_id: str,
    resolution: str | None = None,
    issue_id: str | None = None,
) -> dict[str, Any]:
    """Act on how the issue ended: examine again, deduct, or take everything back.

    Outcome recheck, accepted_with_deduction or returned.
    """
    if resolution == "deduction" and issue_id:
        granted = issues.issue_facts(context.work.session, issue_id=issue_id).plan
        acceptances.accept_with_deduction(
            context.work,
            order_id=order_id,
            deduction_fen=granted["approved_fen"],
            note=lazy("Agreed deduction"),
        )
        states.set_state(context.work, order_id=order_id, to=S.ACCEPTED)
        return {"outcome": "accepted_with_deduction"}
    if resolution == "return":
        shortfalls.return_everything(context.work, order_id=order_id)
        states.set_state(
            context.work, order_id=order_id, to=S.RETURNED_FULL, reason=lazy("Returned")
        )
        return {"outcome": "returned"}
    states.set_state(context.work, order_id=order_id, to=S.IN_ACCEPTANCE)
    again = acceptances.open_acceptance(context.work, order_id=order_id)
    return {"outcome": "recheck", **_dates(context, again)}


def _open_one(context: Context, order_id: str) -> AcceptanceFacts:
    """The acceptance that waits for the customer."""
    found = acceptances.acceptance_facts(context.work.session, order_id=order_id)
    return found or acceptances.open_acceptance(context.work, order_id=order_id)


def _dates(context: Context, found: AcceptanceFacts) -> dict[str, Any]:
    """The deadline, and when to remind: two days before, or halfway when time is short."""
    left = found.deadline - context.now
    remind = found.deadline - min(REMIND_BEFORE, left / 2)
    return {
        "acceptance_due": found.deadline.isoformat(),
        "acceptance_remind_at": remind.isoformat(),
    }


def _confirmed_by_consumer(context: Context, order: Order) -> bool:
    """Whether a consumer himself confirmed every delivery; a carrier's proof is not enough."""
    if order.channel != "netease" or order.customer_id is None:
        return False
    customer = get_customer(context.work.session, order.customer_id)
    deliveries = receipts.delivery_record(context.work.session, order_id=order.id)
    return customer.kind == "consumer" and all(
        row["state"] == "confirmed" and row["mode"] != "carrier" for row in deliveries
    )


def _complaint(context: Context, order: Order) -> dict[str, str]:
    """What was wrong, in words, and under which heading."""
    rows = acceptances.rejected_lines(context.work.session, order_id=order.id)
    words = [
        gettext("Line %(line)s %(sku)s: %(qty)s rejected. %(note)s")
        % {
            "line": row["line"],
            "sku": next(line.sku for line in order.lines if line.seq == row["line"]),
            "qty": said(row["qty_rejected"]),
            "note": row["note"],
        }
        for row in rows
    ]
    if any(row["performance"] == "fail" for row in rows):
        category = "performance"
    elif any(not row["quality_ok"] for row in rows):
        category = "quality"
    elif any(not row["spec_ok"] for row in rows):
        category = "spec"
    else:
        category = "other"
    return {
        "text": "\n".join(words) or gettext("Not everything was accepted."),
        "category": category,
    }
