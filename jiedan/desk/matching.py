"""Is this a customer we know already? Candidates with a score (T01.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from jiedan.core.pinyin import pinyin_keys
from jiedan.core.text import like_pattern, number_text, search_text
from jiedan.desk.tables import Contact, Customer
from jiedan.desk.uscc import normal_uscc
from jiedan.desk.values import Result

# The words that many company names share say nothing about which company it is.
_EMPTY_WORDS = re.compile("有限责任公司|股份有限公司|有限公司|集团|公司|科技|贸易|实业")
_ENOUGH = 0.55
USCC_SCORE, PHONE_SCORE, NAME_SCORE = 100, 40, 60


@dataclass(frozen=True, slots=True)
class Candidate(Result):
    """A customer that may be meant; 100 is certain."""

    customer_id: str
    customer_no: str
    name: str
    score: int
    reasons: list[str]


def match_customers(
    session: Session,
    *,
    name: str,
    uscc: str | None = None,
    phone: str | None = None,
    limit: int = 5,
) -> list[Candidate]:
    """Customers that may be the same, best first.

    The same USCC scores 100; the same phone 40; the name up to 60 by likeness of its telling
    part, in characters or in pinyin.
    """
    code = normal_uscc(uscc) if uscc else None
    number = number_text(phone) if phone else None
    wanted = _core(name)
    found = []
    for customer in _possible(session, wanted, code, number):
        score, reasons = _score(customer, wanted, code, number)
        if score:
            candidate = Candidate(str(customer.id), customer.number, customer.name, score, reasons)
            found.append(candidate)
    found.sort(key=lambda candidate: (-candidate.score, candidate.customer_no))
    return found[:limit]


def _possible(
    session: Session, wanted: str, code: str | None, number: str | None
) -> list[Customer]:
    tests: list[ColumnElement[bool]] = []
    if wanted:
        sound = pinyin_keys(wanted).split(" ")[0]
        tests.append(Customer.name.like(like_pattern(wanted[:2]), escape="\\"))
        tests.append(Customer.pinyin.like(f"{sound[:4]}%"))
    if code:
        tests.append(Customer.uscc == code)
    if number:
        tests.append(Customer.contacts.any(Contact.phone == number))
    if not tests:
        return []
    return list(session.scalars(select(Customer).where(or_(*tests)).limit(200)))


def _score(
    customer: Customer, wanted: str, code: str | None, number: str | None
) -> tuple[int, list[str]]:
    score, reasons = 0, []
    if code and customer.uscc == code:
        return USCC_SCORE, ["uscc"]
    likeness = max(
        SequenceMatcher(None, wanted, _core(customer.name)).ratio(),
        0.9 * (pinyin_keys(wanted) == pinyin_keys(_core(customer.name))),
    )
    if wanted and likeness >= _ENOUGH:
        score += round(NAME_SCORE * likeness)
        reasons.append("name")
    if number and any(contact.phone == number for contact in customer.contacts):
        score += PHONE_SCORE
        reasons.append("phone")
    return score, reasons


def _core(name: str) -> str:
    text = search_text(name)
    return _EMPTY_WORDS.sub("", text) or text
