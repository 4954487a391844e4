"""Owns the deploy check: what would be dropped, stuck or unreadable is refused before it runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from jiedan.core.errors import JiedanError
from jiedan.flow import engine
from jiedan.flow.content.check_bpmn import check_diagram
from jiedan.flow.content.check_dmn import check_tables
from jiedan.flow.content.check_forms import check_form
from jiedan.flow.content.context import Around, Context
from jiedan.flow.content.findings import ERROR, REPAIRED, WARNING, Finding
from jiedan.flow.content.forms import parse_form
from jiedan.flow.content.layout import check_layout
from jiedan.flow.content.read import read_decisions, read_folders, read_processes
from jiedan.flow.content.xml import BPMNDI, parse_xml
from jiedan.flow.handlers import REGISTRY, Registry

__all__ = ["ERROR", "REPAIRED", "WARNING", "Finding", "Surroundings", "check", "check_folders"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checked files may refer to beside each other.

    Without `roles` every candidate group is taken for known.
    """

    registry: Registry = field(default_factory=lambda: REGISTRY)
    processes: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    roles: frozenset[str] | None = None


def check(
    files: Mapping[str, bytes], *, around: Surroundings, layout_refuses: bool = False
) -> list[Finding]:
    """All findings on these files, those that refuse a deployment first.

    What makes a drawing hard to read is a warning unless `layout_refuses`.
    """
    known = _known(files, around)
    findings = _twice(files)
    for name, content in files.items():
        match PurePath(name).suffix:
            case ".bpmn":
                findings += _check_bpmn(name, content, known, layout_refuses)
            case ".dmn":
                findings += check_tables(name, content)
            case ".form":
                findings += check_form(name, content)
            case _:
                findings.append(
                    Finding(
                        rule="file_kind",
                        level=ERROR,
                        file=name,
                        element_id=None,
                        label=name,
                        problem="“%(name)s” is neither a diagram, nor a decision, nor a form.",
                        mend="Name it *.bpmn, *.dmn or *.form.",
                        params={"name": name},
                    )
                )
    order = {ERROR: 0, WARNING: 1, REPAIRED: 2}
    return sorted(findings, key=lambda one: (order.get(one.level, 1), one.file))


def check_folders(folders: Iterable[Path], *, around: Surroundings) -> list[Finding]:
    """The check on all content of an installation; `make check` and `jiedan check`."""
    return check(read_folders(folders), around=around, layout_refuses=True)


def _check_bpmn(name: str, content: bytes, around: Around, layout_refuses: bool) -> list[Finding]:
    findings = [_from_engine(name, one) for one in engine.inspect(content)]
    try:
        root = parse_xml(content)
    except JiedanError as error:
        if not findings:
            findings.append(_unreadable(name, error))
        return findings
    said = {(one.element_id, one.rule) for one in findings}
    found = check_diagram(Context(name, root, around))
    # What the engine has said already need not be said twice.
    findings += [one for one in found if (one.element_id, one.rule) not in said]
    if root.find(f".//{{{BPMNDI}}}BPMNDiagram") is not None:
        drawn = check_layout(content, file=name)
        findings += drawn if layout_refuses else [replace(one, level=WARNING) for one in drawn]
    return findings


def _twice(files: Mapping[str, bytes]) -> list[Finding]:
    """A process, decision or form that two files define: which one counts would be chance."""
    first: dict[tuple[str, str], str] = {}
    findings = []
    for name, content in files.items():
        for kind, key in _defined(name, content):
            other = first.setdefault((kind, key), name)
            if other != name:
                findings.append(
                    Finding(
                        rule="defined_twice",
                        level=ERROR,
                        file=name,
                        element_id=key,
                        label=key,
                        problem="“%(label)s” is defined in %(other)s, too.",
                        mend="Give one of the two another id, or delete it.",
                        params={"label": key, "other": other},
                    )
                )
    return findings


def _defined(name: str, content: bytes) -> list[tuple[str, str]]:
    try:
        match PurePath(name).suffix:
            case ".bpmn":
                return [("process", key) for key in read_processes(content)]
            case ".dmn":
                return [("decision", key) for key in read_decisions(content).decisions]
            case ".form":
                return [("form", parse_form(content)[0].id)]
    except JiedanError:
        # Unreadable files are reported where they are checked.
        pass
    return []


def _known(files: Mapping[str, bytes], around: Surroundings) -> Around:
    found: dict[str, set[str]] = {"process": set(), "decision": set(), "form": set()}
    for name, content in files.items():
        for kind, key in _defined(name, content):
            found[kind].add(key)
    return Around(
        registry=around.registry,
        processes=around.processes | found["process"],
        decisions=around.decisions | found["decision"],
        forms=around.forms | found["form"],
        roles=around.roles,
        diagrams={
            name: content for name, content in files.items() if PurePath(name).suffix == ".bpmn"
        },
    )


PROMOTED = frozenset({"no_default", "unreachable"})
"""What the engine only warns of, because it can run it, and we refuse."""
_LEVELS = {
    engine.Severity.ERROR: ERROR,
    engine.Severity.WARNING: WARNING,
    engine.Severity.REPAIRED: REPAIRED,
}


def _from_engine(name: str, found: engine.Finding) -> Finding:
    return Finding(
        rule=found.rule,
        level=ERROR if found.rule in PROMOTED else _LEVELS[found.severity],
        file=name,
        element_id=found.element_id or None,
        label=found.element_name or found.element_id or name,
        problem=found.message,
        mend=found.mend,
        params=dict(found.params),
        process_id=found.process_id,
    )


def _unreadable(name: str, error: JiedanError) -> Finding:
    return Finding(
        rule="unreadable",
        level=ERROR,
        file=name,
        element_id=None,
        label=name,
        problem=error.msgid(),
        params=error.params,
    )
