"""Owns what is checked before any user task of an order is completed."""

from jiedan import Context, guard
from jiedan.desk import holds

WHILE_HELD = frozenset(
    {
        "handle_credit_hold",
        "request_special",
        "decide_special",
        "cosign_special",
        "rework_order",
        "arbitrate_order",
        "handle_abort",
        "handle_deposit_overdue",
        "match_payment",
    }
)
"""Tasks that end a hold, or look after the money, and therefore go on while an order is held."""


@guard("orders.on_hold")
def refuse_while_held(context: Context, order_id: str) -> None:
    """A held order does not move forward (SPEC G9); raises OrderOnHold."""
    if context.element_id not in WHILE_HELD:
        holds.require_free(context.work.session, order_id=order_id)
