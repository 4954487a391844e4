"""What a machine does: classes, beans, topics, connectors and decisions become named handlers."""

from __future__ import annotations

import re

from lxml import etree

from jiedan.flow.content.xml import BPMN, tag
from jiedan.flow.importing.conversion import (
    Conversion,
    add_input,
    add_output,
    drop,
    extension_holder,
    variable_name,
    zeebe,
)
from jiedan.flow.importing.data import convert_fields, convert_parameters
from jiedan.flow.importing.scripts import write_script
from jiedan.flow.importing.settings import Setting, Settings, attribute
from jiedan.flow.importing.syntax import Call, Language, Member, Name, Node, NotFeel, Text
from jiedan.flow.importing.translating import Feel, expression, is_foreign, juel, written_tree
from jiedan.flow.importing.writing import write

Element = etree._Element

_SHAPES = frozenset({"singleEntry", "collectEntries"})
"""Shapes of a decision's answer that our engine gives, too."""


def convert_work(conversion: Conversion, node: Element, settings: Settings) -> None:
    """The work of a service, send or business rule task, or of an event that sends."""
    kind, topic = settings.take_any("type"), settings.take_any("topic")
    if kind and kind.value.strip() == "dmn" and _became_decision(conversion, node, settings, kind):
        topic = None
    elif topic:
        _name_handler(conversion, node, topic, topic.value)
        if kind and kind.value != "external":
            conversion.say("setting_left", node, kind.label, value=kind.value)
        elif kind:
            conversion.say("converted", node, kind.label, to="zeebe:taskDefinition")
    elif kind:
        _name_handler(conversion, node, kind, kind.value)
    if setting := settings.take_any("class"):
        _name_handler(conversion, node, setting, setting.value)
    if setting := settings.take_any("delegateExpression"):
        _name_bean(conversion, node, setting)
    result = settings.take_any("resultVariable", "resultVariableName")
    if setting := settings.take_any("expression"):
        _convert_expression(conversion, node, setting, result)
        result = None
    _convert_decision(conversion, node, settings, result)
    for label, holder in settings.take_children("connector"):
        _convert_connector(conversion, node, label, holder)
    convert_fields(conversion, node, settings)
    _convert_retries(conversion, node, settings)


def _name_handler(conversion: Conversion, node: Element, setting: Setting, name: str) -> None:
    value = conversion.value(node, setting.label, name)
    if value is None:
        return
    zeebe(node, "taskDefinition", type=value)
    conversion.say("handler_named", node, setting.label, handler=value)


def _name_bean(conversion: Conversion, node: Element, setting: Setting) -> None:
    """`${checkCredit}` names a bean, and so the handler."""
    text = setting.value.strip()
    tree = written_tree(text)
    path = _dotted(tree) if tree is not None else None
    if path is None:
        conversion.say("setting_left", node, setting.label, value=text)
        return
    zeebe(node, "taskDefinition", type=path)
    conversion.say("handler_named", node, setting.label, handler=path)


def _dotted(tree: Node) -> str | None:
    names: list[str] = []
    while isinstance(tree, Member):
        names.append(tree.name)
        tree = tree.of
    return ".".join([tree.name, *reversed(names)]) if isinstance(tree, Name) else None


# --- expressions -------------------------------------------------------------------------------
def _convert_expression(
    conversion: Conversion, node: Element, setting: Setting, result: Setting | None
) -> None:
    """A value is computed by a script task; a call of a bean is a handler's work."""
    text = setting.value.strip()
    tree = written_tree(text)
    if isinstance(tree, Call) and tree.of is not None:
        if _sets_variable(conversion, node, setting, tree):
            _leave(conversion, node, result)
            return
        if _calls_bean(conversion, node, setting, tree, result):
            return
    try:
        feel = juel(text) if is_foreign(text) else expression(text, Language.JUEL)
    except NotFeel as problem:
        conversion.say("expression_left", node, setting.label, value=text, reason=problem.reason)
        _leave(conversion, node, result)
        return
    _become_script(conversion, node, setting, feel, result.value.strip() if result else "")
    if result:
        conversion.say("converted", node, result.label, to=f"resultVariable: {result.value}")


def _become_script(
    conversion: Conversion, node: Element, setting: Setting, feel: Feel, result: str
) -> None:
    if tag(node).endswith("Event"):
        # An event computes nothing; whatever was to be done there is not done.
        conversion.say("setting_left", node, setting.label, value=setting.value)
        return
    node.tag = f"{{{BPMN}}}scriptTask"
    drop(node, "implementation", "operationRef")
    write_script(node, feel.text, result)
    conversion.say("became_script", node, setting.label, to=f"={feel.text}")
    if feel.assumed:
        to = f"={feel.text}"
        conversion.said_converted(node, setting.label, setting.value, to, feel)


def _sets_variable(conversion: Conversion, node: Element, setting: Setting, call: Call) -> bool:
    """`${execution.setVariable('x', 1)}`."""
    given = call.arguments
    holder = isinstance(call.of, Name) and call.of.name in ("execution", "task")
    if not holder or call.name != "setVariable" or len(given) != 2:
        return False
    if not isinstance(given[0], Text) or variable_name(given[0].value) is None:
        return False
    try:
        text, assumed = write(given[1], Language.JUEL)
    except NotFeel:
        return False
    _become_script(conversion, node, setting, Feel(text, assumed), given[0].value)
    return True


def _calls_bean(
    conversion: Conversion, node: Element, setting: Setting, call: Call, result: Setting | None
) -> bool:
    """`${shop.reserve(order, 3)}` is the handler `shop.reserve` with two inputs."""
    path = _dotted(Member(call.of, call.name)) if call.of is not None else None
    if path is None or path.split(".")[0] in ("execution", "task") or call.named:
        return False
    inputs: list[tuple[str, str]] = []
    for one in call.arguments:
        if isinstance(one, Name) and one.name in ("execution", "task", "externalTask"):
            continue
        try:
            text, _ = write(one, Language.JUEL)
        except NotFeel as problem:
            conversion.say(
                "expression_left", node, setting.label, value=setting.value, reason=problem.reason
            )
            _leave(conversion, node, result)
            return True
        inputs.append((_argument(one, len(inputs) + 1), text))
    zeebe(node, "taskDefinition", type=path)
    conversion.say("handler_named", node, setting.label, handler=path)
    for name, text in inputs:
        add_input(node, f"={text}", name)
    if inputs:
        to = ", ".join(f"{name}: ={text}" for name, text in inputs)
        conversion.say("arguments_named", node, setting.label, to=to)
    if result:
        _expect_result(conversion, node, result)
    return True


def _argument(node: Node, number: int) -> str:
    return node.name if isinstance(node, Name) else f"argument_{number}"


def _expect_result(conversion: Conversion, node: Element, result: Setting) -> None:
    name = variable_name(result.value.strip())
    if name is None:
        _leave(conversion, node, result)
        return
    add_output(node, "=result", name)
    conversion.say("result_expected", node, result.label, to=name)


def _leave(conversion: Conversion, node: Element, setting: Setting | None) -> None:
    if setting:
        conversion.say("setting_left", node, setting.label, value=setting.value)


# --- decisions ---------------------------------------------------------------------------------
def _convert_decision(
    conversion: Conversion, node: Element, settings: Settings, result: Setting | None
) -> None:
    decision = settings.take_any("decisionRef")
    shape = settings.take_any("mapDecisionResult")
    if not decision:
        _leave(conversion, node, shape)
        if result and settings_name_work(node):
            _expect_result(conversion, node, result)
        else:
            _leave(conversion, node, result)
        return
    value = conversion.value(node, decision.label, decision.value)
    if value is None:
        _leave(conversion, node, result)
        _leave(conversion, node, shape)
        return
    name = variable_name(result.value.strip()) if result else "decisionResult"
    zeebe(node, "calledDecision", decisionId=value, resultVariable=name or "decisionResult")
    if not value.startswith("="):
        to = f"zeebe:calledDecision {value}"
        conversion.say("converted", node, decision.label, to=to)
    if result and name:
        conversion.say("converted", node, result.label, to=f"resultVariable: {name}")
    else:
        _leave(conversion, node, result)
    if shape and shape.value in _SHAPES:
        conversion.say("converted", node, shape.label, to=f"resultVariable: {name}")
    else:
        label = shape.label if shape else decision.label
        said = shape.value if shape else "resultList"
        conversion.say("decision_shape", node, label, value=said)


def settings_name_work(node: Element) -> bool:
    """Whether a handler was named for the element."""
    return node.find("{*}extensionElements/{*}taskDefinition") is not None


def _became_decision(
    conversion: Conversion, node: Element, settings: Settings, kind: Setting
) -> bool:
    """A service task of the type dmn names its decision in a field."""
    fields = settings.children.get("field", [])
    for one in fields:
        if attribute(one, "name") not in ("decisionTableReferenceKey", "decisionReferenceKey"):
            continue
        text = attribute(one, "stringValue") or "".join(map(str, one.itertext())).strip()
        if not text or is_foreign(text):
            return False
        fields.remove(one)
        if not fields:
            settings.children.pop("field")
        node.tag = f"{{{BPMN}}}businessRuleTask"
        zeebe(node, "calledDecision", decisionId=text, resultVariable="decisionResult")
        conversion.say("became_decision", node, kind.label, to=text)
        conversion.say("decision_shape", node, kind.label, value="decisionResult")
        return True
    return False


# --- connectors and retries --------------------------------------------------------------------
def _convert_connector(conversion: Conversion, node: Element, label: str, holder: Element) -> None:
    name = "".join((one.text or "").strip() for one in holder if tag(one) == "connectorId")
    if name:
        zeebe(node, "taskDefinition", type=name)
        conversion.say("handler_named", node, label, handler=name)
    else:
        conversion.say("setting_left", node, label, value="connectorId")
    prefix = label.partition(":")[0]
    for one in holder:
        if tag(one) == "inputOutput":
            convert_parameters(conversion, node, f"{prefix}:connector", one)
        elif tag(one) not in ("connectorId", ""):
            conversion.say("setting_left", node, f"{label} {tag(one)}", value=one.text or "–")


def _convert_retries(conversion: Conversion, node: Element, settings: Settings) -> None:
    """`R3/PT10M` and `PT1M,PT5M` say how many tries there are, and how far apart."""
    for label, one in settings.take_children("failedJobRetryTimeCycle"):
        text = (one.text or "").strip()
        found = re.match(r"R(\d+)/", text)
        tries = int(found[1]) if found else len(text.split(",")) + 1 if text else 0
        if is_foreign(text) or not tries or not settings_name_work(node):
            conversion.say("setting_left", node, label, value=text or "–")
            continue
        zeebe(node, "taskDefinition", retries=str(tries))
        conversion.say("wait_left_out", node, label, value=text)


def move_to_event(node: Element, event: Element) -> None:
    """What was said of an event's definition belongs to the event."""
    holder = node.find(f"{{{BPMN}}}extensionElements")
    if holder is None:
        return
    target = extension_holder(event)
    for one in list(holder):
        target.append(one)
    node.remove(holder)
