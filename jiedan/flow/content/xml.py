"""Owns how foreign XML is opened: no entities, no network, no document types, bounded size."""

from lxml import etree

from jiedan.core.errors import Invalid, TooLarge

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
XML_LIMIT = 4_000_000
DEPTH_LIMIT = 60


class FileTooLarge(TooLarge):
    """The file is larger than %(limit)s bytes."""


class NotXml(Invalid):
    """This is not well-formed XML: %(reason)s"""


class DoctypeRefused(Invalid):
    """The file has a document type declaration, which is refused for safety."""


class NestedTooDeep(Invalid):
    """The file is nested more than %(limit)s levels deep."""


def parse_xml(content: bytes) -> etree._Element:
    """The root element. Raises FileTooLarge, NotXml, DoctypeRefused, NestedTooDeep."""
    if len(content) > XML_LIMIT:
        raise FileTooLarge(limit=XML_LIMIT)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(reason=str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise DoctypeRefused
    if _depth(root) > DEPTH_LIMIT:
        raise NestedTooDeep(limit=DEPTH_LIMIT)
    return root


def _depth(root: etree._Element) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def tag(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    name = element.tag
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def is_bpmn(element: etree._Element) -> bool:
    return isinstance(element.tag, str) and element.tag.startswith(f"{{{BPMN}}}")
