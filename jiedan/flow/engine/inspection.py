"""The engine's opinion of a diagram before it is deployed: refused, repaired or doubtful."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from jiedan.flow.engine.errors import DefinitionRefused
from jiedan.flow.engine.repairs import repair
from jiedan.flow.engine.rules import Area, Diagram
from jiedan.flow.engine.rules.activities import ACTIVITY_RULES
from jiedan.flow.engine.rules.events import EVENT_RULES
from jiedan.flow.engine.rules.expressions import expression_findings, expressions_of, keys_of
from jiedan.flow.engine.rules.structure import AREA_RULES, file_findings
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
    diagram = Diagram(root)
    findings = [*file_findings(diagram), *expression_findings(keys_of(root))]
    for area in diagram.areas():
        findings += _area_findings(diagram, area)
    return findings


def _area_findings(diagram: Diagram, area: Area) -> Iterator[Finding]:
    for rule in AREA_RULES:
        yield from rule(diagram, area)
    for node in area.nodes.values():
        for rule_of_one in (*ACTIVITY_RULES, *EVENT_RULES):
            yield from rule_of_one(diagram, area, node)
    yield from expression_findings(expressions_of(area))
