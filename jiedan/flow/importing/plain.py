"""Expressions in BPMN's own places: conditions, timers, counts, names; messages without a key."""

from __future__ import annotations

from lxml import etree

from jiedan.flow.content.xml import BPMN, ZEEBE, tag
from jiedan.flow.engine.timing import NotATime, check_literal
from jiedan.flow.importing.conversion import Conversion
from jiedan.flow.importing.scripts import language_named
from jiedan.flow.importing.syntax import Language, NotFeel
from jiedan.flow.importing.translating import compile_or_refuse, expression, is_foreign

Node = etree._Element

CONDITIONS = frozenset(
    {"conditionExpression", "condition", "completionCondition", "loopCondition", "loopCardinality"}
)
TIMES = frozenset({"timeDate", "timeDuration", "timeCycle"})
_NAMED = frozenset({"message", "signal"})
_CODED = {"error": "errorCode", "escalation": "escalationCode"}


def convert_plain(conversion: Conversion, node: Node, *, is_ours: bool) -> None:
    """What the element itself says, outside of extensions.

    With `is_ours` the file shows no other engine: only what cannot be FEEL is looked at.
    """
    name = tag(node)
    if name in CONDITIONS:
        _convert_condition(conversion, node, is_ours=is_ours)
    elif name in TIMES:
        _convert_time(conversion, node, is_ours=is_ours)
    elif name in _NAMED:
        _convert_name(conversion, node)
    elif name in _CODED and is_foreign(node.get(_CODED[name])):
        setting = f"bpmn:{_CODED[name]}"
        conversion.say("setting_left", node, setting, value=node.get(_CODED[name]) or "")
    elif is_foreign(node.get("name")):
        conversion.say("name_left", node, "bpmn:name", value=node.get("name") or "")
    if name in ("receiveTask", "messageEventDefinition") and not is_ours:
        _ask_for_key(conversion, node)


def _convert_condition(conversion: Conversion, node: Node, *, is_ours: bool) -> None:
    text = (node.text or "").strip()
    if not text or text.startswith("=") or text.isdigit():
        return
    setting = f"bpmn:{tag(node)}"
    form = node.get("language") or ""
    if form and not form.startswith("http"):
        _convert_scripted(conversion, node, setting, text, form)
    elif conversion.language is Language.PYTHON:
        _set(node, conversion.feel(node, setting, text, Language.PYTHON))
    elif is_foreign(text):
        _set(node, conversion.value(node, setting, text))
    elif not is_ours:
        _check_words(conversion, node, setting, text)


def _check_words(conversion: Conversion, node: Node, setting: str, text: str) -> None:
    """Words without `${…}` were never an expression; FEEL may still read them as one."""
    try:
        compile_or_refuse(text)
    except NotFeel as problem:
        conversion.say("expression_left", node, setting, value=text, reason=problem.reason)


def _convert_scripted(
    conversion: Conversion, node: Node, setting: str, text: str, form: str
) -> None:
    """A condition with a language of its own."""
    if "feel" in form.lower():
        return
    try:
        feel = expression(text, language_named(form))
    except NotFeel as problem:
        conversion.say("expression_left", node, setting, value=text, reason=problem.reason)
        return
    conversion.said_converted(node, setting, text, f"={feel.text}", feel)
    _set(node, f"={feel.text}")
    del node.attrib["language"]


def _convert_time(conversion: Conversion, node: Node, *, is_ours: bool) -> None:
    text = (node.text or "").strip()
    setting = f"bpmn:{tag(node)}"
    if not text or text.startswith("="):
        return
    if is_foreign(text):
        _set(node, conversion.value(node, setting, text))
        return
    if conversion.language is Language.PYTHON and not _is_time(text):
        bare = text.strip("\"'")
        if _is_time(bare):
            _set(node, bare)
            conversion.say("converted", node, setting, to=bare)
        else:
            _set(node, conversion.feel(node, setting, text, Language.PYTHON))
    elif not _is_time(text) and not is_ours:
        conversion.say("setting_left", node, setting, value=text)


def _is_time(text: str) -> bool:
    try:
        check_literal(text)
    except NotATime:
        return False
    return True


def _convert_name(conversion: Conversion, node: Node) -> None:
    text = node.get("name") or ""
    if is_foreign(text):
        value = conversion.value(node, "bpmn:name", text)
        if value is not None:
            node.set("name", value)


def _set(node: Node, value: str | None) -> None:
    if value is not None:
        node.text = value


def _ask_for_key(conversion: Conversion, node: Node) -> None:
    """A message is caught by the instance that its key names."""
    event = node if tag(node) == "receiveTask" else node.getparent()
    reference = (node.get("messageRef") or "").rpartition(":")[2]
    if event is None or not reference:
        return
    kind, around = tag(event), event.getparent()
    begins = kind == "startEvent" and (around is None or around.get("triggeredByEvent") != "true")
    if begins or kind in ("endEvent", "intermediateThrowEvent"):
        return
    for message in conversion.root.iterfind(f"{{{BPMN}}}message"):
        if message.get("id") != reference:
            continue
        if message.find(f"{{{BPMN}}}extensionElements/{{{ZEEBE}}}subscription") is None:
            name = message.get("name") or reference
            conversion.say("key_missing", node, "bpmn:messageRef", value=name)
