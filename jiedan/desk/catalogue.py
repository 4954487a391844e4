"""What we sell: catalogue items and whether one may be sold here and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.pinyin import pinyin_keys
from jiedan.core.text import identifier_text
from jiedan.core.work import Work
from jiedan.desk.errors import DuplicateNumber, InvalidRecord, StaleVersion, UnknownSku
from jiedan.desk.records import rows_by
from jiedan.desk.regions import known_province, region_of
from jiedan.desk.tables import CatalogueItem
from jiedan.desk.values import Problems, Result, add, plain, touch

TYPES = frozenset({"stock", "mto", "service", "electronic"})
STATES = frozenset({"draft", "active", "suspended", "discontinued"})
ITEM_PROBLEMS = {
    "unknown": lazy("There is no such product."),
    "draft": lazy("This product is not released yet."),
    "suspended": lazy("This product is not sold at present."),
    "discontinued": lazy("This product is discontinued."),
    "region_forbidden": lazy("This product may not be sold to this region."),
    "channel_closed": lazy("This product is not sold through this channel."),
}
_CHANGEABLE = frozenset(
    {
        "name",
        "name_en",
        "unit",
        "qty_step",
        "moq",
        "weight_g",
        "hazardous",
        "returnable",
        "warranty_days",
        "lead_wd",
        "qc_standard",
        "doc_pack",
        "skills",
        "components",
        "regions_forbidden",
        "channels",
        "tax_pct",
    }
)


@dataclass(frozen=True, slots=True)
class ItemFacts(Result):
    """A product as the catalogue knows it."""

    sku: str
    name: str
    name_en: str
    type: str
    unit: str
    state: str
    version: int
    qty_step: Decimal
    moq: Decimal
    weight_g: int
    hazardous: bool
    returnable: bool
    warranty_days: int
    lead_wd: int
    doc_pack: list[str]
    skills: list[str]
    components: list[dict[str, Any]]
    regions_forbidden: list[str]
    channels: list[str]
    tax_pct: int


def add_item(
    work: Work,
    *,
    sku: str,
    name: str,
    type: str,
    name_en: str = "",
    unit: str = "件",
    qty_step: Decimal | int = 1,
    moq: Decimal | int = 1,
    state: str = "active",
    **details: Any,
) -> ItemFacts:
    """Put a product into the catalogue; ``details`` are its other columns."""
    problems = Problems()
    code = identifier_text(sku).upper()
    if not 1 <= len(code) <= 40:
        problems.add("sku", lazy("Please fill this in."))
    title = problems.text("name", name, longest=200, needed=True) or ""
    problems.one_of("type", type, TYPES)
    problems.one_of("state", state, STATES)
    step = problems.qty("qty_step", qty_step)
    least = problems.qty("moq", moq)
    for unknown in details.keys() - _CHANGEABLE:
        problems.add(unknown, lazy("This cannot be set."))
    problems.raise_as(InvalidRecord)
    if work.session.scalar(select(CatalogueItem.id).where(CatalogueItem.sku == code)):
        raise DuplicateNumber(number=code)
    item = add(
        work,
        CatalogueItem(
            sku=code,
            name=title,
            name_en=name_en,
            pinyin=pinyin_keys(title),
            type=type,
            unit=unit,
            qty_step=step,
            moq=least,
            state=state,
            **details,
        ),
    )
    audit.record(work, action="catalogue.add", entity=f"item:{code}", after={"name": title})
    return _facts(item)


def change_item(work: Work, *, sku: str, version: int, **changes: Any) -> ItemFacts:
    """Change a product; each change is a new version, and orders keep the one they were made on."""
    item = _item(work.session, sku)
    if item.version != version:
        raise StaleVersion
    problems = Problems()
    for unknown in changes.keys() - _CHANGEABLE:
        problems.add(unknown, lazy("This cannot be set."))
    problems.raise_as(InvalidRecord)
    before = {name: plain(getattr(item, name)) for name in changes}
    for name, value in changes.items():
        setattr(item, name, value)
    item.pinyin = pinyin_keys(item.name)
    item.version += 1
    touch(work, item)
    audit.record(
        work,
        action="catalogue.change",
        entity=f"item:{item.sku}",
        before=before,
        after=plain(changes),
    )
    return _facts(item)


def suspend_item(work: Work, *, sku: str, reason: str) -> ItemFacts:
    """Stop selling a product for a while."""
    return _set_state(work, sku, "suspended", reason)


def activate_item(work: Work, *, sku: str, reason: str = "") -> ItemFacts:
    """Sell a product, again or for the first time."""
    return _set_state(work, sku, "active", reason)


def discontinue_item(work: Work, *, sku: str, reason: str) -> ItemFacts:
    """Stop selling a product for good."""
    return _set_state(work, sku, "discontinued", reason)


def find_item(session: Session, sku: str) -> ItemFacts:
    """The product with this number; raises UnknownSku."""
    return _facts(_item(session, sku))


def find_items(session: Session, skus: Sequence[str]) -> dict[str, CatalogueItem]:
    """The rows of several products by their number."""
    return rows_by(session, CatalogueItem, CatalogueItem.sku, skus)


def item_problem(
    item: CatalogueItem | ItemFacts | None, *, channel: str, province: str | None
) -> str | None:
    """Why a product cannot be sold to a place through a channel: a key of ITEM_PROBLEMS."""
    if item is None:
        return "unknown"
    if item.state != "active":
        return item.state
    if item.channels and channel not in item.channels:
        return "channel_closed"
    places = {known_province(province or ""), region_of(province)} - {None}
    return "region_forbidden" if places & set(item.regions_forbidden) else None


def _item(session: Session, sku: str) -> CatalogueItem:
    code = identifier_text(sku).upper()
    item = find_items(session, [code]).get(code)
    if item is None:
        raise UnknownSku(sku=code)
    return item


def _set_state(work: Work, sku: str, state: str, reason: str) -> ItemFacts:
    item = _item(work.session, sku)
    before = item.state
    item.state = state
    touch(work, item)
    audit.record(
        work,
        action="catalogue.state",
        entity=f"item:{item.sku}",
        before={"state": before},
        after={"state": state, "reason": reason},
    )
    return _facts(item)


def _facts(item: CatalogueItem) -> ItemFacts:
    return ItemFacts(
        sku=item.sku,
        name=item.name,
        name_en=item.name_en,
        type=item.type,
        unit=item.unit,
        state=item.state,
        version=item.version,
        qty_step=item.qty_step,
        moq=item.moq,
        weight_g=item.weight_g,
        hazardous=item.hazardous,
        returnable=item.returnable,
        warranty_days=item.warranty_days,
        lead_wd=item.lead_wd,
        doc_pack=list(item.doc_pack),
        skills=list(item.skills),
        components=list(item.components),
        regions_forbidden=list(item.regions_forbidden),
        channels=list(item.channels),
        tax_pct=item.tax_pct,
    )
