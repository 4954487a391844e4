"""Reading DMN XML safely: nothing outside the file is fetched, element names of any version."""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from jiedan.dmn.definitions import Variable
from jiedan.dmn.errors import UnreadableModel
from jiedan.feel.lexer import squeeze

MAX_BYTES = 5_000_000
_DEPTH = 40
_NAMESPACES = ("http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/")

Element = Any
"""An lxml element (the stubs know no narrower type)."""


def parse(xml: bytes) -> Element:
    """The root of a DMN file. Raises UnreadableModel."""
    if len(xml) > MAX_BYTES:
        raise UnreadableModel(reason=f"more than {MAX_BYTES} bytes")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableModel(reason=str(error)) from None
    if _doctype(root):
        raise UnreadableModel(reason="DOCTYPE")
    if local_name(root) != "definitions" or not _namespace(root).startswith(_NAMESPACES):
        raise UnreadableModel(reason=str(root.tag)[:200])
    return root


def _doctype(root: Element) -> str:
    return str(root.getroottree().docinfo.doctype)


def local_name(element: Element) -> str:
    """The element's name without its namespace; nothing for a comment."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _namespace(element: Element) -> str:
    return etree.QName(element).namespace or ""


def children(element: Element, *names: str) -> Iterator[Element]:
    """The child elements of DMN's own with one of these names."""
    for child in element:
        if local_name(child) in names and _namespace(child).startswith(_NAMESPACES):
            yield child


def first_child(element: Element, *names: str) -> Element | None:
    """The first child element with one of these names."""
    return next(children(element, *names), None)


def text_of(element: Element, name: str) -> str | None:
    """The text inside the child of that name."""
    child = first_child(element, name)
    return None if child is None else "".join(child.itertext())


def type_of(element: Element) -> str | None:
    """A type reference: an attribute since DMN 1.2, an element or a QName before."""
    found = element.get("typeRef") or text_of(element, "typeRef")
    if not found or not found.strip():
        return None
    return squeeze(found).rpartition(":")[2] if ":" in found else squeeze(found)


def references(element: Element, requirement: str, name: str) -> tuple[str, ...]:
    """What the requirements of that name refer to."""
    found = []
    for each in children(element, requirement):
        target = first_child(each, name)
        if target is not None and target.get("href"):
            found.append(_href(target))
    return tuple(found)


def hrefs(element: Element, name: str) -> tuple[str, ...]:
    """What the children of that name refer to."""
    return tuple(_href(each) for each in children(element, name) if each.get("href"))


def _href(element: Element) -> str:
    """namespace#id, or #id without its # within the file."""
    href: str = element.get("href")
    return href[1:] if href.startswith("#") else href


def variable_of(element: Element, name: str) -> Variable:
    """The element's variable; without one its name and type."""
    variable = first_child(element, "variable")
    if variable is None:
        return Variable(name, type_of(element))
    return Variable(squeeze(variable.get("name", "")) or name, type_of(variable))


def name_of(element: Element) -> str:
    """The element's name, or its id."""
    return squeeze(element.get("name", "")) or element.get("id", "")


def id_of(element: Element) -> str:
    """The element's id, or its name."""
    return element.get("id") or name_of(element)


def tests_of(element: Element, name: str) -> str | None:
    """The unary tests inside the child of that name."""
    child = first_child(element, name)
    text = None if child is None else text_of(child, "text")
    return text if text and text.strip() else None


def check_depth(depth: int) -> None:
    """Raises UnreadableModel when elements are nested too deep."""
    if depth > _DEPTH:
        raise UnreadableModel(reason=f"nested more than {_DEPTH} levels deep")
