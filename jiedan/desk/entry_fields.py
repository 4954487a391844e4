"""Reading the fields of an order entry: each value checked, each problem named by its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from jiedan.core.i18n import lazy
from jiedan.core.text import identifier_text, number_text
from jiedan.core.work import Work
from jiedan.desk.catalogue import ITEM_PROBLEMS, find_items, item_problem
from jiedan.desk.errors import InvalidOrder, UnknownCustomer
from jiedan.desk.records import get_customer
from jiedan.desk.regions import known_province
from jiedan.desk.tables import CatalogueItem, Order
from jiedan.desk.values import Problems, shanghai_date

PAYMENT_METHODS = frozenset(
    {"prepay_full", "deposit_balance", "credit_term", "cod", "platform_escrow"}
)
ORDER_KINDS = frozenset({"product", "service", "mixed"})
FULFILS = frozenset({"stock", "mto", "service", "electronic"})
INVOICE_TYPES = frozenset({"vat_special", "vat_normal", "none"})
PREFERENCES = frozenset({"pickup", "express", "freight"})
LONGEST_TERM = 180
PHONE = re.compile(r"\+?[0-9]{1,4}?[-]?[0-9]{5,14}([-][0-9]{1,6})?")
_TAX_NO = re.compile(r"[0-9A-Z]{15,20}")

HEAD_FIELDS = (
    "customer_po_no",
    "delivery_date",
    "province",
    "city",
    "district",
    "detail",
    "receiver",
    "receiver_phone",
    "payment_method",
    "term_days",
    "partial_ok",
    "currency",
    "service_req",
    "invoice_title",
    "tax_no",
    "invoice_type",
    "preference",
)
_TEXTS = {
    "customer_po_no": 60,
    "city": 40,
    "district": 40,
    "detail": 200,
    "receiver": 40,
    "service_req": 1000,
    "invoice_title": 120,
}
_CHOICES = {
    "payment_method": PAYMENT_METHODS,
    "invoice_type": INVOICE_TYPES,
    "preference": PREFERENCES,
}


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """An entry whose values are right; ``lines`` is None when the entry does not speak of them."""

    head: dict[str, Any]
    lines: list[dict[str, Any]] | None
    total: int | None


def parse_entry(work: Work, order: Order, raw: Mapping[str, Any]) -> ParsedEntry:
    """Check an entry; raises InvalidOrder that names every wrong field by its path."""
    values = _flat(raw)
    problems = Problems()
    head = _head(work, order, values, problems)
    lines = None
    if values.get("lines") is not None:
        province = head.get("province", order.province)
        lines = _lines(work, order, values["lines"], province, problems)
    total = values.get("total")
    if total is not None:
        total = problems.fen("total", total, zero=True)
    problems.raise_as(InvalidOrder)
    return ParsedEntry(head, lines, total)


def _flat(raw: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(raw)
    values.update(values.pop("delivery_place", None) or {})
    invoice = values.pop("invoice_info", None) or {}
    for inner, outer in (
        ("title", "invoice_title"),
        ("tax_no", "tax_no"),
        ("type", "invoice_type"),
    ):
        if inner in invoice:
            values[outer] = invoice[inner]
    return values


def _head(
    work: Work, order: Order, values: Mapping[str, Any], problems: Problems
) -> dict[str, Any]:
    head: dict[str, Any] = {}
    for name, longest in _TEXTS.items():
        if name in values:
            head[name] = problems.text(name, values[name], longest=longest)
    for name, allowed in _CHOICES.items():
        if name in values:
            head[name] = problems.one_of(name, values[name], allowed, needed=False) or None
    if values.get("customer"):
        try:
            head["customer_id"] = get_customer(work.session, values["customer"]).id
        except UnknownCustomer:
            problems.add("customer", lazy("There is no such customer."))
    if values.get("order_kind"):
        head["kind"] = problems.one_of("order_kind", values["order_kind"], ORDER_KINDS)
    if "province" in values:
        head["province"] = _province(values["province"], problems)
    if "delivery_date" in values:
        head["delivery_date"] = _future_day(work, "delivery_date", values, problems)
    if "receiver_phone" in values:
        head["receiver_phone"] = read_phone("receiver_phone", values["receiver_phone"], problems)
    if "tax_no" in values:
        head["tax_no"] = _tax_no(values["tax_no"], problems)
    if "partial_ok" in values:
        head["partial_ok"] = values["partial_ok"] is True
    if values.get("currency") not in (None, "", "CNY"):
        problems.add("currency", lazy("Only CNY is possible."))
    if "term_days" in values:
        head["term_days"] = _term(values["term_days"], problems)
    if head.get("payment_method", order.payment_method) != "credit_term":
        head["term_days"] = None
    return head


def _province(value: Any, problems: Problems) -> str | None:
    text = problems.text("province", value, longest=40)
    if text is None:
        return None
    province = known_province(text)
    if province is None:
        problems.add("province", lazy("This is not a province."))
    return province


def _future_day(
    work: Work, path: str, values: Mapping[str, Any], problems: Problems
) -> date | None:
    name = path.rsplit(".", 1)[-1]
    if values[name] in (None, ""):
        return None
    day = problems.day(path, values[name])
    if day is None:
        return None
    earliest = work.platform.calendar.next_working_day(shanghai_date(work.now))
    if day < earliest:
        problems.add(path, lazy("The earliest possible day is %(day)s.", day=earliest.isoformat()))
    return day


def read_phone(path: str, value: Any, problems: Problems) -> str | None:
    """A Chinese mobile or landline number, or an international one; spaces are taken out."""
    text = number_text(str(value or ""))
    if not text:
        return None
    if len(text) > 20 or not PHONE.fullmatch(text):
        problems.add(path, lazy("This is not a phone number."))
        return None
    return text


def _tax_no(value: Any, problems: Problems) -> str | None:
    text = identifier_text(str(value or "")).upper()
    if text and not _TAX_NO.fullmatch(text):
        problems.add("tax_no", lazy("A tax number has 15 to 20 digits and letters."))
    return text or None


def _term(value: Any, problems: Problems) -> int | None:
    if value in (None, ""):
        return None
    text = number_text(str(value)).removesuffix(".0")
    if not text.isascii() or not text.isdigit() or int(text[:6]) > LONGEST_TERM:
        problems.add("term_days", lazy("Enter 0 to 180 days."))
        return None
    return int(text)


def _lines(
    work: Work, order: Order, raw: Any, province: str | None, problems: Problems
) -> list[dict[str, Any]]:
    most = int(work.platform.parameters.number("order.max_lines"))
    if not isinstance(raw, list) or len(raw) > most:
        problems.add("lines", lazy("At most %(n)s lines.", n=most))
        return []
    items = find_items(work.session, [_sku(line) for line in raw])
    return [
        _line(work, order, index, line, items.get(_sku(line)), province, problems)
        for index, line in enumerate(raw)
    ]


def _sku(line: Any) -> str:
    value = line.get("sku") if isinstance(line, Mapping) else None
    return identifier_text(str(value or "")).upper()[:40]


def _line(
    work: Work,
    order: Order,
    index: int,
    raw: Mapping[str, Any],
    item: CatalogueItem | None,
    province: str | None,
    problems: Problems,
) -> dict[str, Any]:
    path = f"lines[{index}]"
    problem = item_problem(item, channel=order.channel, province=province)
    if problem is not None:
        problems.add(f"{path}.sku", ITEM_PROBLEMS[problem])
    if item is None:
        return {}
    qty = problems.qty(f"{path}.qty", raw.get("qty"))
    if qty is not None:
        _check_step(f"{path}.qty", qty, item, problems)
    discount = raw.get("discount_pct")
    fulfil = problems.one_of(f"{path}.fulfil", raw.get("fulfil") or item.type, FULFILS)
    if fulfil and fulfil != item.type and {fulfil, item.type} != {"stock", "mto"}:
        problems.add(f"{path}.fulfil", lazy("This product cannot be supplied in this way."))
    due = _future_day(work, f"{path}.line_due", raw, problems) if raw.get("line_due") else None
    return {
        "sku": item.sku,
        "sku_version": item.version,
        "description": problems.text(f"{path}.description", raw.get("description"), longest=500)
        or item.name,
        "spec": problems.text(f"{path}.spec", raw.get("spec"), longest=500) or "",
        "qty": qty,
        "unit": problems.text(f"{path}.unit", raw.get("unit"), longest=20) or item.unit,
        "unit_price_fen": problems.fen(f"{path}.unit_price", raw.get("unit_price")),
        "discount_pct": _discount(path, discount, problems),
        "tax_pct": item.tax_pct,
        "fulfil": fulfil,
        "line_due": due,
    }


def _discount(path: str, value: Any, problems: Problems) -> Decimal:
    if value in (None, ""):
        return Decimal(0)
    found = problems.pct(f"{path}.discount_pct", value)
    if found == 100:
        problems.add(f"{path}.discount_pct", lazy("A line cannot be free of charge."))
    return found or Decimal(0)


def _check_step(path: str, qty: Decimal, item: CatalogueItem, problems: Problems) -> None:
    if qty < item.moq:
        problems.add(path, lazy("At least %(n)s of this product.", n=f"{item.moq.normalize():f}"))
    elif qty % item.qty_step != 0:
        step = f"{item.qty_step.normalize():f}"
        problems.add(path, lazy("Only in steps of %(n)s.", n=step))
