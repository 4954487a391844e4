"""What Camunda 7, Operaton, Flowable and Activiti have in common: one walk over the elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from jiedan.flow.content.xml import is_bpmn, tag
from jiedan.flow.importing.calling import convert_call, convert_payload
from jiedan.flow.importing.conversion import Conversion
from jiedan.flow.importing.data import convert_data
from jiedan.flow.importing.form_links import convert_form
from jiedan.flow.importing.people import convert_people
from jiedan.flow.importing.plain import convert_plain
from jiedan.flow.importing.rounds import convert_rounds
from jiedan.flow.importing.scripts import convert_script
from jiedan.flow.importing.settings import Settings, attribute, described
from jiedan.flow.importing.work import convert_work, move_to_event

Node = etree._Element

_WORKING = frozenset({"serviceTask", "sendTask", "businessRuleTask"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """A family of engines: its namespaces with their prefixes, and what becomes of its flags."""

    namespaces: Mapping[str, str]
    rules: Mapping[str, str]
    """Setting → rule, for what nobody converts; all others are `setting_left`."""


def convert(conversion: Conversion, dialect: Dialect) -> None:
    """Convert every element of the file from this dialect."""
    for node in list(conversion.elements()):
        if not is_bpmn(node):
            continue
        settings = Settings(node, dialect.namespaces)
        if dialect.namespaces:
            _convert_element(conversion, node, settings)
        convert_plain(conversion, node, is_ours=not dialect.namespaces)
        _leave_listeners(conversion, node, settings)
        settings.leave(conversion, node, dialect.rules)


def _convert_element(conversion: Conversion, node: Node, settings: Settings) -> None:
    kind = tag(node)
    if kind == "userTask":
        convert_people(conversion, node, settings)
    if kind in _WORKING:
        convert_work(conversion, node, settings)
    elif kind == "scriptTask":
        convert_script(conversion, node, settings)
    elif kind == "callActivity":
        convert_call(conversion, node, settings)
    elif kind == "multiInstanceLoopCharacteristics":
        convert_rounds(conversion, node, settings)
    elif kind == "messageEventDefinition" and settings:
        _convert_sending(conversion, node, settings)
    elif kind == "signalEventDefinition":
        event = node.getparent()
        if event is not None:
            convert_payload(conversion, node, event, settings)
    convert_data(conversion, node, settings)
    if kind in ("userTask", "startEvent"):
        convert_form(conversion, node, settings)


def _convert_sending(conversion: Conversion, node: Node, settings: Settings) -> None:
    """A message that is sent by code: the event names the handler."""
    event = node.getparent()
    if event is not None and tag(event) in ("endEvent", "intermediateThrowEvent"):
        convert_work(conversion, event, settings)
        move_to_event(node, event)


def _leave_listeners(conversion: Conversion, node: Node, settings: Settings) -> None:
    for kind in ("executionListener", "taskListener", "eventListener"):
        for label, one in settings.take_children(kind):
            event = attribute(one, "event") or attribute(one, "events") or "*"
            setting = f"{label} {event}"
            conversion.say("listener_left", node, setting, value=described(one))
