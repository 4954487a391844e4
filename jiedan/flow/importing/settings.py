"""The foreign settings of one element, lifted out of the tree: each is taken once and accounted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from jiedan.flow.content.xml import BPMN, tag
from jiedan.flow.importing.conversion import Conversion

Node = etree._Element


@dataclass(frozen=True, slots=True)
class Setting:
    """`camunda:assignee` and what it says."""

    label: str
    value: str

    def __bool__(self) -> bool:
        return bool(self.value.strip())


class Settings:
    """What foreign attributes and extension elements say of a BPMN element."""

    def __init__(self, node: Node, namespaces: Mapping[str, str]) -> None:
        self.attributes: dict[str, Setting] = {}
        self.children: dict[str, list[Node]] = {}
        self.labels: dict[Node, str] = {}
        for key, value in list(node.attrib.items()):
            namespace, _, name = str(key)[1:].partition("}")
            if str(key).startswith("{") and namespace in namespaces:
                self.attributes[name] = Setting(f"{namespaces[namespace]}:{name}", str(value))
                del node.attrib[key]
        for holder in node.findall(f"{{{BPMN}}}extensionElements"):
            for child in list(holder):
                dialect = namespaces.get(_namespace(child))
                if dialect is not None:
                    self.children.setdefault(tag(child), []).append(child)
                    self.labels[child] = f"{dialect}:{tag(child)}"
                    holder.remove(child)
            if len(holder) == 0 and not holder.attrib:
                node.remove(holder)

    def __bool__(self) -> bool:
        return bool(self.attributes or self.children)

    def take(self, name: str) -> Setting | None:
        """The attribute of this name; who takes it says what became of it."""
        return self.attributes.pop(name, None)

    def take_any(self, *names: str) -> Setting | None:
        """The first of these that is set; empty ones are left behind."""
        for name in names:
            if self.attributes.get(name):
                return self.attributes.pop(name)
        return None

    def take_children(self, name: str) -> list[tuple[str, Node]]:
        """The extension elements of this name with what they are called in the report."""
        return [(self.labels[child], child) for child in self.children.pop(name, [])]

    def leave(self, conversion: Conversion, node: Node, rules: Mapping[str, str]) -> None:
        """A row for whatever nobody took: by `rules`, else it was not converted."""
        for name, setting in self.attributes.items():
            rule = rules.get(name, "setting_left") if setting else "left_out"
            conversion.say(rule, node, setting.label, value=setting.value.strip() or "–")
        for name, children in self.children.items():
            rule = rules.get(name, "setting_left")
            for child in children:
                conversion.say(rule, node, self.labels[child], value=described(child))
        self.attributes, self.children = {}, {}


def described(node: Node) -> str:
    """An extension element in a line: its attributes and its texts."""
    said = [f"{etree.QName(key).localname}={value!s}" for key, value in node.attrib.items()]
    said += [part.strip() for part in map(str, node.itertext()) if part.strip()]
    inner = [tag(one) for one in node if tag(one)]
    return ", ".join(said or inner) or "–"


def attribute(node: Node, name: str) -> str:
    """An attribute of an extension element, whatever its namespace is."""
    for key, value in node.attrib.items():
        if etree.QName(key).localname == name:
            return str(value)
    return ""


def _namespace(node: Node) -> str:
    name = node.tag
    return name[1:].partition("}")[0] if isinstance(name, str) and name.startswith("{") else ""
