"""Owns invoices, incoming payments, dunning and write-off (P16)."""

from datetime import datetime, time, timedelta
from typing import Any

from handlers.beside import fact, order_facts, order_of, yuan
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import invoices, orders, payments, settlement, states
from jiedan.desk.records import get_customer
from jiedan.desk.settlement import Balance
from jiedan.desk.values import as_date, shanghai_date

ESCROW = "platform_escrow"
LEAST_WAIT = timedelta(days=1)


@handler("settlement.prepare")
def prepare_billing(context: Context, order_id: str) -> dict[str, Any]:
    """Say whether an invoice is due: delivered, not invoiced yet, and wanted by the customer."""
    order = order_of(context, order_id)
    balance = _balance(context, order_id)
    wanted = order.channel == "sales" or bool(order.invoice_title)
    return {
        "needs_invoice": wanted and balance.invoiceable_fen > 0,
        "escrow": order.payment_method == ESCROW,
        "payment_ref": None,
        "settlement_ref": None,
    }


@handler("invoice.load")
def load_invoice(context: Context, order_id: str) -> dict[str, Any]:
    """Propose an invoice over everything that was delivered and not invoiced."""
    order = order_of(context, order_id)
    balance = _balance(context, order_id)
    customer = get_customer(context.work.session, order.customer_id) if order.customer_id else None
    tax_no = order.tax_no or (customer and customer.uscc)
    return {
        "values": {
            "type": order.invoice_type or ("vat_special" if tax_no else "vat_normal"),
            "billable": balance.invoiceable_fen,
            "amount": balance.invoiceable_fen,
            "title": order.invoice_title or (customer and customer.name),
            "tax_no": tax_no,
            "due_on": _due_day(context, order_id).isoformat(),
        },
        "facts": [*order_facts(context, order_id), *_balance_facts(balance)],
    }


@handler("invoice.save")
def save_invoice(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Issue the invoice; its number and due date come from the desk."""
    made = invoices.create_invoice(
        context.work,
        order_id=order_id,
        type=answer["type"],
        amount_fen=answer["amount"],
        title=answer.get("title"),
        tax_no=answer.get("tax_no"),
        e_invoice_no=answer.get("e_invoice_no"),
    )
    return {"invoice_no": made.number}


@handler("settlement.match")
def match(
    context: Context,
    order_id: str,
    payment_ref: str | None = None,
    settlement_ref: str | None = None,
    paid_fen: int | None = None,
    payer: str | None = None,
    received_at: str | None = None,
) -> dict[str, Any]:
    """Book a payment that a message brought, then say what is still owed and until when.

    Outcome settled, partial or over; `settled` also when the customer paid too much, which stays
    on the list of unmatched payments.
    """
    ref = payment_ref or settlement_ref
    if ref and paid_fen:
        order = order_of(context, order_id)
        payments.register_payment(
            context.work,
            ref=ref,
            amount_fen=paid_fen,
            customer_id=order.customer_id,
            payer=payer or "",
            method=ESCROW if settlement_ref else "bank",
            received_at=received_at,
        )
        _lay_on_order(context, order_id, ref, None)
    balance = _balance(context, order_id)
    if balance.settled:
        states.set_state(context.work, order_id=order_id, to=states.S.SETTLED)
    return {
        "outcome": "settled" if balance.settled else balance.outcome,
        "remaining_fen": balance.remaining_fen,
        "payment_due": _due_moment(context, order_id).isoformat(),
        "payment_ref": None,
        "settlement_ref": None,
        "paid_fen": None,
    }


@handler("payments.load")
def load_payment(context: Context, order_id: str) -> dict[str, Any]:
    """What is owed, and what came in already."""
    balance = _balance(context, order_id)
    order = order_of(context, order_id)
    customer = get_customer(context.work.session, order.customer_id) if order.customer_id else None
    return {
        "values": {
            "remaining": max(balance.remaining_fen, 0),
            "amount": max(balance.remaining_fen, 0),
            "method": ESCROW if order.payment_method == ESCROW else "bank",
            "payer": customer and customer.name,
            "received_at": context.now.astimezone(SHANGHAI).isoformat(timespec="minutes"),
        },
        "facts": [*order_facts(context, order_id), *_balance_facts(balance)],
    }


@handler("payments.save")
def save_payment(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Book a receipt from the bank on the order; a difference needs its reason."""
    balance = _balance(context, order_id)
    reason = answer.get("difference_reason")
    if answer["amount"] != balance.remaining_fen and not reason:
        raise InvalidAnswer(
            {"difference_reason": lazy("The amount differs from what is owed: say why.")}
        )
    order = order_of(context, order_id)
    payments.register_payment(
        context.work,
        ref=answer["payment_ref"],
        amount_fen=answer["amount"],
        customer_id=order.customer_id,
        payer=answer["payer"],
        method=answer["method"],
        received_at=answer["received_at"],
        note=reason,
    )
    _lay_on_order(context, order_id, answer["payment_ref"], reason)
    return {"payment_ref": None, "settlement_ref": None}


@handler("payments.load_dunning")
def load_dunning(context: Context, order_id: str) -> dict[str, Any]:
    """What is owed, and since when."""
    balance = _balance(context, order_id)
    return {
        "values": {"promise_amount": max(balance.remaining_fen, 0)},
        "facts": [
            *order_facts(context, order_id),
            *_balance_facts(balance),
            fact(gettext("Due since"), _due_day(context, order_id)),
        ],
    }


@handler("payments.save_dunning")
def save_dunning(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Keep what the customer said; a promise moves the day on which we look again."""
    orders.log_contact(
        context.work,
        order_id=order_id,
        purpose="dunning",
        at=context.now,
        way=answer["way"],
        result=answer["answer"],
    )
    if outcome != "promise":
        return {}
    day = as_date(answer["promise_date"])
    if day is None:
        raise InvalidAnswer({"promise_date": lazy("Enter a date.")})
    return {"payment_due": _evening(day).isoformat()}


@handler("payments.load_write_off")
def load_write_off(
    context: Context,
    order_id: str,
    write_off_fen: int | None = None,
    write_off_reason: str | None = None,
    write_off_proof: str | None = None,
) -> dict[str, Any]:
    """The open balance, and what was proposed."""
    balance = _balance(context, order_id)
    proposed = [
        yuan(gettext("Proposed write-off"), write_off_fen),
        fact(gettext("Reason"), write_off_reason),
        fact(gettext("Proof"), write_off_proof),
    ]
    return {
        "values": {"remaining": balance.remaining_fen, "amount": balance.remaining_fen},
        "facts": [
            *order_facts(context, order_id),
            *_balance_facts(balance),
            *(proposed if write_off_fen else []),
        ],
    }


@handler("payments.propose_write_off")
def propose_write_off(context: Context, answer: dict[str, Any]) -> dict[str, Any]:
    """Hand the proposal to the general manager; nothing is booked yet."""
    return {
        "write_off_fen": answer["amount"],
        "write_off_reason": answer["reason"],
        "write_off_proof": answer["proof"],
    }


@handler("payments.decide_write_off")
def decide_write_off(context: Context, answer: dict[str, Any], outcome: str) -> dict[str, Any]:
    """Keep who decided, and what they thought; duties keep the proposer away (SOD-5)."""
    return {
        "write_off_granted": outcome == "approve",
        "write_off_decided_by": context.actor.login,
        "write_off_opinion": answer.get("opinion"),
    }


@handler("settlement.write_off")
def write_off(
    context: Context,
    order_id: str,
    write_off_fen: int,
    write_off_reason: str,
    write_off_proof: str | None = None,
) -> dict[str, Any]:
    """Book the write-off; the order counts as settled with a bad debt."""
    settlement.write_off(
        context.work,
        order_id=order_id,
        amount_fen=write_off_fen,
        reason=write_off_reason,
        proof=write_off_proof,
    )
    states.set_state(context.work, order_id=order_id, to=states.S.SETTLED, reason=write_off_reason)
    return {"outcome": "bad_debt"}


def _balance(context: Context, order_id: str) -> Balance:
    return settlement.settlement_balance(
        context.work.session,
        order_id=order_id,
        tolerance_fen=context.work.platform.parameters.fen("settle.tolerance"),
    )


def _balance_facts(balance: Balance) -> list[dict[str, Any]]:
    return [
        yuan(gettext("Payable"), balance.payable_fen),
        yuan(gettext("Invoiced"), balance.invoiced_fen),
        yuan(gettext("Paid"), balance.paid_fen),
        yuan(gettext("Still owed"), balance.remaining_fen),
    ]


def _lay_on_order(context: Context, order_id: str, ref: str, reason: str | None) -> None:
    """Match what is left of a payment with the order, up to what the order still owes."""
    open_fen = settlement.settlement_balance(context.work.session, order_id=order_id).remaining_fen
    left = next(
        (
            one.left_fen
            for one in payments.unmatched_payments(context.work.session)
            if one.ref == ref
        ),
        0,
    )
    part = min(left, open_fen)
    if part > 0:
        payments.match_payment(
            context.work,
            ref=ref,
            splits=[{"order_id": order_id, "amount_fen": part}],
            difference_reason=reason,
        )


def _due_day(context: Context, order_id: str) -> Any:
    """The day by which the oldest open invoice, or the order itself, has to be paid."""
    open_days = [
        one.due_on
        for one in invoices.list_invoices(context.work.session, order_id=order_id)
        if one.state == "issued"
    ]
    if open_days:
        return min(open_days)
    order = order_of(context, order_id)
    if order.payment_method == ESCROW:
        amount, unit = context.work.platform.parameters.limit("settle.platform_wait")
        return shanghai_date(context.work.platform.calendar.deadline(context.now, amount, unit))
    term = order.term_days if order.payment_method == "credit_term" else 0
    return shanghai_date(context.now + timedelta(days=term or 0))


def _due_moment(context: Context, order_id: str) -> datetime:
    """The end of the due day, and never less than a day from now."""
    return max(_evening(_due_day(context, order_id)), context.now + LEAST_WAIT)


def _evening(day: Any) -> datetime:
    return datetime.combine(day, time(18), SHANGHAI)
