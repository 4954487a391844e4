"""Owns the scalars of an order that diagrams and decision tables ask for."""

from decimal import Decimal
from typing import Any

from jiedan import Context
from jiedan.desk.contracts import framework_for
from jiedan.desk.credit import latest_profile
from jiedan.desk.facts import is_first_order
from jiedan.desk.records import get_customer, get_order
from jiedan.desk.tables import Order


def yuan(fen: int) -> int | Decimal:
    """An amount for decision tables, which speak of yuan."""
    whole, rest = divmod(fen, 100)
    return whole if rest == 0 else Decimal(fen) / 100


def order_scalars(context: Context, order_id: str) -> dict[str, Any]:
    """What the diagrams branch on, as it stands in the database."""
    order = get_order(context.work.session, order_id)
    return {
        "order_no": order.number,
        "order_kind": order.kind,
        "owner": order.owner,
        "grade": customer_class(context, order),
        "amount_fen": order.total_fen,
        "payment_method": order.payment_method,
        "has_mto": any(line.fulfil == "mto" for line in order.lines),
        "has_service": any(line.fulfil == "service" for line in order.lines),
        "alloc_role": "BM" if order.channel == "netease" else "SR",
    }


def contract_facts(context: Context, order_id: str) -> dict[str, Any]:
    """What decision D11 asks about an order."""
    order = get_order(context.work.session, order_id)
    session = context.work.session
    customer = get_customer(session, order.customer_id) if order.customer_id else None
    framework = customer and framework_for(session, customer_id=customer.id, on=context.now)
    service = sum(line.amount_fen for line in order.lines if line.fulfil == "service")
    return {
        "customer_kind": customer.kind if customer else None,
        "framework": framework is not None,
        "amount": yuan(order.total_fen),
        "service_amount": yuan(service),
        "standard": all(line.fulfil in ("stock", "electronic") for line in order.lines),
    }


def customer_class(context: Context, order: Order) -> str | None:
    """The class of the order's customer (D01), None while nobody knows him."""
    if order.customer_id is None:
        return None
    return get_customer(context.work.session, order.customer_id).customer_class


def deposit_pct(context: Context, order_id: str) -> Decimal:
    """The share of the total that is due before work starts (D26), in per cent."""
    order = get_order(context.work.session, order_id)
    if order.customer_id is None:
        return Decimal(0)
    found = context.decide(
        "deposit",
        payment_method=order.payment_method,
        grade_pct=granted_pct(context, order),
        has_mto=any(line.fulfil == "mto" for line in order.lines),
        first_order=is_first_order(context.work.session, order),
    )
    return Decimal(str(found.value or 0))


def granted_pct(context: Context, order: Order) -> Decimal:
    """The deposit in per cent that the customer's latest credit assessment asks for."""
    if order.customer_id is None:
        return Decimal(0)
    profile = latest_profile(context.work.session, order.customer_id)
    return Decimal(profile.deposit_pct if profile else 0)
