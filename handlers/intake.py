"""Owns the forms of sales intake (P01): inquiry, special need, acceptance, entry, pre-check."""

from typing import Any

from sqlalchemy import select

from handlers.beside import Fact, fact, line_facts, order_facts
from handlers.names import PAYMENTS, called
from handlers.orders import name_instance
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import checks, inquiries, orders
from jiedan.desk.customers import match_customers
from jiedan.desk.errors import IncompleteOrder
from jiedan.desk.records import get_customer, get_order
from jiedan.desk.tables import Address, Order

ENTRY_FIELDS = (
    "customer",
    "order_kind",
    "lines",
    "total",
    "delivery_date",
    "partial_ok",
    "preference",
    "province",
    "city",
    "district",
    "detail",
    "receiver",
    "receiver_phone",
    "payment_method",
    "term_days",
    "invoice_title",
    "tax_no",
    "invoice_type",
    "service_req",
)
"""What the entry forms ask; the desk takes them by the same names."""


# --- T01.1 and T01.2: the inquiry ----------------------------------------------------------------
@handler("intake.load_inquiry")
def load_inquiry(context: Context) -> dict[str, Any]:
    """A new inquiry came in now, by phone unless somebody says otherwise."""
    now = context.now.astimezone(SHANGHAI).isoformat(timespec="minutes")
    return {"values": {"received_at": now, "channel": "phone", "is_special": False}}


@handler("intake.save_inquiry")
def save_inquiry(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Log the inquiry; what is special, or handed to sales, goes to the representative named."""
    follow_up = bool(answer.get("is_special")) or outcome == "to_sales"
    if follow_up and outcome != "no_interest" and not answer.get("handover_to"):
        raise InvalidAnswer({"handover_to": lazy("Name the sales representative who follows up.")})
    logged = inquiries.log_inquiry(context.work, order_id=order_id, values=answer)
    context.set_title(answer["company_name"], {lazy("Inquiry"): logged.inquiry_no})
    return {
        "inquiry_id": logged.inquiry_id,
        "is_special": follow_up,
        "owner": answer.get("handover_to"),
        "lost_reason": answer.get("lost_reason"),
    }


@handler("intake.load_special_need")
def load_special_need(context: Context, inquiry_id: str) -> dict[str, Any]:
    """What the customer asked and what is special about it."""
    return {"values": {}, "facts": inquiry_facts(context, inquiry_id)}


@handler("intake.save_special_need")
def save_special_need(context: Context, answer: dict[str, Any], inquiry_id: str) -> dict[str, Any]:
    """Keep analysis and solution with the inquiry."""
    inquiries.follow_up_inquiry(
        context.work,
        inquiry_id=inquiry_id,
        analysis=answer["analysis"],
        solution=answer["solution"],
        feasible=answer["feasible"],
        est_amount=answer.get("est_amount"),
    )
    return {"lost_reason": answer.get("lost_reason")}


# --- T01.3: acceptance ---------------------------------------------------------------------------
@handler("intake.load_acceptance")
def load_acceptance(
    context: Context, order_id: str, inquiry_id: str | None = None, owner: str | None = None
) -> dict[str, Any]:
    """Suggest the customer that the inquiry seems to come from, and show who else it might be."""
    values: dict[str, Any] = {"order_kind": "product", "owner": owner}
    if inquiry_id is None:
        return {"values": values, "facts": []}
    asked = inquiries.inquiry_values(context.work.session, inquiry_id=inquiry_id)
    found = match_customers(
        context.work.session, name=asked["company_name"], phone=asked.get("phone")
    )
    if found:
        values["customer"] = found[0].customer_id
        likely = get_customer(context.work.session, found[0].customer_id)
        values["owner"] = owner or likely.owner
    known = [
        fact(gettext("Possible customer"), f"{one.customer_no} {one.name} · {one.score} %")
        for one in found
    ]
    return {"values": values, "facts": [*known, *inquiry_facts(context, inquiry_id)]}


@handler("intake.save_acceptance")
def save_acceptance(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    inquiry_id: str | None = None,
) -> dict[str, Any]:
    """Accept the order for a customer, or note why it was lost."""
    if outcome == "lost":
        return {"lost_reason": answer.get("lost_reason")}
    orders.accept_order(
        context.work,
        order_id=order_id,
        customer=answer["customer"],
        intent=answer["intent"],
        order_kind=answer["order_kind"],
        customer_po_no=answer.get("customer_po_no"),
    )
    orders.set_owner(context.work, order_id=order_id, owner=answer["owner"])
    if inquiry_id is not None and outcome == "accept":
        inquiries.convert_inquiry(context.work, inquiry_id=inquiry_id, order_id=order_id)
    name_instance(context, order_id)
    return {"owner": answer["owner"]}


# --- T01.4: entry --------------------------------------------------------------------------------
@handler("intake.load_entry")
def load_entry(context: Context, order_id: str, inquiry_id: str | None = None) -> dict[str, Any]:
    """What the order says so far, the customer's own address filled in, the inquiry beside it."""
    values = orders.entry_values(context.work.session, order_id=order_id)
    values = {name: values.get(name) for name in ENTRY_FIELDS} | {"total": None}
    values |= default_place(context, order_id, values) | usual_terms(context, order_id, values)
    beside = order_facts(context, order_id)
    if inquiry_id is not None:
        beside += inquiry_facts(context, inquiry_id)
    return {"values": values, "facts": [*beside, *contact_facts(context, order_id)]}


@handler("intake.save_entry")
def save_entry(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Save the order and take its number; handing it in needs all six groups (SPEC S2.2.2)."""
    return {"order_no": save_order(context, answer, order_id, complete=outcome == "submit")}


def save_order(context: Context, answer: dict[str, Any], order_id: str, *, complete: bool) -> str:
    """Write an entry form to the order; raises IncompleteOrder that names each missing group."""
    entry = {name: answer[name] for name in ENTRY_FIELDS if name in answer}
    if not entry.get("lines"):
        entry.pop("lines", None)
    entered = orders.enter_order(context.work, order_id=order_id, entry=entry)
    if complete:
        found = checks.check_complete(context.work.session, order_id=order_id)
        if not found.complete:
            raise IncompleteOrder(
                {
                    checks.GROUP_FIELDS[group]: lazy(
                        "Missing: %(name)s", name=checks.GROUP_NAMES[group]
                    )
                    for group in found.missing
                }
            )
    context.set_business_key(entered.order_no)
    name_instance(context, order_id)
    return entered.order_no


def default_place(context: Context, order_id: str, values: dict[str, Any]) -> dict[str, Any]:
    """The customer's shipping address, for an order that does not say another one yet."""
    order = get_order(context.work.session, order_id)
    if values.get("detail") or order.customer_id is None:
        return {}
    found = context.work.session.scalar(
        select(Address)
        .where(Address.customer_id == order.customer_id, Address.kind == "ship")
        .limit(1)
    )
    if found is None:
        return {}
    return {
        "province": found.province,
        "city": found.city,
        "district": found.district,
        "detail": found.detail,
        "receiver": values.get("receiver") or found.receiver,
        "receiver_phone": values.get("receiver_phone") or found.phone,
    }


def usual_terms(context: Context, order_id: str, values: dict[str, Any]) -> dict[str, Any]:
    """Payment and invoice as on the customer's last order, until this one says something else."""
    order = get_order(context.work.session, order_id)
    if values.get("payment_method") or order.customer_id is None:
        return {}
    customer = get_customer(context.work.session, order.customer_id)
    last = context.work.session.scalar(
        select(Order)
        .where(
            Order.customer_id == order.customer_id,
            Order.channel == order.channel,
            Order.payment_method.is_not(None),
        )
        .order_by(Order.created_at.desc())
        .limit(1)
    )
    usual = {
        "payment_method": last and last.payment_method,
        "term_days": last and last.term_days,
        "invoice_title": (last and last.invoice_title) or customer.name,
        "tax_no": (last and last.tax_no) or customer.uscc,
        "invoice_type": last and last.invoice_type,
    }
    return {name: usual[name] for name in usual if values.get(name) in (None, "")}


# --- T01.5: supplement ---------------------------------------------------------------------------
@handler("intake.load_supplement")
def load_supplement(context: Context, order_id: str) -> dict[str, Any]:
    """What is still missing, by name."""
    found = checks.check_complete(context.work.session, order_id=order_id)
    missing = [fact(gettext("Missing"), name) for name in found.names]
    share = fact(gettext("Complete"), f"{found.pct} %")
    return {"values": {}, "facts": [share, *missing, *order_facts(context, order_id)]}


@handler("intake.save_supplement")
def save_supplement(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Log the talks with the customer; a supplement needs the customer's evidence (S2.2.4)."""
    evidence = ", ".join(answer.get("customer_evidence") or ()) or None
    if outcome == "completed" and evidence is None:
        raise InvalidAnswer({"customer_evidence": lazy("Attach what the customer sent.")})
    for talk in answer.get("contact_log") or ():
        orders.log_contact(
            context.work,
            order_id=order_id,
            purpose="supplement",
            at=talk["at"],
            way=talk["way"],
            result=talk["result"],
        )
    if answer.get("supplied"):
        orders.log_contact(
            context.work,
            order_id=order_id,
            purpose="supplied",
            way="customer",
            result=answer["supplied"],
            evidence=evidence,
        )
    return {"lost_reason": answer.get("lost_reason")}


@handler("intake.remind_supplement")
def remind_supplement(context: Context, order_id: str, owner: str | None = None) -> dict[str, Any]:
    """Remind the sales representative that the customer still owes information."""
    order = get_order(context.work.session, order_id)
    context.notify(
        logins=[owner] if owner else [],
        roles=[] if owner else ["SR"],
        kind="reminder",
        msgid="The customer still owes information for order %(order_no)s.",
        order_no=order.number or "",
    )
    return {}


# --- T01.6: sales pre-check ----------------------------------------------------------------------
@handler("intake.load_precheck")
def load_precheck(context: Context, order_id: str) -> dict[str, Any]:
    """One row for each item of the list, the order beside it."""
    order = get_order(context.work.session, order_id)
    return {
        "values": {"items": [{"code": code} for code in orders.PRECHECK_ITEMS]},
        "facts": [
            *order_facts(context, order_id),
            *line_facts(order),
            fact(gettext("Receiver"), order.receiver),
            fact(gettext("Payment"), payment_of(order)),
        ],
    }


@handler("intake.save_precheck")
def save_precheck(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Keep the pre-check; only a list without a failure goes to review (SPEC S3.1.3)."""
    checked = orders.record_precheck(
        context.work, order_id=order_id, items=answer["items"], needed=outcome == "submit"
    )
    if outcome != "submit":
        return {}
    if not checked.passed:
        raise InvalidAnswer({"items": lazy("An order with a failed item goes back to entry.")})
    orders.submit_order(context.work, order_id=order_id)
    return {}


def payment_of(order: Order) -> str | None:
    """How the order is paid, and within how many days."""
    way = called(PAYMENTS, order.payment_method)
    if way is None or order.payment_method != "credit_term" or order.term_days is None:
        return way
    return gettext("%(way)s, %(n)s days", way=way, n=order.term_days)


# --- beside the forms ----------------------------------------------------------------------------
def inquiry_facts(context: Context, inquiry_id: str) -> list[Fact]:
    """What the customer asked, in the words that were written down."""
    asked = inquiries.inquiry_values(context.work.session, inquiry_id=inquiry_id)
    shown = (
        (gettext("Company"), "company_name"),
        (gettext("Contact"), "contact_name"),
        (gettext("Question"), "question"),
        (gettext("Special need"), "special_desc"),
        (gettext("Quantity"), "qty"),
        (gettext("Wanted by"), "wanted_date"),
        (gettext("Answer given"), "answer"),
    )
    return [fact(label, asked[name]) for label, name in shown if asked.get(name)]


def contact_facts(context: Context, order_id: str) -> list[Fact]:
    """What the customer supplied later."""
    return [
        fact(gettext("Supplied by the customer"), talk.result)
        for talk in orders.list_contacts(context.work.session, order_id=order_id)
        if talk.purpose == "supplied"
    ]
