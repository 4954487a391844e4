"""The checks that a machine makes before people review an order (SPEC S2.3.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.i18n import lazy
from jiedan.core.sentences import keep
from jiedan.core.text import search_text
from jiedan.core.work import Work
from jiedan.desk.catalogue import ITEM_PROBLEMS, find_items, item_problem
from jiedan.desk.checks import GROUP_NAMES, missing_groups
from jiedan.desk.credit import granted_term
from jiedan.desk.entry_fields import PAYMENT_METHODS
from jiedan.desk.errors import UnknownCustomer
from jiedan.desk.promises import promise_dates
from jiedan.desk.records import get_customer, get_order
from jiedan.desk.tables import Customer, Order, ReviewRound
from jiedan.desk.values import Ref, Result, as_id
from jiedan.desk.words import read_words

AMBIGUOUS_TERMS = ("尽快", "左右", "相关", "适当", "大约", "约", "等")
"""Words that make a contract's promise unclear (T05.2)."""

STANDARD_PAYMENTS = {
    "sales": frozenset({"prepay_full", "deposit_balance", "credit_term"}),
    "netease": frozenset({"platform_escrow", "prepay_full"}),
}


@dataclass(frozen=True, slots=True)
class Violation(Result):
    """A rule that an order breaks. ``forbidden``: no special approval can allow it (D07).

    ``text`` is a kept sentence (`core.sentences`).
    """

    code: str
    severity: str
    forbidden: bool
    line: int | None
    text: str


def check_catalogue(work: Work, *, order_id: Ref) -> list[Violation]:
    """Products that are unknown, not on sale, or changed since the order was entered."""
    order = get_order(work.session, order_id)
    items = find_items(work.session, [line.sku for line in order.lines])
    found = []
    for line in order.lines:
        problem = item_problem(items.get(line.sku), channel=order.channel, province=order.province)
        if problem is not None:
            found.append(
                Violation(
                    f"SKU_{problem.upper()}",
                    "critical",
                    problem in ("discontinued", "region_forbidden", "unknown"),
                    line.seq,
                    keep(ITEM_PROBLEMS[problem]),
                )
            )
    return found


def check_delivery(work: Work, *, order_id: Ref) -> list[Violation]:
    """Lines that cannot be there on the promised day (lead time, stock, incoming goods)."""
    order = get_order(work.session, order_id)
    promise = promise_dates(work, order_id=order.id)
    found = []
    for line in promise.lines:
        wanted = line.due or order.delivery_date
        if wanted is not None and line.available_on > wanted:
            late = _working_days_between(work, wanted, line.available_on)
            found.append(
                Violation(
                    "DELIVERY_TOO_EARLY",
                    "minor" if late <= 3 else "major" if late <= 10 else "critical",
                    False,
                    line.seq,
                    keep(
                        lazy(
                            "Available on %(day)s at the earliest.",
                            day=line.available_on.isoformat(),
                        )
                    ),
                )
            )
    return found


def check_payment(work: Work, *, order_id: Ref) -> list[Violation]:
    """A way to pay that the channel does not know, or more days than were agreed.

    An excess of 15 days is minor, of 30 major, of more critical (SPEC D07).
    """
    order = get_order(work.session, order_id)
    found = []
    if order.payment_method not in STANDARD_PAYMENTS.get(order.channel, PAYMENT_METHODS):
        text = keep(lazy("This way to pay is not our standard."))
        found.append(Violation("PAYMENT_METHOD", "minor", False, None, text))
    excess = term_excess(order, agreed_term(work.session, order))
    if excess > 0:
        severity = "minor" if excess <= 15 else "major" if excess <= 30 else "critical"
        text = keep(lazy("%(n)s days more than agreed.", n=excess))
        found.append(Violation("TERM_EXCESS", severity, False, None, text))
    return found


def agreed_term(session: Session, order: Order) -> int:
    """The days to pay that the customer's credit allows; 0 where the order asks for none."""
    if order.payment_method != "credit_term" or order.customer_id is None:
        return 0
    return granted_term(session, customer_id=order.customer_id)


def term_excess(order: Order, agreed_days: int) -> int:
    """By how many days the payment term is longer than what was agreed."""
    if order.payment_method != "credit_term" or order.customer_id is None:
        return 0
    return max((order.term_days or 0) - agreed_days, 0)


def check_customer(work: Work, *, order_id: Ref) -> list[Violation]:
    """A blacklisted, blocked or unverifiable customer, and missing groups of the order."""
    order = get_order(work.session, order_id)
    found = []
    if order.customer_id is None:
        raise UnknownCustomer
    customer = get_customer(work.session, order.customer_id)
    if customer.blacklisted_reason is not None:
        text = keep(lazy("The customer is blacklisted."))
        found.append(Violation("BLACKLIST", "critical", True, None, text))
    elif customer.state in ("blocked", "erased"):
        text = keep(lazy("The customer is blocked."))
        found.append(Violation("CUSTOMER_BLOCKED", "critical", True, None, text))
    if _needs_code(order, customer):
        text = keep(lazy("A special VAT invoice needs the company's tax number."))
        found.append(Violation("TAX_NUMBER", "minor", False, None, text))
    for group in missing_groups(order):
        text = keep(lazy("Missing: %(name)s", name=GROUP_NAMES[group]))
        found.append(Violation("INCOMPLETE", "major", True, None, text))
    return found


def screen_legal(work: Work, *, order_id: Ref) -> list[Violation]:
    """Forbidden words anywhere in what the order says (SPEC S1.3.1, N1.3.1)."""
    order = get_order(work.session, order_id)
    texts = [order.service_req or "", order.detail or ""]
    texts += [f"{line.description} {line.spec}" for line in order.lines]
    hits = sorted({hit for text in texts for hit in forbidden_words(work, text)})
    return [
        Violation(
            "COMPLIANCE_BLOCK", "critical", True, None, keep(lazy("Forbidden: %(word)s", word=hit))
        )
        for hit in hits
    ]


def forbidden_words(work: Work, text: str) -> list[str]:
    """The words of config/forbidden_words.txt that a text contains."""
    plain = search_text(text)
    words = _read_once(work.platform.settings.config_dir / "forbidden_words.txt")
    return [word for word in words if word in plain]


def scan_contract_terms(text: str) -> list[str]:
    """The ambiguous words that a contract text contains (SPEC N2.3.3)."""
    hits = [term for term in AMBIGUOUS_TERMS if term in text]
    # 约 inside 大约, 合约, 签约 and 违约 is no vague amount.
    if "约" in hits and not re.search(r"(?<![大合签违])约(?![定束])", text):
        hits.remove("约")
    return hits


def keep_violations(work: Work, *, order_id: Ref, violations: Sequence[Violation]) -> None:
    """Store what the machine found with the present round, for the order page."""
    row = work.session.scalar(
        select(ReviewRound)
        .where(ReviewRound.order_id == as_id(order_id))
        .order_by(ReviewRound.round.desc())
        .limit(1)
    )
    if row is not None:
        row.violations = [violation.as_dict() for violation in violations]
        work.session.flush()


def _needs_code(order: Order, customer: Customer) -> bool:
    return order.invoice_type == "vat_special" and not (order.tax_no or customer.uscc)


def _working_days_between(work: Work, start: date, end: date) -> int:
    days, day = 0, start
    while day < end and days <= 30:
        day = work.platform.calendar.next_working_day(day)
        days += 1
    return days


@cache
def _read_once(path: Path) -> tuple[str, ...]:
    return read_words(path)
