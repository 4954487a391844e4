"""Rules on single activities and gateways: each must say what it does."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from jiedan.flow.engine.dialect import read_extension, read_loop
from jiedan.flow.engine.rules import Area, Diagram, event_definitions, say, warn
from jiedan.flow.engine.snapshots import Finding
from jiedan.flow.engine.xmlsource import bpmn, local_name


def is_supported(diagram: Diagram, area: Area, node: etree._Element) -> Iterator[Finding]:
    if local_name(node) == "complexGateway":
        yield say(
            node,
            "not_supported",
            "The element %(name)s is of a kind that cannot be run: %(kind)s.",
            "Use an exclusive, parallel or inclusive gateway.",
            kind=local_name(node),
        )


def has_work(diagram: Diagram, area: Area, node: etree._Element) -> Iterator[Finding]:
    """What a machine does must be named."""
    kind, said = local_name(node), read_extension(node)
    if kind == "serviceTask" and said.task_type is None:
        yield say(
            node,
            "no_handler",
            "The service task %(name)s names no handler.",
            "Choose a handler in its properties.",
        )
    if kind == "sendTask" and said.task_type is None and not node.get("messageRef"):
        yield say(
            node,
            "nothing_to_send",
            "The send task %(name)s names neither a handler nor a message.",
            "Choose a handler or a message in its properties.",
        )
    if kind == "businessRuleTask" and said.decision_id is None and said.task_type is None:
        yield say(
            node,
            "no_decision",
            "The business rule task %(name)s names no decision.",
            "Choose a decision in its properties.",
        )
    if kind == "scriptTask" and said.script is None and said.task_type is None:
        yield say(
            node,
            "no_expression",
            "The script task %(name)s has no FEEL expression.",
            "Write a FEEL expression; scripts in other languages are not run.",
        )
    if kind == "scriptTask" and said.script and not said.result_variable:
        yield warn(
            node,
            "value_dropped",
            "The value of the script task %(name)s goes nowhere.",
            "Name its result variable.",
        )
    if kind == "callActivity" and said.called_process is None and not node.get("calledElement"):
        yield say(
            node,
            "no_called_process",
            "The call activity %(name)s names no process.",
            "Choose the process it calls.",
        )
    if kind == "manualTask":
        yield warn(
            node,
            "manual_task_passed",
            "The manual task %(name)s is only documentation: nobody is asked, nothing waits.",
            "Use a user task if somebody should confirm it.",
        )
    for unknown in said.unknown:
        yield warn(
            node,
            "setting_ignored",
            "The setting %(setting)s of %(name)s is not known and is ignored.",
            "Delete it, or use another setting.",
            setting=unknown,
        )


def rounds_are_complete(diagram: Diagram, area: Area, node: etree._Element) -> Iterator[Finding]:
    marker = node.find(bpmn("multiInstanceLoopCharacteristics"))
    if marker is not None:
        items = read_loop(marker)
        number = (marker.findtext(bpmn("loopCardinality")) or "").strip()
        if (items is None or items.input_collection is None) and not number:
            yield say(
                node,
                "no_collection",
                "%(name)s is to be done several times, but for which items?",
                "Give it an input collection.",
            )
        if items is not None and bool(items.output_collection) != bool(items.output_element):
            yield say(
                node,
                "output_half",
                "%(name)s needs both an output collection and an output element, or neither.",
                "Fill in the other one.",
            )
    loop = node.find(bpmn("standardLoopCharacteristics"))
    if loop is not None:
        condition = (loop.findtext(bpmn("loopCondition")) or "").strip()
        if not condition and not (loop.get("loopMaximum") or "").strip().isdigit():
            yield say(
                node,
                "loop_without_end",
                "%(name)s repeats, but neither a condition nor a maximum says how long.",
                "Give the loop a condition.",
            )


def compensation_is_wired(diagram: Diagram, area: Area, node: etree._Element) -> Iterator[Finding]:
    """A compensation event at an activity is tied to the step that undoes it."""
    uses = [
        one for one in event_definitions(node) if local_name(one) == "compensateEventDefinition"
    ]
    if not uses:
        return
    if local_name(node) == "boundaryEvent":
        targets = [
            area.nodes.get(one.get("targetRef"))
            for one in diagram.root.iter(bpmn("association"))
            if one.get("sourceRef") == node.get("id")
        ]
        if len(targets) != 1 or targets[0] is None or _is_no_activity(targets[0]):
            yield say(
                node,
                "no_undoing_step",
                "The compensation event %(name)s is tied to no step.",
                "Draw an association from it to the one step that undoes the activity.",
            )
        elif targets[0].get("isForCompensation") != "true":
            yield say(
                targets[0],
                "not_for_compensation",
                "%(name)s undoes another step but is not marked for compensation.",
                "Mark it as 'for compensation'.",
            )
    reference = uses[0].get("activityRef")
    if reference and not _is_inside(diagram, reference):
        yield say(
            node,
            "undoes_nothing",
            "%(name)s is to undo %(activity)s, which does not exist.",
            "Choose the activity again.",
            activity=reference,
        )


def _is_no_activity(node: etree._Element) -> bool:
    return local_name(node).endswith(("Event", "Gateway"))


def _is_inside(diagram: Diagram, reference: str) -> bool:
    return any(reference in area.nodes for area in diagram.areas())


ACTIVITY_RULES = (is_supported, has_work, rounds_are_complete, compensation_is_wired)
