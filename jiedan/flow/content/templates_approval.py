"""Element templates of approval steps: who decides, how several decide, what may be done there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GROUPS = (
    ("who", "Who decides"),
    ("several", "Several signers"),
    ("refusal", "Refusals and returns"),
    ("verbs", "What may be done"),
    ("time", "Deadline and copies"),
)
Choices = tuple[tuple[str, str], ...]
_NOBODY: Choices = (
    ("admin", "Give it to the administrators"),
    ("pass", "Agree by itself"),
    ("reject", "Refuse by itself"),
)
_INITIATOR: Choices = (
    ("self", "The initiator decides"),
    ("skip", "The others decide; alone, it agrees by itself"),
    ("head", "Whoever leads the initiator decides"),
)
_REPEATED: Choices = (
    ("ask", "Ask again"),
    ("once", "Agree by itself"),
    ("next", "Agree by itself if the steps follow each other"),
)
_MODES: Choices = (
    ("", "One person"),
    ("all", "All must agree (会签)"),
    ("any", "The first answer decides (或签)"),
    ("turn", "One after the other (依次)"),
    ("votes", "More than half of the votes (票签)"),
)
_TIMEOUT: Choices = (
    ("", "Only the ladder of reminders"),
    ("pass", "Agree by itself"),
    ("reject", "Refuse by itself"),
    ("up", "Hand it up to who leads the holder"),
    ("remind:PT4H*3", "Remind every 4 hours, three times"),
)
_REJECT: Choices = (
    ("outcome", "The diagram goes on with the outcome"),
    ("end", "The request ends"),
)
_REFUSAL: Choices = (
    ("ends", "One refusal ends the step"),
    ("counts", "Refusals are only counted"),
)
_RECEIVERS: Choices = (
    ("anyone", "Everybody active"),
    ("role", "Only who holds a role of the step"),
)


def approval_template() -> dict[str, Any]:
    """The template of a user task in which people approve."""
    return {
        "name": "Approval 审批",
        "id": "jiedan.approval",
        "description": "Who decides, how several decide, and what else they may do.",
        "version": 1,
        "category": {"id": "approval", "name": "approval"},
        "appliesTo": ["bpmn:UserTask", "bpmn:Task"],
        "elementType": {"value": "bpmn:UserTask"},
        "groups": [{"id": name, "label": label} for name, label in GROUPS],
        "properties": [
            {"type": "Hidden", "binding": {"type": "zeebe:userTask"}},
            _text(
                "who",
                "who",
                "Strategies, the first that finds somebody",
                "users:ann,ben; role:SM; department:SALES; head:SALES; chain:SALES,2; initiator; "
                "initiator_head; initiator_chain:2; initiator_supervisor; field:NAME; "
                "field_head:NAME; done_by:STEP; =FEEL",
            ),
            _choice("who", "nobody", "If nobody is found", _NOBODY),
            _choice("who", "initiator", "If the initiator would decide", _INITIATOR),
            _choice("who", "repeated", "If somebody agreed before", _REPEATED),
            _choice("several", "signers", "How they decide", _MODES),
            _choice("several", "refusal", "A refusal among several", _REFUSAL),
            _choice("refusal", "reject", "What a refusal leads to", _REJECT),
            _text("refusal", "refusals", "Outcomes that say no", "reject"),
            _text("refusal", "agreement", "Outcome of rules that agree", "approve"),
            _text("refusal", "redo", "After a return", "all, back, missing"),
            _text("verbs", "verbs", "Verbs", "+return, +reject, +withdraw, -transfer; none"),
            _text("verbs", "reasons", "Verbs that need a reason", "return, reject, transfer"),
            _choice("verbs", "receivers", "Who may be given the task", _RECEIVERS),
            _choice("time", "timeout", "When the deadline has passed", _TIMEOUT),
            _text("time", "copy", "Copies when the step begins", "users:ann; role:SM"),
        ],
    }


def _text(group: str, name: str, label: str, example: str) -> dict[str, Any]:
    return {**_property(group, name, label), "type": "String", "placeholder": example}


def _choice(group: str, name: str, label: str, choices: Choices) -> dict[str, Any]:
    options: list[Mapping[str, str]] = [{"name": said, "value": value} for value, said in choices]
    return {**_property(group, name, label), "type": "Dropdown", "choices": options}


def _property(group: str, name: str, label: str) -> dict[str, Any]:
    return {
        "label": label,
        "group": group,
        "optional": True,
        "binding": {"type": "zeebe:property", "name": f"jiedan:{name}"},
    }
