"""Small diagrams, written as one line per element, for tests that need only their logic."""

from __future__ import annotations

from itertools import pairwise

FRAME = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  id="defs_{name}" targetNamespace="http://example.org/{name}">
{head}<bpmn:process id="{name}" name="{title}" isExecutable="true">
{body}
</bpmn:process>
</bpmn:definitions>"""


def diagram(name: str, body: str, *, title: str = "", head: str = "") -> bytes:
    """A BPMN file with one process; messages and errors in the body move to its head."""
    lines, heads = [], [head]
    for line in body.strip().splitlines():
        part = line.strip()
        if part.startswith(("<bpmn:message ", "<bpmn:error ", "<bpmn:signal ")):
            heads.append(part)
        else:
            lines.append(part)
    return FRAME.format(
        name=name, title=title or name, head="\n".join(heads), body="\n".join(lines)
    ).encode()


def chain(*ids: str) -> str:
    """Sequence flows from each to the next."""
    return "\n".join(
        f'<bpmn:sequenceFlow id="{a}_to_{b}" sourceRef="{a}" targetRef="{b}"/>'
        for a, b in pairwise(ids)
    )


def flow(source: str, target: str, condition: str = "") -> str:
    """One sequence flow, with a FEEL condition if there is one."""
    inner = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">={condition}'
        "</bpmn:conditionExpression>"
        if condition
        else ""
    )
    return (
        f'<bpmn:sequenceFlow id="{source}_to_{target}" sourceRef="{source}" '
        f'targetRef="{target}">{inner}</bpmn:sequenceFlow>'
    )


def start(element_id: str = "begin", inner: str = "") -> str:
    return f'<bpmn:startEvent id="{element_id}">{inner}</bpmn:startEvent>'


def end(element_id: str = "finish", inner: str = "") -> str:
    return f'<bpmn:endEvent id="{element_id}">{inner}</bpmn:endEvent>'


def user(
    element_id: str,
    groups: str = "",
    *,
    name: str = "",
    users: str = "",
    assignee: str = "",
    due: str = "",
    form: str = "",
    listener: str = "",
    load: str = "",
    priority: int = 50,
    extra: str = "",
    inner: str = "",
) -> str:
    """A user task."""
    who = "".join(
        f' {attribute}="{value}"'
        for attribute, value in (
            ("candidateGroups", groups),
            ("candidateUsers", users),
            ("assignee", assignee),
        )
        if value
    )
    parts = ["<zeebe:userTask/>"]
    if who:
        parts.append(f"<zeebe:assignmentDefinition{who}/>")
    if form:
        parts.append(f'<zeebe:formDefinition formId="{form}"/>')
    if due:
        parts.append(f'<zeebe:taskSchedule dueDate="{due}"/>')
    parts.append(f'<zeebe:priorityDefinition priority="{priority}"/>')
    if listener:
        parts.append(
            "<zeebe:taskListeners>"
            f'<zeebe:taskListener eventType="completing" type="{listener}"/>'
            "</zeebe:taskListeners>"
        )
    if load:
        extra += f'<zeebe:property name="jiedan:load" value="{load}"/>'
    if extra:
        parts.append(f"<zeebe:properties>{extra}</zeebe:properties>")
    return (
        f'<bpmn:userTask id="{element_id}" name="{name or element_id}">'
        f"<bpmn:extensionElements>{''.join(parts)}</bpmn:extensionElements>{inner}"
        "</bpmn:userTask>"
    )


def service(element_id: str, handler: str, *, io: str = "", retries: int | None = None) -> str:
    """A service task."""
    tries = "" if retries is None else f' retries="{retries}"'
    mapping = f"<zeebe:ioMapping>{io}</zeebe:ioMapping>" if io else ""
    return (
        f'<bpmn:serviceTask id="{element_id}" name="{element_id}"><bpmn:extensionElements>'
        f'<zeebe:taskDefinition type="{handler}"{tries}/>{mapping}'
        "</bpmn:extensionElements></bpmn:serviceTask>"
    )


def exclusive(element_id: str, default: str) -> str:
    """An exclusive gateway whose default flow goes to the element `default`."""
    return f'<bpmn:exclusiveGateway id="{element_id}" default="{element_id}_to_{default}"/>'


def parallel(element_id: str) -> str:
    return f'<bpmn:parallelGateway id="{element_id}"/>'


def timer(element_id: str, duration: str, *, attached_to: str = "", cancel: bool = True) -> str:
    """A timer catch event, or a boundary timer."""
    inner = (
        f'<bpmn:timerEventDefinition id="{element_id}_timer"><bpmn:timeDuration '
        f'xsi:type="bpmn:tFormalExpression">{duration}</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition>"
    )
    if attached_to:
        return (
            f'<bpmn:boundaryEvent id="{element_id}" attachedToRef="{attached_to}" '
            f'cancelActivity="{str(cancel).lower()}">{inner}</bpmn:boundaryEvent>'
        )
    return f'<bpmn:intermediateCatchEvent id="{element_id}">{inner}</bpmn:intermediateCatchEvent>'


def message(message_id: str, name: str, key: str = "") -> str:
    """A message declaration; `key` is the FEEL correlation key."""
    inner = (
        "<bpmn:extensionElements>"
        f'<zeebe:subscription correlationKey="={key}"/></bpmn:extensionElements>'
        if key
        else ""
    )
    return f'<bpmn:message id="{message_id}" name="{name}">{inner}</bpmn:message>'


def catch_message(element_id: str, message_id: str) -> str:
    return (
        f'<bpmn:intermediateCatchEvent id="{element_id}">'
        f'<bpmn:messageEventDefinition id="{element_id}_message" messageRef="{message_id}"/>'
        "</bpmn:intermediateCatchEvent>"
    )


def message_definition(message_id: str) -> str:
    return f'<bpmn:messageEventDefinition id="def_{message_id}" messageRef="{message_id}"/>'


def error_boundary(element_id: str, attached_to: str, error_id: str) -> str:
    return (
        f'<bpmn:boundaryEvent id="{element_id}" attachedToRef="{attached_to}">'
        f'<bpmn:errorEventDefinition id="{element_id}_error" errorRef="{error_id}"/>'
        "</bpmn:boundaryEvent>"
    )
