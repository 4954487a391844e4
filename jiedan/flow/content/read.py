"""Owns what the platform reads from diagrams, tables and forms beside what the engine runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from jiedan.flow.content.xml import BPMN, ZEEBE, is_bpmn, parse_xml, tag

PREFIX = "jiedan:"
ENDINGS = (".bpmn", ".dmn", ".form")
EVENTS = frozenset(
    {"startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"}
)
GATEWAYS = frozenset(
    {
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "complexGateway",
    }
)
ACTIVITIES = frozenset(
    {
        "task",
        "userTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "scriptTask",
        "manualTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "adHocSubProcess",
        "transaction",
    }
)
FLOW_NODES = EVENTS | GATEWAYS | ACTIVITIES


@dataclass(frozen=True, slots=True)
class ElementInfo:
    """One BPMN node as the platform's pages and lists need it."""

    id: str
    kind: str
    process_id: str
    name: str
    name_en: str
    documentation: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    """zeebe:properties, `jiedan:` prefix included."""
    listeners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Event (`completing`) → handler names."""
    has_outputs: bool = False
    inputs: tuple[str, ...] | None = None
    """Names that the input mappings set; None without mappings."""
    form_id: str | None = None
    task_type: str | None = None
    roles: tuple[str, ...] = ()
    """Of the lane it lies in."""

    @property
    def code(self) -> str | None:
        return self.setting("code")

    def setting(self, name: str) -> str | None:
        """A `jiedan:` property, e.g. `load`."""
        return self.properties.get(PREFIX + name) or self.properties.get(name)


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    id: str
    name: str
    name_en: str
    documentation: str
    executable: bool
    elements: Mapping[str, ElementInfo]
    calls: tuple[str, ...]
    decisions: tuple[str, ...]
    message_starts: tuple[tuple[str, str], ...]
    """(message name, start element id) of top-level message start events."""

    signal_starts: tuple[str, ...]
    """Names of signals that top-level start events wait for."""
    none_start: str | None
    """The top-level start event that a person or a caller begins with."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """zeebe:properties of the process, `jiedan:` prefix included."""

    @property
    def can_be_started(self) -> bool:
        """Whether `start_instance` may begin it."""
        return self.executable and self.none_start is not None

    @property
    def starters(self) -> tuple[str, ...]:
        """Roles of the lane that the start event lies in."""
        start = self.elements.get(self.none_start or "")
        return () if start is None else start.roles

    def element(self, element_id: str) -> ElementInfo | None:
        return self.elements.get(element_id)


@dataclass(frozen=True, slots=True)
class DmnFile:
    name: str
    name_en: str
    decisions: Mapping[str, str]
    """decision id → name"""


def read_processes(content: bytes) -> dict[str, ProcessInfo]:
    """The processes of a BPMN file by id."""
    return read_root(parse_xml(content))


def read_root(root: etree._Element) -> dict[str, ProcessInfo]:
    """The same from a tree that is already parsed."""
    names = {
        one.get("id") or "": one.get("name") or one.get("id") or ""
        for one in root.iter(f"{{{BPMN}}}message", f"{{{BPMN}}}signal")
    }
    return {
        process.get("id", ""): _process(process, names)
        for process in root.iter(f"{{{BPMN}}}process")
        if process.get("id")
    }


def read_decisions(content: bytes) -> DmnFile:
    """What decisions a DMN file holds (DMN 1.1 to 1.5)."""
    root = parse_xml(content)
    decisions = {
        one.get("id") or "": one.get("name") or one.get("id") or ""
        for one in root
        if tag(one) == "decision"
    }
    holders = [root, *(one for one in root if tag(one) == "decision" and len(decisions) == 1)]
    names = (properties_of(one).get(PREFIX + "name.en", "") for one in holders)
    english = next(filter(None, names), "")
    return DmnFile(root.get("name") or "", english, decisions)


def read_folders(folders: Iterable[Path | None]) -> dict[str, bytes]:
    """All content files below the folders, by file name, in a stable order."""
    files: dict[str, bytes] = {}
    for folder in folders:
        if folder is None or not folder.is_dir():
            continue
        for path in sorted(folder.rglob("*")):
            if path.suffix in ENDINGS and path.is_file() and path.name not in files:
                files[path.name] = path.read_bytes()
    return files


def properties_of(element: etree._Element) -> dict[str, str]:
    """The zeebe:properties of an element."""
    return {
        one.get("name") or "": one.get("value") or ""
        for extension in element.findall(f"./{{*}}extensionElements/{{{ZEEBE}}}properties")
        for one in extension.findall(f"{{{ZEEBE}}}property")
    }


def extension(element: etree._Element, name: str) -> etree._Element | None:
    """The first zeebe extension element of that name."""
    return element.find(f"./{{{BPMN}}}extensionElements/{{{ZEEBE}}}{name}")


def documentation_of(element: etree._Element) -> str:
    return "\n".join(
        (one.text or "").strip() for one in element.findall(f"{{{BPMN}}}documentation")
    ).strip()


def roles_by_element(process: etree._Element) -> dict[str, tuple[str, ...]]:
    """The roles of the innermost lane that says some, per flow node."""
    found: dict[str, tuple[str, ...]] = {}
    for lane in process.iter(f"{{{BPMN}}}lane"):
        roles = split_list(properties_of(lane).get(PREFIX + "roles", ""))
        if roles:
            for reference in lane.findall(f"{{{BPMN}}}flowNodeRef"):
                found[(reference.text or "").strip()] = roles
    return found


def split_list(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.replace(";", ",").split(",") if one.strip())


def _process(process: etree._Element, names: Mapping[str, str]) -> ProcessInfo:
    process_id = process.get("id", "")
    roles = roles_by_element(process)
    elements = {
        node.get("id", ""): _element(node, process_id, roles)
        for node in process.iter()
        if is_bpmn(node) and tag(node) in FLOW_NODES and node.get("id")
    }
    calls: list[str] = []
    decisions: list[str] = []
    starts: list[tuple[str, str]] = []
    signals: list[str] = []
    none_start = None
    for node in process.iter(f"{{{ZEEBE}}}calledElement"):
        calls.append(node.get("processId") or "")
    for node in process.iter(f"{{{ZEEBE}}}calledDecision"):
        decisions.append(node.get("decisionId") or "")
    for node in process.findall(f"{{{BPMN}}}startEvent"):
        event = node.find(f"{{{BPMN}}}messageEventDefinition")
        if event is not None:
            reference = event.get("messageRef", "").rpartition(":")[2]
            name = names.get(reference, reference)
            starts.append((name, node.get("id", "")))
        signal = node.find(f"{{{BPMN}}}signalEventDefinition")
        if signal is not None:
            reference = (signal.get("signalRef") or "").rpartition(":")[2]
            signals.append(names.get(reference, reference))
        if not any(tag(child).endswith("EventDefinition") for child in node):
            none_start = node.get("id")
    return ProcessInfo(
        id=process_id,
        name=process.get("name") or process_id,
        name_en=properties_of(process).get(PREFIX + "name.en", ""),
        documentation=documentation_of(process),
        executable=process.get("isExecutable") == "true",
        elements=elements,
        calls=tuple(dict.fromkeys(one for one in calls if one and not one.startswith("="))),
        decisions=tuple(dict.fromkeys(one for one in decisions if not one.startswith("="))),
        message_starts=tuple(starts),
        signal_starts=tuple(signals),
        none_start=none_start,
        properties=properties_of(process),
    )


def _element(
    node: etree._Element, process_id: str, roles: Mapping[str, tuple[str, ...]]
) -> ElementInfo:
    element_id = node.get("id", "")
    properties = properties_of(node)
    mapping = extension(node, "ioMapping")
    inputs = [] if mapping is None else mapping.findall(f"{{{ZEEBE}}}input")
    listeners: dict[str, list[str]] = {}
    for one in node.findall(
        f"./{{{BPMN}}}extensionElements/{{{ZEEBE}}}taskListeners/{{{ZEEBE}}}taskListener"
    ):
        listeners.setdefault(one.get("eventType", ""), []).append(one.get("type", ""))
    form = extension(node, "formDefinition")
    task = extension(node, "taskDefinition")
    return ElementInfo(
        id=element_id,
        kind=tag(node),
        process_id=process_id,
        name=" ".join((node.get("name") or "").split()) or element_id,
        name_en=properties.get(PREFIX + "name.en", ""),
        documentation=documentation_of(node),
        properties=properties,
        listeners={event: tuple(types) for event, types in listeners.items()},
        has_outputs=mapping is not None and mapping.find(f"{{{ZEEBE}}}output") is not None,
        inputs=tuple(one.get("target", "") for one in inputs) or None,
        form_id=None if form is None else form.get("formId"),
        task_type=None if task is None else task.get("type"),
        roles=_roles_of(node, roles),
    )


def _roles_of(node: etree._Element, roles: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    # Inside an embedded subprocess the lane is that of the subprocess.
    here: etree._Element | None = node
    while here is not None:
        if found := roles.get(here.get("id", "")):
            return found
        here = here.getparent()
    return ()
