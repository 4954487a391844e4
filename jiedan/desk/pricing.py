"""What a product costs by our price policy, and how far an offer is away from it (D06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import AuthorExcluded, InvalidRecord, NoPrice, WrongState
from jiedan.desk.records import get_customer, get_order, get_row
from jiedan.desk.tables import OrderLine, PricePolicy
from jiedan.desk.totals import line_amount
from jiedan.desk.values import Problems, Ref, Result, add, half_up, hundredths, shanghai_date, touch


@dataclass(frozen=True, slots=True)
class PolicyPrice(Result):
    """The price that the policy gives a customer for a quantity, per unit, in fen."""

    sku: str
    list_fen: int
    policy_fen: int
    floor_fen: int
    policy_version: int
    reason: str


@dataclass(frozen=True, slots=True)
class LinePrice(Result):
    """A line's offer beside the policy; ``dev_pct`` = (policy − offer) / policy × 100."""

    seq: int
    sku: str
    offer_fen: int
    policy_fen: int
    floor_fen: int
    dev_pct: Decimal
    below_floor: bool
    policy_version: int


@dataclass(frozen=True, slots=True)
class PriceCheck(Result):
    """All lines of an order beside the policy."""

    order_id: str
    lines: list[LinePrice]
    worst_dev_pct: Decimal
    below_floor: bool


def add_policy(
    work: Work,
    *,
    sku: str,
    list_fen: int,
    floor_fen: int,
    valid_from: Any,
    valid_to: Any = None,
    channel: str | None = None,
    breaks: Sequence[Mapping[str, Any]] = (),
    class_discount: Mapping[str, Any] | None = None,
) -> str:
    """Draft a price; it counts once another person approves it. Returns its id.

    ``breaks`` are ``{qty, pct}`` off the list from a quantity on, ``class_discount`` per cent
    off the list by customer class.
    """
    problems = Problems()
    price = problems.fen("list_fen", list_fen)
    floor = problems.fen("floor_fen", floor_fen, zero=True)
    if price is not None and floor is not None and floor > price:
        problems.add("floor_fen", lazy("The floor lies above the list price."))
    start = problems.day("valid_from", valid_from)
    end = problems.day("valid_to", valid_to) if valid_to else None
    if start and end and end < start:
        problems.add("valid_to", lazy("The end lies before the start."))
    for index, step in enumerate(breaks):
        problems.qty(f"breaks[{index}].qty", step.get("qty"))
        problems.pct(f"breaks[{index}].pct", step.get("pct"))
    for name, pct in (class_discount or {}).items():
        problems.pct(f"class_discount.{name}", pct)
    problems.raise_as(InvalidRecord)
    earlier = work.session.scalars(select(PricePolicy.version).where(PricePolicy.sku == sku))
    policy = add(
        work,
        PricePolicy(
            sku=sku,
            channel=channel,
            list_fen=price,
            floor_fen=floor,
            breaks=[{"qty": str(step["qty"]), "pct": str(step["pct"])} for step in breaks],
            class_discount={name: str(pct) for name, pct in (class_discount or {}).items()},
            valid_from=start,
            valid_to=end,
            version=max(earlier, default=0) + 1,
        ),
    )
    audit.record(work, action="price.add", entity=f"price:{policy.id}", after={"sku": sku})
    return str(policy.id)


def approve_policy(work: Work, *, policy_id: Ref) -> None:
    """Put a drafted price into force; not by its author (SPEC SOD-13)."""
    policy = get_row(work.session, PricePolicy, policy_id)
    if policy.state != "draft":
        raise WrongState(state=policy.state)
    if policy.created_by == work.actor.login and not work.actor.is_system:
        raise AuthorExcluded
    policy.state = "approved"
    policy.approved_by = work.actor.login
    touch(work, policy)
    audit.record(work, action="price.approve", entity=f"price:{policy.id}")


def find_price(
    session: Session,
    *,
    sku: str,
    on: date,
    channel: str,
    customer_class: str,
    qty: Decimal,
) -> PolicyPrice:
    """The best of quantity break and class discount off the list, never both (SPEC D06).

    The channel's own price goes before the general one, a later version before an earlier one.
    Raises NoPrice.
    """
    policy = session.scalar(
        select(PricePolicy)
        .where(
            PricePolicy.sku == sku,
            PricePolicy.state == "approved",
            PricePolicy.valid_from <= on,
            or_(PricePolicy.valid_to.is_(None), PricePolicy.valid_to >= on),
            or_(PricePolicy.channel.is_(None), PricePolicy.channel == channel),
        )
        .order_by(
            PricePolicy.channel.is_(None),
            PricePolicy.valid_from.desc(),
            PricePolicy.version.desc(),
        )
        .limit(1)
    )
    if policy is None:
        raise NoPrice(sku=sku)
    by_qty = max(
        (Decimal(step["pct"]) for step in policy.breaks if qty >= Decimal(step["qty"])),
        default=Decimal(0),
    )
    by_class = Decimal(policy.class_discount.get(customer_class, 0))
    best = max(by_qty, by_class)
    reason = "list" if best == 0 else "break" if by_qty >= by_class else "class"
    return PolicyPrice(
        sku,
        policy.list_fen,
        half_up(policy.list_fen * (100 - best) / 100),
        policy.floor_fen,
        policy.version,
        reason,
    )


def deviation(policy_fen: int, offer_fen: int) -> Decimal:
    """Per cent that an offer lies under the policy price; negative when it lies above."""
    return hundredths(Decimal(policy_fen - offer_fen) * 100 / policy_fen)


def check_prices(work: Work, *, order_id: Ref) -> PriceCheck:
    """Compare each line's net unit price with the policy and keep the result on the line."""
    order = get_order(work.session, order_id)
    customer = get_customer(work.session, order.customer_id) if order.customer_id else None
    today = shanghai_date(work.now)
    lines: list[LinePrice] = []
    for line in order.lines:
        price = find_price(
            work.session,
            sku=line.sku,
            on=today,
            channel=order.channel,
            customer_class=customer.customer_class if customer else "NEW",
            qty=line.qty,
        )
        offer = net_unit_price(line)
        dev = deviation(price.policy_fen, offer)
        line.policy_fen, line.dev_pct = price.policy_fen, dev
        lines.append(
            LinePrice(
                line.seq,
                line.sku,
                offer,
                price.policy_fen,
                price.floor_fen,
                dev,
                offer < price.floor_fen,
                price.policy_version,
            )
        )
    order.policy_versions = {row.sku: row.policy_version for row in lines}
    work.session.flush()
    return PriceCheck(
        str(order.id),
        lines,
        max((row.dev_pct for row in lines), default=Decimal(0)),
        any(row.below_floor for row in lines),
    )


def net_unit_price(line: OrderLine) -> int:
    """What one unit costs after the line's discount, in fen."""
    return line_amount(Decimal(1), line.unit_price_fen, line.discount_pct)
