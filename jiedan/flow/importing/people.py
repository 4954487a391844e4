"""Whose a user task is and until when: assignment, schedule, priority."""

from __future__ import annotations

import re

from lxml import etree

from jiedan.flow.content.xml import BPMN
from jiedan.flow.engine.timing import NotATime, check_literal
from jiedan.flow.importing.conversion import Conversion, zeebe
from jiedan.flow.importing.settings import Setting, Settings
from jiedan.flow.importing.syntax import NotFeel
from jiedan.flow.importing.translating import is_foreign, juel
from jiedan.flow.importing.writing import quoted

Node = etree._Element

_OWNER = re.compile(r"(user|group)\(([^()]*)\)")


def convert_people(conversion: Conversion, node: Node, settings: Settings) -> None:
    """Assignee, candidates, due and follow-up dates, priority."""
    if setting := settings.take_any("assignee"):
        put(conversion, node, setting, "assignmentDefinition", "assignee")
    for name in ("candidateUsers", "candidateGroups"):
        if setting := settings.take_any(name):
            _put_candidates(conversion, node, setting, name)
    for name in ("dueDate", "followUpDate"):
        if setting := settings.take_any(name):
            _put_moment(conversion, node, setting, name)
    if setting := settings.take_any("priority"):
        put(conversion, node, setting, "priorityDefinition", "priority")
    _convert_owners(conversion, node)


def put(
    conversion: Conversion, node: Node, setting: Setting, extension: str, attribute: str
) -> None:
    """One foreign setting that is one zeebe attribute."""
    value = conversion.value(node, setting.label, setting.value)
    if value is None:
        return
    zeebe(node, extension, **{attribute: value})
    if not value.startswith("="):
        conversion.say("converted", node, setting.label, to=f"{attribute}: {value}")


def _put_candidates(conversion: Conversion, node: Node, setting: Setting, name: str) -> None:
    text = setting.value.strip()
    parts = [one.strip() for one in _split(text)]
    if len(parts) < 2 or not is_foreign(text):
        put(conversion, node, setting, "assignmentDefinition", name)
        return
    try:
        said = [juel(one).text if is_foreign(one) else quoted(one) for one in parts]
    except NotFeel as problem:
        conversion.say("expression_left", node, setting.label, value=text, reason=problem.reason)
        return
    to = f"=flatten([{', '.join(said)}])"
    zeebe(node, "assignmentDefinition", **{name: to})
    conversion.say("expression_converted", node, setting.label, value=text, to=to)


def _split(text: str) -> list[str]:
    """At commas outside of braces."""
    parts, depth = [""], 0
    for sign in text:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [one for one in parts if one.strip()]


def _put_moment(conversion: Conversion, node: Node, setting: Setting, name: str) -> None:
    if not is_foreign(setting.value):
        try:
            check_literal(setting.value)
        except NotATime:
            conversion.say("setting_left", node, setting.label, value=setting.value)
            return
    put(conversion, node, setting, "taskSchedule", name)


def _convert_owners(conversion: Conversion, node: Node) -> None:
    """BPMN's own way, which few tools write: potential owners and the human performer."""
    said: dict[str, list[str]] = {"candidateUsers": [], "candidateGroups": []}
    for role in ("humanPerformer", "potentialOwner"):
        for text in _owners(node, role):
            if is_foreign(text):
                conversion.say("setting_left", node, role, value=text)
                continue
            if role == "humanPerformer":
                put(conversion, node, Setting(role, text), "assignmentDefinition", "assignee")
                continue
            for kind, name in _OWNER.findall(text) or [("group", one) for one in _split(text)]:
                said["candidateUsers" if kind == "user" else "candidateGroups"].append(name.strip())
    for name, names in said.items():
        if names:
            zeebe(node, "assignmentDefinition", **{name: ",".join(names)})
            to = f"{name}: {','.join(names)}"
            conversion.say("converted", node, "potentialOwner", to=to)


def _owners(node: Node, role: str) -> list[str]:
    path = f"{{{BPMN}}}{role}/{{{BPMN}}}resourceAssignmentExpression/{{{BPMN}}}formalExpression"
    return [text for one in node.findall(path) if (text := (one.text or "").strip())]
