"""Questions of people who may buy, and what became of them (T01.1, T01.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.customers import EMAIL
from jiedan.desk.entry_fields import read_phone
from jiedan.desk.errors import InvalidRecord, UnknownRecord, WrongState
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Inquiry
from jiedan.desk.values import Problems, Ref, Result, add, as_id, clean, plain, shanghai_date, touch

CHANNELS = frozenset({"phone", "email", "chat", "visit", "web", "platform", "other"})
_VALUES = (
    "channel",
    "received_at",
    "company_name",
    "contact_name",
    "phone",
    "email",
    "address",
    "question",
    "product_spec",
    "qty",
    "service_req",
    "wanted_date",
    "is_special",
    "special_desc",
    "answer",
)


@dataclass(frozen=True, slots=True)
class InquiryFacts(Result):
    """An inquiry and where it stands."""

    inquiry_id: str
    inquiry_no: str
    channel: str
    company_name: str
    contact_name: str
    received_at: datetime
    is_special: bool
    feasible: str | None
    state: str
    reason: str | None
    order_id: str | None


def log_inquiry(
    work: Work, *, values: Mapping[str, Any], order_id: Ref | None = None
) -> InquiryFacts:
    """Keep an inquiry and its answer (SPEC S2.1.1 to S2.1.5); the keys are those of T01.1.

    Phone or e-mail is needed, a special need at least 20 characters of description, the
    received moment must be past and the wanted date not.
    """
    problems = Problems()
    read = _read(work, values, problems)
    problems.raise_as(InvalidRecord)
    row = add(
        work,
        Inquiry(
            number=take_number(work, kind="inquiry"),
            answered_at=work.now,
            state="special" if read["is_special"] else "open",
            order_id=as_id(order_id) if order_id else None,
            **read,
        ),
    )
    if order_id is not None:
        order = get_order(work.session, order_id, lock=True)
        order.inquiry_id = row.id
    audit.record(
        work,
        action="inquiry.log",
        entity=f"inquiry:{row.id}",
        after={"number": row.number, "channel": row.channel},
    )
    return _facts(row)


def follow_up_inquiry(
    work: Work,
    *,
    inquiry_id: Ref,
    analysis: str,
    solution: str,
    feasible: str,
    est_amount: int | None = None,
) -> InquiryFacts:
    """Keep what sales makes of a special need (T01.2, SPEC S2.1.3)."""
    row = _open(work.session, inquiry_id)
    problems = Problems()
    row.analysis = problems.text("analysis", analysis, longest=2000, needed=True)
    row.solution = problems.text("solution", solution, longest=2000, needed=True)
    row.feasible = problems.one_of("feasible", feasible, frozenset({"yes", "no", "need_more"}))
    if est_amount is not None:
        row.est_amount_fen = problems.fen("est_amount", est_amount, zero=True)
    problems.raise_as(InvalidRecord)
    touch(work, row)
    audit.record(
        work, action="inquiry.follow_up", entity=f"inquiry:{row.id}", after={"feasible": feasible}
    )
    return _facts(row)


def rate_answer(work: Work, *, inquiry_id: Ref, rating: int) -> InquiryFacts:
    """Keep how good the customer found the answer, 1 to 5 (SPEC S2.1.2)."""
    row = get_row(work.session, Inquiry, inquiry_id)
    if rating not in range(1, 6):
        raise InvalidRecord({"rating": lazy("Enter 1 to 5.")})
    row.rating = rating
    touch(work, row)
    return _facts(row)


def close_inquiry(work: Work, *, inquiry_id: Ref, reason: str) -> InquiryFacts:
    """End an inquiry that does not become an order."""
    row = _open(work.session, inquiry_id)
    row.state, row.reason = "lost", clean(reason)[:500]
    touch(work, row)
    audit.record(
        work, action="inquiry.close", entity=f"inquiry:{row.id}", after={"reason": row.reason}
    )
    return _facts(row)


def convert_inquiry(work: Work, *, inquiry_id: Ref, order_id: Ref) -> InquiryFacts:
    """Note that an inquiry became an order."""
    row = get_row(work.session, Inquiry, inquiry_id)
    order = get_order(work.session, order_id, lock=True)
    row.state, row.order_id = "converted", order.id
    order.inquiry_id = row.id
    touch(work, row)
    work.session.flush()
    return _facts(row)


def find_inquiry(session: Session, *, order_id: Ref) -> InquiryFacts | None:
    """The inquiry that an order began with."""
    row = session.scalar(
        select(Inquiry)
        .where(Inquiry.order_id == as_id(order_id))
        .order_by(Inquiry.number.desc())
        .limit(1)
    )
    return _facts(row) if row else None


def inquiry_facts(session: Session, *, inquiry_id: Ref) -> InquiryFacts:
    """An inquiry and where it stands."""
    return _facts(get_row(session, Inquiry, inquiry_id))


def inquiry_values(
    session: Session, *, inquiry_id: Ref | None = None, order_id: Ref | None = None
) -> dict[str, Any]:
    """What was written down at the inquiry, JSON-safe, to fill the next form; {} without one."""
    if inquiry_id is None:
        found = find_inquiry(session, order_id=order_id) if order_id else None
        if found is None:
            return {}
        inquiry_id = found.inquiry_id
    row = get_row(session, Inquiry, inquiry_id)
    return {name: plain(getattr(row, name)) for name in _VALUES}


def _read(work: Work, values: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    email = problems.text("email", values.get("email"), longest=120)
    if email and not EMAIL.fullmatch(email):
        problems.add("email", lazy("This is not an e-mail address."))
    phone = read_phone("phone", values.get("phone"), problems)
    if not phone and not email:
        problems.add("phone", lazy("A phone number or an e-mail address is needed."))
    special = values.get("is_special") is True
    received = problems.moment("received_at", values.get("received_at") or work.now)
    if received and received > work.now:
        problems.add("received_at", lazy("This lies in the future."))
    wanted = values.get("wanted_date")
    day = problems.day("wanted_date", wanted) if wanted else None
    if day and day < shanghai_date(work.now):
        problems.add("wanted_date", lazy("This lies in the past."))
    qty = values.get("qty")
    return {
        "channel": problems.one_of("channel", values.get("channel"), CHANNELS),
        "received_at": received,
        "company_name": problems.text(
            "company_name", values.get("company_name"), longest=120, needed=True
        ),
        "contact_name": problems.text(
            "contact_name", values.get("contact_name"), longest=40, needed=True
        ),
        "phone": phone,
        "email": email,
        "address": problems.text("address", values.get("address"), longest=200),
        "question": problems.text("question", values.get("question"), longest=2000, needed=True),
        "product_spec": problems.text("product_spec", values.get("product_spec"), longest=1000),
        "qty": problems.qty("qty", qty) if qty not in (None, "") else None,
        "service_req": problems.text("service_req", values.get("service_req"), longest=1000),
        "wanted_date": day,
        "is_special": special,
        "special_desc": problems.text(
            "special_desc",
            values.get("special_desc"),
            longest=2000,
            shortest=20 if special else 0,
        ),
        "answer": problems.text("answer", values.get("answer"), longest=2000, needed=True),
    }


def _open(session: Session, inquiry_id: Ref) -> Inquiry:
    row = get_row(session, Inquiry, inquiry_id)
    if row.state not in ("open", "special"):
        raise WrongState(state=row.state)
    return row


def _facts(row: Inquiry | None) -> InquiryFacts:
    if row is None:
        raise UnknownRecord(kind="inquiry")
    return InquiryFacts(
        str(row.id),
        row.number,
        row.channel,
        row.company_name,
        row.contact_name,
        row.received_at,
        row.is_special,
        row.feasible,
        row.state,
        row.reason,
        str(row.order_id) if row.order_id else None,
    )
