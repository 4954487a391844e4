"""Owns the facts that stand beside a form: the order, its lines, and single labelled values."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jiedan import Context, InvalidAnswer
from jiedan.core.i18n import format_date, format_datetime, gettext, lazy
from jiedan.core.money import format_yuan
from jiedan.core.sentences import say
from jiedan.desk.masking import needs_money
from jiedan.desk.records import get_customer, get_order
from jiedan.desk.states import STATE_NAMES, OrderState
from jiedan.desk.tables import Order, OrderLine

Fact = dict[str, Any]
"""{"label": text, "value": text}, both in the reader's language."""
UNKNOWN = "—"


def fact(label: str, value: Any, by: str | None = None) -> Fact:
    """One labelled value; dates and amounts are turned into text.

    `by` is the login of whom it is from or about: pages put that person's name before it.
    """
    return {"label": label, "value": said(value), **({"by": by} if by else {})}


def person_fact(label: str, login: str | None) -> Fact:
    """A person, whom pages call by name."""
    return fact(label, login, by=login)


def said(value: Any) -> str:
    """A value as people read it."""
    match value:
        case None | "":
            return UNKNOWN
        case bool():
            return gettext("yes") if value else gettext("no")
        case datetime():
            return format_datetime(value)
        case date():
            return format_date(value)
        case Decimal():
            return f"{value.normalize():f}"
        case str():
            return say(value)
        case _:
            return str(value)


def yuan(label: str, fen: int | None) -> Fact:
    """A labelled amount of fen."""
    return fact(label, None if fen is None else format_yuan(fen))


def order_of(context: Context, order_id: str) -> Order:
    """The order's row."""
    return get_order(context.work.session, order_id)


def order_facts(context: Context, order_id: str) -> list[Fact]:
    """Number, customer, amount, promised date, place and state of an order."""
    order = order_of(context, order_id)
    customer = get_customer(context.work.session, order.customer_id) if order.customer_id else None
    may_read_money = needs_money(context.actor)
    facts = [
        fact(gettext("Order"), order.number),
        fact(gettext("Customer"), customer.name if customer else None),
        yuan(gettext("Amount"), (order.total_fen or None) if may_read_money else None),
        fact(gettext("Promised date"), order.promised_date or order.delivery_date),
        fact(gettext("Place"), place_of(order)),
        fact(gettext("State"), STATE_NAMES[OrderState(order.state)]),
    ]
    return [one for one in facts if one["value"] != UNKNOWN]


def place_of(order: Order) -> str:
    """The delivery place in one line; a municipality is not named twice."""
    province, city = order.province or "", order.city or ""
    start = "" if city.startswith(province) else province
    return "".join([start, city, order.district or "", order.detail or ""])


def line_facts(order: Order) -> list[Fact]:
    """One fact per order line: what and how much."""
    return [
        fact(f"{line.seq}. {line.sku}", f"{line_name(line)} × {said(line.qty)}")
        for line in order.lines
    ]


def line_name(line: OrderLine) -> str:
    """What people call the product of a line."""
    return line.description or line.sku


def matched(
    rows: list[dict[str, Any]], answers: list[dict[str, Any]], path: str
) -> list[dict[str, Any]]:
    """The answers of a table with fixed rows, each over the row that its page showed."""
    if len(rows) != len(answers):
        raise InvalidAnswer({path: lazy("The list has changed: look at it again.")})
    return [{**row, **answer} for row, answer in zip(rows, answers, strict=True)]


def shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a fixed table as its form knows them: without the code that tells them apart."""
    return [{name: value for name, value in row.items() if name != "code"} for row in rows]
