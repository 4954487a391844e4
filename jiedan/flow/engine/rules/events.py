"""Rules on events: one trigger each, which is complete and makes sense where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from jiedan.flow.engine.dialect import feel, read_extension
from jiedan.flow.engine.rules import Area, Diagram, event_definitions, say, warn
from jiedan.flow.engine.snapshots import Finding
from jiedan.flow.engine.timing import NotATime, check_literal
from jiedan.flow.engine.xmlsource import bpmn, local_name, zeebe

_EVENTS = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
_ALLOWED = {
    "startEvent": {"message", "signal", "timer", "conditional", "error", "escalation"},
    "intermediateCatchEvent": {"message", "signal", "timer", "conditional", "link"},
    "intermediateThrowEvent": {"message", "signal", "escalation", "link", "compensate"},
    "endEvent": {
        "message",
        "signal",
        "error",
        "escalation",
        "terminate",
        "cancel",
        "compensate",
    },
    "boundaryEvent": {
        "message",
        "signal",
        "timer",
        "conditional",
        "error",
        "escalation",
        "cancel",
        "compensate",
    },
}
_NAMED = {"message": "messageRef", "signal": "signalRef"}
_CODED = {"error": ("errorRef", "errorCode"), "escalation": ("escalationRef", "escalationCode")}


def _kind(definition: etree._Element) -> str:
    return local_name(definition).removesuffix("EventDefinition")


def has_one_trigger(diagram: Diagram, area: Area, node: etree._Element) -> Iterator[Finding]:
    place = local_name(node)
    if place not in _EVENTS:
        return
    found = event_definitions(node)
    if len(found) > 1:
        yield say(
            node,
            "several_triggers",
            "The event %(name)s has more than one trigger.",
            "Draw one event for each.",
        )
    if node.find(bpmn("eventDefinitionRef")) is not None:
        yield say(
            node,
            "trigger_elsewhere",
            "The trigger of %(name)s is defined outside of it.",
            "Set the trigger on the event itself.",
        )
    if not found and place in ("boundaryEvent", "intermediateCatchEvent"):
        yield say(
            node,
            "no_trigger",
            "The event %(name)s has no trigger.",
            "Choose what it waits for: a message, a time, a signal, a condition.",
        )
    for one in found:
        kind = _kind(one)
        inside = area.is_event_subprocess or place != "startEvent"
        allowed = kind in _ALLOWED[place]
        if allowed and not inside and kind in ("error", "escalation", "conditional"):
            allowed = False
        if not allowed:
            yield say(
                node,
                "trigger_misplaced",
                "The event %(name)s cannot have this trigger here: %(kind)s.",
                "Use another kind of event.",
                kind=kind,
            )


def triggers_are_complete(diagram: Diagram, area: Area, node: etree._Element) -> Iterator[Finding]:
    if local_name(node) == "receiveTask":
        yield from _named(diagram, node, node, "message", "messageRef")
    if local_name(node) == "sendTask" and node.get("messageRef"):
        yield from _named(diagram, node, node, "message", "messageRef")
    for one in event_definitions(node):
        kind = _kind(one)
        if kind in _NAMED and not _sends_by_handler(node):
            yield from _named(diagram, node, one, kind, _NAMED[kind])
        elif kind in _CODED:
            yield from _coded(diagram, node, one, kind)
        elif kind == "timer":
            yield from _timed(node, one)
        elif kind == "conditional" and not feel(one.findtext(bpmn("condition"))):
            yield say(
                node,
                "no_condition",
                "The event %(name)s has no condition.",
                "Write its condition.",
            )


def _sends_by_handler(node: etree._Element) -> bool:
    throwing = local_name(node) in ("intermediateThrowEvent", "endEvent")
    return throwing and read_extension(node).task_type is not None


def _named(
    diagram: Diagram, node: etree._Element, holder: etree._Element, kind: str, attribute: str
) -> Iterator[Finding]:
    target = diagram.definition(holder.get(attribute))
    if target is not None and local_name(target) == kind and (target.get("name") or "").strip():
        return
    yield say(
        node,
        f"no_{kind}",
        {
            "message": "%(name)s names no message.",
            "signal": "%(name)s names no signal.",
        }[kind],
        {
            "message": "Choose a message in its properties.",
            "signal": "Choose a signal in its properties.",
        }[kind],
    )


def _coded(
    diagram: Diagram, node: etree._Element, holder: etree._Element, kind: str
) -> Iterator[Finding]:
    attribute, code = _CODED[kind]
    target = diagram.definition(holder.get(attribute))
    throwing = local_name(node) in ("endEvent", "intermediateThrowEvent")
    missing = target is None or not (target.get(code) or "").strip()
    if (throwing and missing) or (holder.get(attribute) and target is None):
        yield say(
            node,
            f"no_{kind}_code",
            {
                "error": "%(name)s names no error with a code.",
                "escalation": "%(name)s names no escalation with a code.",
            }[kind],
            "Choose one in its properties and give it a code.",
        )


def _timed(node: etree._Element, definition: etree._Element) -> Iterator[Finding]:
    found = [definition.find(bpmn(tag)) for tag in ("timeDate", "timeDuration", "timeCycle")]
    texts = [(one.text or "").strip() for one in found if one is not None]
    if not texts or not texts[0]:
        yield say(
            node,
            "no_time",
            "The timer %(name)s has no time.",
            "Give it a duration such as PT4H, a date, a cycle such as R3/PT1H, or an expression.",
        )
    elif not texts[0].startswith("="):
        try:
            check_literal(texts[0])
        except NotATime:
            yield say(
                node,
                "bad_time",
                "The timer %(name)s has a time that is not understood: %(text)s",
                "Write a duration such as PT4H, a date, a cycle such as R3/PT1H, or begin an "
                "expression with =.",
                text=texts[0],
            )


def boundary_is_attached(diagram: Diagram, area: Area, node: etree._Element) -> Iterator[Finding]:
    if local_name(node) != "boundaryEvent":
        return
    host = area.nodes.get(node.get("attachedToRef"))
    if host is None or local_name(host).endswith(("Event", "Gateway")):
        yield say(
            node,
            "not_attached",
            "The boundary event %(name)s is attached to no activity.",
            "Attach it to a task, subprocess or call activity.",
        )
        return
    kinds = [_kind(one) for one in event_definitions(node)]
    if "cancel" in kinds and local_name(host) != "transaction":
        yield say(
            node,
            "cancel_without_transaction",
            "The cancel event %(name)s is not attached to a transaction.",
            "Make the subprocess a transaction, or use another event.",
        )
    if not area.outgoing.get(node.get("id")) and "compensate" not in kinds:
        yield warn(
            node,
            "boundary_leads_nowhere",
            "Nothing follows the boundary event %(name)s.",
            "Draw what happens then.",
        )


def messages_are_addressed(diagram: Diagram, area: Area, node: etree._Element) -> Iterator[Finding]:
    """A message reaches one instance by its key; only the start of a process needs none."""
    kind = local_name(node)
    holders = [node] if kind == "receiveTask" else event_definitions(node)
    catches = kind in ("receiveTask", "intermediateCatchEvent", "boundaryEvent") or (
        kind == "startEvent" and area.is_event_subprocess
    )
    for holder in holders if catches else ():
        message = diagram.definition(holder.get("messageRef"))
        if message is None or not message.get("name"):
            continue
        found = message.find(f"{bpmn('extensionElements')}/{zeebe('subscription')}")
        if found is None or not feel(found.get("correlationKey")):
            yield warn(
                node,
                "no_correlation_key",
                "The message of %(name)s has no correlation key: one for any instance is taken.",
                "Give the message a correlation key such as =order_id.",
            )


def links_meet(diagram: Diagram, area: Area, node: etree._Element) -> Iterator[Finding]:
    links = [one for one in event_definitions(node) if _kind(one) == "link"]
    if not links:
        return
    name = links[0].get("name") or node.get("name")
    other = "Catch" if "Throw" in local_name(node) else "Throw"
    partners = [
        one
        for one in area.of_kind(f"intermediate{other}Event")
        for link in event_definitions(one)
        if _kind(link) == "link" and (link.get("name") or one.get("name")) == name
    ]
    if not partners and other == "Catch":
        yield say(
            node,
            "link_nowhere",
            "The link %(name)s leads nowhere: no catching link event has the same link name.",
            "Give both link events the same link name.",
        )
    if other == "Catch" and len(partners) > 1:
        yield say(
            node,
            "link_ambiguous",
            "The link %(name)s leads to more than one place.",
            "Keep one catching link event for each link name.",
        )


EVENT_RULES = (
    has_one_trigger,
    triggers_are_complete,
    boundary_is_attached,
    messages_are_addressed,
    links_meet,
)
