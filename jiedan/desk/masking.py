"""Hiding what not everybody may read (SPEC S3.3): 张*, 138****5678, z***@example.com."""

from __future__ import annotations

import re

from jiedan.core.actor import Actor

WITHOUT_MONEY = frozenset({"WH", "QC", "LG", "LM", "EX", "PM", "PP", "HR", "AN", "AD"})
"""Who holds only such roles needs no prices for the work."""


def needs_money(actor: Actor) -> bool:
    """Prices are for those whose work needs them."""
    return not actor.roles <= WITHOUT_MONEY


def mask_name(name: str | None) -> str:
    """The first character and a star; a company keeps its first two characters."""
    text = (name or "").strip()
    if len(text) <= 1:
        return text and "*"
    return text[0] + "*" if len(text) <= 4 else text[:2] + "***"


def mask_phone(phone: str | None) -> str:
    """The first three and the last four digits; short numbers only the last two."""
    text = (phone or "").strip()
    if not text:
        return ""
    if len(text) < 8:
        return "****" + text[-2:]
    return f"{text[:3]}****{text[-4:]}"


def mask_email(email: str | None) -> str:
    """The first character and the domain."""
    local, at, domain = (email or "").strip().rpartition("@")
    if not at:
        return "***" if domain else ""
    return f"{local[:1]}***@{domain}"


def mask_address(
    province: str | None, city: str | None, district: str | None, detail: str | None = None
) -> str:
    """The address down to its district; streets and houses become stars."""
    start = "" if (city or "").startswith(province or "") else province
    shown = "".join(part for part in (start, city, district) if part)
    return shown + ("***" if detail else "")


def mask_id(number: str | None) -> str:
    """The first three and the last two characters of an identity or registration number."""
    text = re.sub(r"\s", "", number or "")
    if len(text) <= 5:
        return "*" * len(text)
    return text[:3] + "*" * (len(text) - 5) + text[-2:]
