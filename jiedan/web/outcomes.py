"""What decisions and the buttons of forms are called, for lists and timelines."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from jiedan.core.i18n import current_locale
from jiedan.flow.content.forms import Form, Said, UnreadableForm, parse_form
from jiedan.flow.content.read import ProcessInfo, read_processes
from jiedan.flow.definitions import Definition, list_definitions, show_definition
from jiedan.flow.platform import Flow
from jiedan.flow.states import DefinitionKind

_KEEP_SECONDS = 30.0


@dataclass(slots=True)
class Labels:
    """The names in the newest versions, as read at one moment."""

    read_at: float
    form_of: dict[tuple[str, str], str] = field(default_factory=dict)
    """(process, element) → form."""
    buttons: dict[tuple[str, str], Said] = field(default_factory=dict)
    """(form, outcome) → label."""
    outcomes: dict[str, Said] = field(default_factory=dict)
    """outcome → label on the first form that has it."""
    decisions: dict[str, Said] = field(default_factory=dict)


_kept: dict[int, Labels] = {}
_forms: dict[str, Form | None] = {}
_processes: dict[tuple[str, str], ProcessInfo] = {}


def outcome_name(
    flow: Flow,
    outcome: str | None,
    process_id: str | None = None,
    element_id: str | None = None,
) -> str:
    """The label of the button that was pressed at that element, else of one with its outcome."""
    if not outcome:
        return ""
    labels = _labels(flow)
    form_id = labels.form_of.get((process_id or "", element_id or ""))
    said = labels.buttons.get((form_id or "", outcome)) or labels.outcomes.get(outcome)
    return said.in_(current_locale()) if said else outcome.replace("_", " ")


def decision_name(flow: Flow, decision_id: str) -> str:
    """What a decision is called, else its id."""
    said = _labels(flow).decisions.get(decision_id)
    return said.in_(current_locale()) if said else decision_id.replace("_", " ")


def _labels(flow: Flow) -> Labels:
    kept = _kept.get(id(flow))
    if kept is None or monotonic() - kept.read_at > _KEEP_SECONDS:
        kept = _kept[id(flow)] = _read(flow)
    return kept


def _read(flow: Flow) -> Labels:
    labels = Labels(monotonic())
    for one in list_definitions(flow):
        if one.kind is DefinitionKind.FORM:
            form = _form_of(flow, one)
            for button in form.outcomes if form else ():
                labels.buttons[one.key, button.name] = button.label
                labels.outcomes.setdefault(button.name, button.label)
        elif one.kind is DefinitionKind.PROCESS:
            info = _process_of(flow, one)
            for element in info.elements.values() if info else ():
                if element.form_id:
                    labels.form_of[one.key, element.id] = element.form_id
        else:
            decisions = one.facts.get("decisions", {})
            for name, zh in decisions.items():
                english = one.name_en if len(decisions) == 1 else ""
                labels.decisions[name] = Said(zh or one.name or name, english)
    return labels


def _form_of(flow: Flow, one: Definition) -> Form | None:
    """The form of a version; content never changes under its digest, so it is read once."""
    if one.sha256 not in _forms:
        source = show_definition(flow, kind=one.kind, key=one.key, version=one.version)[1]
        try:
            _forms[one.sha256] = parse_form(source)[0]
        except UnreadableForm:
            _forms[one.sha256] = None
    return _forms[one.sha256]


def _process_of(flow: Flow, one: Definition) -> ProcessInfo | None:
    if (one.sha256, one.key) not in _processes:
        source = show_definition(flow, kind=one.kind, key=one.key, version=one.version)[1]
        for key, info in read_processes(source).items():
            _processes[one.sha256, key] = info
    return _processes.get((one.sha256, one.key))
