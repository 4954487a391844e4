"""Owns paying money back (T12.5), whatever it is for."""

from typing import Any

from handlers.beside import order_facts, order_of
from handlers.platform_reply import tell_platform
from jiedan import Context, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.money import format_yuan
from jiedan.desk import refunds


@handler("refund.load")
def load(context: Context, order_id: str, refund_id: str) -> dict[str, Any]:
    """How much, to whom and on which way; nobody can choose another one."""
    found = refunds.refund_facts(context.work.session, refund_id=refund_id)
    return {
        "values": {
            "amount": found.amount_fen,
            "route": found.route,
            "payer": found.payer,
            "paid_at": context.now.astimezone(SHANGHAI).isoformat(timespec="minutes"),
        },
        "facts": order_facts(context, order_id),
    }


@handler("refund.save")
def save(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str, refund_id: str
) -> dict[str, Any]:
    """Note that it was paid, or that it came back; never twice, never by who calculated it."""
    if outcome == "failed":
        refunds.fail_refund(context.work, refund_id=refund_id, reason=answer["failure"])
        return {}
    found = refunds.pay_refund(
        context.work, refund_id=refund_id, ref=answer["ref"], paid_at=answer.get("paid_at")
    )
    order = order_of(context, order_id)
    if order.platform_order_id is not None:
        tell_platform(
            context,
            str(order.platform_order_id),
            kind="refund",
            key=f"refund:{found.refund_id}",
            amount_fen=found.amount_fen,
        )
    return {}


@handler("refund.report_failure")
def report_failure(context: Context, order_id: str, refund_id: str) -> dict[str, Any]:
    """Finance and the owner hear that the money came back (X28)."""
    found = refunds.refund_facts(context.work.session, refund_id=refund_id)
    order = order_of(context, order_id)
    context.notify(
        logins=[login for login in [order.owner] if login],
        roles=["FM"],
        kind="warning",
        msgid="The refund of %(amount)s for %(order_no)s failed and will be tried again.",
        amount=format_yuan(found.amount_fen),
        order_no=order.number or "",
    )
    return {}
