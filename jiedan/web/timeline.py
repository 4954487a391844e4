"""The story of an order: history entries as people tell it, machine noise left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jiedan.core.actor import SYSTEM_LOGIN
from jiedan.core.i18n import LazyText, current_locale, format_duration, gettext, lazy, pick
from jiedan.flow.history import FiredDecision, HistoryEntry
from jiedan.web.formatting import person_name, role_names, said
from jiedan.web.house import flow
from jiedan.web.outcomes import decision_name, outcome_name
from jiedan.web.words import DECIDED, OUTPUTS

_QUIET = frozenset(
    {
        "startEvent", "sequenceFlow", "exclusiveGateway", "parallelGateway", "inclusiveGateway",
        "eventBasedGateway", "scriptTask", "subProcess", "intermediateThrowEvent", "task",
        "callActivity", "serviceTask", "businessRuleTask", "sendTask", "receiveTask",
    }
)  # fmt: skip
MACHINES = frozenset({None, SYSTEM_LOGIN})
_TONES: Mapping[str, str] = {
    "userTask": "good",
    "incident": "bad",
    "breached": "bad",
    "escalated": "bad",
    "final": "bad",
    "cancelled": "bad",
    "suspended": "bad",
}


_SPOKEN: Mapping[str, LazyText] = {
    "claimed": lazy("claimed “%(name)s”"),
    "unclaimed": lazy("gave “%(name)s” back"),
    "incident": lazy("“%(name)s” failed and waits for an admin"),
    "retried": lazy("tried “%(name)s” again"),
    "skipped": lazy("skipped “%(name)s”"),
    "breached": lazy("“%(name)s” is past its deadline"),
    "final": lazy("“%(name)s” was reported to the top"),
    "escalated": lazy("“%(name)s” was handed up"),
    "reminded": lazy("“%(name)s” is due soon: a reminder was sent"),
    "suspended": lazy("suspended the process"),
    "resumed": lazy("resumed the process"),
    "cancelled": lazy("“%(name)s” was cancelled"),
    "moved": lazy("moved it from “%(from)s” to “%(to)s”"),
    "token_cancelled": lazy("took “%(name)s” away"),
    "item_added": lazy("added a round to “%(name)s”"),
    "variables": lazy("set the variables %(variables)s"),
    "migrated": lazy("took it from version %(from)s to version %(to)s"),
    "migrated_back": lazy("took it back from version %(from)s to version %(to)s"),
    "message": lazy("message received: %(name)s"),
    "endEvent": lazy("reached the end “%(name)s”"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A decision that was taken and the rows that said so."""

    decision: str
    value: str
    rules: tuple[tuple[str, str], ...]
    """(which row, why) of each row that matched."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the story."""

    at: datetime
    tone: str
    who: str
    what: str
    outcome: str
    note: str
    took: str
    rules: tuple[Rule, ...]
    by_machine: bool


def tell(history: Iterable[HistoryEntry]) -> list[Told]:
    """Newest first; gateways, scripts and the like only when a decision fired there.

    The ends of called processes are nobody's news: what follows tells as much.

    All of one step bears one time: what the person did comes before what followed from it.
    """
    entries = list(history)
    root = next((one.process_id for one in entries if one.kind == "startEvent"), None)
    worth = [
        entry
        for entry in entries
        if _is_worth_telling(entry) and (entry.kind != "endEvent" or entry.process_id == root)
    ]
    worth.sort(key=lambda entry: (entry.at, entry.actor in MACHINES))
    return [_told(entry) for entry in reversed(worth)]


def _is_worth_telling(entry: HistoryEntry) -> bool:
    if entry.kind == "userTask":
        return entry.actor is not None
    return bool(entry.decisions) or entry.kind not in _QUIET


def _told(entry: HistoryEntry) -> Told:
    return Told(
        at=entry.at,
        tone=_TONES.get(entry.kind, "special" if entry.decisions else ""),
        who=_who(entry),
        what=_what(entry),
        outcome=outcome_name(flow(), entry.outcome, entry.process_id, entry.element_id),
        note=entry.note or "",
        took=_took(entry),
        rules=tuple(_rule(decision) for decision in entry.decisions),
        by_machine=entry.actor in MACHINES,
    )


def _rule(decision: FiredDecision) -> Rule:
    rules = tuple((str(rule.row), _one_language(rule.note)) for rule in decision.rules)
    return Rule(decision_name(flow(), decision.decision_id), _value(decision.value), rules)


def _one_language(note: str) -> str:
    """Annotations of rules carry both languages as `中文 / English`."""
    chinese, slash, english = note.partition(" / ")
    return pick(chinese, english) if slash else note


def _who(entry: HistoryEntry) -> str:
    if entry.actor is None or entry.actor in MACHINES:
        return ""
    name = person_name(entry.actor)
    if entry.on_behalf_of:
        return gettext(
            "%(deputy)s for %(principal)s",
            deputy=name,
            principal=person_name(entry.on_behalf_of),
        )
    return name


def _what(entry: HistoryEntry) -> str:
    name = said(entry)
    spoken = _SPOKEN.get(entry.kind)
    if spoken is None:
        return name
    details = {key: str(one) for key, one in entry.detail.items() if not isinstance(one, list)}
    lists = {
        key: ", ".join(map(str, one)) for key, one in entry.detail.items() if isinstance(one, list)
    }
    return gettext(spoken.msgid, **{**details, **lists, "name": name})


def _took(entry: HistoryEntry) -> str:
    if entry.kind != "userTask" or entry.entered_at is None or entry.at <= entry.entered_at:
        return ""
    return format_duration(entry.at - entry.entered_at)


def _value(value: Any) -> str:
    """What was decided, in words."""
    between = "、" if current_locale() == "zh" else ", "
    if isinstance(value, Mapping):
        said = [_output(name, one) for name, one in value.items() if one is not None]
        return between.join(said) or "—"
    if isinstance(value, list | tuple):
        return between.join(_value(one) for one in value) or "—"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, str):
        return str(DECIDED[value]) if value in DECIDED else _roles(value)
    return "—" if value is None else str(value)


def _output(name: str, value: Any) -> str:
    """One of several outputs; words speak for themselves, numbers need to say what they are."""
    if isinstance(value, str):
        return _value(value)
    label = str(OUTPUTS[name]) if name in OUTPUTS else name.replace("_", " ")
    return f"{label}{'：' if current_locale() == 'zh' else ': '}{_value(value)}"


def _roles(text: str) -> str:
    """`QC,PM` by name; any other text as it is."""
    codes = text.split(",")
    if not all(len(code) == 2 and code.isupper() for code in codes):
        return text
    return role_names(codes)
