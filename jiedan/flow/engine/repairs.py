"""Mends in the XML tree what is valid BPMN, or meant clearly, but could not be addressed."""

from __future__ import annotations

from lxml import etree

from jiedan.flow.engine.snapshots import Finding, Severity
from jiedan.flow.engine.xmlsource import bpmn, local_name

FLOW_NODES = frozenset(
    {
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
        "task",
        "manualTask",
        "userTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "businessRuleTask",
        "scriptTask",
        "callActivity",
        "subProcess",
        "transaction",
        "adHocSubProcess",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "complexGateway",
    }
)


def repair(root: etree._Element) -> list[Finding]:
    """Give ids to processes, elements and flows that have none; say so."""
    taken = {node.get("id") for node in root.iter() if isinstance(node.tag, str)}
    findings = []
    for node in root.iter():
        kind = local_name(node)
        if node.tag != bpmn(kind):
            continue
        if kind == "process" and not node.get("id"):
            node.set("id", _free("process", taken))
        if node.get("id") or kind not in FLOW_NODES | {"sequenceFlow"}:
            continue
        if kind == "sequenceFlow":
            made = _free(f"flow_{node.get('sourceRef')}_{node.get('targetRef')}", taken)
            findings.append(
                _repaired(
                    made,
                    node,
                    "flow_without_id",
                    "The flow from %(source)s to %(target)s had no id; it is called %(id)s.",
                    source=node.get("sourceRef") or "?",
                    target=node.get("targetRef") or "?",
                    id=made,
                )
            )
        else:
            made = _free(kind, taken)
            findings.append(
                _repaired(
                    made,
                    node,
                    "element_without_id",
                    "A %(kind)s had no id; it is called %(id)s.",
                    kind=kind,
                    id=made,
                )
            )
        node.set("id", made)
    return findings


def _free(stem: str, taken: set[str | None]) -> str:
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    taken.add(name)
    return name


def _repaired(
    element_id: str, node: etree._Element, rule: str, message: str, **params: object
) -> Finding:
    return Finding(
        element_id,
        node.get("name") or "",
        rule,
        message,
        params,
        "Save the diagram again from an editor to keep the name.",
        Severity.REPAIRED,
        process_of(node),
    )


def process_of(node: etree._Element) -> str:
    """The id of the process around a node."""
    for around in [node, *node.iterancestors()]:
        if around.tag == bpmn("process"):
            return around.get("id") or ""
    return ""
