"""Owns the deposit of an order: how much (D26), whether it came, what if it does not (T00.1)."""

from datetime import datetime, time
from typing import Any

from handlers.beside import fact, order_facts, yuan
from handlers.calendar import until
from handlers.order_scalars import deposit_pct
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import orders, payments, settlement, states
from jiedan.desk.states import OrderState
from jiedan.desk.values import as_date


@handler("deposit.require")
def require(context: Context, order_id: str) -> dict[str, Any]:
    """Fix the deposit by decision D26; with one, the order waits for it (SPEC S3.6.2)."""
    pct = deposit_pct(context, order_id)
    deposit_fen = settlement.set_deposit(context.work, order_id=order_id, pct=pct)
    left = payments.deposit_balance(context.work.session, order_id=order_id).remaining_fen
    if left > 0:
        states.set_state(context.work, order_id=order_id, to=OrderState.AWAITING_DEPOSIT)
    return {
        "deposit_fen": left and deposit_fen,
        "deposit_left_fen": left,
        "deposit_until": until(context, "deposit.expire").isoformat(),
    }


@handler("deposit.check")
def check(context: Context, order_id: str) -> dict[str, Any]:
    """What is left of the deposit after the payment that came in; part of it keeps waiting."""
    balance = payments.deposit_balance(context.work.session, order_id=order_id)
    return {"deposit_left_fen": balance.remaining_fen}


@handler("deposit.load_overdue")
def load_overdue(context: Context, order_id: str) -> dict[str, Any]:
    """What was asked for, what came, and until when."""
    balance = payments.deposit_balance(context.work.session, order_id=order_id)
    return {
        "values": {},
        "facts": [
            *order_facts(context, order_id),
            yuan(gettext("Deposit"), balance.required_fen),
            yuan(gettext("Paid"), balance.paid_fen),
            fact(gettext("Due"), context.variables.get("deposit_until")),
        ],
    }


@handler("deposit.save_overdue")
def save_overdue(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Extend, give up, or ask for a waiver; the reason stays with the order."""
    orders.log_contact(
        context.work, order_id=order_id, purpose="deposit", way="internal", result=answer["note"]
    )
    if outcome != "extend":
        return {}
    day = as_date(answer.get("new_date"))
    if day is None:
        raise InvalidAnswer({"new_date": lazy("Enter a date.")})
    evening = datetime.combine(day, time(18), SHANGHAI)
    if evening <= context.now:
        raise InvalidAnswer({"new_date": lazy("This lies in the past.")})
    return {"deposit_until": evening.isoformat()}
