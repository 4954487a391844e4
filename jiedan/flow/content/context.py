"""Owns what every rule of the deploy check is given: one diagram and what is around it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from jiedan.flow.content.findings import ERROR, WARNING, Finding
from jiedan.flow.content.read import FLOW_NODES, ProcessInfo, read_root
from jiedan.flow.content.xml import BPMN, is_bpmn, tag
from jiedan.flow.handlers import Registry

Node = etree._Element


@dataclass(frozen=True, slots=True)
class Around:
    """What the files may refer to: each other, what is deployed, the handlers, the roles."""

    registry: Registry
    processes: frozenset[str] | set[str]
    decisions: frozenset[str] | set[str]
    forms: frozenset[str] | set[str]
    roles: frozenset[str] | None
    diagrams: Mapping[str, bytes] = field(default_factory=dict)


class Context:
    """One diagram under check."""

    def __init__(self, file: str, root: Node, around: Around) -> None:
        self.file, self.root, self.around = file, root, around
        self.processes: dict[str, ProcessInfo] = read_root(root)
        self.flows = list(root.iter(f"{{{BPMN}}}sequenceFlow"))
        self._out: dict[str, list[Node]] = {}
        self._into: dict[str, list[Node]] = {}
        for flow in self.flows:
            self._out.setdefault(flow.get("sourceRef") or "", []).append(flow)
            self._into.setdefault(flow.get("targetRef") or "", []).append(flow)

    def outgoing(self, node: Node) -> list[Node]:
        """The sequence flows that leave a node."""
        return self._out.get(node.get("id") or "", [])

    def incoming(self, node: Node) -> list[Node]:
        """The sequence flows that enter a node."""
        return self._into.get(node.get("id") or "", [])

    def nodes(self, *kinds: str) -> Iterator[Node]:
        """Flow nodes of these kinds in all processes, or of every kind."""
        for process in self.root.iter(f"{{{BPMN}}}process"):
            for node in process.iter():
                if is_bpmn(node) and (tag(node) in kinds if kinds else tag(node) in FLOW_NODES):
                    yield node

    def error(self, node: Node, rule: str, problem: str, mend: str, **params: object) -> Finding:
        return self._finding(ERROR, node, rule, problem, mend, params)

    def warning(self, node: Node, rule: str, problem: str, mend: str, **params: object) -> Finding:
        return self._finding(WARNING, node, rule, problem, mend, params)

    def _finding(
        self,
        level: str,
        node: Node,
        rule: str,
        problem: str,
        mend: str,
        params: Mapping[str, object],
    ) -> Finding:
        name = label_of(node)
        return Finding(
            rule=rule,
            level=level,
            file=self.file,
            element_id=node.get("id"),
            label=name,
            problem=problem,
            mend=mend,
            params={"label": name, **params},
            process_id=process_of(node),
        )


def label_of(node: Node) -> str:
    """How an element is called on the diagram, else its id."""
    return " ".join((node.get("name") or "").split()) or node.get("id") or tag(node)


def process_of(node: Node) -> str:
    """The id of the process around a node."""
    here: Node | None = node
    while here is not None:
        if here.tag == f"{{{BPMN}}}process":
            return here.get("id") or ""
        here = here.getparent()
    return ""
