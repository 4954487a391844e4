"""Reads single BPMN elements into specifications; the flows between them come later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser

from jiedan.flow.engine.dialect import Extension, feel, read_extension, read_loop, term
from jiedan.flow.engine.elements.base import Element
from jiedan.flow.engine.elements.bodies import (
    AdHocSubprocess,
    Body,
    Containing,
    MultiInstance,
    StandardLoop,
)
from jiedan.flow.engine.elements.events import (
    EventSubprocess,
)
from jiedan.flow.engine.elements.trigger import Trigger
from jiedan.flow.engine.snapshots import ElementRef
from jiedan.flow.engine.xmlsource import bpmn, local_name, zeebe

if TYPE_CHECKING:
    from jiedan.flow.engine.parser import ScopeParser

EVENT_KINDS = {
    "messageEventDefinition": "message",
    "signalEventDefinition": "signal",
    "timerEventDefinition": "timer",
    "errorEventDefinition": "error",
    "escalationEventDefinition": "escalation",
    "conditionalEventDefinition": "condition",
    "compensateEventDefinition": "compensation",
    "cancelEventDefinition": "cancel",
    "terminateEventDefinition": "terminate",
    "linkEventDefinition": "link",
}
_REFERENCES = {
    "message": ("messageRef", "name"),
    "signal": ("signalRef", "name"),
    "error": ("errorRef", "errorCode"),
    "escalation": ("escalationRef", "escalationCode"),
}


class ElementParser(TaskParser):
    """Makes the specification of one element; connects nothing yet."""

    process_parser: ScopeParser

    def parse_node(self) -> Element:
        node = self.node
        extension = read_extension(node)
        ref = self.reference(extension)
        inner = self.make(ref, extension)
        return self.in_rounds(inner, ref)

    def reference(self, extension: Extension) -> ElementRef:
        node = self.node
        lane = self.process_parser.lane_of(node)
        return ElementRef(
            id=node.get("id"),
            name=" ".join((node.get("name") or "").split()),
            kind=local_name(node),
            process_id=self.spec.process_id,
            lane=None if lane is None else lane.get("name"),
            lane_properties={} if lane is None else read_extension(lane).properties,
            properties=dict(extension.properties),
            headers=dict(extension.headers),
            documentation=(node.findtext(bpmn("documentation")) or "").strip(),
            scope_id=self.spec.scope_id,
        )

    def make(self, ref: ElementRef, extension: Extension) -> Element:
        element = self.spec_class(self.spec, ref.id, ref=ref, extension=extension)
        element.trigger = self.trigger()
        return element

    def trigger(self) -> Trigger | None:
        for child in self.node:
            kind = EVENT_KINDS.get(local_name(child))
            if kind is not None:
                return self.read_trigger(kind, child)
        return None

    def read_trigger(self, kind: str, definition: etree._Element) -> Trigger:
        if kind == "timer":
            for tag in ("timeDate", "timeDuration", "timeCycle"):
                found = definition.find(bpmn(tag))
                if found is not None:
                    return Trigger(kind, expression=term(found.text))
            return Trigger(kind)
        if kind == "condition":
            text = feel(definition.findtext(bpmn("condition")))
            return Trigger(kind, expression=term(f"={text}") if text else None)
        if kind == "link":
            return Trigger(kind, definition.get("name") or self.node.get("name"))
        if kind == "compensation":
            return Trigger(kind, definition.get("activityRef"))
        if kind not in _REFERENCES:
            return Trigger(kind)
        attribute, wanted = _REFERENCES[kind]
        return self.named_trigger(kind, definition.get(attribute), wanted)

    def named_trigger(self, kind: str, reference: str | None, wanted: str) -> Trigger:
        target = self.process_parser.parser.definition(reference)
        name = None if target is None else target.get(wanted) or None
        if kind == "message" and target is not None:
            name = name or reference
            subscription = target.find(f"{bpmn('extensionElements')}/{zeebe('subscription')}")
            key = None if subscription is None else feel(subscription.get("correlationKey"))
            return Trigger(kind, name, term(name), term(f"={key}") if key else None)
        return Trigger(kind, name, term(name))

    def in_rounds(self, inner: Element, ref: ElementRef) -> Element:
        """Put a body around an element that has a multi-instance or loop marker."""
        marker = self.node.find(bpmn("multiInstanceLoopCharacteristics"))
        loop = self.node.find(bpmn("standardLoopCharacteristics"))
        if marker is None and loop is None:
            return inner
        del self.spec.task_specs[inner.name]
        inner.name = f"{ref.id} (item)"
        self.spec.task_specs[inner.name] = inner
        body: Body
        if marker is not None:
            body = MultiInstance(
                self.spec,
                ref.id,
                ref=ref,
                items=read_loop(marker),
                cardinality=_cardinality(marker),
                condition=feel(marker.findtext(bpmn("completionCondition"))),
                sequential=marker.get("isSequential") == "true",
            )
        else:
            maximum = (loop.get("loopMaximum") or "").strip()
            body = StandardLoop(
                self.spec,
                ref.id,
                ref=ref,
                condition=feel(loop.findtext(bpmn("loopCondition"))),
                maximum=int(maximum) if maximum.isdigit() else None,
                test_before=loop.get("testBefore") == "true",
            )
        body.item_spec = inner
        inner.body = body
        inner.is_item = True
        return body


def _cardinality(marker: etree._Element) -> Any:
    value = term(marker.findtext(bpmn("loopCardinality")))
    if value is not None and not value.is_expression and not value.text.isdigit():
        return term(f"={value.text}")
    return value


class ReceiveParser(ElementParser):
    def trigger(self) -> Trigger | None:
        return self.named_trigger("message", self.node.get("messageRef"), "name")


class SendParser(ElementParser):
    def trigger(self) -> Trigger | None:
        if self.node.get("messageRef") is None:
            return None
        return self.named_trigger("message", self.node.get("messageRef"), "name")


class BoundaryParser(ElementParser):
    def make(self, ref: ElementRef, extension: Extension) -> Element:
        element = super().make(ref, extension)
        element.interrupting = self.node.get("cancelActivity", "true") != "false" or (
            element.trigger is not None and element.trigger.kind in ("error", "cancel")
        )
        return element


class SubprocessParser(ElementParser):
    def make(self, ref: ElementRef, extension: Extension) -> Element:
        node = self.node
        by_event = node.get("triggeredByEvent") == "true"
        made = EventSubprocess if by_event else self.spec_class
        element: Containing = made(self.spec, ref.id, ref=ref, extension=extension)
        element.inner = self.process_parser.parse_inside(node)
        if isinstance(element, EventSubprocess) and element.inner.starts:
            start = element.inner.starts[0]
            element.trigger = start.trigger
            element.interrupting = start.interrupting
        if isinstance(element, AdHocSubprocess):
            element.completion_condition = feel(node.findtext(bpmn("completionCondition")))
            element.cancels_remaining = node.get("cancelRemainingInstances") != "false"
        return element


class CallParser(ElementParser):
    def make(self, ref: ElementRef, extension: Extension) -> Element:
        return super().make(ref, called_extension(self.node, extension))


def called_extension(node: etree._Element, extension: Extension) -> Extension:
    """A plain BPMN `calledElement` counts where no zeebe:calledElement is."""
    if extension.called_process is not None or not node.get("calledElement"):
        return extension
    values = {name: getattr(extension, name) for name in Extension.__slots__}
    return Extension(**{**values, "called_process": term(node.get("calledElement"))})


class StartParser(ElementParser):
    def make(self, ref: ElementRef, extension: Extension) -> Element:
        element = super().make(ref, extension)
        element.interrupting = self.node.get("isInterrupting", "true") != "false"
        return element
