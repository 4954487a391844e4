"""Owns the look ahead: which user tasks will follow as things stand, and whose they will be.

Nothing is run. Conditions and decisions are evaluated with what the instance knows and what stands
in the form; where that is not enough to tell, the default way is taken and the step is marked as
uncertain. Handlers are not called, so what they would find out is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from jiedan.core.actor import Actor
from jiedan.core.errors import JiedanError
from jiedan.core.work import Work
from jiedan.feel import FeelError
from jiedan.flow.content.forms import parse_form
from jiedan.flow.content.graph import Arrow, Node, graph_of
from jiedan.flow.content.read import split_list
from jiedan.flow.current import Bundle, bundle_of, form_version, read_sources
from jiedan.flow.engine import ElementRef
from jiedan.flow.host import StepHost
from jiedan.flow.instance import load_instance
from jiedan.flow.opening import live_of
from jiedan.flow.owners import join_owners
from jiedan.flow.platform import Flow
from jiedan.flow.tables import BundleRow
from jiedan.flow.task_views import OpenedTask

MOST_STEPS = 8
MOST_NODES = 120
_UNKNOWN = (JiedanError, FeelError, ArithmeticError, LookupError, TypeError, ValueError)
Graphs = Mapping[str, Mapping[str, Node]]
_Place = tuple[str, str]
"""(process, element)"""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A user task that will probably come."""

    process_id: str
    element_id: str
    name: str
    name_en: str
    owners: tuple[str, ...]
    certain: bool
    """Whether every condition on the way could be judged."""


def predict(
    flow: Flow, *, actor: Actor, task: OpenedTask, answer: Mapping[str, Any] | None = None
) -> tuple[Ahead, ...]:
    """The user tasks after this one, the nearest first; none once it is over.

    `answer` is what stands in the form now; the outcome is the form's first button.
    """
    if not task.state.is_open:
        return ()
    with flow.platform.read() as session:
        instance = load_instance(session, task.instance_id)
        bundle = bundle_of(session, flow, instance.bundle_id)
        live = live_of(flow, session, instance)
        if live is None:
            return ()
        graphs = bundle.memo.get("graphs")
        if graphs is None:
            members = session.execute(
                select(BundleRow.members).where(BundleRow.id == bundle.id)
            ).scalar_one()
            sources = read_sources(session, {one["sha256"] for one in members.values()})
            graphs = bundle.memo["graphs"] = {
                process_id: graph_of(sources[one["sha256"]], process_id)
                for process_id, one in members.items()
            }
        work = Work(session, flow.platform.clock.now(), actor, flow.platform)
        callers = {
            graphs[one.process_id][one.element.id].called: (one.process_id, one.element.id)
            for one in live.tokens()
            if one.element.id in graphs.get(one.process_id, {})
        }
        variables = {**task.variables, **(answer or task.values), "outcome": _outcome(task)}
        walker = _Walker(
            StepHost(work, flow, instance), bundle, graphs, variables, dict(callers), []
        )
        walker.walk((task.process_id, task.element_id))
        return tuple(walker.found)


def _outcome(task: OpenedTask) -> str | None:
    if task.schema is None:
        return None
    outcomes = parse_form(task.schema)[0].outcomes
    return outcomes[0].name if outcomes else None


@dataclass(slots=True)
class _Walker:
    host: StepHost
    bundle: Bundle
    graphs: Graphs
    variables: dict[str, Any]
    callers: dict[str | None, _Place]
    found: list[Ahead]

    def walk(self, start: _Place) -> None:
        """Follow the arrows breadth first, each node once."""
        seen = {start}
        waiting: list[tuple[_Place, bool]] = [(one, sure) for one, sure in self._after(start)]
        while waiting and len(seen) < MOST_NODES and len(self.found) < MOST_STEPS:
            place, sure = waiting.pop(0)
            if place in seen:
                continue
            seen.add(place)
            node = self.graphs[place[0]][place[1]]
            if node.kind == "userTask":
                self._meet(place[0], node, sure)
            waiting.extend((target, sure and still) for target, still in self._into(place, node))

    def _into(self, place: _Place, node: Node) -> list[tuple[_Place, bool]]:
        """Where a token that arrives at this node goes next."""
        if node.called and node.called in self.graphs:
            self.callers[node.called] = place
            start = self.bundle.processes[node.called].none_start
            if start:
                return [((node.called, start), True)]
        if node.begins:
            return [((place[0], node.begins), True)]
        if node.decision and node.result:
            self._decide(place[0], node)
        return self._after(place)

    def _after(self, place: _Place) -> list[tuple[_Place, bool]]:
        process_id, element_id = place
        node = self.graphs[process_id].get(element_id)
        if node is None or node.kind == "eventBasedGateway":
            return []
        if not node.arrows:
            return self._out_of(process_id, node)
        return [
            ((process_id, arrow.target), sure)
            for arrow, sure in self._chosen(node)
            if arrow.target in self.graphs[process_id]
        ]

    def _out_of(self, process_id: str, node: Node) -> list[tuple[_Place, bool]]:
        """After the end: behind the subprocess, or behind who called."""
        if node.inside:
            return self._after((process_id, node.inside))
        caller = self.callers.get(process_id)
        return self._after(caller) if caller is not None else []

    def _chosen(self, node: Node) -> list[tuple[Arrow, bool]]:
        if node.kind not in ("exclusiveGateway", "inclusiveGateway"):
            return [(arrow, True) for arrow in node.arrows]
        sure, taken = True, []
        for arrow in node.arrows:
            if arrow.condition is None or arrow.is_default:
                continue
            holds = self._holds(arrow.condition)
            sure = sure and holds is not None
            if holds:
                taken.append((arrow, sure))
                if node.kind == "exclusiveGateway":
                    return taken
        if taken:
            return taken
        others = [arrow for arrow in node.arrows if arrow.is_default or arrow.condition is None]
        return [(arrow, sure) for arrow in others[:1]]

    def _holds(self, condition: str) -> bool | None:
        try:
            value = self.host.evaluate(condition, self.variables)
        except _UNKNOWN:
            return None
        return value if isinstance(value, bool) else None

    def _decide(self, process_id: str, node: Node) -> None:
        element = ElementRef(node.id, node.id, node.kind, process_id)
        try:
            self.variables[node.result or ""] = self.host.decide(
                node.decision or "", self.variables, element
            )
        except _UNKNOWN:
            self.variables.pop(node.result or "", None)

    def _meet(self, process_id: str, node: Node, sure: bool) -> None:
        info = self.bundle.element(process_id, node.id)
        if info is None:
            return
        owners = join_owners(self._names(node.users), self._names(node.groups))
        if info.form_id:
            # Whoever does that step presses a button of its own; the first is the usual one.
            self.variables["outcome"] = self._first_outcome(info.form_id)
        self.found.append(
            Ahead(
                process_id=process_id,
                element_id=node.id,
                name=info.name,
                name_en=info.name_en,
                owners=owners or join_owners((), info.roles),
                certain=sure,
            )
        )

    def _first_outcome(self, form_id: str) -> str | None:
        work = self.host.work
        try:
            form = form_version(work.session, self.host.flow, form_id, None)[0]
        except _UNKNOWN:
            return None
        return form.outcomes[0].name if form.outcomes else None

    def _names(self, said: str) -> tuple[str, ...]:
        if not said.startswith("="):
            return split_list(said)
        try:
            value = self.host.evaluate(said[1:], self.variables)
        except _UNKNOWN:
            return ()
        values = value if isinstance(value, list) else [value]
        return tuple(one for one in values if isinstance(one, str) and one)
