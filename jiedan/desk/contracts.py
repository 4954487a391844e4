"""Contracts over an order and frameworks over many, as far as orders ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord, WrongState
from jiedan.desk.records import get_customer, get_order, get_row
from jiedan.desk.tables import Contract
from jiedan.desk.values import (
    Problems,
    Ref,
    Result,
    add,
    as_date,
    as_id,
    shanghai_date,
    touch,
)

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


def draft_contract(
    work: Work,
    *,
    order_id: Ref,
    template: str,
    acceptance_days: int,
    liability_cap_pct: Any,
    deemed_acceptance: bool,
    terms: Mapping[str, Any],
    contract_id: Ref | None = None,
    amends: bool = False,
) -> ContractFacts:
    """Write the terms of an order's contract down (T05.1); a later round writes them anew.

    ``amends`` makes an addendum to the contract that the order stands on.
    """
    order = get_order(work.session, order_id)
    if contract_id is None:
        before = order_contract(work.session, order_id=order.id) if amends else None
        found = add_contract(
            work,
            customer_id=str(order.customer_id),
            kind="order",
            valid_from=shanghai_date(work.now),
            order_id=order.id,
            template=template,
            acceptance_days=acceptance_days,
            liability_cap_pct=liability_cap_pct,
            deemed_acceptance=deemed_acceptance,
            amount_fen=order.total_fen,
            state="draft",
            terms=dict(terms),
        )
        if before is not None:
            row = get_row(work.session, Contract, found.contract_id)
            row.amends_id = as_id(before.contract_id)
        return found
    problems = Problems()
    cap = problems.pct("liability_cap_pct", liability_cap_pct)
    problems.raise_as(InvalidRecord)
    row = _in_state(work.session, contract_id, "draft")
    row.template, row.acceptance_days = template, acceptance_days
    row.liability_cap_pct = cap or row.liability_cap_pct
    row.deemed_acceptance = deemed_acceptance
    row.terms = dict(terms)
    row.amount_fen = order.total_fen
    return _moved(work, row, "draft")


def move_contract(work: Work, *, contract_id: Ref, to: str) -> ContractFacts:
    """Hand a contract on: to legal, to the customer, back to the draft, or void."""
    row = get_row(work.session, Contract, contract_id)
    if row.state not in _BEFORE[to]:
        raise WrongState(state=row.state)
    return _moved(work, row, to)


def note_round(
    work: Work, *, contract_id: Ref, answer: str, changes: str | None, evidence: str
) -> int:
    """Keep what the customer said in this round (T05.3); returns how many rounds there were."""
    row = _in_state(work.session, contract_id, "customer")
    row.rounds = [
        *row.rounds,
        {
            "at": work.now.isoformat(),
            "by": work.actor.login,
            "answer": answer,
            "changes": changes,
            "evidence": evidence,
        },
    ]
    touch(work, row)
    work.session.flush()
    return len(row.rounds)


def sign_contract(
    work: Work, *, contract_id: Ref, signed_on: Any, mode: str, files: Sequence[str]
) -> ContractFacts:
    """Note that both sides signed (T05.4); the contract counts from now on."""
    row = _in_state(work.session, contract_id, "customer")
    problems = Problems()
    day = problems.day("signed_on", signed_on)
    problems.one_of("mode", mode, frozenset({"esign", "paper"}))
    if day and day > shanghai_date(work.now):
        problems.add("signed_on", lazy("This lies in the future."))
    problems.raise_as(InvalidRecord)
    row.signer, row.signed_on, row.sign_mode = work.actor.login, day, mode
    row.valid_from = day or row.valid_from
    row.terms = {**row.terms, "signed_files": list(files)}
    return _moved(work, row, "signed")


def archive_contract(
    work: Work, *, contract_id: Ref, paper_location: str, copies: int, scan: Sequence[str]
) -> ContractFacts:
    """File a signed contract (T05.5)."""
    row = _in_state(work.session, contract_id, "signed")
    problems = Problems()
    row.paper_location = problems.text("paper_location", paper_location, longest=100, needed=True)
    if not 1 <= copies <= 10:
        problems.add("copies", lazy("Enter 1 to 10."))
    if not scan:
        problems.add("scan", lazy("Please fill this in."))
    problems.raise_as(InvalidRecord)
    row.copies = copies
    row.terms = {**row.terms, "scan": list(scan)}
    return _moved(work, row, "archived")


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
        .order_by(Contract.created_at.desc(), Contract.id.desc())
        .limit(1)
    )
    if contract is not None:
        return _facts(contract)
    if order.customer_id is None:
        return None
    return framework_for(session, customer_id=order.customer_id, on=order.created_at)


_BEFORE = {
    "legal": ("draft",),
    "customer": ("legal",),
    "draft": ("legal", "customer"),
    "void": ("draft", "legal", "customer"),
}


def _in_state(session: Session, contract_id: Ref, state: str) -> Contract:
    row = get_row(session, Contract, contract_id)
    if row.state != state:
        raise WrongState(state=row.state)
    return row


def _moved(work: Work, row: Contract, to: str) -> ContractFacts:
    before, row.state = row.state, to
    touch(work, row)
    work.session.flush()
    audit.record(
        work,
        action="contract.state",
        entity=f"contract:{row.id}",
        before={"state": before},
        after={"state": to},
    )
    return _facts(row)


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
