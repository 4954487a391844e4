"""How much credit a customer has and how much of it is in use (D04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, selectinload

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.billing import PREPAID, amounts_of_all, credit_part
from jiedan.desk.errors import InvalidRecord, WrongState
from jiedan.desk.records import get_customer, get_order, get_row, memory
from jiedan.desk.states import CREDIT_COUNTS
from jiedan.desk.tables import CreditProfile, Guarantee, Invoice, Order
from jiedan.desk.values import (
    Problems,
    Ref,
    Result,
    add,
    as_date,
    as_id,
    half_up,
    shanghai_date,
    touch,
)

GRADES = frozenset({"A", "B", "C", "D", "E"})
GUARANTEE_WORTH = {"bank": Decimal("0.7")}
OTHER_GUARANTEE_WORTH = Decimal("0.5")
GUARANTEE_TYPES = frozenset({"bank", "third_party", "collateral", "deposit"})
NO_LIMIT_RATIO = Decimal("9.99")
_USES_CREDIT = [
    *CREDIT_COUNTS,
    "delivered",
    "in_acceptance",
    "acceptance_issue",
    "accepted",
    "returned_full",
]
"""States of orders that may still have something delivered and not invoiced."""


@dataclass(frozen=True, slots=True)
class Exposure(Result):
    """What a customer owes us or will owe us, in fen."""

    unpaid_invoices_fen: int
    delivered_uninvoiced_fen: int
    open_credit_fen: int
    total_fen: int
    oldest_due: date | None
    """When the oldest unpaid invoice was due."""

    def overdue_days(self, today: date) -> int:
        """By how many days the oldest unpaid invoice is late; 0 when none is."""
        return max((today - self.oldest_due).days, 0) if self.oldest_due else 0


@dataclass(frozen=True, slots=True)
class CreditFacts(Result):
    """What decides about an order's credit; ``over_ratio`` is above 0 beyond the limit."""

    order_id: str
    customer_id: str
    grade: str | None
    profile_state: str
    blacklisted: bool
    limit_fen: int
    exposure_fen: int
    credit_part_fen: int
    over_ratio: Decimal
    used_pct: Decimal
    warn: bool
    max_overdue_days: int
    payment_method: str | None
    term_days: int | None
    profile_term_days: int
    deposit_pct: Decimal
    deposit_fen: int


@dataclass(frozen=True, slots=True)
class Standing(Result):
    """A customer's credit by the latest assessment; ``limit_fen`` is 0 when it has expired."""

    grade: str | None
    term_days: int
    limit_fen: int


def save_profile(
    work: Work,
    *,
    customer_id: Ref,
    score: int,
    grade: str,
    limit_fen: int,
    term_days: int,
    deposit_pct: int,
    valid_until: Any,
    answers: Mapping[str, Any] | None = None,
    scorer: str | None = None,
    reviewer: str | None = None,
) -> str:
    """Put a new credit assessment into force; the earlier ones stay readable."""
    customer = get_customer(work.session, customer_id)
    problems = Problems()
    problems.one_of("grade", grade, GRADES)
    limit = problems.fen("limit_fen", limit_fen, zero=True)
    day = problems.day("valid_until", valid_until)
    problems.pct("deposit_pct", deposit_pct)
    if not 0 <= score <= 100:
        problems.add("score", lazy("Enter a percentage from 0 to 100."))
    problems.raise_as(InvalidRecord)
    latest = latest_profile(work.session, customer.id)
    if latest is not None and latest.state == "active":
        latest.state = "replaced"
    row = add(
        work,
        CreditProfile(
            customer_id=customer.id,
            version=(latest.version if latest else 0) + 1,
            score=score,
            grade=grade,
            limit_fen=limit,
            term_days=term_days,
            deposit_pct=deposit_pct,
            valid_until=day,
            answers=dict(answers or {}),
            scorer=scorer,
            reviewer=reviewer,
        ),
    )
    memory(work.session, "latest profiles")[customer.id] = row
    audit.record(
        work,
        action="credit.profile",
        entity=f"customer:{customer.id}",
        after={"version": row.version, "grade": grade},
    )
    return str(row.id)


def suspend_profile(work: Work, *, customer_id: Ref, reason: str) -> None:
    """Give no credit until a new assessment."""
    profile = latest_profile(work.session, get_customer(work.session, customer_id).id)
    if profile is None:
        raise WrongState(state="none")
    profile.state = "suspended"
    touch(work, profile)
    audit.record(
        work,
        action="credit.suspend",
        entity=f"customer:{profile.customer_id}",
        after={"reason": reason},
    )


def add_guarantee(
    work: Work, *, customer_id: Ref, type: str, amount_fen: int, doc: str, expiry: Any
) -> str:
    """Enter a guarantee (T03.4); it counts once it is verified. Returns its id."""
    customer = get_customer(work.session, customer_id)
    problems = Problems()
    problems.one_of("type", type, GUARANTEE_TYPES)
    amount = problems.fen("amount", amount_fen)
    day = problems.day("expiry", expiry)
    text = problems.text("doc", doc, longest=500, needed=True)
    if day and day < shanghai_date(work.now):
        problems.add("expiry", lazy("This has expired."))
    problems.raise_as(InvalidRecord)
    row = Guarantee(customer_id=customer.id, type=type, amount_fen=amount, doc=text, expiry=day)
    return str(add(work, row).id)


def verify_guarantee(work: Work, *, guarantee_id: Ref) -> int:
    """Let a guarantee count; returns what it is worth in fen."""
    row = get_row(work.session, Guarantee, guarantee_id)
    if row.state != "pending" or row.expiry < shanghai_date(work.now):
        raise WrongState(state=row.state)
    row.state = "verified"
    touch(work, row)
    audit.record(work, action="credit.guarantee", entity=f"customer:{row.customer_id}")
    return _worth(row)


def check_credit(
    work: Work, *, order_id: Ref, deposit_pct: Decimal | int | None = None
) -> CreditFacts:
    """The facts that D04 asks for, and a snapshot of them on the order.

    ``over_ratio`` = (exposure + credit part − limit) / limit, 9.99 without a limit; the order
    itself is not part of its exposure. ``deposit_pct`` defaults to the order's own, then to the
    profile's.
    """
    order = get_order(work.session, order_id)
    if order.customer_id is None:
        raise InvalidRecord({"customer": lazy("Please fill this in.")})
    customer = get_customer(work.session, order.customer_id)
    today = shanghai_date(work.now)
    profile = latest_profile(work.session, customer.id)
    limit = _limit(work.session, profile, today)
    pct = _deposit_pct(order, profile, deposit_pct)
    deposit = half_up(Decimal(order.total_fen) * pct / 100)
    part = credit_part(order, deposit)
    owed = exposure(work.session, customer_id=customer.id, excluding=order.id)
    used = owed.total_fen + part
    facts = CreditFacts(
        order_id=str(order.id),
        customer_id=str(customer.id),
        grade=profile.grade if profile else None,
        profile_state=_profile_state(profile, today),
        blacklisted=customer.blacklisted_reason is not None,
        limit_fen=limit,
        exposure_fen=used - part,
        credit_part_fen=part,
        over_ratio=_over_ratio(used, limit),
        used_pct=Decimal(used * 100 // limit) if limit else Decimal(0 if used == 0 else 999),
        warn=bool(limit)
        and used * 100 >= limit * int(work.platform.parameters.number("credit.warn_pct")),
        max_overdue_days=owed.overdue_days(today),
        payment_method=order.payment_method,
        term_days=order.term_days,
        profile_term_days=profile.term_days if profile else 0,
        deposit_pct=pct,
        deposit_fen=deposit,
    )
    order.credit_snapshot = facts.as_dict()
    work.session.flush()
    return facts


def exposure(session: Session, *, customer_id: Ref, excluding: Ref | None = None) -> Exposure:
    """Unpaid invoices + delivered but not invoiced + open parts of approved orders on credit.

    ``excluding`` leaves the open part of one order out.
    """
    key = as_id(customer_id)
    late = case((Invoice.paid_fen < Invoice.amount_fen, Invoice.due_on))
    owed, oldest_due = session.execute(
        select(func.sum(Invoice.amount_fen - Invoice.paid_fen), func.min(late)).where(
            Invoice.customer_id == key, Invoice.state == "issued"
        )
    ).one()
    unpaid = int(owed or 0)
    uninvoiced = open_credit = 0
    orders = session.scalars(
        select(Order)
        .where(Order.customer_id == key, Order.state.in_(_USES_CREDIT))
        .options(selectinload(Order.lines))
    ).all()
    all_amounts = amounts_of_all(session, orders)
    for order in orders:
        amounts = all_amounts[order.id]
        paid_ahead = max(amounts.paid_fen - amounts.invoiced_fen, 0)
        uninvoiced += max(amounts.invoiceable_fen - paid_ahead, 0)
        if order.state in CREDIT_COUNTS and order.id != as_id(excluding or ""):
            left = amounts.payable_fen - amounts.delivered_fen
            open_credit += min(max(left, 0), credit_part(order, order.deposit_fen))
    return Exposure(unpaid, uninvoiced, open_credit, unpaid + uninvoiced + open_credit, oldest_due)


def credit_limit(session: Session, *, customer_id: Ref, today: date) -> int:
    """The assessed limit plus what verified guarantees are worth; 0 when it has expired."""
    return _limit(session, latest_profile(session, customer_id), today)


def credit_standing(session: Session, *, customer_id: Ref, today: date) -> Standing:
    """What the latest assessment says, read once."""
    profile = latest_profile(session, customer_id)
    return Standing(
        grade=profile.grade if profile else None,
        term_days=profile.term_days if profile and profile.state == "active" else 0,
        limit_fen=_limit(session, profile, today),
    )


def granted_term(session: Session, *, customer_id: Ref) -> int:
    """The days to pay that the latest assessment allows; 0 without one."""
    profile = latest_profile(session, customer_id)
    return profile.term_days if profile and profile.state == "active" else 0


def _limit(session: Session, profile: CreditProfile | None, today: date) -> int:
    if _profile_state(profile, today) != "active" or profile is None:
        return 0
    guarantees = session.scalars(
        select(Guarantee).where(
            Guarantee.customer_id == profile.customer_id,
            Guarantee.state == "verified",
            Guarantee.expiry >= today,
        )
    )
    return profile.limit_fen + sum(_worth(row) for row in guarantees)


def _over_ratio(used: int, limit: int) -> Decimal:
    if limit == 0:
        return NO_LIMIT_RATIO if used > 0 else Decimal(0)
    return (Decimal(used - limit) / limit).quantize(Decimal("0.0001"))


def _deposit_pct(
    order: Order, profile: CreditProfile | None, given: Decimal | int | None
) -> Decimal:
    if order.payment_method in PREPAID:
        return Decimal(0)
    if given is not None:
        return Decimal(given)
    if order.deposit_pct is not None:
        return order.deposit_pct
    return Decimal(profile.deposit_pct) if profile else Decimal(0)


def latest_profile(session: Session, customer_id: Ref) -> CreditProfile | None:
    """The customer's latest assessment, whatever its state."""
    latest: dict[UUID | None, CreditProfile | None] = memory(session, "latest profiles")
    key = as_id(customer_id)
    if key not in latest:
        latest[key] = session.scalar(
            select(CreditProfile)
            .where(CreditProfile.customer_id == key)
            .order_by(CreditProfile.version.desc())
            .limit(1)
        )
    return latest[key]


def _profile_state(profile: CreditProfile | None, today: date) -> str:
    if profile is None:
        return "none"
    day = as_date(profile.valid_until)
    return "stale" if profile.state == "active" and day and day < today else profile.state


def _worth(row: Guarantee) -> int:
    return half_up(row.amount_fen * GUARANTEE_WORTH.get(row.type, OTHER_GUARANTEE_WORTH))
