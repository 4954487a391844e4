"""What the engine makes of each kind of element, asked from its own checks on small diagrams.

Nothing here states what is supported: each kind is drawn with all that it needs, the engine's
inspection is asked, and its answer is handed on. The manual shows it, so it cannot go stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from jiedan.flow.engine.inspection import inspect
from jiedan.flow.engine.snapshots import Finding, Severity
from jiedan.flow.engine.xmlsource import BPMN, ZEEBE


class Drawing(NamedTuple):
    """An element with the id `x`, and what stands beside it instead of a flow to the end."""

    element: str
    beside: str = '<sequenceFlow id="f2" sourceRef="x" targetRef="end"/>'


@dataclass(frozen=True, slots=True)
class Support:
    """A drawn kind of element and what the inspection says of it."""

    kind: str
    diagram: bytes
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Severity | None:
        """ERROR: refused; REPAIRED: mended, then run; None: run, though `notes` may warn."""
        severities = {one.severity for one in self.findings}
        return next((one for one in (Severity.ERROR, Severity.REPAIRED) if one in severities), None)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What the verdict is about, or what is worth knowing of what runs."""
        wanted = self.verdict or Severity.WARNING
        return tuple(one for one in self.findings if one.severity is wanted)


def _said(inner: str) -> str:
    return f"<extensionElements>{inner}</extensionElements>"


_MESSAGES = (
    '<message id="m" name="m">'
    + _said('<zeebe:subscription correlationKey="=k"/>')
    + '</message><signal id="s" name="s"/><error id="e" errorCode="E"/>'
    '<escalation id="u" escalationCode="U"/>'
)
_INNER = (
    '<startEvent id="i1"/><task id="i2"/><endEvent id="i3"/>'
    '<sequenceFlow id="g1" sourceRef="i1" targetRef="i2"/>'
    '<sequenceFlow id="g2" sourceRef="i2" targetRef="i3"/>'
)
_ONWARD = Drawing("").beside
_CONDITION = "<conditionExpression>=x</conditionExpression>"
_TO_OTHER = '<sequenceFlow id="f3" sourceRef="x" targetRef="other"{flow}<endEvent id="other"/>'
_SPLIT = _ONWARD + _TO_OTHER.format(flow="/>")
_CHOICE = (
    f'<sequenceFlow id="f2" sourceRef="x" targetRef="end">{_CONDITION}</sequenceFlow>'
    + _TO_OTHER.format(flow="/>")
)
_WAITS = (
    '<intermediateCatchEvent id="w1"><messageEventDefinition messageRef="m"/>'
    '</intermediateCatchEvent><intermediateCatchEvent id="w2"><timerEventDefinition>'
    "<timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>"
    '<sequenceFlow id="f2" sourceRef="x" targetRef="w1"/>'
    '<sequenceFlow id="f3" sourceRef="x" targetRef="w2"/>'
    '<sequenceFlow id="f4" sourceRef="w1" targetRef="end"/>'
    '<sequenceFlow id="f5" sourceRef="w2" targetRef="end"/>'
)
_ROUNDS = '<zeebe:loopCharacteristics inputCollection="=rows" inputElement="row"/>'


def _rounds(sequential: str) -> str:
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{sequential}">{_said(_ROUNDS)}'
        "</multiInstanceLoopCharacteristics>"
    )


ELEMENTS: dict[str, Drawing] = {
    "task": Drawing('<task id="x"/>'),
    "userTask": Drawing('<userTask id="x"/>'),
    "manualTask": Drawing('<manualTask id="x"/>'),
    "serviceTask": Drawing(
        '<serviceTask id="x">' + _said('<zeebe:taskDefinition type="h"/>') + "</serviceTask>"
    ),
    "sendTask": Drawing('<sendTask id="x" messageRef="m"/>'),
    "receiveTask": Drawing('<receiveTask id="x" messageRef="m"/>'),
    "businessRuleTask": Drawing(
        '<businessRuleTask id="x">'
        + _said('<zeebe:calledDecision decisionId="d" resultVariable="r"/>')
        + "</businessRuleTask>"
    ),
    "scriptTask": Drawing(
        '<scriptTask id="x">'
        + _said('<zeebe:script expression="=1" resultVariable="r"/>')
        + "</scriptTask>"
    ),
    "callActivity": Drawing(
        '<callActivity id="x">' + _said('<zeebe:calledElement processId="c"/>') + "</callActivity>"
    ),
    "subProcess": Drawing(f'<subProcess id="x">{_INNER}</subProcess>'),
    "transaction": Drawing(f'<transaction id="x">{_INNER}</transaction>'),
    "adHocSubProcess": Drawing('<adHocSubProcess id="x"><task id="i2"/></adHocSubProcess>'),
    "exclusiveGateway": Drawing('<exclusiveGateway id="x" default="f3"/>', _CHOICE),
    "inclusiveGateway": Drawing('<inclusiveGateway id="x" default="f3"/>', _CHOICE),
    "parallelGateway": Drawing('<parallelGateway id="x"/>', _SPLIT),
    "eventBasedGateway": Drawing('<eventBasedGateway id="x"/>', _WAITS),
    "complexGateway": Drawing('<complexGateway id="x"/>', _SPLIT),
    "multiInstanceParallel": Drawing(f'<userTask id="x">{_rounds("false")}</userTask>'),
    "multiInstanceSequential": Drawing(f'<userTask id="x">{_rounds("true")}</userTask>'),
    "standardLoop": Drawing(
        '<userTask id="x"><standardLoopCharacteristics><loopCondition>=x</loopCondition>'
        "</standardLoopCharacteristics></userTask>"
    ),
}
"""Activities, gateways and markers, each with all that it needs."""

TRIGGERS: dict[str, str] = {
    "none": "",
    "message": '<messageEventDefinition messageRef="m"/>',
    "timer": "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
    "signal": '<signalEventDefinition signalRef="s"/>',
    "conditional": (
        "<conditionalEventDefinition><condition>=x</condition></conditionalEventDefinition>"
    ),
    "error": '<errorEventDefinition errorRef="e"/>',
    "escalation": '<escalationEventDefinition escalationRef="u"/>',
    "compensate": "<compensateEventDefinition/>",
    "cancel": "<cancelEventDefinition/>",
    "link": '<linkEventDefinition name="l"/>',
    "terminate": "<terminateEventDefinition/>",
}
PLACES = (
    "startEvent",
    "eventSubprocessStart",
    "intermediateCatchEvent",
    "boundaryEvent",
    "intermediateThrowEvent",
    "endEvent",
)
"""Where an event can stand; `eventSubprocessStart` is the start of an event subprocess."""

MISTAKES: dict[str, Drawing] = {
    "element_without_id": Drawing('<task id="x"/><task/>'),
    "flow_without_id": Drawing('<task id="x"/>', '<sequenceFlow sourceRef="x" targetRef="end"/>'),
    "flow_meant_as_default": Drawing('<exclusiveGateway id="x"/>', _CHOICE),
    "flow_without_condition": Drawing('<exclusiveGateway id="x"/>', _SPLIT),
    "no_default": Drawing(
        '<exclusiveGateway id="x"/>',
        _CHOICE.replace('targetRef="other"/>', f'targetRef="other">{_CONDITION}</sequenceFlow>'),
    ),
    "flow_target_missing": Drawing(
        '<task id="x"/>', '<sequenceFlow id="f2" sourceRef="x" targetRef="nowhere"/>'
    ),
    "id_twice": Drawing('<task id="x"/><task id="x"/>'),
    "unreachable": Drawing('<task id="x"/><task id="alone"/>'),
    "no_handler": Drawing('<serviceTask id="x"/>'),
    "no_expression": Drawing('<scriptTask id="x"><script>import os</script></scriptTask>'),
    "no_decision": Drawing('<businessRuleTask id="x"/>'),
    "no_called_process": Drawing('<callActivity id="x"/>'),
    "no_collection": Drawing('<userTask id="x"><multiInstanceLoopCharacteristics/></userTask>'),
    "loop_without_end": Drawing('<userTask id="x"><standardLoopCharacteristics/></userTask>'),
    "no_correlation_key": Drawing('<receiveTask id="x" messageRef="bare"/>'),
    "bad_time": Drawing(
        '<intermediateCatchEvent id="x"><timerEventDefinition><timeDuration>2 hours'
        "</timeDuration></timerEventDefinition></intermediateCatchEvent>"
    ),
    "no_trigger": Drawing('<intermediateCatchEvent id="x"/>'),
    "event_gateway_target": Drawing(
        '<eventBasedGateway id="x"/><task id="w1"/>',
        '<sequenceFlow id="f2" sourceRef="x" targetRef="w1"/>'
        '<sequenceFlow id="f4" sourceRef="w1" targetRef="end"/>',
    ),
    "setting_ignored": Drawing(f'<userTask id="x">{_said("<zeebe:novelty/>")}</userTask>'),
}
"""Usual mistakes under the rule that finds each."""


@cache
def element_support() -> tuple[Support, ...]:
    """Activities, gateways and markers."""
    return tuple(_asked(kind, _diagram(one)) for kind, one in ELEMENTS.items())


@cache
def event_support() -> dict[tuple[str, str], Support]:
    """Events by place and trigger; a place that cannot be without a trigger refuses `none`."""
    return {
        (place, trigger): _asked(f"{place}:{trigger}", _event_diagram(place, trigger))
        for place in PLACES
        for trigger in TRIGGERS
    }


@cache
def mistake_support() -> tuple[Support, ...]:
    """Usual mistakes and what becomes of them."""
    return tuple(_asked(rule, _diagram(one)) for rule, one in MISTAKES.items())


def _asked(kind: str, diagram: bytes) -> Support:
    return Support(kind, diagram, tuple(inspect(diagram)))


def _diagram(drawing: Drawing) -> bytes:
    return _file(
        '<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="x"/>'
        f'{drawing.element}{drawing.beside}<endEvent id="end"/>'
    )


def _event_diagram(place: str, trigger: str) -> bytes:
    inside = TRIGGERS[trigger]
    plain = '<sequenceFlow id="f1" sourceRef="start" targetRef="end"/><endEvent id="end"/>'
    if place == "startEvent":
        return _file(f'<startEvent id="start">{inside}</startEvent>{plain}')
    if place == "eventSubprocessStart":
        start = f'<startEvent id="i1">{inside}</startEvent>'
        inner = _INNER.replace('<startEvent id="i1"/>', start)
        return _file(
            f'<startEvent id="start"/>{plain}<subProcess id="x" triggeredByEvent="true">'
            f"{inner}</subProcess>"
        )
    if place == "endEvent":
        end = f'<endEvent id="end">{inside}</endEvent>'
        flow = '<sequenceFlow id="f1" sourceRef="start" targetRef="end"/>'
        return (
            _in_transaction(end, flow)
            if trigger == "cancel"
            else _file(f'<startEvent id="start"/>{flow}{end}')
        )
    if place == "boundaryEvent":
        return _boundary_diagram(trigger, inside)
    drawing = Drawing(f'<{place} id="x">{inside}</{place}>')
    if trigger == "link":
        return _link_diagram()
    return _diagram(drawing)


def _boundary_diagram(trigger: str, inside: str) -> bytes:
    host = (
        f'<transaction id="host">{_INNER}</transaction>'
        if trigger == "cancel"
        else ('<task id="host"/>')
    )
    onward = '<sequenceFlow id="f3" sourceRef="x" targetRef="other"/><endEvent id="other"/>'
    if trigger == "compensate":
        onward = (
            '<task id="undo" isForCompensation="true"/>'
            '<association id="a" sourceRef="x" targetRef="undo"/>'
        )
    return _file(
        '<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="host"/>'
        f'{host}<boundaryEvent id="x" attachedToRef="host">{inside}</boundaryEvent>{onward}'
        '<sequenceFlow id="f2" sourceRef="host" targetRef="end"/><endEvent id="end"/>'
    )


def _link_diagram() -> bytes:
    return _file(
        '<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="x"/>'
        f'<intermediateThrowEvent id="x">{TRIGGERS["link"]}</intermediateThrowEvent>'
        f'<intermediateCatchEvent id="y">{TRIGGERS["link"]}</intermediateCatchEvent>'
        '<sequenceFlow id="f2" sourceRef="y" targetRef="end"/><endEvent id="end"/>'
    )


def _in_transaction(end: str, flow: str) -> bytes:
    return _file(
        '<startEvent id="begin"/><sequenceFlow id="h1" sourceRef="begin" targetRef="x"/>'
        f'<transaction id="x"><startEvent id="start"/>{flow}{end}</transaction>'
        '<sequenceFlow id="h2" sourceRef="x" targetRef="finish"/><endEvent id="finish"/>'
    )


def _file(content: str) -> bytes:
    return (
        f'<definitions xmlns="{BPMN}" xmlns:zeebe="{ZEEBE}" id="d" targetNamespace="urn:jiedan">'
        f'{_MESSAGES}<message id="bare" name="bare"/>'
        f'<process id="p" isExecutable="true">{content}</process></definitions>'
    ).encode()
