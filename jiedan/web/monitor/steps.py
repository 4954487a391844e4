"""The history of an instance step by step: what somebody did, and what machines did from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from jiedan.core.i18n import LazyText, lazy
from jiedan.flow.history import HistoryEntry
from jiedan.web.formatting import said
from jiedan.web.timeline import Told, tell

_KINDS: Mapping[str, LazyText] = {
    "startEvent": lazy("start event"),
    "endEvent": lazy("end event"),
    "intermediateCatchEvent": lazy("intermediate event"),
    "intermediateThrowEvent": lazy("intermediate event"),
    "boundaryEvent": lazy("boundary event"),
    "exclusiveGateway": lazy("exclusive gateway"),
    "parallelGateway": lazy("parallel gateway"),
    "inclusiveGateway": lazy("inclusive gateway"),
    "eventBasedGateway": lazy("event gateway"),
    "userTask": lazy("user task"),
    "serviceTask": lazy("service task"),
    "sendTask": lazy("send task"),
    "receiveTask": lazy("receive task"),
    "scriptTask": lazy("script task"),
    "businessRuleTask": lazy("decision task"),
    "manualTask": lazy("task"),
    "task": lazy("task"),
    "callActivity": lazy("called process"),
    "subProcess": lazy("subprocess"),
    "transaction": lazy("subprocess"),
}
ELEMENTS = frozenset(_KINDS)
"""Kinds of entries that are a visit of an element; the others say what somebody did to it."""
_GATEWAYS = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"}
)


@dataclass(frozen=True, slots=True)
class Passed:
    """An element that the process went through by itself."""

    name: str
    kind: str
    element_id: str
    is_turn: bool
    """Whether the way forked here."""


@dataclass(frozen=True, slots=True)
class StepTold:
    """What happened in one moment: who did what, and where the process went from there."""

    at: datetime
    told: tuple[Told, ...]
    passed: tuple[Passed, ...]


def steps_of(history: Iterable[HistoryEntry]) -> list[StepTold]:
    """Newest first. All entries of one moment belong to one step."""
    entries = sorted(history, key=lambda entry: entry.at)
    steps = [_step(at, list(group)) for at, group in groupby(entries, key=lambda entry: entry.at)]
    return [one for one in reversed(steps) if one.told or one.passed]


def _step(at: datetime, entries: list[HistoryEntry]) -> StepTold:
    told: list[Told] = []
    passed: list[Passed] = []
    for entry in entries:
        lines = tell([entry])
        if lines:
            told.extend(lines)
        elif not _is_silent(entry):
            passed.append(_passed(entry))
    # What a person did comes before what followed from it.
    told.sort(key=lambda one: one.by_machine)
    return StepTold(at, tuple(told), tuple(passed))


def _is_silent(entry: HistoryEntry) -> bool:
    """Gateways without a name join or fork and say nothing; a body of many is one of them."""
    unnamed = not entry.name or entry.name == entry.element_id
    return (entry.kind in _GATEWAYS and unnamed) or entry.kind in ("userTask", "sequenceFlow")


def _passed(entry: HistoryEntry) -> Passed:
    kind = _KINDS.get(entry.kind)
    return Passed(
        name=said(entry) or entry.element_id,
        kind=str(kind) if kind else "",
        element_id=entry.element_id,
        is_turn=entry.kind in _GATEWAYS,
    )
