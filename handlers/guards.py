"""Owns what is checked before any user task of an order is completed."""

from jiedan import Context, guard
from jiedan.desk import holds

WHILE_HELD = frozenset(
    {
        # what ends a hold
        "handle_credit_hold",
        "release_credit",
        "request_special",
        "decide_special",
        "cosign_special",
        "rework_order",
        "arbitrate_order",
        "handle_abort",
        "handle_deposit_overdue",
        # goods that are on the road already
        "track_transport",
        "handle_exception",
        "record_receipt",
        "chase_confirmation",
        # money that comes in
        "match_payment",
        "chase_payment",
    }
)
"""Tasks that go on while an order is held."""

APART = frozenset({"issue_handling", "after_sales_issue"})
"""Processes that look after a customer's problem, whatever happens to the order."""


@guard("orders.on_hold")
def refuse_while_held(context: Context, order_id: str) -> None:
    """A held order does not move forward (SPEC G9); raises OrderOnHold."""
    if context.element_id not in WHILE_HELD and context.process_id not in APART:
        holds.require_free(context.work.session, order_id=order_id)
