"""The import of one file: recognise the dialect, convert, and write the diagram and its forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from jiedan.core.errors import Invalid
from jiedan.flow.content.findings import Finding
from jiedan.flow.content.xml import BPMN, ZEEBE, parse_xml
from jiedan.flow.importing import spiffworkflow
from jiedan.flow.importing.camunda import CAMUNDA
from jiedan.flow.importing.conversion import Conversion
from jiedan.flow.importing.flowable import FLOWABLE
from jiedan.flow.importing.java import Dialect, convert
from jiedan.flow.importing.rules import LEVELS
from jiedan.flow.importing.syntax import Language

MODELER = "http://camunda.org/schema/modeler/1.0"
_OURS = {"zeebe": ZEEBE, "modeler": MODELER}
_STANDARD = (
    "http://www.omg.org/",
    "http://www.w3.org/",
    ZEEBE,
    MODELER,
    "http://bpmn.io/schema/bpmn/biocolor/1.0",
)
_PLAIN = Dialect(namespaces={}, rules={})
"""For files without foreign settings: JUEL may still stand in conditions."""


class NotBpmn(Invalid):
    """This is not a BPMN 2.0 diagram."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A converted diagram, the forms that were made for it, and the report."""

    source: bytes
    forms: Mapping[str, bytes]
    """File name → form."""
    rows: tuple[Finding, ...]
    """What needs a person first, then what is worth knowing, then what is done."""
    dialects: tuple[str, ...]
    """Prefixes, e.g. `camunda`."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows by level."""
        found = Counter(one.level for one in self.rows)
        return {level: found[level] for level in LEVELS}

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left for a person."""
        return not self.counts[LEVELS[0]]


def import_diagram(content: bytes, *, filename: str) -> Imported:
    """Convert a BPMN file of another engine into plain BPMN with zeebe extensions and FEEL.

    Raises NotBpmn, and what `parse_xml` raises of hostile files.
    """
    root = parse_xml(content)
    if root.tag != f"{{{BPMN}}}definitions":
        raise NotBpmn
    used = _namespaces(root)
    is_python = bool(used & set(spiffworkflow.NAMESPACES))
    conversion = Conversion(root, filename, Language.PYTHON if is_python else Language.JUEL)
    found = [one for one in (CAMUNDA, FLOWABLE) if used & set(one.namespaces)]
    for dialect in found:
        convert(conversion, dialect)
    if is_python:
        spiffworkflow.convert(conversion)
    if not found and not is_python:
        convert(conversion, _PLAIN)
    _note_others(conversion, used)
    order = {level: number for number, level in enumerate(LEVELS)}
    return Imported(
        source=_written(root),
        forms=conversion.forms,
        rows=tuple(sorted(conversion.rows, key=lambda one: order[one.level])),
        dialects=tuple(sorted({_FOREIGN[one] for one in used if one in _FOREIGN})),
    )


_FOREIGN = {**CAMUNDA.namespaces, **FLOWABLE.namespaces, **spiffworkflow.NAMESPACES}


def _namespaces(root: etree._Element) -> set[str]:
    """Those that elements and attributes are in, or that are declared at the root."""
    used = {str(one) for one in root.nsmap.values()}
    for node in root.iter("{*}*"):
        for name in (node.tag, *node.attrib):
            text = str(name)
            if text.startswith("{"):
                used.add(text[1:].partition("}")[0])
    return used


def _note_others(conversion: Conversion, used: set[str]) -> None:
    """Settings of other products are kept."""
    inside = {
        str(node.tag)[1:].partition("}")[0]
        for node in conversion.root.iter("{*}*")
        if str(node.tag).startswith("{")
    }
    for one in sorted(inside & used):
        if one not in _FOREIGN and not one.startswith(_STANDARD):
            conversion.say("kept", conversion.root, value=one)


def _written(root: etree._Element) -> bytes:
    """The file, with our namespaces declared at the top and the foreign ones gone."""
    keep = [str(key) for key, value in root.nsmap.items() if key and value not in _FOREIGN]
    etree.cleanup_namespaces(root, top_nsmap=_OURS, keep_ns_prefixes=[*keep, *_OURS])
    root.set(f"{{{MODELER}}}executionPlatform", "Camunda Cloud")
    root.set(f"{{{MODELER}}}executionPlatformVersion", "8.8.0")
    tree = root.getroottree()
    return etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
