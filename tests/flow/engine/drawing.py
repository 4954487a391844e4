"""Draws small BPMN files for the engine's tests."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'id="definitions" targetNamespace="https://example.test/bpmn">'
)


def file(*parts: str) -> bytes:
    return (HEAD + "".join(parts) + "</bpmn:definitions>").encode()


def process(*parts: str, id: str = "p") -> str:
    return f'<bpmn:process id="{id}" isExecutable="true">{"".join(parts)}</bpmn:process>'


def diagram(*parts: str, definitions: Iterable[str] = ()) -> bytes:
    """A file with one process `p`."""
    return file(*definitions, process(*parts))


def node(kind: str, id: str, *inside: str, extension: str = "", **attributes: str) -> str:
    """Any BPMN element: `node("userTask", "review", extension=…)`."""
    said = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    if extension:
        extension = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>"
    return f'<bpmn:{kind} id="{id}"{said}>{extension}{"".join(inside)}</bpmn:{kind}>'


def start(id: str = "begin", *inside: str, **attributes: str) -> str:
    return node("startEvent", id, *inside, **attributes)


def end(id: str = "done", *inside: str, **attributes: str) -> str:
    return node("endEvent", id, *inside, **attributes)


def user(id: str, *inside: str, extension: str = "", **attributes: str) -> str:
    return node("userTask", id, *inside, extension=extension, **attributes)


def service(id: str, type: str = "do", *inside: str, extension: str = "", **attributes: str) -> str:
    extension = f'<zeebe:taskDefinition type="{type}"/>{extension}'
    return node("serviceTask", id, *inside, extension=extension, **attributes)


def script(id: str, expression: str, variable: str) -> str:
    said = f"<zeebe:script expression={quoteattr('=' + expression)} resultVariable='{variable}'/>"
    return node("scriptTask", id, extension=said)


def call(id: str, process_id: str, *inside: str, extension: str = "", **said: str) -> str:
    options = "".join(f" {name}={quoteattr(value)}" for name, value in said.items())
    called = f'<zeebe:calledElement processId="{process_id}"{options}/>'
    return node("callActivity", id, *inside, extension=called + extension)


def xor(id: str, default: str = "") -> str:
    return node("exclusiveGateway", id, **({"default": default} if default else {}))


def parallel(id: str) -> str:
    return node("parallelGateway", id)


def inclusive(id: str, default: str = "") -> str:
    return node("inclusiveGateway", id, **({"default": default} if default else {}))


def catch(id: str, *inside: str, **attributes: str) -> str:
    return node("intermediateCatchEvent", id, *inside, **attributes)


def throw(id: str, *inside: str, **attributes: str) -> str:
    return node("intermediateThrowEvent", id, *inside, **attributes)


def boundary(id: str, on: str, *inside: str, interrupting: bool = True, extension: str = "") -> str:
    said = {"attachedToRef": on, "cancelActivity": "true" if interrupting else "false"}
    return node("boundaryEvent", id, *inside, extension=extension, **said)


def subprocess(id: str, *inside: str, **attributes: str) -> str:
    return node("subProcess", id, *inside, **attributes)


def event_subprocess(id: str, *inside: str) -> str:
    return node("subProcess", id, *inside, triggeredByEvent="true")


def flow(source: str, target: str, when: str | None = None, id: str | None = None) -> str:
    id = id or f"{source}_to_{target}"
    condition = ""
    if when is not None:
        condition = f"<bpmn:conditionExpression>={escape(when)}</bpmn:conditionExpression>"
    said = f'id="{id}" sourceRef="{source}" targetRef="{target}"'
    return f"<bpmn:sequenceFlow {said}>{condition}</bpmn:sequenceFlow>"


def path(*ids: str) -> str:
    """Flows from each to the next."""
    return "".join(flow(one, other) for one, other in pairwise(ids))


# --- what events are about -----------------------------------------------------------------------


def timer(duration: str = "", date: str = "", cycle: str = "") -> str:
    tag, text = next(
        (tag, text)
        for tag, text in (("timeDuration", duration), ("timeDate", date), ("timeCycle", cycle))
        if text
    )
    inside = f"<bpmn:{tag}>{escape(text)}</bpmn:{tag}>"
    return f"<bpmn:timerEventDefinition>{inside}</bpmn:timerEventDefinition>"


def on(kind: str, reference: str = "") -> str:
    """`on("message", "m_paid")`: an event definition that refers to a definition."""
    said = f' {kind}Ref="{reference}"' if reference else ""
    return f"<bpmn:{kind}EventDefinition{said}/>"


def message(id: str, name: str, key: str = "") -> str:
    inside = ""
    if key:
        said = f"<zeebe:subscription correlationKey={quoteattr('=' + key)}/>"
        inside = f"<bpmn:extensionElements>{said}</bpmn:extensionElements>"
    return f'<bpmn:message id="{id}" name="{name}">{inside}</bpmn:message>'


def signal(id: str, name: str) -> str:
    return f'<bpmn:signal id="{id}" name="{name}"/>'


def error(id: str, code: str) -> str:
    return f'<bpmn:error id="{id}" name="{code}" errorCode="{code}"/>'


def escalation(id: str, code: str) -> str:
    return f'<bpmn:escalation id="{id}" name="{code}" escalationCode="{code}"/>'


def mapping(inputs: Iterable[tuple[str, str]] = (), outputs: Iterable[tuple[str, str]] = ()) -> str:
    """An ioMapping of (expression, target) pairs."""
    said = [
        f"<zeebe:{tag} source={quoteattr('=' + source)} target={quoteattr(target)}/>"
        for tag, pairs in (("input", inputs), ("output", outputs))
        for source, target in pairs
    ]
    return f"<zeebe:ioMapping>{''.join(said)}</zeebe:ioMapping>"


def each(
    collection: str,
    element: str = "item",
    *,
    results: str = "",
    result: str = "",
    enough: str = "",
    sequential: bool = False,
) -> str:
    """A multi-instance marker."""
    said = f"inputCollection={quoteattr('=' + collection)} inputElement='{element}'"
    if results:
        said += f" outputCollection='{results}' outputElement={quoteattr('=' + result)}"
    loop = f"<bpmn:extensionElements><zeebe:loopCharacteristics {said}/></bpmn:extensionElements>"
    condition = f"<bpmn:completionCondition>={escape(enough)}</bpmn:completionCondition>"
    one_by_one = ' isSequential="true"' if sequential else ""
    return (
        f"<bpmn:multiInstanceLoopCharacteristics{one_by_one}>{loop}{condition if enough else ''}"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
