"""What the buttons of forms are called: an outcome's code in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from time import monotonic
from typing import Any

from jiedan.core.i18n import current_locale
from jiedan.flow.content.forms import Form, Said, UnreadableForm, parse_form
from jiedan.flow.definitions import list_definitions, show_definition
from jiedan.flow.platform import Flow
from jiedan.flow.states import DefinitionKind

_KEEP_SECONDS = 60.0
_decisions: dict[int, tuple[float, dict[str, Said]]] = {}
_known: dict[int, tuple[float, dict[str, Said]]] = {}


@lru_cache(maxsize=256)
def _parsed(digest: str, source: bytes) -> Form | None:
    try:
        return parse_form(source)[0]
    except UnreadableForm:
        return None


def outcome_name(flow: Flow, outcome: str | None) -> str:
    """The label of the button with this outcome on any deployed form, else the code itself."""
    if not outcome:
        return ""
    at, names = _known.get(id(flow), (0.0, {}))
    if (outcome not in names and monotonic() - at > _KEEP_SECONDS) or not names:
        names = _read(flow)
        _known[id(flow)] = (monotonic(), names)
    said = names.get(outcome)
    return said.in_(current_locale()) if said else outcome.replace("_", " ")


def _read(flow: Flow) -> dict[str, Said]:
    names: dict[str, Said] = {}
    for definition in list_definitions(flow, kind=DefinitionKind.FORM):
        stored: tuple[Any, bytes] = show_definition(
            flow, kind=DefinitionKind.FORM, key=definition.key
        )
        form = _parsed(definition.sha256, stored[1])
        for each in form.outcomes if form else ():
            names.setdefault(each.name, each.label)
    return names


def decision_name(flow: Flow, decision_id: str) -> str:
    """What a decision is called, else its id."""
    at, names = _decisions.get(id(flow), (0.0, {}))
    if (decision_id not in names and monotonic() - at > _KEEP_SECONDS) or not names:
        names = {
            name: Said(said.get("name") or name, said.get("name_en") or "")
            for definition in list_definitions(flow, kind=DefinitionKind.DECISION)
            for name, said in _named(definition.facts)
        }
        _decisions[id(flow)] = (monotonic(), names)
    said = names.get(decision_id)
    return said.in_(current_locale()) if said else decision_id.replace("_", " ")


def _named(facts: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for one in facts.get("decisions", ()):
        if isinstance(one, Mapping) and one.get("id"):
            yield str(one["id"]), one
