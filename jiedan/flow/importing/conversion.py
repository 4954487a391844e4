"""A diagram while it is converted: what was said of it, and how zeebe settings are put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lxml import etree

from jiedan.flow.content.context import label_of, process_of
from jiedan.flow.content.findings import Finding
from jiedan.flow.content.read import FLOW_NODES
from jiedan.flow.content.xml import BPMN, ZEEBE, is_bpmn, tag
from jiedan.flow.importing.rules import RULES
from jiedan.flow.importing.syntax import Language, NotFeel
from jiedan.flow.importing.translating import Feel, expression, is_foreign, juel
from jiedan.flow.importing.writing import quoted

Node = etree._Element

_OWNERS = FLOW_NODES | {"process", "lane", "participant", "sequenceFlow", "message", "signal"}
_LONGEST_VALUE = 300
Converter = Callable[[], Feel]
"""Gives FEEL or raises NotFeel."""


class Conversion:
    """One file under conversion: its tree, the rows of the report, the forms that were made."""

    def __init__(self, root: Node, file: str, language: Language) -> None:
        self.root, self.file, self.language = root, file, language
        self.rows: list[Finding] = []
        self.forms: dict[str, bytes] = {}

    # --- the report ------------------------------------------------------------------------------
    def say(self, rule: str, node: Node, setting: str = "", **params: object) -> None:
        """A row about `node`, or what it belongs to."""
        owner = owner_of(node)
        how = RULES[rule]
        said = {
            name: shortened(value) if isinstance(value, str) else value
            for name, value in params.items()
        }
        label = label_of(owner)
        self.rows.append(
            Finding(
                rule=rule,
                level=how.level,
                file=self.file,
                element_id=owner.get("id"),
                label=label,
                problem=how.problem,
                mend=how.mend,
                params={"label": label, "setting": setting, **said},
                process_id=process_of(owner),
            )
        )

    # --- expressions -----------------------------------------------------------------------------
    def value(self, node: Node, setting: str, text: str) -> str | None:
        """A setting that is a literal or has JUEL in it, as zeebe writes it; None: left, and said.

        Says nothing of a literal.
        """
        text = text.strip()
        if not is_foreign(text):
            return text
        return self._equals(node, setting, text, lambda: juel(text))

    def feel(self, node: Node, setting: str, text: str, language: Language) -> str | None:
        """The same for a text that is an expression as a whole."""
        if is_foreign(text) and language is not Language.PYTHON:
            return self.value(node, setting, text)
        return self._equals(node, setting, text, lambda: expression(text, language))

    def source(self, node: Node, setting: str, text: str) -> str | None:
        """The same where zeebe wants FEEL in any case: a literal becomes a FEEL text."""
        if is_foreign(text):
            return self.value(node, setting, text)
        return f"={quoted(text)}"

    def _equals(self, node: Node, setting: str, text: str, convert: Converter) -> str | None:
        try:
            feel = convert()
        except NotFeel as problem:
            self.say("expression_left", node, setting, value=text, reason=problem.reason)
            return None
        to = f"={feel.text}"
        self.said_converted(node, setting, text, to, feel)
        return to

    def said_converted(self, node: Node, setting: str, text: str, to: str, feel: Feel) -> None:
        """The row for an expression that was converted."""
        rule = "expression_assumed" if feel.assumed else "expression_converted"
        assumed = Sentences(feel.assumed)
        self.say(rule, node, setting, value=text.strip(), to=to, assumed=assumed)

    def elements(self) -> Iterator[Node]:
        """Every element of the tree, as it was when asked."""
        yield from [node for node in self.root.iter() if isinstance(node.tag, str)]


class Sentences:
    """Translatable sentences one after the other."""

    def __init__(self, sentences: tuple[object, ...]) -> None:
        self.sentences = sentences

    def __str__(self) -> str:
        return " ".join(map(str, self.sentences))


def owner_of(node: Node) -> Node:
    """The element that people see and that carries `node`."""
    here: Node | None = node
    while here is not None:
        if is_bpmn(here) and here.get("id") and tag(here) in _OWNERS:
            return here
        here = here.getparent()
    return node if node.getparent() is None else node.getroottree().getroot()


def shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


# --- writing zeebe -----------------------------------------------------------------------------
def extension_holder(node: Node) -> Node:
    """The extensionElements of a BPMN element, made where there is none."""
    found = node.find(f"{{{BPMN}}}extensionElements")
    if found is not None:
        return found
    made = etree.Element(f"{{{BPMN}}}extensionElements")
    after = sum(1 for child in node if tag(child) == "documentation" or not tag(child))
    node.insert(after, made)
    return made


def zeebe(node: Node, name: str, **attributes: str) -> Node:
    """The zeebe extension of this name, made or with these attributes set."""
    holder = extension_holder(node)
    found = holder.find(f"{{{ZEEBE}}}{name}")
    if found is None:
        found = etree.SubElement(holder, f"{{{ZEEBE}}}{name}")
    for key, value in attributes.items():
        found.set(key, value)
    return found


def add_input(node: Node, source: str, target: str) -> None:
    """An input mapping; inputs stand before outputs."""
    mapping = zeebe(node, "ioMapping")
    inputs = mapping.findall(f"{{{ZEEBE}}}input")
    made = etree.Element(f"{{{ZEEBE}}}input", {"source": source, "target": target})
    mapping.insert(len(inputs), made)


def add_output(node: Node, source: str, target: str) -> None:
    mapping = zeebe(node, "ioMapping")
    etree.SubElement(mapping, f"{{{ZEEBE}}}output", {"source": source, "target": target})


def add_property(node: Node, name: str, value: str) -> None:
    holder = zeebe(node, "properties")
    etree.SubElement(holder, f"{{{ZEEBE}}}property", {"name": name, "value": value})


def variable_name(text: str) -> str | None:
    """The text, if it can be a variable."""
    return text if re.fullmatch(r"[^\W\d]\w*", text) else None


def drop(node: Node, *attributes: str) -> None:
    """Take attributes away that mean nothing any more."""
    for name in attributes:
        if name in node.attrib:
            del node.attrib[name]
