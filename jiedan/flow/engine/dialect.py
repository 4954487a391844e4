"""What the zeebe extension elements of a BPMN element say, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from jiedan.flow.engine.snapshots import Listener
from jiedan.flow.engine.xmlsource import bpmn, local_name, zeebe


@dataclass(frozen=True, slots=True)
class Term:
    """A literal text or, written with a leading `=`, a FEEL expression (kept without it)."""

    text: str
    is_expression: bool


def term(text: str | None) -> Term | None:
    """Read an attribute or text that may be an expression; blank is nothing."""
    if text is None or not text.strip():
        return None
    text = text.strip()
    return Term(text[1:].strip(), True) if text.startswith("=") else Term(text, False)


def feel(text: str | None) -> str | None:
    """Read a place that always holds FEEL; the leading `=` may be missing."""
    if text is None or not text.strip():
        return None
    text = text.strip()
    return text[1:].strip() if text.startswith("=") else text


@dataclass(frozen=True, slots=True)
class Mapping:
    """An input or output mapping: the value of `source` goes to the variable `target`."""

    source: Term
    target: str


@dataclass(frozen=True, slots=True)
class LoopItems:
    """The zeebe:loopCharacteristics of a multi-instance marker."""

    input_collection: Term | None
    input_element: str | None
    output_collection: str | None
    output_element: str | None


@dataclass(frozen=True, slots=True)
class Extension:
    """Everything the zeebe extension of one element says."""

    inputs: tuple[Mapping, ...] = ()
    outputs: tuple[Mapping, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    listeners: tuple[Listener, ...] = ()
    task_type: Term | None = None
    retries: Term | None = None
    form_id: Term | None = None
    assignee: Term | None = None
    candidate_groups: Term | None = None
    candidate_users: Term | None = None
    due_date: Term | None = None
    follow_up_date: Term | None = None
    priority: Term | None = None
    decision_id: Term | None = None
    result_variable: str | None = None
    script: str | None = None
    called_process: Term | None = None
    passes_variables_in: bool = True
    passes_variables_out: bool = True
    correlation_key: str | None = None
    unknown: tuple[str, ...] = ()


_IGNORED = frozenset({"userTask", "versionTag", "loopCharacteristics"})


def read_extension(node: etree._Element) -> Extension:
    """Read the extension elements directly below `node`."""
    holder = node.find(bpmn("extensionElements"))
    if holder is None:
        return _EMPTY
    said: dict[str, object] = {}
    unknown: list[str] = []
    for one in holder:
        if not isinstance(one.tag, str) or not one.tag.startswith("{" + zeebe("")[1:]):
            continue
        name = local_name(one)
        reader = _READERS.get(name)
        if reader is not None:
            said.update(reader(one))
        elif name not in _IGNORED:
            unknown.append(name)
    return Extension(**said, unknown=tuple(unknown))  # type: ignore[arg-type]


def read_loop(node: etree._Element) -> LoopItems | None:
    """Read the zeebe:loopCharacteristics below a multiInstanceLoopCharacteristics."""
    found = node.find(f"{bpmn('extensionElements')}/{zeebe('loopCharacteristics')}")
    if found is None:
        return None
    return LoopItems(
        term(found.get("inputCollection")),
        _name(found.get("inputElement")),
        _name(found.get("outputCollection")),
        feel(found.get("outputElement")),
    )


def _name(text: str | None) -> str | None:
    text = (text or "").strip()
    return text.removeprefix("=").strip() or None


def _mappings(node: etree._Element, tag: str) -> tuple[Mapping, ...]:
    return tuple(
        Mapping(source, target)
        for one in node.findall(zeebe(tag))
        if (source := term(one.get("source"))) and (target := _name(one.get("target")))
    )


def _csv(node: etree._Element, tag: str, key: str) -> dict[str, str]:
    return {one.get(key, ""): one.get("value", "") for one in node.findall(zeebe(tag))}


_READERS = {
    "ioMapping": lambda one: {
        "inputs": _mappings(one, "input"),
        "outputs": _mappings(one, "output"),
    },
    "properties": lambda one: {"properties": _csv(one, "property", "name")},
    "taskHeaders": lambda one: {"headers": _csv(one, "header", "key")},
    "taskListeners": lambda one: {
        "listeners": tuple(
            Listener(each.get("eventType", ""), each.get("type", ""))
            for each in one.findall(zeebe("taskListener"))
        )
    },
    "taskDefinition": lambda one: {
        "task_type": term(one.get("type")),
        "retries": term(one.get("retries")),
    },
    "formDefinition": lambda one: {
        "form_id": term(one.get("formId") or one.get("externalReference"))
    },
    "assignmentDefinition": lambda one: {
        "assignee": term(one.get("assignee")),
        "candidate_groups": term(one.get("candidateGroups")),
        "candidate_users": term(one.get("candidateUsers")),
    },
    "taskSchedule": lambda one: {
        "due_date": term(one.get("dueDate")),
        "follow_up_date": term(one.get("followUpDate")),
    },
    "priorityDefinition": lambda one: {"priority": term(one.get("priority"))},
    "calledDecision": lambda one: {
        "decision_id": term(one.get("decisionId")),
        "result_variable": _name(one.get("resultVariable")),
    },
    "script": lambda one: {
        "script": feel(one.get("expression")),
        "result_variable": _name(one.get("resultVariable")),
    },
    "calledElement": lambda one: {
        "called_process": term(one.get("processId")),
        "passes_variables_in": one.get("propagateAllParentVariables", "true") != "false",
        "passes_variables_out": one.get("propagateAllChildVariables", "true") != "false",
    },
    "subscription": lambda one: {"correlation_key": feel(one.get("correlationKey"))},
}
_EMPTY = Extension()
