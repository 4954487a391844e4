"""Reads BPMN text into an XML tree that can do no harm: no entities, no network, bounded size."""

from __future__ import annotations

from lxml import etree

from jiedan.flow.engine.errors import DefinitionRefused
from jiedan.flow.engine.snapshots import Finding

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NAMESPACES = {
    "bpmn": BPMN,
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "zeebe": ZEEBE,
}

MAX_BYTES = 4 * 1024 * 1024
MAX_ELEMENTS = 60_000
MAX_DEPTH = 120


def bpmn(tag: str) -> str:
    return f"{{{BPMN}}}{tag}"


def zeebe(tag: str) -> str:
    return f"{{{ZEEBE}}}{tag}"


def local_name(node: etree._Element) -> str:
    """The tag without its namespace; "" for comments and processing instructions."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def parse_xml(text: bytes) -> etree._Element:
    """The root of a BPMN file. Raises DefinitionRefused."""
    if len(text) > MAX_BYTES:
        raise refused(
            "file_too_large",
            "The file is larger than %(limit)s MB.",
            "Split the process into called processes.",
            limit=MAX_BYTES // 1024 // 1024,
        )
    if (
        b"<!DOCTYPE" in text
        or "<!DOCTYPE".encode("utf-16-le") in text
        or ("<!DOCTYPE".encode("utf-16-be") in text)
    ):
        raise _doctype()
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise refused(
            "not_xml",
            "The file is not well-formed XML: %(problem)s",
            "Save it again from a BPMN editor.",
            problem=str(problem)[:200],
        ) from None
    if root.getroottree().docinfo.doctype:
        raise _doctype()
    if root.tag != bpmn("definitions"):
        raise refused(
            "not_bpmn",
            "The file is not a BPMN 2.0 diagram.",
            "Save it again from a BPMN editor.",
        )
    _check_bounds(root)
    return root


def _check_bounds(root: etree._Element) -> None:
    count = depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        count += 1
        depth += 1
        if depth > MAX_DEPTH:
            raise refused(
                "nested_too_deep",
                "The diagram is nested more than %(limit)s levels deep.",
                "Move inner subprocesses into called processes.",
                limit=MAX_DEPTH,
            )
        if count > MAX_ELEMENTS:
            raise refused(
                "too_many_elements",
                "The diagram has more than %(limit)s XML elements.",
                "Split the process into called processes.",
                limit=MAX_ELEMENTS,
            )


def _doctype() -> DefinitionRefused:
    return refused(
        "doctype",
        "The file has a DOCTYPE, which is not accepted.",
        "Remove the DOCTYPE; a BPMN file needs none.",
    )


def refused(rule: str, message: str, mend: str, **params: object) -> DefinitionRefused:
    """A refusal of the file as a whole."""
    return DefinitionRefused([Finding("", "", rule, message, params, mend)])
