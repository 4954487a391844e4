"""Owns the credit check of a review and the handling of a credit hold (T03.4)."""

from collections.abc import Mapping
from typing import Any

from handlers.beside import Fact, fact, order_facts, yuan
from handlers.credit_facts import credit_violations, judge_credit
from handlers.violations import covered_codes, find_violations, subject_of, uncovered
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import credit, holds, payments
from jiedan.desk.records import get_order

HOLD = "credit"


@handler("credit.check")
def check(context: Context, order_id: str) -> dict[str, Any]:
    """Ask decision D04 and keep the facts with the order (SPEC S5.1.3)."""
    judged = judge_credit(context, order_id)
    if judged.facts.warn and judged.passes:
        context.notify(
            roles=["FO"],
            kind="warning",
            msgid="The customer of order %(order_no)s has used %(pct)s %% of the credit limit.",
            order_no=get_order(context.work.session, order_id).number or "",
            pct=judged.facts.used_pct,
        )
    return {"credit_findings": credit_violations(judged), "credit_decision": judged.decision}


@handler("credit.recheck")
def recheck(
    context: Context,
    order_id: str,
    payment_ref: str | None = None,
    paid_fen: int | None = None,
    payer: str | None = None,
) -> dict[str, Any]:
    """Book what came in, ask again, and release the hold when the credit is good or granted."""
    if payment_ref and paid_fen:
        payments.register_payment(
            context.work,
            ref=payment_ref,
            amount_fen=paid_fen,
            customer_id=get_order(context.work.session, order_id).customer_id,
            payer=payer or "",
        )
        payments.match_oldest(context.work, ref=payment_ref)
    judged = judge_credit(context, order_id)
    good = not judged.holds or "CREDIT" in covered_codes(context, order_id)
    if good:
        holds.release_order(
            context.work, order_id=order_id, reason=lazy("credit checked again"), code=HOLD
        )
    found = find_violations(context, order_id)
    # Over the limit is no hold: reviewers see it and ask for a special approval.
    return {
        "credit_ok": good,
        "credit_decision": judged.decision,
        "violations": found,
        "special_subject": subject_of(uncovered(context, order_id, found)),
        "payment_ref": None,
        "paid_fen": None,
    }


@handler("credit.load_hold")
def load_hold(context: Context, order_id: str) -> dict[str, Any]:
    """Why the order is held, and what the customer owed when it was checked."""
    order = get_order(context.work.session, order_id)
    reasons = [
        fact(gettext("Reason"), one.reason)
        for one in holds.open_holds(context.work.session, order_id=order_id)
    ]
    return {
        "values": {"option": "wait_payment"},
        "facts": [
            *reasons,
            *order_facts(context, order_id),
            *credit_facts(order.credit_snapshot),
        ],
    }


@handler("credit.save_hold")
def save_hold(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Do what finance decided; a guarantee counts from now on (SPEC S5.1.4)."""
    option = answer["option"]
    if option == "guarantee":
        _take_guarantee(context, answer["guarantee"], order_id)
    if option == "reject" and not context.actor.has_any("FO", "FM"):
        raise InvalidAnswer({"option": lazy("Only finance may refuse an order for its credit.")})
    chosen: dict[str, Any] = {"hold_option": option}
    if option == "special":
        chosen["special_subject"] = "credit"
    if option == "reject":
        chosen["forbidden_text"] = answer.get("note")
    return chosen


def _take_guarantee(context: Context, given: dict[str, Any], order_id: str) -> None:
    if not context.actor.has_any("FO", "FM"):
        raise InvalidAnswer({"option": lazy("Only finance may accept a guarantee.")})
    order = get_order(context.work.session, order_id)
    guarantee_id = credit.add_guarantee(
        context.work,
        customer_id=str(order.customer_id),
        type=given["type"],
        amount_fen=given["amount"],
        doc=", ".join(given.get("doc") or ()),
        expiry=given["expiry"],
    )
    credit.verify_guarantee(context.work, guarantee_id=guarantee_id)


def credit_facts(snapshot: Mapping[str, Any]) -> list[Fact]:
    """What finance looks at, as the last check kept it with the order."""
    return [
        fact(gettext("Credit grade"), snapshot.get("grade")),
        yuan(gettext("Credit limit"), snapshot.get("limit_fen")),
        yuan(gettext("Exposure"), snapshot.get("exposure_fen")),
        yuan(gettext("This order on credit"), snapshot.get("credit_part_fen")),
        fact(gettext("Longest overdue, days"), snapshot.get("max_overdue_days")),
    ]
