"""Owns the list of rules for diagrams."""

from collections.abc import Callable, Iterator

from jiedan.flow.content.context import Context
from jiedan.flow.content.findings import Finding

Rule = Callable[[Context], Iterator[Finding]]
RULES: tuple[Rule, ...] = ()


def check_diagram(context: Context) -> list[Finding]:
    """What all rules find."""
    return [finding for rule in RULES for finding in rule(context)]
