"""Owns what is checked before any user task of an order is completed."""

from jiedan import Context, guard
from jiedan.desk import holds
from jiedan.desk.errors import LineOnHold
from jiedan.desk.records import get_order

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
        # what ends an order that is on hold
        "log_cancellation",
        "approve_cancellation",
        "confirm_fee",
        "request_change",
        "wrap_up_cancellation",
        # money that comes in, or goes back
        "pay_refund",
        "match_payment",
        "chase_payment",
    }
)
"""Tasks that go on while an order is held."""

APART = frozenset({"issue_handling", "after_sales_issue", "return_refund", "complaint"})
"""Processes that look after a customer's problem, whatever happens to the order."""


@guard("orders.on_hold")
def refuse_while_held(context: Context, order_id: str) -> None:
    """A held order does not move forward (SPEC G9); raises OrderOnHold."""
    if context.element_id not in WHILE_HELD and context.process_id not in APART:
        holds.require_free(context.work.session, order_id=order_id)


STOPPED_BY_A_CHANGE = frozenset(
    {
        "schedule_production",
        "inspect_material",
        "report_production",
        "inspect_process",
        "inspect_production",
        "review_nonconformity",
        "ask_concession",
        "appoint_service",
        "record_service",
        "confirm_service",
    }
)
"""Tasks about one line."""
STOPPED_BY_ANY_CHANGE = frozenset({"pick_goods", "self_check", "choose_carrier"})
"""Tasks about the whole order, which no line may miss."""


@guard("orders.line_on_hold")
def refuse_while_changing(context: Context, order_id: str, line: int | None = None) -> None:
    """Nothing goes on with a line whose change is being decided; raises LineOnHold."""
    about_line = context.element_id in STOPPED_BY_A_CHANGE and line is not None
    if not about_line and context.element_id not in STOPPED_BY_ANY_CHANGE:
        return
    order = get_order(context.work.session, order_id)
    held = {row.seq for row in order.lines if row.state == "held"}
    if held and (not about_line or line in held):
        raise LineOnHold
