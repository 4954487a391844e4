"""Contracts over an order and frameworks over many, as far as orders ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord
from jiedan.desk.records import get_customer, get_order
from jiedan.desk.tables import Contract
from jiedan.desk.values import Problems, Ref, Result, add, as_date, as_id

KINDS = frozenset({"order", "framework"})
VALID_STATES = ("signed", "archived")


@dataclass(frozen=True, slots=True)
class ContractFacts(Result):
    """A contract and the terms that processes ask about."""

    contract_id: str
    number: str
    kind: str
    state: str
    acceptance_days: int
    liability_cap_pct: Any
    deemed_acceptance: bool
    valid_until: date | None


def add_contract(
    work: Work,
    *,
    customer_id: Ref,
    kind: str,
    valid_from: Any,
    valid_until: Any = None,
    order_id: Ref | None = None,
    template: str | None = None,
    acceptance_days: int = 7,
    liability_cap_pct: Any = 10,
    deemed_acceptance: bool = False,
    amount_fen: int | None = None,
    state: str = "signed",
    terms: dict[str, Any] | None = None,
) -> ContractFacts:
    """Enter a contract that was concluded."""
    customer = get_customer(work.session, customer_id)
    problems = Problems()
    problems.one_of("kind", kind, KINDS)
    start = problems.day("valid_from", valid_from)
    end = problems.day("valid_until", valid_until) if valid_until else None
    cap = problems.pct("liability_cap_pct", liability_cap_pct)
    if not 1 <= acceptance_days <= 60:
        problems.add("acceptance_days", lazy("Enter 1 to 60 days."))
    problems.raise_as(InvalidRecord)
    contract = add(
        work,
        Contract(
            number=take_number(work, kind="contract"),
            kind=kind,
            customer_id=customer.id,
            order_id=get_order(work.session, order_id).id if order_id else None,
            template=template,
            terms=terms or {},
            acceptance_days=acceptance_days,
            liability_cap_pct=cap,
            deemed_acceptance=deemed_acceptance,
            valid_from=start,
            valid_until=end,
            amount_fen=amount_fen,
            state=state,
        ),
    )
    audit.record(
        work, action="contract.add", entity=f"contract:{contract.id}", after={"kind": kind}
    )
    return _facts(contract)


def framework_for(session: Session, *, customer_id: Ref, on: Any = None) -> ContractFacts | None:
    """The customer's framework contract that is valid on a day (or at all)."""
    day = as_date(on) if on else None
    query = select(Contract).where(
        Contract.customer_id == as_id(customer_id),
        Contract.kind == "framework",
        Contract.state.in_(VALID_STATES),
    )
    if day is not None:
        query = query.where(
            Contract.valid_from <= day,
            or_(Contract.valid_until.is_(None), Contract.valid_until >= day),
        )
    contract = session.scalar(query.order_by(Contract.valid_from.desc()).limit(1))
    return _facts(contract) if contract else None


def order_contract(session: Session, *, order_id: Ref) -> ContractFacts | None:
    """The contract an order stands on: its own one, or the customer's framework."""
    order = get_order(session, order_id)
    contract = session.scalar(
        select(Contract)
        .where(Contract.order_id == order.id, Contract.state.in_(VALID_STATES))
        .order_by(Contract.created_at.desc())
        .limit(1)
    )
    if contract is not None:
        return _facts(contract)
    if order.customer_id is None:
        return None
    return framework_for(session, customer_id=order.customer_id, on=order.created_at)


def _facts(contract: Contract) -> ContractFacts:
    return ContractFacts(
        str(contract.id),
        contract.number,
        contract.kind,
        contract.state,
        contract.acceptance_days,
        contract.liability_cap_pct,
        contract.deemed_acceptance,
        contract.valid_until,
    )
