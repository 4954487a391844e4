"""Is an order settled: deposit, balance, difference, write-off (P16)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.billing import PREPAID, order_amounts
from jiedan.desk.errors import InvalidRecord
from jiedan.desk.records import get_order
from jiedan.desk.tables import WriteOff
from jiedan.desk.values import Problems, Ref, Result, add, half_up, hundredths, touch


@dataclass(frozen=True, slots=True)
class Balance(Result):
    """An order's account in fen. ``outcome``: settled, partial or over."""

    order_id: str
    total_fen: int
    payable_fen: int
    delivered_fen: int
    invoiced_fen: int
    invoiceable_fen: int
    paid_fen: int
    remaining_fen: int
    settled: bool
    fully_invoiced: bool
    outcome: str
    delivered_pct: Decimal
    invoiced_pct: Decimal
    paid_pct: Decimal


def settlement_balance(session: Session, *, order_id: Ref, tolerance_fen: int = 0) -> Balance:
    """What was delivered, invoiced and paid, and whether that comes out even within a tolerance."""
    amounts = order_amounts(session, order_id=order_id)
    remaining = amounts.open_fen
    even = abs(remaining) <= tolerance_fen
    return Balance(
        order_id=amounts.order_id,
        total_fen=amounts.total_fen,
        payable_fen=amounts.payable_fen,
        delivered_fen=amounts.delivered_fen,
        invoiced_fen=amounts.invoiced_fen,
        invoiceable_fen=max(amounts.invoiceable_fen, 0),
        paid_fen=amounts.paid_fen,
        remaining_fen=remaining,
        settled=even or remaining < 0,
        fully_invoiced=amounts.invoiceable_fen <= tolerance_fen,
        outcome="settled" if even else "over" if remaining < 0 else "partial",
        delivered_pct=_pct(amounts.delivered_fen, amounts.payable_fen),
        invoiced_pct=_pct(amounts.invoiced_fen, amounts.payable_fen),
        paid_pct=_pct(amounts.paid_fen, amounts.payable_fen),
    )


def set_deposit(work: Work, *, order_id: Ref, pct: Decimal | int) -> int:
    """Fix an order's deposit as a percentage of its total; returns the fen (SPEC D26).

    Nothing is asked for when the customer pays ahead in full or through the platform.
    """
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    share = problems.pct("deposit_pct", pct)
    problems.raise_as(InvalidRecord)
    if order.payment_method in PREPAID:
        share = Decimal(0)
    order.deposit_pct = share
    order.deposit_fen = half_up(Decimal(order.total_fen) * (share or 0) / 100)
    touch(work, order)
    audit.record(
        work,
        action="order.deposit",
        entity=f"order:{order.id}",
        after={"deposit_fen": order.deposit_fen},
    )
    return order.deposit_fen


def write_off(
    work: Work, *, order_id: Ref, amount_fen: int, reason: str, proof: str | None = None
) -> Balance:
    """Give up money that an order still owes (T16.3); at most what is open."""
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    amount = problems.fen("amount", amount_fen)
    text = problems.text("reason", reason, longest=1000, needed=True)
    open_fen = order_amounts(work.session, order_id=order.id).open_fen
    if amount and amount > open_fen:
        problems.add("amount", lazy("More than the order still owes."))
    problems.raise_as(InvalidRecord)
    add(
        work,
        WriteOff(
            order_id=order.id,
            amount_fen=amount,
            reason=text,
            proof=proof,
            at=work.now,
            by=work.actor.login,
        ),
    )
    audit.record(
        work,
        action="payment.write_off",
        entity=f"order:{order.id}",
        after={"amount_fen": amount, "reason": text},
    )
    return settlement_balance(work.session, order_id=order.id)


def _pct(part: int, whole: int) -> Decimal:
    return hundredths(Decimal(part) * 100 / whole) if whole else Decimal(0)
