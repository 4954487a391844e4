"""From DMN XML (1.1 to 1.6) to definitions; nothing outside the file is fetched."""

from jiedan.dmn.definitions import (
    DecisionElement,
    Definitions,
    Import,
    InputData,
    Item,
    Knowledge,
    Service,
    Variable,
)
from jiedan.dmn.reader_boxes import function_box, only_box
from jiedan.dmn.xml import (
    Element,
    check_depth,
    children,
    first_child,
    hrefs,
    id_of,
    name_of,
    parse,
    references,
    tests_of,
    text_of,
    type_of,
    variable_of,
)
from jiedan.feel.lexer import squeeze


def read_definitions(xml: bytes) -> Definitions:
    """The definitions in a DMN file. Raises UnreadableModel."""
    root = parse(xml)
    return Definitions(
        id=root.get("id", ""),
        name=squeeze(root.get("name", "")),
        namespace=root.get("namespace", ""),
        imports=tuple(
            Import(squeeze(each.get("name", "")), each.get("namespace", ""))
            for each in children(root, "import")
        ),
        items=tuple(_item(each) for each in children(root, "itemDefinition")),
        inputs=tuple(_input_data(each) for each in children(root, "inputData")),
        decisions=tuple(_decision(each) for each in children(root, "decision")),
        knowledge=tuple(_knowledge(each) for each in children(root, "businessKnowledgeModel")),
        services=tuple(_service(each) for each in children(root, "decisionService")),
        texts={
            each.get("id"): text
            for each in root
            if isinstance(each.tag, str) and each.get("id")
            if (text := text_of(each, "description")) is not None
        },
    )


def _input_data(element: Element) -> InputData:
    name = name_of(element)
    return InputData(id_of(element), name, variable_of(element, name), element.get("label"))


def _decision(element: Element) -> DecisionElement:
    name = name_of(element)
    return DecisionElement(
        id=id_of(element),
        name=name,
        variable=variable_of(element, name),
        logic=only_box(element, 0),
        label=element.get("label"),
        inputs=references(element, "informationRequirement", "requiredInput"),
        decisions=references(element, "informationRequirement", "requiredDecision"),
        knowledge=references(element, "knowledgeRequirement", "requiredKnowledge"),
    )


def _knowledge(element: Element) -> Knowledge:
    name = name_of(element)
    logic = first_child(element, "encapsulatedLogic")
    return Knowledge(
        id=id_of(element),
        name=name,
        variable=variable_of(element, name),
        function=None if logic is None else function_box(logic, 0),
        knowledge=references(element, "knowledgeRequirement", "requiredKnowledge"),
    )


def _service(element: Element) -> Service:
    name = name_of(element)
    return Service(
        id=id_of(element),
        name=name,
        variable=variable_of(element, name),
        outputs=hrefs(element, "outputDecision"),
        encapsulated=hrefs(element, "encapsulatedDecision"),
        input_decisions=hrefs(element, "inputDecision"),
        inputs=hrefs(element, "inputData"),
    )


def _item(element: Element, depth: int = 0) -> Item:
    check_depth(depth)
    function = first_child(element, "functionItem")
    return Item(
        name=name_of(element),
        type=type_of(element),
        is_list=element.get("isCollection") == "true",
        allowed=tests_of(element, "allowedValues"),
        constraint=tests_of(element, "typeConstraint"),
        components=tuple(_item(each, depth + 1) for each in children(element, "itemComponent")),
        function=None if function is None else _function_item(function),
    )


def _function_item(element: Element) -> tuple[tuple[Variable, ...], str | None]:
    parameters = tuple(
        Variable(name_of(each), type_of(each)) for each in children(element, "parameters")
    )
    return parameters, element.get("outputTypeRef")
