"""Owns the rules for forms."""

from jiedan.flow.content.findings import Finding


def check_form(name: str, content: bytes) -> list[Finding]:
    return []
