"""The engine's opinion of a diagram before it is deployed: refused, repaired or doubtful."""

from __future__ import annotations

from lxml import etree

from jiedan.flow.engine.errors import DefinitionRefused
from jiedan.flow.engine.repairs import repair
from jiedan.flow.engine.snapshots import Finding
from jiedan.flow.engine.xmlsource import parse_xml


def inspect(xml: bytes) -> list[Finding]:
    """Say what the engine would choke on, repair or ignore in this BPMN file."""
    try:
        root = parse_xml(xml)
    except DefinitionRefused as refusal:
        return list(refusal.findings)
    return repair(root) + inspect_tree(root)


def inspect_tree(root: etree._Element) -> list[Finding]:
    """The findings on a tree whose elements all have ids."""
    return []
