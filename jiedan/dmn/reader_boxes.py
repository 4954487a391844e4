"""From DMN XML to boxed expressions."""

from collections.abc import Callable

from jiedan.dmn.definitions import (
    Box,
    ConditionalBox,
    ContextBox,
    FilterBox,
    FunctionBox,
    InputClause,
    InvocationBox,
    IteratorBox,
    ListBox,
    OutputClause,
    RelationBox,
    Rule,
    Table,
    Text,
    Variable,
)
from jiedan.dmn.xml import (
    Element,
    check_depth,
    children,
    first_child,
    local_name,
    name_of,
    tests_of,
    text_of,
    type_of,
    variable_of,
)
from jiedan.feel.lexer import squeeze


def only_box(element: Element, depth: int) -> Box:
    """The boxed expression among the children."""
    child = first_child(element, *_BOXES)
    return None if child is None else _box(child, depth + 1)


def _box(element: Element, depth: int) -> Box:
    check_depth(depth)
    return _BOXES[local_name(element)](element, depth)


def _literal(element: Element, depth: int = 0) -> Text:
    language = element.get("expressionLanguage")
    return Text(text_of(element, "text") or "", type_of(element), language)


def _context(element: Element, depth: int) -> ContextBox:
    entries = []
    for each in children(element, "contextEntry"):
        variable = None if first_child(each, "variable") is None else variable_of(each, "")
        entries.append((variable, only_box(each, depth)))
    return ContextBox(tuple(entries), type_of(element))


def _list(element: Element, depth: int) -> ListBox:
    entries = tuple(_box(each, depth + 1) for each in children(element, *_BOXES))
    return ListBox(entries, type_of(element))


def _relation(element: Element, depth: int) -> RelationBox:
    columns = tuple(Variable(name_of(each), type_of(each)) for each in children(element, "column"))
    rows = tuple(
        tuple(_box(cell, depth + 1) for cell in children(row, *_BOXES))
        for row in children(element, "row")
    )
    return RelationBox(columns, rows, type_of(element))


def _invocation(element: Element, depth: int) -> InvocationBox:
    bindings = []
    for each in children(element, "binding"):
        parameter = first_child(each, "parameter")
        if parameter is not None:
            bindings.append((name_of(parameter), only_box(each, depth)))
    return InvocationBox(only_box(element, depth), tuple(bindings), type_of(element))


def function_box(element: Element, depth: int) -> FunctionBox:
    parameters = tuple(
        Variable(name_of(each), type_of(each)) for each in children(element, "formalParameter")
    )
    kind = element.get("kind") or "FEEL"
    return FunctionBox(parameters, only_box(element, depth), kind, type_of(element))


def _part(element: Element, name: str, depth: int) -> Box:
    child = first_child(element, name)
    return None if child is None else only_box(child, depth)


def _conditional(element: Element, depth: int) -> ConditionalBox:
    return ConditionalBox(
        _part(element, "if", depth),
        _part(element, "then", depth),
        _part(element, "else", depth),
        type_of(element),
    )


def _filter(element: Element, depth: int) -> FilterBox:
    return FilterBox(_part(element, "in", depth), _part(element, "match", depth), type_of(element))


def _iterator(element: Element, depth: int) -> IteratorBox:
    kind = local_name(element)
    body = "return" if kind == "for" else "satisfies"
    return IteratorBox(
        kind,
        squeeze(element.get("iteratorVariable", "")),
        _part(element, "in", depth),
        _part(element, body, depth),
        type_of(element),
    )


def _table(element: Element, depth: int) -> Table:
    return Table(
        hit_policy=(element.get("hitPolicy") or "UNIQUE").upper(),
        aggregation=element.get("aggregation"),
        inputs=tuple(_input(each) for each in children(element, "input")),
        outputs=tuple(_output(each) for each in children(element, "output")),
        rules=tuple(_rule(each) for each in children(element, "rule")),
        type=type_of(element),
        label=element.get("outputLabel"),
    )


def _input(element: Element) -> InputClause:
    expression = first_child(element, "inputExpression")
    return InputClause(
        expression=Text("") if expression is None else _literal(expression),
        label=element.get("label"),
        allowed=tests_of(element, "inputValues"),
        id=element.get("id"),
    )


def _output(element: Element) -> OutputClause:
    default = first_child(element, "defaultOutputEntry")
    return OutputClause(
        name=squeeze(element.get("name", "")) or None,
        label=element.get("label"),
        type=type_of(element),
        allowed=tests_of(element, "outputValues"),
        default=None if default is None else _literal(default),
        id=element.get("id"),
    )


def _rule(element: Element) -> Rule:
    notes = [text_of(each, "text") or "" for each in children(element, "annotationEntry")]
    note = " · ".join(each.strip() for each in notes if each.strip())
    return Rule(
        tests=tuple(text_of(each, "text") or "" for each in children(element, "inputEntry")),
        answers=tuple(_literal(each) for each in children(element, "outputEntry")),
        annotation=note or (text_of(element, "description") or "").strip(),
        id=element.get("id"),
    )


_BOXES: dict[str, Callable[[Element, int], Box]] = {
    "literalExpression": _literal,
    "decisionTable": _table,
    "context": _context,
    "list": _list,
    "relation": _relation,
    "invocation": _invocation,
    "functionDefinition": function_box,
    "conditional": _conditional,
    "filter": _filter,
    "for": _iterator,
    "some": _iterator,
    "every": _iterator,
}
