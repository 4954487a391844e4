"""What a BPMN file says, as comparable facts: two files with the same facts mean the same.

How it is written down does not count: prefixes, order, ids of shapes, attributes that state their
default, the incoming and outgoing flows that the flows themselves say, references to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from jiedan.flow.content.xml import BPMN, BPMNDI, tag

Node = etree._Element
Key = tuple[str, str]
"""Kind and id: `("userTask", "review_order")`, `("shape of", "review_order")`."""
DRAWN = frozenset({"shape of", "edge of", "label of"})
Facts = Mapping[Key, str]

_DERIVED = frozenset({"incoming", "outgoing", "extensionElements"})
_DEFAULTS = {
    **dict.fromkeys(
        (
            *("isExecutable", "isClosed", "isForCompensation", "triggeredByEvent", "isCollection"),
            *("parallelMultiple", "instantiate", "isSequential", "testBefore", "isImmediate"),
        ),
        "false",
    ),
    **dict.fromkeys(
        ("isInterrupting", "cancelActivity", "isUnlimited", "cancelRemainingInstances"), "true"
    ),
    **{"gatewayDirection": "Unspecified", "implementation": "##WebService"},
    **{"processType": "None", "eventGatewayType": "Exclusive", "associationDirection": "None"},
    **{"startQuantity": "1", "completionQuantity": "1", "behavior": "All", "ordering": "Parallel"},
    **{"textFormat": "text/plain", "itemKind": "Information", "method": "##Compensate"},
    **{"minimum": "0", "maximum": "1"},
}
_QUALIFIED = ("Ref", "Refs", "type", "structureRef")
_FILE = frozenset({"exporter", "exporterVersion", "expressionLanguage", "typeLanguage"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact that only one of two files has, or that differs."""

    key: Key
    before: str | None
    after: str | None

    def __str__(self) -> str:
        kind, element_id = self.key
        before, after = (one if one is not None else "–" for one in (self.before, self.after))
        return f"{kind} {element_id}: {before} → {after}"


def facts_of(root: Node) -> Facts:
    """Elements with names, settings and places; flows; event definitions; lanes; data; drawing."""
    facts: dict[Key, str] = {}
    reader = _Reader(root)
    for node in root.iter(f"{{{BPMN}}}*"):
        if node is not root and node.get("id"):
            facts[tag(node), node.get("id", "")] = reader.described(node)
        for holder in node.findall(f"{{{BPMN}}}extensionElements"):
            said = sorted(reader.content(child) for child in holder if tag(child))
            if said:
                facts["extension of", _nearest(node)] = " ".join(
                    filter(None, (facts.get(("extension of", _nearest(node))), *said))
                )
    facts.update(_drawing(root))
    return facts


def compare(before: Facts, after: Facts) -> list[Difference]:
    """What is not the same in both, in the order of the first."""
    keys = [*before, *(key for key in after if key not in before)]
    return [
        Difference(key, before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    ]


class _Reader:
    def __init__(self, root: Node) -> None:
        self.ids = {node.get("id") for node in root.iter("{*}*") if node.get("id")}

    def described(self, node: Node) -> str:
        """An element's own facts: where it is, its attributes, and what in it has no id."""
        parent = node.getparent()
        around = "" if parent is None else _nearest(parent)
        inner = self.inside([child for child in node if not child.get("id")])
        return " ".join(filter(None, (f"in {around}", _attributes(node), *inner, _text(node))))

    def inside(self, children: Iterable[Node]) -> list[str]:
        return sorted(
            self.content(child)
            for child in children
            if tag(child) and tag(child) not in _DERIVED and not self.is_empty_reference(child)
        )

    def content(self, node: Node) -> str:
        said = " ".join(filter(None, (_attributes(node), *self.inside(node), _text(node))))
        name = tag(node)
        if name == "formalExpression":  # another way to write it
            name, said = "expression", f"type=tFormalExpression {said}"
        return f"<{name} {said}>" if said else f"<{name}>"

    def is_empty_reference(self, node: Node) -> bool:
        """Whether it refers to something that is not in the file."""
        is_ours = str(node.tag).startswith(f"{{{BPMN}}}")
        return is_ours and tag(node).endswith("Ref") and _text(node) not in self.ids


def _attributes(node: Node) -> str:
    said = []
    for key, value in node.attrib.items():
        name = etree.QName(key).localname
        text = " ".join(str(value).split())
        if name == "id" or name in _FILE or _DEFAULTS.get(name) == text:
            continue
        if name.endswith(_QUALIFIED):
            text = text.rpartition(":")[2]
        said.append(f"{name}={text}")
    return " ".join(sorted(set(said)))


def _text(node: Node) -> str:
    text = " ".join((node.text or "").split())
    return text.rpartition(":")[2] if tag(node).endswith("Ref") else text


def _nearest(node: Node) -> str:
    here: Node | None = node
    while here is not None:
        if here.get("id"):
            return here.get("id", "")
        here = here.getparent()
    return ""


# --- drawing -----------------------------------------------------------------------------------
def _drawing(root: Node) -> Iterator[tuple[Key, str]]:
    for shape in root.iter(f"{{{BPMNDI}}}BPMNShape"):
        if not _drawn(shape):
            continue
        said = [_bounds(shape)]
        said += [
            f"{name}={shape.get(name)}"
            for name in ("isHorizontal", "isExpanded")
            if shape.get(name)
        ]
        yield ("shape of", _drawn(shape)), " ".join(said)
        yield from _label(shape)
    for edge in root.iter(f"{{{BPMNDI}}}BPMNEdge"):
        if not _drawn(edge):
            continue
        points = [
            f"{_number(one.get('x'))},{_number(one.get('y'))}"
            for one in edge.iterfind("{*}waypoint")
        ]
        yield ("edge of", _drawn(edge)), " ".join(points)
        yield from _label(edge)


def _label(drawn: Node) -> Iterator[tuple[Key, str]]:
    label = drawn.find(f"{{{BPMNDI}}}BPMNLabel")
    if label is not None and _bounds(label):
        yield ("label of", _drawn(drawn)), _bounds(label)


def _drawn(node: Node) -> str:
    return (node.get("bpmnElement") or "").rpartition(":")[2]


def _bounds(node: Node) -> str:
    found = node.find("{*}Bounds")
    if found is None:
        return ""
    return " ".join(_number(found.get(name)) for name in ("x", "y", "width", "height"))


def _number(text: str | None) -> str:
    """Tenths of a point: nobody sees less."""
    return f"{float(text or 0):.1f}"
