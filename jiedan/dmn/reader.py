"""From DMN XML (1.1 to 1.6) to definitions; nothing outside the file is fetched."""

from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from jiedan.dmn.definitions import (
    Box,
    ConditionalBox,
    ContextBox,
    DecisionElement,
    Definitions,
    FilterBox,
    FunctionBox,
    Import,
    InputClause,
    InputData,
    InvocationBox,
    Item,
    IteratorBox,
    Knowledge,
    ListBox,
    OutputClause,
    RelationBox,
    Rule,
    Service,
    Table,
    Text,
    Variable,
)
from jiedan.dmn.errors import UnreadableModel

MAX_BYTES = 5_000_000
_DEPTH = 40
_NAMESPACES = ("http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/")

Element = Any
"""An lxml element (the stubs know no narrower type)."""


def read_definitions(xml: bytes) -> Definitions:
    """The definitions in a DMN file. Raises UnreadableModel."""
    root = _parse(xml)
    return Definitions(
        id=root.get("id", ""),
        name=_squeeze(root.get("name", "")),
        namespace=root.get("namespace", ""),
        imports=tuple(
            Import(_squeeze(each.get("name", "")), each.get("namespace", ""))
            for each in _children(root, "import")
        ),
        items=tuple(_item(each) for each in _children(root, "itemDefinition")),
        inputs=tuple(_input_data(each) for each in _children(root, "inputData")),
        decisions=tuple(_decision(each) for each in _children(root, "decision")),
        knowledge=tuple(_knowledge(each) for each in _children(root, "businessKnowledgeModel")),
        services=tuple(_service(each) for each in _children(root, "decisionService")),
        texts={
            each.get("id"): text
            for each in root
            if isinstance(each.tag, str) and each.get("id")
            if (text := _text_of(each, "description")) is not None
        },
    )


def _parse(xml: bytes) -> Element:
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
    if _local(root) != "definitions" or not _namespace(root).startswith(_NAMESPACES):
        raise UnreadableModel(reason=str(root.tag)[:200])
    return root


def _doctype(root: Element) -> str:
    return str(root.getroottree().docinfo.doctype)


def _local(element: Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _namespace(element: Element) -> str:
    return etree.QName(element).namespace or ""


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _children(element: Element, *names: str) -> Iterator[Element]:
    """The child elements of DMN's own with one of these names."""
    for child in element:
        if _local(child) in names and _namespace(child).startswith(_NAMESPACES):
            yield child


def _child(element: Element, *names: str) -> Element | None:
    return next(_children(element, *names), None)


def _text_of(element: Element, name: str) -> str | None:
    child = _child(element, name)
    return None if child is None else "".join(child.itertext())


def _type(element: Element) -> str | None:
    """A type reference: an attribute since DMN 1.2, an element or a QName before."""
    found = element.get("typeRef") or _text_of(element, "typeRef")
    if not found or not found.strip():
        return None
    return _squeeze(found).rpartition(":")[2] if ":" in found else _squeeze(found)


def _references(element: Element, requirement: str, name: str) -> tuple[str, ...]:
    found = []
    for each in _children(element, requirement):
        target = _child(each, name)
        if target is not None and target.get("href"):
            found.append(_href(target))
    return tuple(found)


def _hrefs(element: Element, name: str) -> tuple[str, ...]:
    return tuple(_href(each) for each in _children(element, name) if each.get("href"))


def _href(element: Element) -> str:
    """namespace#id, or #id without its # within the file."""
    href: str = element.get("href")
    return href[1:] if href.startswith("#") else href


def _variable(element: Element, name: str) -> Variable:
    variable = _child(element, "variable")
    if variable is None:
        return Variable(name, _type(element))
    return Variable(_squeeze(variable.get("name", "")) or name, _type(variable))


def _name(element: Element) -> str:
    return _squeeze(element.get("name", "")) or element.get("id", "")


def _id(element: Element) -> str:
    return element.get("id") or _name(element)


def _input_data(element: Element) -> InputData:
    name = _name(element)
    return InputData(_id(element), name, _variable(element, name), element.get("label"))


def _decision(element: Element) -> DecisionElement:
    name = _name(element)
    return DecisionElement(
        id=_id(element),
        name=name,
        variable=_variable(element, name),
        logic=_only_box(element, 0),
        label=element.get("label"),
        inputs=_references(element, "informationRequirement", "requiredInput"),
        decisions=_references(element, "informationRequirement", "requiredDecision"),
        knowledge=_references(element, "knowledgeRequirement", "requiredKnowledge"),
    )


def _knowledge(element: Element) -> Knowledge:
    name = _name(element)
    logic = _child(element, "encapsulatedLogic")
    return Knowledge(
        id=_id(element),
        name=name,
        variable=_variable(element, name),
        function=None if logic is None else _function(logic, 0),
        knowledge=_references(element, "knowledgeRequirement", "requiredKnowledge"),
    )


def _service(element: Element) -> Service:
    name = _name(element)
    return Service(
        id=_id(element),
        name=name,
        variable=_variable(element, name),
        outputs=_hrefs(element, "outputDecision"),
        encapsulated=_hrefs(element, "encapsulatedDecision"),
        input_decisions=_hrefs(element, "inputDecision"),
        inputs=_hrefs(element, "inputData"),
    )


def _item(element: Element, depth: int = 0) -> Item:
    _deep(depth)
    function = _child(element, "functionItem")
    return Item(
        name=_name(element),
        type=_type(element),
        is_list=element.get("isCollection") == "true",
        allowed=_tests(element, "allowedValues"),
        constraint=_tests(element, "typeConstraint"),
        components=tuple(_item(each, depth + 1) for each in _children(element, "itemComponent")),
        function=None if function is None else _function_item(function),
    )


def _function_item(element: Element) -> tuple[tuple[Variable, ...], str | None]:
    parameters = tuple(
        Variable(_name(each), _type(each)) for each in _children(element, "parameters")
    )
    return parameters, element.get("outputTypeRef")


def _tests(element: Element, name: str) -> str | None:
    child = _child(element, name)
    text = None if child is None else _text_of(child, "text")
    return text if text and text.strip() else None


def _deep(depth: int) -> None:
    if depth > _DEPTH:
        raise UnreadableModel(reason=f"nested more than {_DEPTH} levels deep")


# -- boxed expressions -------------------------------------------------------------------------


def _only_box(element: Element, depth: int) -> Box:
    """The boxed expression among the children."""
    child = _child(element, *_BOXES)
    return None if child is None else _box(child, depth + 1)


def _box(element: Element, depth: int) -> Box:
    _deep(depth)
    return _BOXES[_local(element)](element, depth)


def _literal(element: Element, depth: int = 0) -> Text:
    language = element.get("expressionLanguage")
    return Text(_text_of(element, "text") or "", _type(element), language)


def _context(element: Element, depth: int) -> ContextBox:
    entries = []
    for each in _children(element, "contextEntry"):
        variable = None if _child(each, "variable") is None else _variable(each, "")
        entries.append((variable, _only_box(each, depth)))
    return ContextBox(tuple(entries), _type(element))


def _list(element: Element, depth: int) -> ListBox:
    entries = tuple(_box(each, depth + 1) for each in _children(element, *_BOXES))
    return ListBox(entries, _type(element))


def _relation(element: Element, depth: int) -> RelationBox:
    columns = tuple(Variable(_name(each), _type(each)) for each in _children(element, "column"))
    rows = tuple(
        tuple(_box(cell, depth + 1) for cell in _children(row, *_BOXES))
        for row in _children(element, "row")
    )
    return RelationBox(columns, rows, _type(element))


def _invocation(element: Element, depth: int) -> InvocationBox:
    bindings = []
    for each in _children(element, "binding"):
        parameter = _child(each, "parameter")
        if parameter is not None:
            bindings.append((_name(parameter), _only_box(each, depth)))
    return InvocationBox(_only_box(element, depth), tuple(bindings), _type(element))


def _function(element: Element, depth: int) -> FunctionBox:
    parameters = tuple(
        Variable(_name(each), _type(each)) for each in _children(element, "formalParameter")
    )
    kind = element.get("kind") or "FEEL"
    return FunctionBox(parameters, _only_box(element, depth), kind, _type(element))


def _part(element: Element, name: str, depth: int) -> Box:
    child = _child(element, name)
    return None if child is None else _only_box(child, depth)


def _conditional(element: Element, depth: int) -> ConditionalBox:
    return ConditionalBox(
        _part(element, "if", depth),
        _part(element, "then", depth),
        _part(element, "else", depth),
        _type(element),
    )


def _filter(element: Element, depth: int) -> FilterBox:
    return FilterBox(_part(element, "in", depth), _part(element, "match", depth), _type(element))


def _iterator(element: Element, depth: int) -> IteratorBox:
    kind = _local(element)
    body = "return" if kind == "for" else "satisfies"
    return IteratorBox(
        kind,
        _squeeze(element.get("iteratorVariable", "")),
        _part(element, "in", depth),
        _part(element, body, depth),
        _type(element),
    )


def _table(element: Element, depth: int) -> Table:
    return Table(
        hit_policy=(element.get("hitPolicy") or "UNIQUE").upper(),
        aggregation=element.get("aggregation"),
        inputs=tuple(_input(each) for each in _children(element, "input")),
        outputs=tuple(_output(each) for each in _children(element, "output")),
        rules=tuple(_rule(each) for each in _children(element, "rule")),
        type=_type(element),
        label=element.get("outputLabel"),
    )


def _input(element: Element) -> InputClause:
    expression = _child(element, "inputExpression")
    return InputClause(
        expression=Text("") if expression is None else _literal(expression),
        label=element.get("label"),
        allowed=_tests(element, "inputValues"),
        id=element.get("id"),
    )


def _output(element: Element) -> OutputClause:
    default = _child(element, "defaultOutputEntry")
    return OutputClause(
        name=_squeeze(element.get("name", "")) or None,
        label=element.get("label"),
        type=_type(element),
        allowed=_tests(element, "outputValues"),
        default=None if default is None else _literal(default),
        id=element.get("id"),
    )


def _rule(element: Element) -> Rule:
    notes = [_text_of(each, "text") or "" for each in _children(element, "annotationEntry")]
    note = " · ".join(each.strip() for each in notes if each.strip())
    return Rule(
        tests=tuple(_text_of(each, "text") or "" for each in _children(element, "inputEntry")),
        answers=tuple(_literal(each) for each in _children(element, "outputEntry")),
        annotation=note or (_text_of(element, "description") or "").strip(),
        id=element.get("id"),
    )


_BOXES: dict[str, Callable[[Element, int], Box]] = {
    "literalExpression": _literal,
    "decisionTable": _table,
    "context": _context,
    "list": _list,
    "relation": _relation,
    "invocation": _invocation,
    "functionDefinition": _function,
    "conditional": _conditional,
    "filter": _filter,
    "for": _iterator,
    "some": _iterator,
    "every": _iterator,
}
