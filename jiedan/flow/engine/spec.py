"""A parsed process or subprocess: the library's process specification without its own tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec

if TYPE_CHECKING:
    from jiedan.flow.engine.elements.base import Element
    from jiedan.flow.engine.elements.events import EventSubprocess, StartEvent


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow: `condition` is FEEL without the leading `=`."""

    id: str
    source: str
    target: str
    condition: str | None = None
    is_default: bool = False


class ProcessSpec(BpmnProcessSpec):
    """What one scope of a diagram contains, by element id.

    The library would add tasks named Start, End and <process>.EndJoin, which clash with element
    ids of the same name and make the end of a process a walk through its whole history; tokens
    are counted instead.
    """

    task_specs: dict[str, Element]

    def __init__(self, process_id: str, name: str, file: str, parent: ProcessSpec | None) -> None:
        WorkflowSpec.__init__(self, name=process_id, filename=file)
        self.process_id: str = process_id if parent is None else parent.process_id
        self.scope_id = "" if parent is None else process_id
        self.description = name
        self.io_specification = None
        self.data_objects: dict[str, object] = {}
        self.data_stores: dict[str, object] = {}
        self.correlation_keys: dict[str, object] = {}
        self.bpmn_start_events: list[object] = []
        self.svg = None
        self.starts: list[StartEvent] = []
        self.implicit_starts: list[str] = []  # without incoming flow, where no start event is
        self.event_subprocesses: list[str] = []
        self._reach: dict[str, dict[str, frozenset[str]]] = {}

    def initial(self) -> list[Element]:
        """Where tokens begin: start events without a trigger, else all, else implicit starts."""
        if self.starts:
            return [one for one in self.starts if one.trigger is None] or list(self.starts)
        return [self.task_specs[name] for name in self.implicit_starts]

    def lookup(self, name: str, way: str = "") -> Element:
        """An element of this scope, or of a subprocess reached by a `/`-separated way."""
        spec = self
        for step in way.split("/") if way else ():
            spec = spec.task_specs[step].contents()
        return spec.task_specs[name]

    def start_for(self, kind: str, name: str) -> StartEvent | None:
        """The start event for a message or signal."""
        for start in self.starts:
            trigger = start.trigger
            if trigger is not None and trigger.kind == kind and trigger.name == name:
                return start
        return None

    def event_subprocess_for(self, kind: str, code: str) -> EventSubprocess | None:
        """Which event subprocess handles an error or escalation; a named code goes first."""
        handlers = [self.task_specs[name] for name in self.event_subprocesses]
        matching = [one for one in handlers if one.trigger.catches(kind, code)]
        return min(matching, key=lambda one: one.trigger.name is None, default=None)

    def reachable_flows(self, source: str, join: str) -> frozenset[str]:
        """Which flows into `join` a token at `source` can come by, not passing `join` before."""
        table = self._reach.get(join)
        if table is None:
            # Built whole and then put in place: threads may do it twice, but never see half of it.
            table = self._reach[join] = self._reachability(join)
        return table.get(source, frozenset())

    def _reachability(self, join: str) -> dict[str, frozenset[str]]:
        before: dict[str, set[str]] = {}
        for name, spec in self.task_specs.items():
            for follower in spec.followers():
                before.setdefault(follower, set()).add(name)
        reach: dict[str, set[str]] = {}
        for flow in self.task_specs[join].incoming:
            seen, stack = {join}, [flow.source]
            while stack:
                name = stack.pop()
                if name in seen:
                    continue
                seen.add(name)
                reach.setdefault(name, set()).add(flow.id)
                stack.extend(before.get(name, ()))
        return {name: frozenset(flows) for name, flows in reach.items()}
