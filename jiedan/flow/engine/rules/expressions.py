"""Rules on expressions: each must be FEEL that parses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from jiedan.feel import FeelError, compile_expression
from jiedan.flow.engine.dialect import Extension, Term, feel, read_extension, read_loop, term
from jiedan.flow.engine.element_parsers import called_extension
from jiedan.flow.engine.rules import Area, event_definitions, say
from jiedan.flow.engine.snapshots import Finding
from jiedan.flow.engine.xmlsource import bpmn, zeebe


@dataclass(frozen=True, slots=True)
class Place:
    """An expression and the element that carries it; `text` is FEEL without the leading `=`."""

    node: etree._Element
    what: str
    text: str


def expressions_of(area: Area) -> Iterator[Place]:
    """Every expression directly in an area."""
    for flow in area.flows:
        text = feel(flow.findtext(bpmn("conditionExpression")))
        if text:
            yield Place(flow, "condition", text)
    for node in area.nodes.values():
        yield from _of_extension(node, called_extension(node, read_extension(node)))
        yield from _of_rounds(node)
        for definition in event_definitions(node):
            yield from _of_event(node, definition)


def _of_extension(node: etree._Element, said: Extension) -> Iterator[Place]:
    for mapping in (*said.inputs, *said.outputs):
        if mapping.source.is_expression:
            yield Place(node, f"mapping of {mapping.target}", mapping.source.text)
    for what in Extension.__slots__:
        value = getattr(said, what)
        if isinstance(value, Term) and value.is_expression:
            yield Place(node, what, value.text)
    if said.script:
        yield Place(node, "script", said.script)


def _of_rounds(node: etree._Element) -> Iterator[Place]:
    marker = node.find(bpmn("multiInstanceLoopCharacteristics"))
    if marker is not None:
        items = read_loop(marker)
        if items is not None and items.input_collection and items.input_collection.is_expression:
            yield Place(node, "input_collection", items.input_collection.text)
        if items is not None and items.output_element:
            yield Place(node, "output_element", items.output_element)
        for tag in ("completionCondition", "loopCardinality"):
            text = feel(marker.findtext(bpmn(tag)))
            if text:
                yield Place(node, tag, text)
    loop = node.find(bpmn("standardLoopCharacteristics"))
    text = None if loop is None else feel(loop.findtext(bpmn("loopCondition")))
    if text:
        yield Place(node, "loopCondition", text)


def _of_event(node: etree._Element, definition: etree._Element) -> Iterator[Place]:
    for tag in ("timeDate", "timeDuration", "timeCycle"):
        value = term(definition.findtext(bpmn(tag)))
        if value is not None and value.is_expression:
            yield Place(node, "timer", value.text)
    text = feel(definition.findtext(bpmn("condition")))
    if text:
        yield Place(node, "condition", text)


def keys_of(root: etree._Element) -> Iterator[Place]:
    """The correlation keys of a file's messages."""
    for message in root.findall(bpmn("message")):
        found = message.find(f"{bpmn('extensionElements')}/{zeebe('subscription')}")
        text = None if found is None else feel(found.get("correlationKey"))
        if text:
            yield Place(message, "correlation_key", text)


def expression_findings(places: Iterator[Place]) -> Iterator[Finding]:
    for place in places:
        try:
            compile_expression(place.text)
        except FeelError as problem:
            yield say(
                place.node,
                "bad_expression",
                "An expression of %(name)s (%(what)s) is not FEEL: %(expression)s — %(problem)s",
                "Correct the expression.",
                what=place.what,
                expression=place.text,
                problem=str(problem),
            )
