"""The dialect of SpiffWorkflow: Python expressions, and settings in elements of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from lxml import etree

from jiedan.flow.content.xml import BPMN, is_bpmn, tag
from jiedan.flow.importing.conversion import (
    Conversion,
    add_input,
    add_output,
    add_property,
    extension_holder,
    variable_name,
    zeebe,
)
from jiedan.flow.importing.plain import convert_plain
from jiedan.flow.importing.rounds import convert_rounds
from jiedan.flow.importing.scripts import convert_script
from jiedan.flow.importing.settings import Settings, attribute, described
from jiedan.flow.importing.syntax import Language, NotFeel
from jiedan.flow.importing.translating import compile_or_refuse

Node = etree._Element

NAMESPACES: Mapping[str, str] = {
    "http://spiffworkflow.org/bpmn/schema/1.0/core": "spiffworkflow",
}
_RULES = dict.fromkeys(
    (
        *("unitTests", "category", "isOutputSynced", "taskMetadataValues", "guestConfirmation"),
        *("scriptsOnInstances", "isStartable"),
    ),
    "left_out",
)


def convert(conversion: Conversion) -> None:
    """Convert every element of the file."""
    for node in list(conversion.elements()):
        if not is_bpmn(node):
            continue
        settings = Settings(node, NAMESPACES)
        _convert_element(conversion, node, settings)
        convert_plain(conversion, node, is_ours=False)
        settings.leave(conversion, node, _RULES)


def _convert_element(conversion: Conversion, node: Node, settings: Settings) -> None:
    kind = tag(node)
    if kind == "scriptTask":
        convert_script(conversion, node, settings)
    elif kind == "multiInstanceLoopCharacteristics":
        convert_rounds(conversion, node, settings)
    elif kind == "callActivity" and node.get("calledElement"):
        zeebe(node, "calledElement", processId=node.get("calledElement") or "")
        to = f"zeebe:calledElement {node.get('calledElement')}"
        conversion.say("converted", node, "bpmn:calledElement", to=to)
    for label, one in settings.take_children("serviceTaskOperator"):
        _convert_operator(conversion, node, label, one)
    for label, one in settings.take_children("calledDecisionId"):
        _convert_decision(conversion, node, label, (one.text or "").strip())
    for label, one in settings.take_children("instructionsForEndUser"):
        _document(conversion, node, label, (one.text or "").strip())
    for label, one in settings.take_children("properties"):
        _convert_properties(conversion, node, label, one)
    for name in ("preScript", "postScript"):
        for label, one in settings.take_children(name):
            if (one.text or "").strip():
                conversion.say("script_left", node, label, reason=described(one))
            else:
                conversion.say("left_out", node, label, value="–")


def _convert_operator(conversion: Conversion, node: Node, label: str, one: Node) -> None:
    """The connector of a service task is a handler, its parameters are inputs."""
    name = attribute(one, "id").replace("/", ".")
    if not name:
        conversion.say("setting_left", node, label, value=described(one))
        return
    zeebe(node, "taskDefinition", type=name)
    conversion.say("handler_named", node, label, handler=name)
    for parameter in one.iterfind("{*}parameters/{*}parameter"):
        target, text = attribute(parameter, "id"), attribute(parameter, "value")
        setting = f"{label} {target}"
        try:
            compile_or_refuse(target)
        except NotFeel as problem:
            conversion.say("expression_left", node, setting, value=text, reason=problem.reason)
            continue
        source = conversion.feel(node, setting, text, Language.PYTHON)
        if source is not None:
            add_input(node, source, target)
    result = attribute(one, "resultVariable")
    if result and variable_name(result):
        add_output(node, "=result", result)
        conversion.say("result_expected", node, f"{label} resultVariable", to=result)
    elif result:
        conversion.say("setting_left", node, f"{label} resultVariable", value=result)


def _convert_decision(conversion: Conversion, node: Node, label: str, decision: str) -> None:
    if not decision:
        conversion.say("setting_left", node, label, value="–")
        return
    zeebe(node, "calledDecision", decisionId=decision)
    conversion.say("converted", node, label, to=f"zeebe:calledDecision {decision}")


def _document(conversion: Conversion, node: Node, label: str, text: str) -> None:
    """What is said to whoever does it stays with the element as its documentation."""
    if not text:
        conversion.say("left_out", node, label, value="–")
        return
    said = etree.Element(f"{{{BPMN}}}documentation")
    said.text = text
    node.insert(len(node.findall(f"{{{BPMN}}}documentation")), said)
    conversion.say("converted", node, label, to="bpmn:documentation")


def _convert_properties(conversion: Conversion, node: Node, label: str, holder: Node) -> None:
    for one in holder:
        name, value = attribute(one, "name"), attribute(one, "value")
        setting = f"{label} {name}"
        if name == "formJsonSchemaFilename" and value:
            form = PurePosixPath(value).name.removesuffix(".json").removesuffix("-schema")
            if tag(node) == "userTask":
                zeebe(node, "formDefinition", formId=form)
                conversion.say("form_left", node, setting, value=value, form=form)
            else:
                conversion.say("start_form_left", node, setting, value=value)
        elif name == "formUiSchemaFilename":
            conversion.say("left_out", node, setting, value=value or "–")
        elif tag(one):
            extension_holder(node)
            add_property(node, name, value)
            conversion.say("converted", node, setting, to=f"zeebe:property {name}")
    if not any(tag(one) for one in holder):
        conversion.say("left_out", node, label, value="–")
