"""Stubs what a BPMN file of another product needs beyond completing its tasks.

Only for measuring: service tasks do nothing, conditions in other languages hold every other time,
collections have two items, called processes that are not there are empty.
"""

from __future__ import annotations

from lxml import etree

from jiedan.flow.engine.dialect import read_extension
from jiedan.flow.engine.xmlsource import bpmn, local_name, zeebe

STUB_TYPE = "stub"
STUB_PROCESS = "stub_process"
EMPTY_PROCESS = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'id="stub_definitions" targetNamespace="stub">'
    f'<bpmn:process id="{STUB_PROCESS}" isExecutable="true"><bpmn:startEvent id="stub_start"/>'
    "</bpmn:process></bpmn:definitions>"
).encode()

_FOREIGN_OPENINGS = ("${", "#{")


def stub(root: etree._Element) -> None:
    """Change the tree so that it can be run without its Java classes, scripts and variables."""
    processes = {one.get("id") for one in root.findall(bpmn("process"))}
    for node in list(root.iter()):
        kind = local_name(node)
        if kind in ("serviceTask", "sendTask", "businessRuleTask", "scriptTask"):
            _stub_work(node)
        elif kind == "callActivity":
            _stub_call(node, processes)
        elif kind == "receiveTask" and not _names(root, node, "messageRef"):
            _give_definition(root, node, node, "message")
        elif kind in ("messageEventDefinition", "signalEventDefinition"):
            _stub_event(root, node, kind.removesuffix("EventDefinition"))
        elif kind in ("errorEventDefinition", "escalationEventDefinition"):
            _stub_code(root, node, kind.removesuffix("EventDefinition"))
        elif kind == "multiInstanceLoopCharacteristics":
            _stub_rounds(node)
        elif kind in ("conditionExpression", "condition", "loopCondition", "completionCondition"):
            _stub_condition(node)
        elif kind in ("timeDate", "timeDuration", "timeCycle") and _is_foreign(node.text):
            node.text = "R2/PT1M" if kind == "timeCycle" else "PT1M"


def _is_foreign(text: str | None) -> bool:
    return (text or "").strip().startswith(_FOREIGN_OPENINGS)


def _extend(node: etree._Element, tag: str, **attributes: str) -> None:
    holder = node.find(bpmn("extensionElements"))
    if holder is None:
        holder = etree.Element(bpmn("extensionElements"))
        node.insert(0, holder)
    etree.SubElement(holder, zeebe(tag), attributes)


def _stub_work(node: etree._Element) -> None:
    said = read_extension(node)
    is_named = said.task_type or said.decision_id or said.script
    if not is_named and not (local_name(node) == "sendTask" and node.get("messageRef")):
        _extend(node, "taskDefinition", type=STUB_TYPE)


def _stub_call(node: etree._Element, processes: set[str | None]) -> None:
    said = read_extension(node).called_process
    if said is None and node.get("calledElement") not in processes:
        node.set("calledElement", STUB_PROCESS)
    elif said is not None and not said.is_expression and said.text not in processes:
        for one in node.iter(zeebe("calledElement")):
            one.set("processId", STUB_PROCESS)


def _names(root: etree._Element, node: etree._Element, attribute: str) -> bool:
    reference = (node.get(attribute) or "").split(":")[-1]
    return any(child.get("id") == reference and child.get("name") for child in root)


def _give_definition(
    root: etree._Element, node: etree._Element, holder: etree._Element, kind: str
) -> None:
    made = f"stub_{kind}_{node.get('id')}"
    etree.SubElement(root, bpmn(kind), {"id": made, "name": made})
    holder.set(f"{kind}Ref", made)


def _stub_event(root: etree._Element, definition: etree._Element, kind: str) -> None:
    event = definition.getparent()
    if event is None or event.get("id") is None:
        return
    throwing = local_name(event) in ("endEvent", "intermediateThrowEvent")
    if _names(root, definition, f"{kind}Ref"):
        return
    if throwing and kind == "message" and not read_extension(event).task_type:
        _extend(event, "taskDefinition", type=STUB_TYPE)
    elif not throwing:
        _give_definition(root, event, definition, kind)


def _stub_code(root: etree._Element, definition: etree._Element, kind: str) -> None:
    """An error without a definition has its reference as its code; without a code, its id."""
    reference = definition.get(f"{kind}Ref")
    if reference is None:
        return
    found = [child for child in root if child.get("id") == reference.split(":")[-1]]
    if not found:
        code = {"id": reference, f"{kind}Code": reference}
        etree.SubElement(root, bpmn(kind), code)
    elif not found[0].get(f"{kind}Code"):
        found[0].set(f"{kind}Code", reference)


def _stub_rounds(node: etree._Element) -> None:
    number = node.find(bpmn("loopCardinality"))
    if number is not None:
        if not (number.text or "").strip().isdigit():
            number.text = "2"
    elif node.find(f"{bpmn('extensionElements')}/{zeebe('loopCharacteristics')}") is None:
        _extend(node, "loopCharacteristics", inputCollection="=[1, 2]", inputElement="stub_item")


def _stub_condition(node: etree._Element) -> None:
    text = " ".join((node.text or "").split())
    if not text or text.startswith("="):
        return
    words = text.replace("\\", "").replace('"', "'")
    node.text = f'=answer("{words}")'
