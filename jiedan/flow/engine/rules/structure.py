"""Rules on the whole: processes, starts, flows, gateways, reachability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from jiedan.flow.engine.rules import Area, Diagram, event_definitions, say, warn
from jiedan.flow.engine.snapshots import Finding, Severity
from jiedan.flow.engine.xmlsource import bpmn, local_name

_FOREIGN = {
    "http://camunda.org/schema/1.0/bpmn": "camunda",
    "http://flowable.org/bpmn": "flowable",
    "http://activiti.org/bpmn": "activiti",
    "http://spiffworkflow.org/bpmn/schema/1.0/core": "spiffworkflow",
}


def file_findings(diagram: Diagram) -> Iterator[Finding]:
    """What concerns the file as a whole."""
    processes = diagram.processes()
    if not processes:
        yield say(
            diagram.root,
            "no_process",
            "The file contains no process.",
            "Draw a process with a start event.",
        )
    ids = Counter(
        node.get("id")
        for node in diagram.root.iter()
        if isinstance(node.tag, str) and node.tag.startswith(bpmn("")[:-1]) and node.get("id")
    )
    for node in diagram.root.iter():
        if isinstance(node.tag, str) and ids.get(node.get("id"), 0) > 1:
            ids[node.get("id")] = 0
            yield say(
                node,
                "id_twice",
                "The id %(id)s is used more than once.",
                "Give each element an id of its own.",
                id=node.get("id"),
            )
    for process in processes:
        yield from _foreign(process)
        if process.get("isExecutable") != "true":
            yield warn(
                process,
                "not_executable",
                "The process %(name)s is not marked as executable.",
                "Mark it as executable in its properties, or delete it.",
            )


def _foreign(process: etree._Element) -> Iterator[Finding]:
    """Settings of other engines mean nothing here."""
    seen = set()
    for node in process.iter():
        if not isinstance(node.tag, str):
            continue
        for text in (node.tag, *node.attrib):
            dialect = _FOREIGN.get(text[1:].partition("}")[0]) if text[0] == "{" else None
            if dialect is not None and dialect not in seen:
                seen.add(dialect)
                owner = node
                while owner is not process and not owner.get("id"):
                    owner = owner.getparent()
                yield warn(
                    owner,
                    "other_dialect",
                    "Settings of the %(dialect)s dialect are ignored, first at %(name)s.",
                    "Import the file, which converts what can be converted.",
                    dialect=dialect,
                )


def has_content(diagram: Diagram, area: Area) -> Iterator[Finding]:
    if area.nodes or (area.kind == "process" and area.owner.get("isExecutable") != "true"):
        return
    if area.kind == "process":
        yield say(
            area.owner,
            "empty_process",
            "The process %(name)s is empty.",
            "Draw at least a start event and one step, or delete the process.",
        )
    else:
        yield warn(
            area.owner,
            "empty_subprocess",
            "The subprocess %(name)s is empty and is passed at once.",
            "Draw its steps, or make it a task.",
        )


def starts_are_clear(diagram: Diagram, area: Area) -> Iterator[Finding]:
    """One way in: the engine begins at one start event."""
    starts = area.of_kind("startEvent")
    plain = [node for node in starts if not event_definitions(node)]
    if area.is_event_subprocess:
        yield from _event_subprocess_start(area, starts)
        return
    for node in plain[1:]:
        yield say(
            node,
            "several_starts",
            "There is more than one start event without a trigger: %(name)s.",
            "Keep one, or give the others a message, signal or timer.",
        )
    if area.kind != "process":
        for node in starts:
            if event_definitions(node):
                yield say(
                    node,
                    "triggered_start_inside",
                    "The start event %(name)s of a subprocess cannot have a trigger.",
                    "Make the subprocess an event subprocess, or remove the trigger.",
                )
    if not starts and area.nodes and area.kind != "adHocSubProcess":
        begins = [
            node
            for node in area.nodes.values()
            if not area.incoming.get(node.get("id"))
            and local_name(node) != "boundaryEvent"
            and node.get("triggeredByEvent") != "true"
            and node.get("isForCompensation") != "true"
        ]
        if not begins:
            yield say(
                area.owner,
                "no_start",
                "%(name)s has no start: every element has an incoming flow.",
                "Draw a start event.",
            )
        for node in begins:
            yield say(
                node,
                "implicit_start",
                "There is no start event: it begins at %(name)s.",
                "Draw a start event before it.",
                Severity.REPAIRED,
            )


def _event_subprocess_start(area: Area, starts: list[etree._Element]) -> Iterator[Finding]:
    if len(starts) != 1 or len(event_definitions(starts[0])) != 1:
        yield say(
            area.owner,
            "event_subprocess_start",
            "The event subprocess %(name)s needs exactly one start event with a trigger.",
            "Give it a start event with a message, timer, error, escalation, signal or condition.",
        )


def flows_connect(diagram: Diagram, area: Area) -> Iterator[Finding]:
    for flow in area.flows:
        for end, attribute in (("source", "sourceRef"), ("target", "targetRef")):
            if flow.get(attribute) not in area.nodes:
                yield say(
                    flow,
                    f"flow_{end}_missing",
                    "The flow %(name)s leads from or to %(missing)s, which is not in the same "
                    "process or subprocess.",
                    "Draw the flow again between two elements of one level.",
                    missing=flow.get(attribute) or "?",
                )


def ends_of_flows_fit(diagram: Diagram, area: Area) -> Iterator[Finding]:
    for node in area.nodes.values():
        kind, name = local_name(node), node.get("id")
        into, out = area.incoming.get(name), area.outgoing.get(name)
        if into and (kind in ("startEvent", "boundaryEvent") or _is_event_subprocess(node)):
            yield say(
                node,
                "flow_into_start",
                "No flow may lead into %(name)s.",
                "Delete the incoming flow, or use an intermediate event.",
            )
        if out and (kind == "endEvent" or _is_event_subprocess(node)):
            yield say(
                node,
                "flow_out_of_end",
                "No flow may lead out of %(name)s.",
                "Delete the outgoing flow, or use an intermediate event.",
            )
        default = node.get("default")
        if default and default not in {flow.get("id") for flow in out or ()}:
            yield warn(
                node,
                "default_missing",
                "The default flow of %(name)s does not exist.",
                "Choose the default flow again.",
            )


def _is_event_subprocess(node: etree._Element) -> bool:
    return node.get("triggeredByEvent") == "true"


def gateways_can_choose(diagram: Diagram, area: Area) -> Iterator[Finding]:
    for node in area.of_kind("exclusiveGateway", "inclusiveGateway"):
        out = area.outgoing.get(node.get("id"), [])
        default = node.get("default")
        open_flows = [flow for flow in out if flow.get("id") != default and not _condition(flow)]
        exclusive = local_name(node) == "exclusiveGateway"
        if len(out) < 2:
            continue
        if exclusive and len(open_flows) == 1 and not default:
            yield say(
                open_flows[0],
                "flow_meant_as_default",
                "The only flow without a condition after %(gateway)s is taken as its default.",
                "Mark the flow as the default.",
                Severity.REPAIRED,
                gateway=node.get("name") or node.get("id"),
            )
        elif exclusive and open_flows:
            for flow in open_flows:
                yield say(
                    flow,
                    "flow_without_condition",
                    "The flow %(name)s after the gateway %(gateway)s has no condition.",
                    "Give it a condition, or mark it as the default.",
                    gateway=node.get("name") or node.get("id"),
                )
        elif not default and not open_flows:
            yield warn(
                node,
                "no_default",
                "The gateway %(name)s has no default flow: where no condition holds, the instance "
                "stops with an incident.",
                "Mark one flow as the default.",
            )
    for node in area.of_kind("parallelGateway", "eventBasedGateway"):
        for flow in area.outgoing.get(node.get("id"), []):
            if _condition(flow):
                yield warn(
                    flow,
                    "condition_ignored",
                    "The condition on the flow %(name)s is ignored: its gateway does not choose.",
                    "Delete the condition, or use another gateway.",
                )


def _condition(flow: etree._Element) -> str:
    return (flow.findtext(bpmn("conditionExpression")) or "").strip()


def event_gateways_wait(diagram: Diagram, area: Area) -> Iterator[Finding]:
    for node in area.of_kind("eventBasedGateway"):
        out = area.outgoing.get(node.get("id"), [])
        if not out:
            yield say(
                node,
                "event_gateway_empty",
                "The event-based gateway %(name)s waits for nothing.",
                "Draw the events it waits for after it.",
            )
        for flow in out:
            target = area.nodes.get(flow.get("targetRef"))
            if target is None:
                continue
            kinds = [local_name(one) for one in event_definitions(target)]
            if local_name(target) == "receiveTask" or (
                local_name(target) == "intermediateCatchEvent"
                and kinds
                and kinds[0] != "linkEventDefinition"
            ):
                continue
            yield say(
                target,
                "event_gateway_target",
                "%(name)s cannot follow an event-based gateway.",
                "Put a catching event or a receive task there.",
            )


def everything_is_reached(diagram: Diagram, area: Area) -> Iterator[Finding]:
    links = {
        one.get("name"): node.get("id")
        for node in area.of_kind("intermediateCatchEvent")
        for one in event_definitions(node)
        if local_name(one) == "linkEventDefinition"
    }
    attached: dict[str, list[str]] = {}
    for node in area.of_kind("boundaryEvent"):
        attached.setdefault(node.get("attachedToRef"), []).append(node.get("id"))
    reached: set[str] = set()
    begins = area.of_kind("startEvent") or [
        node for node in area.nodes.values() if not area.incoming.get(node.get("id"))
    ]
    stack = [node.get("id") for node in begins]
    while stack:
        name = stack.pop()
        if name in reached or name not in area.nodes:
            continue
        reached.add(name)
        stack += [flow.get("targetRef") for flow in area.outgoing.get(name, [])]
        stack += attached.get(name, [])
        for one in event_definitions(area.nodes[name]):
            if local_name(one) == "linkEventDefinition" and one.get("name") in links:
                stack.append(links[one.get("name")])
    for name, node in area.nodes.items():
        apart = _is_event_subprocess(node) or node.get("isForCompensation") == "true"
        if name not in reached and not apart and area.kind != "adHocSubProcess":
            yield warn(
                node,
                "unreachable",
                "No path leads to %(name)s.",
                "Connect it, or delete it.",
            )


AREA_RULES = (
    has_content,
    starts_are_clear,
    flows_connect,
    ends_of_flows_fit,
    gateways_can_choose,
    event_gateways_wait,
    everything_is_reached,
)
