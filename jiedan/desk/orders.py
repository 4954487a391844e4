"""The life of an order at the desk: opened, accepted, entered, pre-checked, submitted, ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.catalogue import ITEM_PROBLEMS, find_items, item_problem
from jiedan.desk.checklists import Checked, latest_checklist, record_checklist
from jiedan.desk.checks import GROUP_FIELDS, GROUP_NAMES, missing_groups
from jiedan.desk.entry import Entered, enter_order, entry_values
from jiedan.desk.entry_fields import ORDER_KINDS
from jiedan.desk.errors import (
    IncompleteOrder,
    InvalidOrder,
    InvalidRecord,
    PrecheckerExcluded,
    PrecheckMissing,
)
from jiedan.desk.order_numbers import assign_number
from jiedan.desk.order_refs import OrderRef, find_order, order_ref, ref_of
from jiedan.desk.records import get_customer, get_order, get_row
from jiedan.desk.states import Moved, OrderState, enter_stage, require_state, set_state
from jiedan.desk.tables import Contact, ContactLog, Inquiry, Order, PlatformOrder
from jiedan.desk.totals import recompute
from jiedan.desk.values import Problems, Ref, add, as_date, as_id, touch

__all__ = [
    "CHANNELS",
    "LOST_REASONS",
    "PRECHECK_ITEMS",
    "Entered",
    "OrderRef",
    "accept_order",
    "assign_number",
    "close_order",
    "enter_order",
    "entry_values",
    "expire_order",
    "find_order",
    "list_contacts",
    "log_contact",
    "lose_order",
    "open_order",
    "order_ref",
    "record_precheck",
    "reject_order",
    "set_owner",
    "set_promised_date",
    "submit_order",
]

CHANNELS = frozenset({"sales", "netease"})
LOST_REASONS = frozenset(
    {"price", "delivery", "spec", "competitor", "no_budget", "no_response", "other"}
)
PRECHECK_ITEMS = ("intention", "spec", "qty", "price", "date", "place", "payment")


def open_order(
    work: Work,
    *,
    channel: str,
    kind: str | None = None,
    customer_id: Ref | None = None,
    owner: str | None = None,
    inquiry_id: Ref | None = None,
    platform_order_id: Ref | None = None,
) -> OrderRef:
    """Begin an order as a draft without number; a platform order is opened once only."""
    problems = Problems()
    problems.one_of("channel", channel, CHANNELS)
    problems.one_of("kind", kind, ORDER_KINDS, needed=False)
    problems.raise_as(InvalidOrder)
    if platform_order_id is not None:
        known = work.session.scalar(
            select(Order).where(Order.platform_order_id == as_id(platform_order_id))
        )
        if known is not None:
            return ref_of(known)
    customer = get_customer(work.session, customer_id) if customer_id else None
    order = add(
        work,
        Order(
            channel=channel,
            kind=kind,
            customer_id=customer.id if customer else None,
            owner=owner or (customer.owner if customer else None),
            inquiry_id=as_id(inquiry_id) if inquiry_id else None,
            platform_order_id=as_id(platform_order_id) if platform_order_id else None,
        ),
    )
    if platform_order_id is not None:
        get_row(work.session, PlatformOrder, platform_order_id).order_id = order.id
    if inquiry_id is not None:
        get_row(work.session, Inquiry, inquiry_id).order_id = order.id
    enter_stage(work, order, OrderState.DRAFT, None, first=True)
    return ref_of(order)


def accept_order(
    work: Work,
    *,
    order_id: Ref,
    customer: Ref,
    intent: str = "confirmed",
    order_kind: str = "product",
    customer_po_no: str | None = None,
) -> OrderRef:
    """Accept an order for a known customer (T01.3, SPEC S2.2.1); the actor is its acceptor."""
    order = require_state(get_order(work.session, order_id, lock=True), OrderState.DRAFT)
    problems = Problems()
    problems.one_of("intent", intent, frozenset({"confirmed", "undecided"}))
    problems.one_of("order_kind", order_kind, ORDER_KINDS)
    order.customer_po_no = problems.text("customer_po_no", customer_po_no, longest=60)
    problems.raise_as(InvalidOrder)
    found = get_customer(work.session, customer)
    order.customer_id = found.id
    order.owner = order.owner or found.owner
    order.intent = intent
    order.kind = order_kind
    order.accepted_by = work.actor.login
    _suggest_from_customer(work.session, order)
    touch(work, order)
    audit.record(
        work,
        action="order.accept",
        entity=f"order:{order.id}",
        after={"customer": found.number, "kind": order_kind},
    )
    return ref_of(order)


def record_precheck(
    work: Work, *, order_id: Ref, items: Sequence[Mapping[str, Any]], needed: bool = True
) -> Checked:
    """Keep the sales pre-check (T01.6, SPEC S3.1.3) for the order's present version.

    Raises PrecheckerExcluded for the person who entered the order.
    """
    order = get_order(work.session, order_id)
    if order.entered_by == work.actor.login:
        raise PrecheckerExcluded
    return record_checklist(
        work,
        order_id=order.id,
        kind="precheck",
        items=items,
        needed=PRECHECK_ITEMS if needed else (),
        values={"version": order.version},
    )


def submit_order(work: Work, *, order_id: Ref) -> OrderRef:
    """Hand an order in for review: complete, sellable, totals ours, pre-checked if from sales.

    Raises IncompleteOrder that names each missing group (SPEC S2.2.2), InvalidOrder for
    products that cannot be sold any more, PrecheckMissing.
    """
    order = require_state(
        get_order(work.session, order_id, lock=True), OrderState.DRAFT, OrderState.RETURNED
    )
    missing = missing_groups(order)
    if missing:
        raise IncompleteOrder(
            {
                GROUP_FIELDS[group]: lazy("Missing: %(name)s", name=GROUP_NAMES[group])
                for group in missing
            }
        )
    if order.customer_id is None:
        raise IncompleteOrder({"customer": lazy("Please fill this in.")})
    _check_items(work.session, order)
    if order.channel == "sales" and order.state == OrderState.DRAFT:
        _require_precheck(work.session, order)
    recompute(order)
    assign_number(work, order_id=order.id)
    set_state(work, order_id=order.id, to=OrderState.SUBMITTED)
    return ref_of(order)


def _check_items(session: Session, order: Order) -> None:
    items = find_items(session, [line.sku for line in order.lines])
    problems = Problems()
    for index, line in enumerate(order.lines):
        problem = item_problem(items.get(line.sku), channel=order.channel, province=order.province)
        if problem:
            problems.add(f"lines[{index}].sku", ITEM_PROBLEMS[problem])
    problems.raise_as(InvalidOrder)


def _require_precheck(session: Session, order: Order) -> None:
    checklist = latest_checklist(session, order_id=order.id, kind="precheck")
    if (
        checklist is None
        or not checklist.passed
        or checklist.values.get("version") != order.version
    ):
        raise PrecheckMissing


def lose_order(work: Work, *, order_id: Ref, reason: str, note: str | None = None) -> Moved:
    """End an order that the customer did not give us; ``reason`` is one of LOST_REASONS."""
    problems = Problems()
    problems.one_of("reason", reason, LOST_REASONS)
    problems.raise_as(InvalidRecord)
    text = f"{reason}: {note}" if note else reason
    return set_state(work, order_id=order_id, to=OrderState.LOST, reason=text)


def expire_order(work: Work, *, order_id: Ref, reason: str = "no_response") -> Moved:
    """End an order that nobody completed in time (SPEC S2.2.4)."""
    return set_state(work, order_id=order_id, to=OrderState.EXPIRED, reason=reason)


def reject_order(work: Work, *, order_id: Ref, code: str, opinion: str | None = None) -> Moved:
    """End an order that we do not take, with a reason code and what was said."""
    text = lazy("%(code)s: %(opinion)s", code=code, opinion=opinion) if opinion else code
    return set_state(work, order_id=order_id, to=OrderState.REJECTED, reason=text)


def close_order(work: Work, *, order_id: Ref) -> Moved:
    """File a settled order."""
    return set_state(work, order_id=order_id, to=OrderState.CLOSED)


def set_owner(work: Work, *, order_id: Ref, owner: str) -> OrderRef:
    """Put an order into the hands of another sales person."""
    order = get_order(work.session, order_id, lock=True)
    before = order.owner
    order.owner = owner
    touch(work, order)
    audit.record(
        work,
        action="order.owner",
        entity=f"order:{order.id}",
        before={"owner": before},
        after={"owner": owner},
    )
    return ref_of(order)


def set_promised_date(work: Work, *, order_id: Ref, promised_date: Any, consent: str) -> OrderRef:
    """Change the promised day; needs the record of the customer's consent (SPEC S2.4.9)."""
    order = get_order(work.session, order_id, lock=True)
    problems = Problems()
    day = problems.day("promised_date", as_date(promised_date))
    problems.text("consent", consent, longest=500, needed=True)
    problems.raise_as(InvalidOrder)
    before = order.promised_date
    order.promised_date = day
    touch(work, order)
    audit.record(
        work,
        action="order.promise",
        entity=f"order:{order.id}",
        before={"promised_date": str(before)},
        after={"promised_date": str(day), "consent": consent},
    )
    return ref_of(order)


def log_contact(
    work: Work,
    *,
    order_id: Ref | None = None,
    subject_id: Ref | None = None,
    purpose: str,
    at: Any = None,
    way: str,
    result: str,
    evidence: str | None = None,
) -> str:
    """Keep a talk with the customer; returns its id."""
    problems = Problems()
    moment = problems.moment("at", at) if at else work.now
    if moment and moment > work.now:
        problems.add("at", lazy("This lies in the future."))
    text = problems.text("result", result, longest=2000, needed=True)
    way_text = problems.text("way", way, longest=60, needed=True)
    problems.raise_as(InvalidRecord)
    log = add(
        work,
        ContactLog(
            order_id=as_id(order_id) if order_id else None,
            subject_id=as_id(subject_id) if subject_id else None,
            purpose=purpose,
            at=moment,
            way=way_text,
            result=text,
            evidence=evidence,
            logged_at=work.now,
            logged_by=work.actor.login,
        ),
    )
    return str(log.id)


def list_contacts(session: Session, *, order_id: Ref) -> list[ContactLog]:
    """The talks about an order, oldest first."""
    return list(
        session.scalars(
            select(ContactLog).where(ContactLog.order_id == as_id(order_id)).order_by(ContactLog.at)
        )
    )


def _suggest_from_customer(session: Session, order: Order) -> None:
    if order.receiver is not None or order.customer_id is None:
        return
    contact = session.scalar(
        select(Contact)
        .where(Contact.customer_id == order.customer_id, Contact.state == "active")
        .order_by(Contact.is_primary.desc())
        .limit(1)
    )
    if contact is not None:
        order.receiver = contact.name
        order.receiver_phone = contact.phone
        order.receiver_phone_end = (contact.phone or "")[-4:] or None
