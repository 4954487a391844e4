"""Owns a process as a graph: what follows what, on which condition, what calls what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from jiedan.flow.content.read import FLOW_NODES, extension
from jiedan.flow.content.xml import BPMN, is_bpmn, parse_xml, tag


@dataclass(frozen=True, slots=True)
class Arrow:
    """A sequence flow."""

    target: str
    condition: str | None
    """FEEL without the leading `=`."""
    is_default: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A flow node with what leaves it."""

    id: str
    kind: str
    arrows: tuple[Arrow, ...]
    inside: str | None
    """The subprocess that it lies in."""
    begins: str | None
    """The start event inside a subprocess."""
    called: str | None
    """The process that a call activity calls, when the file names it."""
    decision: str | None
    result: str | None
    """The variable that a decision sets."""
    groups: str
    """Candidate groups as the file says them: a list, or FEEL with a leading `=`."""
    users: str
    """Assignee and candidate users, likewise."""


def graph_of(content: bytes, process_id: str) -> dict[str, Node]:
    """The nodes of one process of a BPMN file, those inside subprocesses too."""
    root = parse_xml(content)
    process = next(
        (one for one in root.iter(f"{{{BPMN}}}process") if one.get("id") == process_id), None
    )
    if process is None:
        return {}
    arrows: dict[str, list[Arrow]] = {}
    defaults = {one.get("default") for one in process.iter() if one.get("default")}
    for flow in process.iter(f"{{{BPMN}}}sequenceFlow"):
        condition = flow.find(f"{{{BPMN}}}conditionExpression")
        said = (condition.text or "").strip() if condition is not None else ""
        arrow = Arrow(
            flow.get("targetRef", ""), said.removeprefix("=") or None, flow.get("id") in defaults
        )
        arrows.setdefault(flow.get("sourceRef", ""), []).append(arrow)
    return {
        one.get("id", ""): _node(one, arrows)
        for one in process.iter()
        if is_bpmn(one) and tag(one) in FLOW_NODES and one.get("id")
    }


def _node(element: etree._Element, arrows: Mapping[str, list[Arrow]]) -> Node:
    parent = element.getparent()
    inside = parent.get("id") if parent is not None and tag(parent) != "process" else None
    starts = [
        one.get("id")
        for one in element.findall(f"{{{BPMN}}}startEvent")
        if tag(element) in ("subProcess", "transaction")
    ]
    called = extension(element, "calledElement")
    decision = extension(element, "calledDecision")
    assignment = extension(element, "assignmentDefinition")
    name = None if called is None else called.get("processId")
    return Node(
        id=element.get("id", ""),
        kind=tag(element),
        arrows=tuple(arrows.get(element.get("id", ""), ())),
        inside=inside,
        begins=starts[0] if starts else None,
        called=None if not name or name.startswith("=") else name,
        decision=None if decision is None else decision.get("decisionId"),
        result=None if decision is None else decision.get("resultVariable"),
        groups="" if assignment is None else assignment.get("candidateGroups") or "",
        users=""
        if assignment is None
        else assignment.get("assignee") or assignment.get("candidateUsers") or "",
    )
