"""What goes into and out of a step: parameters, injected fields, mappings, properties."""

from __future__ import annotations

from lxml import etree

from jiedan.core.i18n import lazy
from jiedan.flow.content.xml import tag
from jiedan.flow.importing.conversion import (
    Conversion,
    add_input,
    add_output,
    add_property,
    shortened,
)
from jiedan.flow.importing.scripts import language_named
from jiedan.flow.importing.settings import Settings, attribute
from jiedan.flow.importing.syntax import NotFeel
from jiedan.flow.importing.translating import (
    Assignments,
    Feel,
    compile_or_refuse,
    is_foreign,
    juel,
    script,
)
from jiedan.flow.importing.writing import quoted

Node = etree._Element


def convert_data(conversion: Conversion, node: Node, settings: Settings) -> None:
    """Input and output parameters, and properties."""
    for label, holder in settings.take_children("inputOutput"):
        convert_parameters(conversion, node, label, holder)
    for label, holder in settings.take_children("properties"):
        for one in holder:
            name, value = attribute(one, "name") or attribute(one, "id"), attribute(one, "value")
            if not tag(one):
                continue
            add_property(node, name, value)
            said = f"zeebe:property {name}"
            conversion.say("converted", node, f"{label} {name}", to=said)
        if not len(holder):
            conversion.say("left_out", node, label, value="–")


def convert_parameters(conversion: Conversion, node: Node, label: str, holder: Node) -> None:
    """The parameters of an element or of its connector."""
    prefix = label.partition(":")[0]
    if not any(tag(one) for one in holder):
        conversion.say("left_out", node, label, value="–")
    for one in holder:
        if not tag(one):
            continue
        name = attribute(one, "name")
        setting = f"{prefix}:{tag(one)} {name}"
        try:
            if tag(one) not in ("inputParameter", "outputParameter"):
                raise _unread(one)
            compile_or_refuse(name)
            feel = parameter_feel(one)
        except NotFeel as problem:
            text = "".join(map(str, one.itertext()))
            conversion.say("expression_left", node, setting, value=text, reason=problem.reason)
            continue
        add = add_input if tag(one) == "inputParameter" else add_output
        add(node, f"={feel.text}", name)
        text = " ".join("".join(map(str, one.itertext())).split()) or "–"
        conversion.said_converted(node, setting, text, f"={feel.text}", feel)


def _unread(node: Node) -> NotFeel:

    return NotFeel(lazy("“%(sign)s” cannot be read.", sign=tag(node)))


def parameter_feel(node: Node) -> Feel:
    """A text, expression, list, map or script in a parameter. Raises NotFeel."""
    inner = [one for one in node if tag(one)]
    if not inner:
        text = node.text or ""
        if is_foreign(text):
            return juel(text.strip())
        return Feel("null" if not text.strip() else quoted(text.strip()))
    one = inner[0]
    if len(inner) > 1:
        raise _unread(inner[1])
    return _structure(one)


def _structure(one: Node) -> Feel:
    kind = tag(one)
    if kind == "list":
        parts = [_structure(child) for child in one if tag(child)]
        return _joined("[", parts, [part.text for part in parts], "]")
    if kind == "map":
        entries = [child for child in one if tag(child)]
        parts = [parameter_feel(child) for child in entries]
        said = [
            f"{quoted(attribute(child, 'key'))}: {part.text}"
            for child, part in zip(entries, parts, strict=True)
        ]
        return _joined("{", parts, said, "}")
    if kind == "script":
        converted = script(one.text or "", language_named(attribute(one, "scriptFormat")))
        if attribute(one, "resource") or isinstance(converted, Assignments):
            raise _unread(one)
        return converted
    if kind in ("value", "string", "expression", "entry"):
        return parameter_feel(one)
    raise _unread(one)


def _joined(opening: str, parts: list[Feel], said: list[str], closing: str) -> Feel:
    assumed = tuple(one for part in parts for one in part.assumed)
    return Feel(f"{opening}{', '.join(said)}{closing}", assumed)


def convert_fields(conversion: Conversion, node: Node, settings: Settings) -> None:
    """Injected fields of a delegate are inputs of the handler."""
    for label, one in settings.take_children("field"):
        name = attribute(one, "name")
        texts = [
            attribute(one, "stringValue") or attribute(one, "expression"),
            *((child.text or "") for child in one if tag(child) in ("string", "expression")),
        ]
        text = next((each.strip() for each in texts if each and each.strip()), "")
        setting = f"{label} {name}"
        try:
            compile_or_refuse(name)
        except NotFeel as problem:
            conversion.say("expression_left", node, setting, value=text, reason=problem.reason)
            continue
        source = conversion.source(node, setting, text)
        if source is not None:
            add_input(node, source, name)
            if not is_foreign(text):
                to = f"zeebe:input {name}: {shortened(text)}"
                conversion.say("converted", node, setting, to=to)
