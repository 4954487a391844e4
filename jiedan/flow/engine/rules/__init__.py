"""What a diagram must be like to run: one function per rule, each naming its element and the mend.

A rule is a generator of findings over an area: a process or an embedded subprocess with the flow
nodes and sequence flows that lie directly in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from jiedan.flow.engine.repairs import FLOW_NODES, process_of
from jiedan.flow.engine.snapshots import Finding, Severity
from jiedan.flow.engine.xmlsource import bpmn, local_name

EVENT_DEFINITIONS = "EventDefinition"


class Diagram:
    """A BPMN file as the rules see it."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.definitions = {
            child.get("id"): child
            for child in root
            if isinstance(child.tag, str) and child.get("id")
        }

    def processes(self) -> list[etree._Element]:
        return self.root.findall(bpmn("process"))

    def definition(self, reference: str | None) -> etree._Element | None:
        if reference is None:
            return None
        found = self.definitions.get(reference)
        return self.definitions.get(reference.split(":")[-1]) if found is None else found

    def areas(self) -> Iterator[Area]:
        """Every process and every subprocess inside."""
        for process in self.processes():
            stack = [process]
            while stack:
                area = Area(stack.pop())
                yield area
                stack += [
                    node
                    for node in area.nodes.values()
                    if local_name(node) in ("subProcess", "transaction", "adHocSubProcess")
                ]


class Area:
    """A process or subprocess: what lies directly in it."""

    def __init__(self, owner: etree._Element) -> None:
        self.owner = owner
        self.kind = local_name(owner)
        self.nodes: dict[str, etree._Element] = {
            child.get("id"): child for child in owner if local_name(child) in FLOW_NODES
        }
        self.flows = [child for child in owner if child.tag == bpmn("sequenceFlow")]
        self.outgoing: dict[str, list[etree._Element]] = {}
        self.incoming: dict[str, list[etree._Element]] = {}
        for flow in self.flows:
            self.outgoing.setdefault(flow.get("sourceRef"), []).append(flow)
            self.incoming.setdefault(flow.get("targetRef"), []).append(flow)

    def of_kind(self, *kinds: str) -> list[etree._Element]:
        return [node for node in self.nodes.values() if local_name(node) in kinds]

    @property
    def is_event_subprocess(self) -> bool:
        return self.owner.get("triggeredByEvent") == "true"


def event_definitions(node: etree._Element) -> list[etree._Element]:
    return [child for child in node if local_name(child).endswith(EVENT_DEFINITIONS)]


def is_start_by_nobody(area: Area, node: etree._Element) -> bool:
    """Whether a token begins at this element though it is no start event."""
    return not area.incoming.get(node.get("id")) and local_name(node) not in (
        "startEvent",
        "boundaryEvent",
    )


def say(
    node: etree._Element,
    rule: str,
    message: str,
    mend: str,
    severity: Severity = Severity.ERROR,
    **params: object,
) -> Finding:
    """A finding on one element; `%(name)s` in the message is what the element is called."""
    name = " ".join((node.get("name") or "").split())
    element_id = node.get("id") or ""
    params = {"name": name or element_id, **params}
    return Finding(element_id, name, rule, message, params, mend, severity, process_of(node))


def warn(node: etree._Element, rule: str, message: str, mend: str, **params: object) -> Finding:
    return say(node, rule, message, mend, Severity.WARNING, **params)
