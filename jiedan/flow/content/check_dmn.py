"""Owns the rules for decision tables."""

from jiedan.flow.content.findings import Finding


def check_tables(name: str, content: bytes) -> list[Finding]:
    return []
