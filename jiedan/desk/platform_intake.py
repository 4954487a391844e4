"""Turning a platform's order into one of ours: customer, lines, place, price (P02)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import gettext
from jiedan.core.work import Work
from jiedan.desk.catalogue import find_items, item_problem
from jiedan.desk.customers import match_customers, register_customer
from jiedan.desk.entry import enter_order, entry_values
from jiedan.desk.order_refs import OrderRef
from jiedan.desk.orders import open_order
from jiedan.desk.platform_orders import payload_of
from jiedan.desk.platform_payload import Payload
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Customer, PlatformOrder, PlatformSku
from jiedan.desk.values import Ref, Result, plain, shanghai_date

SAME_CUSTOMER = 100


@dataclass(frozen=True, slots=True)
class Ingested(Result):
    """A platform's order is one of ours now; ``unmapped`` names articles that we do not know."""

    order_id: str
    order_no: str | None
    customer_id: str
    mapped: list[dict[str, Any]]
    unmapped: list[str]
    total_fen: int
    total_matches: bool


def open_platform_order(work: Work, *, platform_order_id: Ref) -> OrderRef:
    """Begin our order for a platform's order, once."""
    row = get_row(work.session, PlatformOrder, platform_order_id)
    return open_order(work, channel="netease", platform_order_id=row.id)


def map_skus(session: Session, *, platform: str, skus: list[str]) -> dict[str, str]:
    """Our product for each article number that is known; same numbers need no mapping."""
    rows = session.scalars(
        select(PlatformSku).where(
            PlatformSku.platform == platform, PlatformSku.platform_sku.in_(skus)
        )
    )
    found = {row.platform_sku: row.sku for row in rows}
    same = find_items(session, [sku for sku in skus if sku not in found])
    return {**{sku: sku for sku in same}, **found}


def ingest_order(work: Work, *, platform_order_id: Ref, order_id: Ref | None = None) -> Ingested:
    """Fill our draft from the platform's order; its number is taken here.

    Articles that we do not know, or do not sell, are left out and named; a person enters the
    order then. The buyer becomes a customer unless we know him. Paid on the platform means
    platform escrow. A day that is not wanted, or is impossible, becomes the earliest one.
    """
    row = get_row(work.session, PlatformOrder, platform_order_id)
    payload = payload_of(work, row)
    ref = open_platform_order(work, platform_order_id=row.id)
    order = get_order(work.session, order_id or ref.order_id)
    if order.customer_id is None:
        order.customer_id = _customer(work, payload, row.platform).id
    mapping = map_skus(
        work.session, platform=row.platform, skus=[item.sku for item in payload.items]
    )
    entry, mapped, unmapped = _entry(work, payload, mapping)
    if mapped:
        enter_order(work, order_id=order.id, entry=entry)
    order.entered_by = None
    row.unmapped = unmapped
    work.session.flush()
    audit.record(
        work,
        action="platform.ingest",
        entity=f"order:{order.id}",
        after={"platform_order_no": row.platform_order_no, "unmapped": unmapped},
    )
    return Ingested(
        str(order.id),
        order.number,
        str(order.customer_id),
        mapped,
        unmapped,
        order.total_fen,
        not unmapped and order.total_fen == payload.total_fen,
    )


def payload_diff(work: Work, *, order_id: Ref) -> list[dict[str, Any]]:
    """Where our order says something else than the platform's (N2.3.5): field, theirs, ours."""
    order = get_order(work.session, order_id)
    if order.platform_order_id is None:
        return []
    row = get_row(work.session, PlatformOrder, order.platform_order_id)
    payload = payload_of(work, row)
    ours = entry_values(work.session, order_id=order.id)
    theirs: dict[str, Any] = {
        "receiver": payload.receiver,
        "receiver_phone": payload.receiver_phone,
        "city": payload.city,
        "detail": payload.detail,
        "total": payload.total_fen,
    }
    mapping = map_skus(
        work.session, platform=row.platform, skus=[item.sku for item in payload.items]
    )
    wanted = sorted(
        (mapping.get(item.sku, item.sku), plain(item.qty), item.unit_price_fen)
        for item in payload.items
    )
    entered = sorted((line["sku"], line["qty"], line["unit_price"]) for line in ours["lines"])
    found = [
        {"field": name, "theirs": value, "ours": ours.get(name)}
        for name, value in theirs.items()
        if ours.get(name) != value
    ]
    if wanted != entered:
        found.append({"field": "lines", "theirs": wanted, "ours": entered})
    return found


def _customer(work: Work, payload: Payload, platform: str) -> Customer:
    source = f"{platform}:{payload.buyer_id}" if payload.buyer_id else platform
    known = (
        work.session.scalar(select(Customer).where(Customer.source == source))
        if payload.buyer_id
        else None
    )
    if known is not None:
        return known
    name = payload.company or payload.buyer_name
    for candidate in match_customers(work.session, name=name, phone=payload.receiver_phone):
        if candidate.score >= SAME_CUSTOMER:
            return get_row(work.session, Customer, candidate.customer_id)
    facts = register_customer(
        work,
        name=name,
        kind=payload.buyer_kind,
        province=payload.province,
        city=payload.city,
        district=payload.district,
        address=payload.detail,
        contact_name=payload.receiver,
        phone=payload.receiver_phone,
        source=source,
    )
    return get_row(work.session, Customer, facts.customer_id)


def _entry(
    work: Work, payload: Payload, mapping: dict[str, str]
) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    items = find_items(work.session, list(mapping.values()))
    lines: list[dict[str, Any]] = []
    mapped: list[dict[str, Any]] = []
    unmapped: list[str] = []
    for item in payload.items:
        sku = mapping.get(item.sku)
        found = items.get(sku) if sku else None
        if found is None or item_problem(found, channel="netease", province=payload.province):
            unmapped.append(item.sku)
            continue
        lines.append(
            {
                "sku": found.sku,
                "spec": item.spec or found.name,
                "description": found.name,
                "qty": item.qty,
                "unit_price": item.unit_price_fen,
            }
        )
        mapped.append({"theirs": item.sku, "ours": found.sku, "qty": plain(item.qty)})
    service = {line["sku"] for line in lines if items[line["sku"]].type == "service"}
    kind = "product" if not service else "service" if len(service) == len(lines) else "mixed"
    entry = {
        "lines": lines,
        "order_kind": kind,
        "customer_po_no": payload.number[:60],
        "delivery_date": _day(work, payload.wanted_date).isoformat(),
        "province": payload.province,
        "city": payload.city,
        "district": payload.district,
        "detail": payload.detail,
        "receiver": payload.receiver,
        "receiver_phone": payload.receiver_phone,
        "payment_method": "platform_escrow",
        "partial_ok": False,
        "service_req": payload.remark or gettext("Platform order"),
    }
    return entry, mapped, unmapped


def _day(work: Work, wanted: date | None) -> date:
    calendar = work.platform.calendar
    earliest = calendar.next_working_day(calendar.next_working_day(shanghai_date(work.now)))
    return wanted if wanted and wanted >= earliest else earliest
