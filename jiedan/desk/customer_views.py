"""What decisions ask about a customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from jiedan.desk.contracts import framework_for
from jiedan.desk.records import get_customer
from jiedan.desk.tables import Customer, Order
from jiedan.desk.values import Ref, Result


@dataclass(frozen=True, slots=True)
class CustomerFacts(Result):
    """What decisions ask about a customer."""

    customer_id: str
    customer_no: str
    name: str
    kind: str
    customer_class: str
    region: str | None
    province: str | None
    industry: str | None
    scale: str | None
    owner: str | None
    state: str
    blacklisted: bool
    framework: bool
    has_orders: bool
    paid_12m_fen: int
    version: int


def customer_facts(session: Session, *, customer_id: Ref, on: Any = None) -> CustomerFacts:
    """What decisions ask about a customer; ``on`` is the day a framework must be valid."""
    return facts_of(session, get_customer(session, customer_id), on)


def facts_of(session: Session, customer: Customer, on: Any) -> CustomerFacts:
    """The facts of a loaded customer; ``on`` is the day a framework must be valid."""
    framework = framework_for(session, customer_id=customer.id, on=on) is not None
    return CustomerFacts(
        customer_id=str(customer.id),
        customer_no=customer.number,
        name=customer.name,
        kind=customer.kind,
        customer_class=customer.customer_class,
        region=customer.region,
        province=customer.province,
        industry=customer.industry,
        scale=customer.scale,
        owner=customer.owner,
        state=customer.state,
        blacklisted=customer.blacklisted_reason is not None,
        framework=framework,
        has_orders=bool(
            session.scalar(
                select(
                    exists().where(
                        Order.customer_id == customer.id,
                        Order.state.in_(["settled", "closed", "accepted", "delivered"]),
                    )
                )
            )
        ),
        paid_12m_fen=customer.paid_12m_fen,
        version=customer.version,
    )
