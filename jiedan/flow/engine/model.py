"""Compiled bundles: the processes an instance may run, parsed once and shared read-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from jiedan.flow.engine.elements.base import Element
from jiedan.flow.engine.elements.bodies import Body, CallActivity, Containing
from jiedan.flow.engine.errors import DefinitionRefused
from jiedan.flow.engine.inspection import inspect_tree
from jiedan.flow.engine.parser import DiagramParser
from jiedan.flow.engine.repairs import repair
from jiedan.flow.engine.snapshots import ElementRef, Finding, Severity
from jiedan.flow.engine.spec import ProcessSpec
from jiedan.flow.engine.xmlsource import parse_xml, refused


class ProcessModel:
    """A root process with everything it calls; safe to share between threads."""

    def __init__(self, root_id: str, processes: Mapping[str, ProcessSpec]) -> None:
        self.root_id = root_id
        self.processes = dict(processes)
        self.root = self.processes[root_id]

    def elements(self) -> Iterator[ElementRef]:
        """Every element of every process, subprocesses included."""
        for spec in self.processes.values():
            for element in elements_of(spec):
                yield element.ref

    def called(self) -> frozenset[str]:
        """Ids of the processes that are called by name."""
        return frozenset(
            element.extension.called_process.text
            for spec in self.processes.values()
            for element in elements_of(spec)
            if isinstance(element, CallActivity)
            and element.extension.called_process is not None
            and not element.extension.called_process.is_expression
        )

    def start_messages(self) -> frozenset[str]:
        """Messages that start the root process."""
        return self._starts("message")

    def start_signals(self) -> frozenset[str]:
        """Signals that start the root process."""
        return self._starts("signal")

    def start_timers(self) -> tuple[tuple[ElementRef, str], ...]:
        """Timer start events of the root process: the element and its time, `=` before FEEL."""
        return tuple(
            (one.ref, f"{'=' if term.is_expression else ''}{term.text}")
            for one in self.root.starts
            if one.trigger is not None
            and one.trigger.kind == "timer"
            and (term := one.trigger.expression) is not None
        )

    def _starts(self, kind: str) -> frozenset[str]:
        triggers = [one.trigger for one in self.root.starts if one.trigger is not None]
        return frozenset(one.name for one in triggers if one.kind == kind and one.name)


def elements_of(spec: ProcessSpec) -> Iterator[Element]:
    """All elements of a scope and the scopes inside; rounds are represented by their body."""
    for element in spec.task_specs.values():
        if element.is_item:
            continue
        yield element
        inside = element.item_spec if isinstance(element, Body) else element
        if isinstance(inside, Body):
            continue
        if inside is not element and isinstance(inside, CallActivity):
            yield inside
        if isinstance(inside, Containing) and not isinstance(inside, CallActivity):
            yield from elements_of(inside.inner)


def compile_model(sources: Mapping[str, bytes], root: str) -> ProcessModel:
    """Compile the BPMN files in `sources` (any names) for the process with id `root`.

    Only the root and what it calls must be sound. Raises DefinitionRefused with every error that
    `inspect` would find in them.
    """
    processes: dict[str, ProcessSpec] = {}
    findings: dict[str, list[Finding]] = {}
    for file, text in sources.items():
        for process_id, (spec, errors) in _read(file, text).items():
            if process_id in processes:
                raise refused(
                    "process_twice",
                    "The process %(process)s is in two files.",
                    "Rename one of them.",
                    process=process_id,
                )
            processes[process_id] = spec
            findings[process_id] = errors
    if root not in processes:
        raise refused(
            "no_such_process",
            "There is no process %(process)s.",
            "Check the process id.",
            process=root,
        )
    needed = _closure(processes, root)
    errors = [error for name in needed for error in findings[name]]
    if errors:
        raise DefinitionRefused(errors)
    return ProcessModel(root, {name: processes[name] for name in needed})


@lru_cache(maxsize=256)
def _read(file: str, text: bytes) -> dict[str, tuple[ProcessSpec, list[Finding]]]:
    """The processes of a file; many bundles share one reading, nothing changes it."""
    tree = parse_xml(text)
    repair(tree)
    errors = [one for one in inspect_tree(tree) if one.severity is Severity.ERROR]
    by_process: dict[str, list[Finding]] = {}
    for error in errors:
        by_process.setdefault(error.process_id, []).append(error)
    general = by_process.pop("", [])
    if general:
        raise DefinitionRefused(general)
    parser = DiagramParser(tree, file)
    read = {}
    for process_id in list(parser.process_parsers):
        if by_process.get(process_id):
            read[process_id] = (ProcessSpec(process_id, "", file, None), by_process[process_id])
            continue
        try:
            read[process_id] = (parser.get_spec(process_id), [])
        except ValidationException as problem:
            raise refused(
                "not_understood",
                "The element %(element)s is not understood: %(problem)s",
                "Draw it again in the studio.",
                element=problem.id,
                problem=str(problem),
            ) from problem
    return read


def _closure(processes: Mapping[str, ProcessSpec], root: str) -> list[str]:
    """The root and all it calls; with a called name that is an expression, everything."""
    needed, stack = [root], [root]
    while stack:
        for element in elements_of(processes[stack.pop()]):
            if not isinstance(element, CallActivity):
                continue
            called = element.extension.called_process
            names = list(processes) if called.is_expression else [called.text]
            for name in names:
                if name not in processes:
                    raise DefinitionRefused(
                        [
                            Finding(
                                element.ref.id,
                                element.ref.name,
                                "called_process_missing",
                                "The called process %(process)s does not exist.",
                                {"process": name},
                                "Choose an existing process or deploy it together with this one.",
                                process_id=element.ref.process_id,
                            )
                        ]
                    )
                if name not in needed:
                    needed.append(name)
                    stack.append(name)
    return needed
