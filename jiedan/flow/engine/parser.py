"""Turns a BPMN tree into specifications: the library's parser, taught the zeebe dialect.

All elements of a scope are made first and connected afterwards. (The library follows the flows
instead, recursively: it drops flows without an id and everything it cannot reach, refuses what
has several ways out, and gives up on long diagrams.)
"""

from __future__ import annotations

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.util import full_tag

from jiedan.flow.engine.dialect import feel
from jiedan.flow.engine.element_parsers import (
    BoundaryParser,
    CallParser,
    ElementParser,
    ReceiveParser,
    SendParser,
    StartParser,
    SubprocessParser,
)
from jiedan.flow.engine.elements.bodies import (
    AdHocSubprocess,
    CallActivity,
    Subprocess,
)
from jiedan.flow.engine.elements.events import (
    BoundaryEvent,
    IntermediateCatchEvent,
    ReceiveTask,
    StartEvent,
)
from jiedan.flow.engine.elements.gateways import (
    EventBasedGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
)
from jiedan.flow.engine.elements.tasks import (
    BusinessRuleTask,
    PassThrough,
    ScriptTask,
    ServiceTask,
    UserTask,
)
from jiedan.flow.engine.elements.throwing import EndEvent, ThrowEvent
from jiedan.flow.engine.spec import Flow, ProcessSpec
from jiedan.flow.engine.xmlsource import NAMESPACES, bpmn


class ScopeParser(ProcessParser):
    """Parses one process or embedded subprocess."""

    parser: DiagramParser
    parent_spec: ProcessSpec | None = None

    def create_spec(self) -> ProcessSpec:
        return ProcessSpec(
            self.bpmn_id, self.node.get("name") or "", self.filename or "", self.parent_spec
        )

    def lane_of(self, node: etree._Element) -> etree._Element | None:
        """The innermost lane; what is in a subprocess is in the subprocess's lane."""
        while node is not None:
            lane = self.parser.lanes.get(node.get("id"))
            if lane is not None:
                return lane
            node = node.getparent()
        return None

    def parse_inside(self, node: etree._Element) -> ProcessSpec:
        inner = ScopeParser(
            self.parser, node, self.nsmap, self.data_stores, self.filename, self.lane
        )
        inner.parent_spec = self.spec
        return inner.get_spec()

    def _index_process_nodes(self) -> None:
        """Only what lies directly in this scope; the inner ones parse themselves."""
        self.flow_nodes = [
            child for child in self.node if child.tag in self.parser.OVERRIDE_PARSER_CLASSES
        ]
        self.sequence_flows = [child for child in self.node if child.tag == bpmn("sequenceFlow")]

    def add_tasks(self) -> None:
        for node in self.flow_nodes:
            parser_class, spec_class = self.parser._get_parser_class(node.tag)
            parser_class(self, spec_class, node, self.nsmap).parse_node()
        self.connect()
        self.attach_boundary_events()
        self.find_starts()

    def connect(self) -> None:
        specs = self.spec.task_specs
        defaults = {node.get("id"): node.get("default") for node in self.flow_nodes}
        outgoing: dict[str, list[Flow]] = {}
        incoming: dict[str, list[Flow]] = {}
        for node in self.sequence_flows:
            source, target = node.get("sourceRef"), node.get("targetRef")
            condition = feel(node.findtext(bpmn("conditionExpression")))
            default = defaults.get(source) == node.get("id")
            flow = Flow(node.get("id"), source, target, None if default else condition, default)
            outgoing.setdefault(source, []).append(flow)
            incoming.setdefault(target, []).append(flow)
        for flow in self.link_flows():
            outgoing.setdefault(flow.source, []).append(flow)
            incoming.setdefault(flow.target, []).append(flow)
        for name in list(specs):
            specs[name].set_flows(outgoing.get(name, ()), incoming.get(name, ()))

    def link_flows(self) -> list[Flow]:
        """A link is only a flow that is not drawn."""
        links = [one for one in self.spec.task_specs.values() if one.trigger is not None]
        links = [one for one in links if one.trigger.kind == "link"]
        targets = {
            one.trigger.name: one.name for one in links if one.ref.kind.endswith("CatchEvent")
        }
        return [
            Flow(f"{one.name}->{targets[one.trigger.name]}", one.name, targets[one.trigger.name])
            for one in links
            if one.ref.kind.endswith("ThrowEvent") and one.trigger.name in targets
        ]

    def attach_boundary_events(self) -> None:
        attached: dict[str, list[BoundaryEvent]] = {}
        for node in self.flow_nodes:
            if node.tag == bpmn("boundaryEvent"):
                event = self.spec.task_specs[node.get("id")]
                attached.setdefault(node.get("attachedToRef"), []).append(event)
        for name, events in attached.items():
            host = self.spec.task_specs[name]
            undoing = [one for one in events if one.trigger.kind == "compensation"]
            host.boundary = tuple(one for one in events if one not in undoing)
            for event in undoing:
                host.undone_by = self.parser.associated.get(event.name)

    def find_starts(self) -> None:
        spec = self.spec
        undoing = {n.get("id") for n in self.flow_nodes if n.get("isForCompensation") == "true"}
        for element in spec.task_specs.values():
            if isinstance(element, StartEvent):
                spec.starts.append(element)
            elif element.is_event_subprocess:
                spec.event_subprocesses.append(element.name)
            elif not (
                element.incoming
                or element.is_item
                or element.name in undoing
                or isinstance(element, BoundaryEvent)
            ):
                spec.implicit_starts.append(element.name)


class DiagramParser(BpmnParser):
    """Parses one BPMN file; each file has its own, so element ids may repeat between files."""

    PROCESS_PARSER_CLASS = ScopeParser
    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012
        full_tag("startEvent"): (StartParser, StartEvent),
        full_tag("endEvent"): (ElementParser, EndEvent),
        full_tag("intermediateCatchEvent"): (ElementParser, IntermediateCatchEvent),
        full_tag("intermediateThrowEvent"): (ElementParser, ThrowEvent),
        full_tag("boundaryEvent"): (BoundaryParser, BoundaryEvent),
        full_tag("task"): (ElementParser, PassThrough),
        full_tag("manualTask"): (ElementParser, PassThrough),
        full_tag("userTask"): (ElementParser, UserTask),
        full_tag("serviceTask"): (ElementParser, ServiceTask),
        full_tag("sendTask"): (SendParser, ThrowEvent),
        full_tag("receiveTask"): (ReceiveParser, ReceiveTask),
        full_tag("businessRuleTask"): (ElementParser, BusinessRuleTask),
        full_tag("scriptTask"): (ElementParser, ScriptTask),
        full_tag("callActivity"): (CallParser, CallActivity),
        full_tag("subProcess"): (SubprocessParser, Subprocess),
        full_tag("transaction"): (SubprocessParser, Subprocess),
        full_tag("adHocSubProcess"): (SubprocessParser, AdHocSubprocess),
        full_tag("exclusiveGateway"): (ElementParser, ExclusiveGateway),
        full_tag("parallelGateway"): (ElementParser, ParallelGateway),
        full_tag("inclusiveGateway"): (ElementParser, InclusiveGateway),
        full_tag("eventBasedGateway"): (ElementParser, EventBasedGateway),
    }

    def __init__(self, root: etree._Element, file: str) -> None:
        super().__init__(namespaces=NAMESPACES)
        self.root = root  # the library's indexes are keyed by the object's address: keep it
        self._definitions = {
            child.get("id"): child
            for child in root
            if isinstance(child.tag, str) and child.get("id")
        }
        # Later lanes are the inner ones of nested lane sets.
        self.lanes = {
            (place.text or "").strip(): place.getparent()
            for place in root.iter(bpmn("flowNodeRef"))
        }
        # An association may be drawn on another level than what it ties together.
        self.associated = {
            node.get("sourceRef"): node.get("targetRef") for node in root.iter(bpmn("association"))
        }
        self.add_bpmn_xml(root, file)

    def definition(self, reference: str | None) -> etree._Element | None:
        """The message, signal, error or escalation with this id, prefixed or not."""
        if reference is None:
            return None
        found = self._definitions.get(reference)
        return self._definitions.get(reference.split(":")[-1]) if found is None else found

    def _add_data_stores(self, root: etree._Element) -> None:
        """Data stores are documentation; the library would refuse them."""

    def _add_correlations(self, root: etree._Element) -> None:
        """Messages are correlated by zeebe:subscription."""

    _add_messages = _add_signals = _add_errors = _add_escalations = _add_correlations
    _add_collaborations = _add_correlations

    def _add_processes(self, root: etree._Element, filename: str | None = None) -> None:
        for process in root.findall(bpmn("process")):
            self.create_parser(process, filename)
