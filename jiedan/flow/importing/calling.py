"""Called processes: which one, and which variables go in and out."""

from __future__ import annotations

from lxml import etree

from jiedan.flow.content.xml import tag
from jiedan.flow.importing.conversion import Conversion, add_input, add_output, zeebe
from jiedan.flow.importing.settings import Settings, attribute, described
from jiedan.flow.importing.syntax import NotFeel
from jiedan.flow.importing.translating import compile_or_refuse, is_foreign

Node = etree._Element


def convert_call(conversion: Conversion, node: Node, settings: Settings) -> None:
    """A call activity; there nothing goes in or out that is not named."""
    called = node.get("calledElement")
    if called:
        value = conversion.value(node, "bpmn:calledElement", called)
        if value is None:
            return
        zeebe(node, "calledElement", processId=value)
        if is_foreign(called):
            del node.attrib["calledElement"]
        else:
            to = f"zeebe:calledElement {value}"
            conversion.say("converted", node, "bpmn:calledElement", to=to)
    inherits = settings.take_any("inheritVariables")
    passes = {"in": bool(inherits and inherits.value == "true"), "out": False}
    if inherits:
        to = f"propagateAllParentVariables: {inherits.value}"
        conversion.say("converted", node, inherits.label, to=to)
    for way in ("in", "out"):
        for label, one in settings.take_children(way):
            passes[way] |= _map(conversion, node, label, one, way)
    if called:
        zeebe(
            node,
            "calledElement",
            propagateAllParentVariables=str(passes["in"]).lower(),
            propagateAllChildVariables=str(passes["out"]).lower(),
        )


def convert_payload(conversion: Conversion, node: Node, event: Node, settings: Settings) -> None:
    """What a thrown signal carries."""
    for label, one in settings.take_children("in"):
        if tag(event) in ("endEvent", "intermediateThrowEvent") and not attribute(one, "variables"):
            _map(conversion, event, label, one, "in")
        else:
            conversion.say("setting_left", node, label, value=described(one))


def _map(conversion: Conversion, node: Node, label: str, one: Node, way: str) -> bool:
    """One `in` or `out`; True for `variables="all"`."""
    if attribute(one, "local") == "true":
        conversion.say("left_out", node, f"{label} local", value="true")
    if attribute(one, "businessKey"):
        conversion.say("same_instance", node, f"{label} businessKey")
        return False
    if attribute(one, "variables"):
        to = "propagateAllParentVariables" if way == "in" else "propagateAllChildVariables"
        conversion.say("converted", node, f"{label} variables", to=to)
        return attribute(one, "variables") == "all"
    target = attribute(one, "target") or attribute(one, "source")
    setting = f"{label} {target}"
    add = add_input if way == "in" else add_output
    try:
        compile_or_refuse(target)
        source = attribute(one, "source")
        if source:
            compile_or_refuse(source)
    except NotFeel as problem:
        conversion.say(
            "expression_left", node, setting, value=described(one), reason=problem.reason
        )
        return False
    if source:
        add(node, f"={source}", target)
        conversion.say("converted", node, setting, to=f"={source} → {target}")
        return False
    text = attribute(one, "sourceExpression")
    value = conversion.source(node, setting, text)
    if value is not None:
        add(node, value, target)
        if not is_foreign(text):
            conversion.say("converted", node, setting, to=f"{value} → {target}")
    return False
