"""Owns the layout check: a diagram that people cannot read is refused like one that cannot run.

Looked for, with the ids of the elements concerned: nodes and flows that are not drawn, shapes on
top of each other or outside what holds them, flows that run through shapes which they do not
belong to or that hang loose, labels on top of shapes or of other labels (SPEC S9).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from lxml import etree

from jiedan.core.i18n import lazy
from jiedan.flow.content.findings import ERROR, WARNING, Finding
from jiedan.flow.content.read import EVENTS, FLOW_NODES, GATEWAYS
from jiedan.flow.content.xml import BPMN, BPMNDI, parse_xml, tag

DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"

CHARACTER = 11.0
"""Width in pixels of a Chinese character of an outside label; Latin ones take 0.56 of it."""
LATIN = 0.56
LINE = 13.2
LABEL_WIDTH = 90.0
"""What the editor gives a label whose bounds the file does not say."""
TOUCHING = 2.0
"""Pixels by which neighbours may touch without being a finding."""
LOOSE = 8.0
"""Pixels by which the end of a flow may miss the border of its shape."""

CONNECTIONS = frozenset({"sequenceFlow", "messageFlow", "association"})
NOT_DRAWN = lazy("“%(label)s” is not drawn in the diagram.")
OVERLAP = lazy("“%(label)s” lies on top of “%(other)s”.")
OUTSIDE = lazy("“%(label)s” reaches out of “%(other)s”.")
THROUGH = lazy("The flow “%(label)s” runs through “%(other)s”.")
DETACHED = lazy("The flow “%(label)s” does not end at “%(other)s”.")
LABEL_ON_SHAPE = lazy("The label of “%(label)s” lies on top of “%(other)s”.")
LABEL_ON_LABEL = lazy("The label of “%(label)s” lies on top of the label of “%(other)s”.")
MENDS = {
    "layout-not-drawn": (NOT_DRAWN, lazy("Open the diagram in the studio and place the element.")),
    "layout-overlap": (OVERLAP, lazy("Move the two apart.")),
    "layout-outside": (OUTSIDE, lazy("Move it inside, or make the surrounding shape larger.")),
    "layout-through": (THROUGH, lazy("Lead the flow around the shape.")),
    "layout-detached": (DETACHED, lazy("Let the flow end at the border of its shape.")),
    "layout-label-on-shape": (LABEL_ON_SHAPE, lazy("Drag the label to a free place.")),
    "layout-label-on-label": (LABEL_ON_LABEL, lazy("Drag the labels apart.")),
}
WARNINGS = frozenset({"layout-detached"})


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the canvas in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, *, by: float = TOUCHING) -> bool:
        """Whether the two share more than a strip `by` pixels wide."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > by
            and min(self.bottom, other.bottom) - max(self.top, other.top) > by
        )

    def holds(self, other: Box, *, by: float = TOUCHING) -> bool:
        """Whether `other` lies inside, give or take `by` pixels."""
        return (
            other.left >= self.left - by
            and other.top >= self.top - by
            and other.right <= self.right + by
            and other.bottom <= self.bottom + by
        )

    def near(self, x: float, y: float) -> bool:
        """Whether a point lies on or close to the rectangle."""
        return (
            self.left - LOOSE <= x <= self.right + LOOSE
            and self.top - LOOSE <= y <= self.bottom + LOOSE
        )


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A drawn node, lane or pool."""

    id: str
    kind: str
    name: str
    box: Box
    parent: str
    """Id of the subprocess, process or pool that holds it."""
    plane: int
    host: str | None = None
    label: Box | None = None
    expanded: bool = False

    @property
    def said(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Edge:
    """A drawn flow."""

    id: str
    name: str
    source: str
    target: str
    points: tuple[Point, ...]
    plane: int
    label: Box | None = None

    @property
    def said(self) -> str:
        return self.name or self.id


def check_layout(content: bytes, *, file: str = "") -> list[Finding]:
    """Everything that makes a BPMN file hard to read. Raises what `parse_xml` raises."""
    root = parse_xml(content)
    drawing = _Drawing(root)
    return [
        _finding(file, rule, element_id, label, other)
        for rule, element_id, label, other in (
            *drawing.not_drawn(),
            *drawing.overlaps(),
            *drawing.outsiders(),
            *drawing.passages(),
            *drawing.loose_ends(),
            *drawing.covered(),
        )
    ]


def _finding(file: str, rule: str, element_id: str, label: str, other: str) -> Finding:
    problem, mend = MENDS[rule]
    return Finding(
        rule=rule,
        level=WARNING if rule in WARNINGS else ERROR,
        file=file,
        element_id=element_id,
        label=label,
        problem=problem.msgid,
        mend=mend.msgid,
        params={"label": label, "other": other},
    )


Found = tuple[str, str, str, str]


class _Drawing:
    """What one file draws, by plane."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.nodes = {
            one.get("id", ""): one
            for one in root.iter(f"{{{BPMN}}}*")
            if tag(one) in FLOW_NODES | {"lane", "participant"} and one.get("id")
        }
        self.flows = {
            one.get("id", ""): one
            for one in root.iter(f"{{{BPMN}}}*")
            if tag(one) in CONNECTIONS and one.get("id")
        }
        self.shapes: dict[str, Shape] = {}
        self.edges: dict[str, Edge] = {}
        for number, plane in enumerate(root.iter(f"{{{BPMNDI}}}BPMNPlane")):
            for drawn in plane:
                self._read(drawn, number)

    def _read(self, drawn: etree._Element, plane: int) -> None:
        element_id = drawn.get("bpmnElement", "")
        if tag(drawn) == "BPMNShape" and element_id in self.nodes:
            box = _bounds(drawn)
            if box is not None:
                shape = self._shape(element_id, self.nodes[element_id], box, drawn, plane)
                self.shapes[element_id] = shape
        elif tag(drawn) == "BPMNEdge" and element_id in self.flows:
            flow = self.flows[element_id]
            points = tuple(
                (float(one.get("x", "0")), float(one.get("y", "0")))
                for one in drawn.iter(f"{{{DI}}}waypoint")
            )
            name = flow.get("name", "")
            self.edges[element_id] = Edge(
                element_id,
                name,
                flow.get("sourceRef", ""),
                flow.get("targetRef", ""),
                points,
                plane,
                _label_box(drawn, name),
            )

    def _shape(
        self, element_id: str, node: etree._Element, box: Box, drawn: etree._Element, plane: int
    ) -> Shape:
        kind, name = tag(node), node.get("name", "")
        outside = kind in EVENTS | GATEWAYS and bool(name)
        parent = node.getparent()
        while parent is not None and tag(parent) in ("laneSet", "lane", "childLaneSet"):
            parent = parent.getparent()
        return Shape(
            element_id,
            kind,
            name,
            box,
            "" if parent is None else parent.get("id", ""),
            plane,
            node.get("attachedToRef"),
            (_label_box(drawn, name) or _default_label(box, name)) if outside else None,
            drawn.get("isExpanded", "false") == "true",
        )

    # --- the rules ---------------------------------------------------------------------------
    def not_drawn(self) -> Iterator[Found]:
        """Nodes without a shape, flows without a line."""
        for element_id, node in self.nodes.items():
            if element_id not in self.shapes:
                yield "layout-not-drawn", element_id, node.get("name") or element_id, ""
        for element_id, flow in self.flows.items():
            edge = self.edges.get(element_id)
            if tag(flow) == "sequenceFlow" and (edge is None or len(edge.points) < 2):
                yield "layout-not-drawn", element_id, flow.get("name") or element_id, ""

    def overlaps(self) -> Iterator[Found]:
        """Nodes of one scope on top of each other; a boundary event belongs on its host."""
        for one, other in combinations(self._nodes(), 2):
            if one.plane != other.plane or one.parent != other.parent:
                continue
            if one.host == other.id or other.host == one.id:
                continue
            if one.box.meets(other.box):
                yield "layout-overlap", one.id, one.said, other.said

    def outsiders(self) -> Iterator[Found]:
        """Nodes that reach out of their subprocess or pool, or stand outside every lane."""
        lanes = [one for one in self.shapes.values() if one.kind == "lane"]
        pools = [one for one in self.shapes.values() if one.kind == "participant"]
        for one in self._nodes():
            around = self.shapes.get(one.parent)
            if around is not None and around.plane == one.plane:
                if not around.box.holds(one.box) and one.host is None:
                    yield "layout-outside", one.id, one.said, around.said
                continue
            frames = [each for each in (lanes or pools) if each.plane == one.plane]
            if frames and not any(_has_centre(each.box, one.box) for each in frames):
                yield "layout-outside", one.id, one.said, frames[0].said

    def passages(self) -> Iterator[Found]:
        """Flows that cross a shape other than the two they join and those around them."""
        for edge in self.edges.values():
            free = self._belongs(edge)
            for shape in self._nodes():
                if shape.id in free or shape.plane != edge.plane:
                    continue
                inner = Box(
                    shape.box.left + TOUCHING,
                    shape.box.top + TOUCHING,
                    shape.box.right - TOUCHING,
                    shape.box.bottom - TOUCHING,
                )
                if any(_crosses(inner, a, b) for a, b in pairwise(edge.points)):
                    yield "layout-through", edge.id, edge.said, shape.said

    def loose_ends(self) -> Iterator[Found]:
        """Flows whose ends are drawn away from the shapes that they join."""
        for edge in self.edges.values():
            if len(edge.points) < 2:
                continue
            for end, point in ((edge.source, edge.points[0]), (edge.target, edge.points[-1])):
                shape = self.shapes.get(end)
                if shape and shape.plane == edge.plane and not shape.box.near(*point):
                    yield "layout-detached", edge.id, edge.said, shape.said

    def covered(self) -> Iterator[Found]:
        """Labels on top of shapes or of each other."""
        drawn: list[Shape | Edge] = [*self.shapes.values(), *self.edges.values()]
        labelled = [(one, one.label) for one in drawn if one.label is not None]
        for one, label in labelled:
            around = self._around(one.id)
            for shape in self._nodes():
                if shape.plane != one.plane or shape.id == one.id or shape.id in around:
                    continue
                if shape.expanded and isinstance(one, Shape) and one.host == shape.id:
                    continue
                if label.meets(shape.box):
                    yield "layout-label-on-shape", one.id, one.said, shape.said
        for (one, label), (other, second) in combinations(labelled, 2):
            if one.plane == other.plane and label.meets(second):
                yield "layout-label-on-label", one.id, one.said, other.said

    # --- who belongs to whom -----------------------------------------------------------------
    def _nodes(self) -> list[Shape]:
        return [one for one in self.shapes.values() if one.kind in FLOW_NODES]

    def _around(self, element_id: str) -> set[str]:
        """Ids of the expanded subprocesses around an element."""
        found: set[str] = set()
        node = self.nodes.get(element_id)
        if node is None:
            node = self.flows.get(element_id)
        while node is not None:
            found.add(node.get("id", ""))
            node = node.getparent()
        return found

    def _belongs(self, edge: Edge) -> set[str]:
        """Shapes that a flow may touch: its ends, their inside and what is around them."""
        found = {edge.source, edge.target} | self._around(edge.id)
        for end in (edge.source, edge.target):
            shape = self.shapes.get(end)
            if shape is not None and shape.host is None:
                # The boundary events of a shape sit on its border, but a flow goes around them.
                found |= self._around(end)
        return found


# --- geometry ----------------------------------------------------------------------------------
def _bounds(drawn: etree._Element) -> Box | None:
    bounds = drawn.find(f"{{{DC}}}Bounds")
    if bounds is None:
        return None
    x, y, width, height = (float(bounds.get(name, "0")) for name in ("x", "y", "width", "height"))
    return Box(x, y, x + width, y + height)


def _label_box(drawn: etree._Element, name: str) -> Box | None:
    """Where the words of a label stand inside the bounds that the file gives it."""
    label = drawn.find(f"{{{BPMNDI}}}BPMNLabel")
    bounds = None if label is None else _bounds(label)
    return None if bounds is None or not name else _written(name, bounds)


def _default_label(box: Box, name: str) -> Box:
    middle = (box.left + box.right) / 2
    half = LABEL_WIDTH / 2
    return _written(name, Box(middle - half, box.bottom + 4, middle + half, box.bottom + 24))


def _written(name: str, bounds: Box) -> Box:
    """The words, centred and wrapped as the editor does."""
    width, lines = wrap(name, bounds.right - bounds.left)
    middle = (bounds.left + bounds.right) / 2
    return Box(middle - width / 2, bounds.top, middle + width / 2, bounds.top + lines * LINE)


def wrap(text: str, limit: float) -> tuple[float, int]:
    """Width of the widest line and number of lines of a label in a box `limit` pixels wide."""
    lines, current, widest = 1, 0.0, 0.0
    for character in text:
        if character == "\n":
            lines, current = lines + 1, 0.0
            continue
        width = CHARACTER if ord(character) > 0x2E7F else CHARACTER * LATIN
        if current + width > limit + TOUCHING:
            lines, current = lines + 1, 0.0
        current += width
        widest = max(widest, current)
    return widest, lines


def _has_centre(box: Box, other: Box) -> bool:
    x, y = (other.left + other.right) / 2, (other.top + other.bottom) / 2
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _crosses(box: Box, a: Point, b: Point) -> bool:
    """Whether the straight line from `a` to `b` enters the box (Liang-Barsky clipping)."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    entering, leaving = 0.0, 1.0
    sides: Sequence[tuple[float, float]] = (
        (-dx, a[0] - box.left),
        (dx, box.right - a[0]),
        (-dy, a[1] - box.top),
        (dy, box.bottom - a[1]),
    )
    for step, room in sides:
        if step == 0:
            if room <= 0:
                return False
            continue
        at = room / step
        if step < 0:
            entering = max(entering, at)
        else:
            leaving = min(leaving, at)
    return entering < leaving
