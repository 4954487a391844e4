"""Everything about an order that decision tables ask, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from jiedan.core.work import Work
from jiedan.desk.catalogue import find_items
from jiedan.desk.contracts import framework_for, order_contract
from jiedan.desk.credit import credit_standing, exposure
from jiedan.desk.records import get_customer, get_order
from jiedan.desk.regions import region_of
from jiedan.desk.review_checks import STANDARD_PAYMENTS, term_excess
from jiedan.desk.tables import CatalogueItem, Order, OrderLine
from jiedan.desk.values import ZERO, Ref, Result, shanghai_date

_GOT_GOODS = (
    "delivered",
    "in_acceptance",
    "acceptance_issue",
    "accepted",
    "settled",
    "closed",
)


@dataclass(frozen=True, slots=True)
class OrderFacts(Result):
    """An order for D04 to D12. ``amount`` is in yuan, every ``_fen`` in fen.

    ``product_type`` is the line kind if there is one only, else mixed, with mto before service.
    ``payment_std``: usual for the channel and not longer than the customer's term.
    ``contract_std``: no special contract terms are wanted.
    """

    order_id: str
    order_no: str | None
    channel: str
    kind: str | None
    state: str
    version: int
    held: bool
    customer_id: str | None
    customer_no: str | None
    customer_name: str | None
    customer_kind: str | None
    customer_class: str | None
    grade: str | None
    blacklisted: bool
    first_order: bool
    framework: bool
    region: str | None
    province: str | None
    amount: Decimal
    amount_fen: int
    deposit_fen: int
    credit_part_fen: int
    payment_method: str | None
    payment_std: bool
    term_days: int
    term_excess_days: int
    contract_std: bool
    product_type: str
    fulfils: list[str]
    has_stock: bool
    has_mto: bool
    has_service: bool
    has_electronic: bool
    service_fen: int
    service_amount: Decimal
    skus: list[str]
    line_count: int
    weight_kg: Decimal
    pieces: Decimal
    hazardous: bool
    preference: str | None
    partial_ok: bool
    delivery_date: date | None
    promised_date: date | None
    limit_fen: int
    exposure_fen: int
    over_ratio: Decimal
    max_overdue_days: int
    worst_dev_pct: Decimal
    risk_level: str | None
    owner: str | None
    accepted_by: str | None
    entered_by: str | None
    department: str | None
    warehouse: str | None
    platform_order_id: str | None
    review_round: int


def order_facts(work: Work, *, order_id: Ref) -> OrderFacts:
    """The facts of an order as it stands."""
    order = get_order(work.session, order_id)
    session = work.session
    today = shanghai_date(work.now)
    customer = get_customer(session, order.customer_id) if order.customer_id else None
    fulfils = sorted({line.fulfil for line in order.lines})
    items = find_items(session, [line.sku for line in order.lines])
    service = sum(line.amount_fen for line in order.lines if line.fulfil == "service")
    standing = credit_standing(session, customer_id=customer.id, today=today) if customer else None
    excess = term_excess(order, standing.term_days if standing else 0)
    contract = order_contract(session, order_id=order.id)
    credit = order.credit_snapshot
    return OrderFacts(
        order_id=str(order.id),
        order_no=order.number,
        channel=order.channel,
        kind=order.kind,
        state=order.state,
        version=order.version,
        held=order.held,
        customer_id=str(customer.id) if customer else None,
        customer_no=customer.number if customer else None,
        customer_name=customer.name if customer else None,
        customer_kind=customer.kind if customer else None,
        customer_class=customer.customer_class if customer else None,
        grade=standing.grade if standing else None,
        blacklisted=customer is not None and customer.blacklisted_reason is not None,
        first_order=is_first_order(session, order),
        framework=customer is not None
        and framework_for(session, customer_id=customer.id, on=today) is not None,
        region=region_of(order.province) or (customer.region if customer else None),
        province=order.province,
        amount=Decimal(order.total_fen) / 100,
        amount_fen=order.total_fen,
        deposit_fen=order.deposit_fen,
        credit_part_fen=int(credit.get("credit_part_fen", 0)),
        payment_method=order.payment_method,
        payment_std=order.payment_method in STANDARD_PAYMENTS[order.channel] and excess == 0,
        term_days=order.term_days or 0,
        term_excess_days=excess,
        contract_std=contract is None or not contract.deemed_acceptance,
        product_type=_product_type(fulfils),
        fulfils=fulfils,
        has_stock="stock" in fulfils,
        has_mto="mto" in fulfils,
        has_service="service" in fulfils,
        has_electronic="electronic" in fulfils,
        service_fen=service,
        service_amount=Decimal(service) / 100,
        skus=[line.sku for line in order.lines],
        line_count=len(order.lines),
        weight_kg=sum((_weight(line, items) for line in order.lines), ZERO) / 1000,
        pieces=sum((line.qty for line in order.lines if line.fulfil in ("stock", "mto")), ZERO),
        hazardous=any(item.hazardous for item in items.values()),
        preference=order.preference,
        partial_ok=order.partial_ok,
        delivery_date=order.delivery_date,
        promised_date=order.promised_date,
        **_credit(work, order, today),
        limit_fen=standing.limit_fen if standing else 0,
        over_ratio=Decimal(str(credit.get("over_ratio", 0))),
        worst_dev_pct=max(
            (line.dev_pct for line in order.lines if line.dev_pct is not None), default=Decimal(0)
        ),
        risk_level=order.risk_level,
        owner=order.owner,
        accepted_by=order.accepted_by,
        entered_by=order.entered_by,
        department=order.department,
        warehouse=order.warehouse,
        platform_order_id=str(order.platform_order_id) if order.platform_order_id else None,
        review_round=order.review_round,
    )


def _credit(work: Work, order: Order, today: date) -> dict[str, Any]:
    if order.customer_id is None:
        return {"exposure_fen": 0, "max_overdue_days": 0}
    owed = exposure(work.session, customer_id=order.customer_id, excluding=order.id)
    return {"exposure_fen": owed.total_fen, "max_overdue_days": owed.overdue_days(today)}


def is_first_order(session: Session, order: Order) -> bool:
    """Whether the order's customer has neither paid nor got anything yet."""
    if order.customer_id is None:
        return True
    if get_customer(session, order.customer_id).paid_12m_fen > 0:
        return False
    return not bool(
        session.scalar(
            select(
                exists().where(
                    Order.customer_id == order.customer_id,
                    Order.id != order.id,
                    Order.state.in_(_GOT_GOODS),
                )
            )
        )
    )


def _weight(line: OrderLine, items: Mapping[str, CatalogueItem]) -> Decimal:
    item = items.get(line.sku)
    return line.qty * item.weight_g if item else ZERO


def _product_type(fulfils: list[str]) -> str:
    if len(fulfils) == 1:
        return fulfils[0]
    if not fulfils:
        return "none"
    for first in ("mto", "service"):
        if first in fulfils:
            return first
    return "mixed"
