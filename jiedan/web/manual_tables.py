"""Tables of the manual that are made when a page is read, so that they are never out of date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from flask import g

from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.core.parameter import Parameter, Value
from jiedan.core.settings import describe
from jiedan.flow.engine.snapshots import Finding, Severity
from jiedan.flow.engine.support import (
    PLACES,
    TRIGGERS,
    Support,
    element_support,
    event_support,
    mistake_support,
)
from jiedan.web.house import platform

_MARK = re.compile(r"^\[\[([a-z]+)\]\]$", re.MULTILINE)

NAMES: dict[str, LazyText] = {
    "task": lazy("Task without a kind"),
    "userTask": lazy("User task"),
    "manualTask": lazy("Manual task"),
    "serviceTask": lazy("Service task"),
    "sendTask": lazy("Send task"),
    "receiveTask": lazy("Receive task"),
    "businessRuleTask": lazy("Business rule task"),
    "scriptTask": lazy("Script task"),
    "callActivity": lazy("Call activity"),
    "subProcess": lazy("Subprocess"),
    "transaction": lazy("Transaction"),
    "adHocSubProcess": lazy("Ad-hoc subprocess"),
    "exclusiveGateway": lazy("Exclusive gateway"),
    "inclusiveGateway": lazy("Inclusive gateway"),
    "parallelGateway": lazy("Parallel gateway"),
    "eventBasedGateway": lazy("Event-based gateway"),
    "complexGateway": lazy("Complex gateway"),
    "multiInstanceParallel": lazy("Multi-instance, in parallel"),
    "multiInstanceSequential": lazy("Multi-instance, one after the other"),
    "standardLoop": lazy("Loop"),
    "startEvent": lazy("Start event"),
    "eventSubprocessStart": lazy("Start of an event subprocess"),
    "intermediateCatchEvent": lazy("Intermediate, catching"),
    "boundaryEvent": lazy("At an activity"),
    "intermediateThrowEvent": lazy("Intermediate, throwing"),
    "endEvent": lazy("End event"),
    "none": lazy("No trigger"),
    "message": lazy("Message"),
    "timer": lazy("Timer"),
    "signal": lazy("Signal"),
    "conditional": lazy("Condition"),
    "error": lazy("BPMN error"),
    "escalation": lazy("Escalation"),
    "compensate": lazy("Compensation"),
    "cancel": lazy("Cancel"),
    "link": lazy("Link"),
    "terminate": lazy("Terminate"),
}
"""What elements, places and triggers are called."""

VERDICTS: dict[Severity | None, LazyText] = {
    None: lazy("runs"),
    Severity.REPAIRED: lazy("is mended, then runs"),
    Severity.ERROR: lazy("is refused"),
}


def filled(text: str) -> str:
    """A page with each line `[[name]]` replaced by the table of that name."""
    return _MARK.sub(lambda mark: TABLES[mark[1]](), text)


def elements_table() -> str:
    """Activities, gateways and markers."""
    return _table(
        (gettext("Element"), gettext("What happens"), gettext("Worth knowing")),
        ((_name(one.kind), _verdict(one), _notes(one)) for one in element_support()),
    )


def events_table() -> str:
    """Which trigger an event may have where it stands."""
    found = event_support()
    rows = (
        (
            _name(trigger),
            *("✓" if found[place, trigger].verdict is None else "–" for place in PLACES),
        )
        for trigger in TRIGGERS
    )
    return _table(("", *(str(NAMES[place]) for place in PLACES)), rows)


def mistakes_table() -> str:
    """Usual mistakes: the rule, what becomes of the diagram, and what to do."""
    rows = (
        (f"`{one.kind}`", _outcome(one, finding), _said(finding), gettext(finding.mend))
        for one in mistake_support()
        for finding in [next(each for each in one.findings if each.rule == one.kind)]
    )
    heads = (gettext("Rule"), gettext("What happens"), gettext("Finding"), gettext("What to do"))
    return _table(heads, rows)


def settings_table() -> str:
    """Every setting with its variable, default and range."""
    rows = (
        (
            f"`{one.name}` `{one.variable}`",
            " ".join(part for part in (one.default and f"`{one.default}`", one.range) if part),
            one.sentence,
        )
        for one in describe()
    )
    heads = (gettext("Setting and variable"), gettext("Default, range"), gettext("Meaning"))
    return _table(heads, rows)


def parameters_table() -> str:
    """Every business parameter; how it stands is for people who are signed in."""
    parameters = platform().parameters
    known = g.get("actor") is not None
    rows = []
    for one in (parameters[name] for name in parameters):
        value = f"{shown_value(one.value)} {one.unit}".strip() if known else "…"
        rows.append((f"`{one.name}`", str(one.title), value, _range(one), one.clause))
    heads = (
        gettext("Parameter"),
        gettext("Meaning"),
        gettext("Now"),
        gettext("Range"),
        gettext("Clause"),
    )
    return _table(heads, rows)


def shown_value(value: Value) -> str:
    """A parameter's value as the manual writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(shown_value(one) for one in value)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


TABLES: dict[str, Callable[[], str]] = {
    "elements": elements_table,
    "events": events_table,
    "mistakes": mistakes_table,
    "settings": settings_table,
    "parameters": parameters_table,
}


def _range(parameter: Parameter) -> str:
    if parameter.options:
        return ", ".join(parameter.options)
    low, high = parameter.low, parameter.high
    if low is None and high is None:
        return ""
    return f"{'' if low is None else shown_value(low)}–{'' if high is None else shown_value(high)}"


def _name(kind: str) -> str:
    return f"{NAMES[kind]} (`{kind}`)"


def _verdict(support: Support) -> str:
    return str(VERDICTS[support.verdict])


def _outcome(support: Support, finding: Finding) -> str:
    if finding.severity is Severity.WARNING:
        return gettext("runs, with a warning")
    return _verdict(support)


def _notes(support: Support) -> str:
    return " ".join(f"{_said(one)} {gettext(one.mend)}".strip() for one in support.notes)


def _said(finding: Finding) -> str:
    # The drawn element's own id would tell nobody anything.
    return gettext(finding.message, **{**finding.params, "name": "…"})


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(heads, rows))


def _lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(heads)
    yield _row(["---"] * len(heads))
    for row in rows:
        yield _row(row)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(one.replace("|", "\\|").split()) for one in cells) + " |"
