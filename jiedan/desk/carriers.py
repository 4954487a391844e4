"""Logistics partners and which of them may carry a shipment (D10, SPEC S5.2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import DuplicateNumber, InvalidRecord, UnknownRecord
from jiedan.desk.tables import Carrier
from jiedan.desk.values import Problems, Ref, Result, add, as_date, as_id, touch

METHODS = frozenset({"express", "freight", "onsite", "electronic", "pickup"})


@dataclass(frozen=True, slots=True)
class CarrierFacts(Result):
    """A logistics partner."""

    carrier_id: str
    code: str
    name: str
    score: int
    valid_until: date
    insured: bool
    methods: list[str]
    regions: list[str]
    cost_fen: int
    state: str


def add_carrier(
    work: Work,
    *,
    code: str,
    name: str,
    valid_until: Any,
    score: int,
    methods: Sequence[str],
    regions: Sequence[str] = (),
    contract_no: str | None = None,
    insured: bool = True,
    cost_fen: int = 0,
) -> CarrierFacts:
    """Enter a partner; no regions means everywhere, ``cost_fen`` is the price of a usual parcel."""
    problems = Problems()
    problems.text("code", code, longest=40, needed=True)
    title = problems.text("name", name, longest=200, needed=True)
    day = problems.day("valid_until", valid_until)
    for method in methods:
        problems.one_of("methods", method, METHODS)
    if not 0 <= score <= 100:
        problems.add("score", lazy("Enter a percentage from 0 to 100."))
    problems.raise_as(InvalidRecord)
    if work.session.scalar(select(Carrier.id).where(Carrier.code == code)):
        raise DuplicateNumber(number=code)
    row = add(
        work,
        Carrier(
            code=code,
            name=title,
            contract_no=contract_no,
            valid_until=day,
            score=score,
            insured=insured,
            methods=list(methods),
            regions=list(regions),
            cost_fen=cost_fen,
        ),
    )
    audit.record(work, action="carrier.add", entity=f"carrier:{row.id}", after={"code": code})
    return _facts(row)


def suspend_carrier(work: Work, *, carrier: Ref, reason: str) -> CarrierFacts:
    """Give a partner no more shipments."""
    row = find_carrier(work.session, carrier)
    row.state = "suspended"
    touch(work, row)
    audit.record(
        work, action="carrier.suspend", entity=f"carrier:{row.id}", after={"reason": reason}
    )
    return _facts(row)


def eligible_carriers(
    session: Session, *, method: str, region: str | None, on: Any, min_score: int
) -> list[CarrierFacts]:
    """Partners that may carry by this method to this region on a day, the best first.

    Best is the higher score, then the lower cost.
    """
    rows = session.scalars(select(Carrier).order_by(Carrier.score.desc(), Carrier.cost_fen))
    return [
        _facts(row)
        for row in rows
        if carrier_problem(row, method=method, region=region, on=on, min_score=min_score) is None
    ]


def carrier_problem(
    row: Carrier, *, method: str, region: str | None, on: Any, min_score: int
) -> str | None:
    """Why a partner may not carry this: suspended, expired, score, method or region."""
    day = as_date(on)
    if row.state != "approved":
        return "suspended"
    if day is None or row.valid_until < day:
        return "expired"
    if row.score < min_score:
        return "score"
    if method not in row.methods:
        return "method"
    if row.regions and region is not None and region not in row.regions:
        return "region"
    return None


def find_carrier(session: Session, ref: Ref) -> Carrier:
    """The partner with this id or code."""
    key = as_id(ref)
    row = session.get(Carrier, key) if key else None
    if row is None:
        row = session.scalar(select(Carrier).where(Carrier.code == str(ref)))
    if row is None:
        raise UnknownRecord(kind="carrier")
    return row


def list_carriers(session: Session) -> list[CarrierFacts]:
    """All partners by name."""
    return [_facts(row) for row in session.scalars(select(Carrier).order_by(Carrier.name))]


def _facts(row: Carrier) -> CarrierFacts:
    return CarrierFacts(
        str(row.id),
        row.code,
        row.name,
        row.score,
        row.valid_until,
        row.insured,
        list(row.methods),
        list(row.regions),
        row.cost_fen,
        row.state,
    )
