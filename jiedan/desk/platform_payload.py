"""Reading what a platform sends, by the field names of its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from jiedan.core.i18n import lazy
from jiedan.desk.errors import BadPayload
from jiedan.desk.platforms import PlatformSetup
from jiedan.desk.values import Problems, clean, possible_day

MOST_ITEMS = 200
PAID_STATES = frozenset({"paid", "shipped", "done"})


@dataclass(frozen=True, slots=True)
class PayloadItem:
    """One article of a platform's order; prices in fen."""

    sku: str
    title: str
    spec: str
    qty: Decimal
    unit_price_fen: int


@dataclass(frozen=True, slots=True)
class Payload:
    """A platform's order in our words."""

    number: str
    status: str
    paid: bool
    total_fen: int
    buyer_id: str
    buyer_name: str
    buyer_kind: str
    company: str
    receiver: str
    receiver_phone: str
    province: str
    city: str
    district: str
    detail: str
    wanted_date: date | None
    remark: str
    items: tuple[PayloadItem, ...]


def read_payload(setup: PlatformSetup, content: Mapping[str, Any]) -> Payload:
    """The order in our words; raises BadPayload that names every wrong field by our name."""
    problems = Problems()

    def text(name: str, longest: int, *, needed: bool = False) -> str:
        value = dig(content, setup.fields.get(name, ""))
        return problems.text(name, value, longest=longest, needed=needed) or ""

    number = text("number", 64, needed=True)
    total = problems.fen("total_fen", dig(content, setup.fields["total_fen"]))
    items = _items(setup, dig(content, setup.fields["items"]), problems)
    status = setup.status(text("status", 40))
    kind = text("buyer_kind", 20) or "consumer"
    wanted = dig(content, setup.fields.get("wanted_date", ""))
    payload = Payload(
        number=number,
        status=status,
        paid=status in PAID_STATES,
        total_fen=total or 0,
        buyer_id=text("buyer_id", 64),
        buyer_name=text("buyer_name", 120, needed=True),
        buyer_kind="company" if kind == "company" else "consumer",
        company=text("company", 120),
        receiver=text("receiver", 40, needed=True),
        receiver_phone=text("receiver_phone", 20, needed=True),
        province=text("province", 40, needed=True),
        city=text("city", 40, needed=True),
        district=text("district", 40),
        detail=text("detail", 200, needed=True),
        wanted_date=possible_day(wanted) if wanted else None,
        remark=text("remark", 1000),
        items=items,
    )
    problems.raise_as(BadPayload)
    return payload


def dig(content: Any, path: str) -> Any:
    """The value at a dotted path, or None."""
    for name in path.split("."):
        if not isinstance(content, Mapping):
            return None
        content = content.get(name)
    return content


def _items(setup: PlatformSetup, raw: Any, problems: Problems) -> tuple[PayloadItem, ...]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MOST_ITEMS:
        problems.add("items", lazy("An order has 1 to %(n)s lines.", n=MOST_ITEMS))
        return ()
    found = []
    for index, item in enumerate(raw):
        path = f"items[{index}]"
        sku = clean(dig(item, setup.item["sku"]))[:64]
        if not sku:
            problems.add(f"{path}.sku", lazy("Please fill this in."))
        qty = problems.qty(f"{path}.qty", dig(item, setup.item["qty"]))
        price = problems.fen(f"{path}.unit_price_fen", dig(item, setup.item["unit_price_fen"]))
        found.append(
            PayloadItem(
                sku,
                clean(dig(item, setup.item["title"]))[:500],
                clean(dig(item, setup.item["spec"]))[:500],
                qty or Decimal(1),
                price or 1,
            )
        )
    return tuple(found)
