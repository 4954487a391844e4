"""Measures a folder of BPMN files: does each one run to its end, or is it refused by name?

    python -m jiedan.flow.bpmn_conformance DIR

Every process of a file is started and driven on: user tasks are completed, timers fired, messages
and signals delivered, service tasks stubbed. A table by outcome, and each file that did not
complete with the element that was in the way, go to a report file.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

from lxml import etree

from jiedan.feel import FeelError, compile_expression, to_python
from jiedan.flow.bpmn_stubs import EMPTY_PROCESS, STUB_PROCESS, stub
from jiedan.flow.engine import (
    Changes,
    DefinitionRefused,
    ElementRef,
    Live,
    ProcessModel,
    ServiceCall,
    StartRefused,
    compile_model,
)
from jiedan.flow.engine.xmlsource import bpmn, parse_xml

MOVES = 200
"""Acts of people and the world in one instance before it counts as waiting."""
_ANSWER = re.compile(r'^answer\("(.*)"\)$')


class Outcome(IntEnum):
    """What became of a file; of several processes the worst counts."""

    COMPLETED = 0
    WAITING = 1
    REFUSED = 2
    DEAD = 3
    CRASHED = 4


@dataclass(frozen=True, slots=True)
class Judged:
    """A file, what became of it, and the element and reason if it did not complete."""

    file: str
    outcome: Outcome
    reason: str = ""


class StubHost:
    """Evaluates FEEL where it is FEEL; a stubbed condition holds the first time, then not."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, tzinfo=UTC)
        self.asked: Counter[str] = Counter()

    def evaluate(self, expression: str, variables: dict[str, Any]) -> Any:
        stubbed = _ANSWER.match(expression)
        if stubbed:
            self.asked[stubbed[1]] += 1
            return self.asked[stubbed[1]] % 2 == 1
        try:
            return to_python(compile_expression(expression).evaluate(variables))
        except FeelError:
            return None

    def decide(self, decision_id: str, variables: dict[str, Any], element: ElementRef) -> Any:
        return {}

    def call(self, call: ServiceCall) -> dict[str, Any]:
        return {}

    def now(self) -> datetime:
        return self.time


class Books:
    """What waits in one instance, kept from its changes alone."""

    def __init__(self) -> None:
        self.tasks: dict[Any, str] = {}
        self.subscriptions: dict[Any, str] = {}
        self.troubles: dict[Any, str] = {}
        self.rings = 0
        self.delivered: Counter[str] = Counter()
        self.dead = False

    def take(self, changes: Changes) -> None:
        for closed in changes.closed:
            self.tasks.pop(closed.task_id, None)
        for closed in changes.subscriptions_closed:
            self.subscriptions.pop(closed.task_id, None)
        for task_id in changes.failures_closed:
            self.troubles.pop(task_id, None)
        self.tasks |= {one.task_id: one.element.id for one in changes.opened}
        self.subscriptions |= {one.task_id: one.element.id for one in changes.subscriptions}
        for failure in changes.failures:
            self.troubles[failure.task_id] = f"{failure.element.id}: {failure.message}"
        for error in changes.uncaught_errors:
            self.troubles[error.task_id] = f"{error.element.id}: error {error.code} is not caught"
        self.dead = changes.dead


def judge(path: Path, name: str) -> Judged:
    """Run every process of a file."""
    try:
        root = parse_xml(path.read_bytes())
        stub(root)
        ids = [one.get("id") for one in root.findall(bpmn("process")) if len(one)]
        sources = {name: etree.tostring(root), STUB_PROCESS: EMPTY_PROCESS}
        results = [drive(compile_model(sources, one)) for one in ids if one]
    except DefinitionRefused as refusal:
        first = refusal.findings[0]
        reason = f"{first.element_id or 'file'}: {first.message % dict(first.params)}"
        return Judged(name, Outcome.REFUSED, reason)
    except Exception:
        return Judged(name, Outcome.CRASHED, traceback.format_exc().strip().splitlines()[-1])
    if not results:
        return Judged(name, Outcome.REFUSED, "file: no process with content")
    outcome, reason = max(results)
    return Judged(name, outcome, reason)


ORDERS = (("task", "message", "time"), ("time", "task", "message"), ("message", "time", "task"))
"""What is done first decides which way a process takes: a join may wait for what comes from a
reminder, so that it must be due before the task is completed."""


def drive(model: ProcessModel) -> tuple[Outcome, str]:
    """The best that becomes of a process, over different orders of doing things."""
    results = []
    for order in ORDERS:
        results.append(play(model, order))
        if results[-1][0] is Outcome.COMPLETED:
            break
    return min(results)


def play(model: ProcessModel, order: tuple[str, ...]) -> tuple[Outcome, str]:
    """Start a process and do what it waits for until it ends or nothing more can be done."""
    host = StubHost()
    start = model.root.starts[0] if model.root.starts else None
    try:
        live = Live.start(
            model, {}, host, start_element=start.name if start and start.trigger else None
        )
    except StartRefused as refusal:
        return Outcome.REFUSED, f"{refusal}: no such start"
    books = Books()
    books.take(live.changes())
    for _ in range(MOVES):
        if live.ended or not any(MOVE[kind](live, host, books) for kind in order):
            break
        live.run(host)
        books.take(live.changes())
    if live.ended:
        return Outcome.COMPLETED, ""
    if books.dead:
        return Outcome.DEAD, ", ".join(sorted(one.element.id for one in live.tokens()))
    return Outcome.WAITING, "; ".join(sorted(books.troubles.values())) or _standing(live)


def complete_a_task(live: Live, host: StubHost, books: Books) -> bool:
    if not books.tasks:
        return False
    live.complete_task(next(iter(books.tasks)), {})
    return True


def let_time_pass(live: Live, host: StubHost, books: Books) -> bool:
    due = live.next_timer()
    if due is None or books.rings > MOVES // 10:  # some ring for ever
        return False
    books.rings += 1
    host.time = max(due, host.time)
    live.fire_timers(host.time)
    return True


def deliver_a_message(live: Live, host: StubHost, books: Books) -> bool:
    """To whom it was delivered least often: some may come again and again."""
    if not books.subscriptions:
        return False
    delivered = books.delivered
    task_id, element = min(books.subscriptions.items(), key=lambda one: delivered[one[1]])
    if delivered[element] > MOVES // 10:
        return False
    delivered[element] += 1
    live.deliver_to(task_id, {})
    return True


MOVE = {"task": complete_a_task, "time": let_time_pass, "message": deliver_a_message}


def _standing(live: Live) -> str:
    return "waits at " + ", ".join(sorted({one.element.id for one in live.tokens()}))


def files_in(folder: Path) -> list[Path]:
    return sorted([*folder.rglob("*.bpmn"), *folder.rglob("*.bpmn20.xml")])


def run(folder: Path, report: Path) -> Iterator[str]:
    """Judge all files of a folder and write the report; the lines to show."""
    judged = [judge(path, str(path.relative_to(folder))) for path in files_in(folder)]
    counts = Counter(one.outcome for one in judged)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(
        "".join(
            f"{one.outcome.name.lower()}\t{one.file}\t{' '.join(one.reason.split())}\n"
            for one in judged
            if one.outcome is not Outcome.COMPLETED
        ),
        encoding="utf-8",
    )
    for outcome in Outcome:
        share = counts[outcome] / max(len(judged), 1)
        yield f"{outcome.name.lower():<10}{counts[outcome]:>6}{share:>8.1%}"
    yield f"Each file that did not complete: {report}"
    numbers = ", ".join(
        f"{outcome.name.lower()} {counts[outcome]}"
        for outcome in (
            Outcome.COMPLETED,
            Outcome.REFUSED,
            Outcome.WAITING,
            Outcome.DEAD,
            Outcome.CRASHED,
        )
    )
    yield f"conformance: {numbers} of {len(judged)}"


def main(arguments: list[str]) -> int:
    if not arguments:
        print("usage: python -m jiedan.flow.bpmn_conformance DIR [REPORT]", file=sys.stderr)
        return 2
    report = Path(arguments[1]) if len(arguments) > 1 else Path("var/conformance-bpmn.tsv")
    for line in run(Path(arguments[0]), report):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
