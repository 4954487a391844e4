"""Which element of another version an element becomes: the one with its id, or as somebody says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from jiedan.flow.engine.elements.base import Element
from jiedan.flow.engine.elements.bodies import Body, CallActivity, Containing, MultiInstance
from jiedan.flow.engine.elements.events import BoundaryEvent, EventSubprocess, StartEvent
from jiedan.flow.engine.elements.gateways import EventBasedGateway, Joining
from jiedan.flow.engine.elements.throwing import ThrowEvent
from jiedan.flow.engine.model import ProcessModel
from jiedan.flow.engine.snapshots import ElementRef
from jiedan.flow.engine.spec import ProcessSpec


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an instance cannot go to another version as it stands.

    `rule`: gone, other_kind, other_scope, rounds_differ, process_gone, compensating,
    compensation_lost, arrival_lost, never_joins, not_evaluated, does_not_load.
    """

    rule: str
    element: ElementRef
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What becomes of one element where a token can rest; `optional` for what only listens."""

    element: ElementRef
    target: ElementRef | None
    rule: str = ""
    optional: bool = False


class Unmatched(Exception):
    """An element has no place in the other version."""

    def __init__(self, rule: str, element: Element, detail: str = "") -> None:
        super().__init__(rule)
        self.obstacle = Obstacle(rule, element.ref, detail)


class Matching:
    """From `source` to `target`; `mapping` is `process/element` or `element` of the root → id."""

    def __init__(
        self, source: ProcessModel, target: ProcessModel, mapping: Mapping[str, str]
    ) -> None:
        self.source = source
        self.target = target
        self._said = {
            key if "/" in key else f"{source.root_id}/{key}": value
            for key, value in mapping.items()
        }

    def element(self, element: Element, inside: ProcessSpec, said: str | None = None) -> Element:
        """The element of the scope `inside` that this one becomes. Raises Unmatched."""
        if element.is_item and element.body is not None:
            return self.element(element.body, inside, said).item_spec  # type: ignore[attr-defined, no-any-return]
        ref = element.ref
        name = said or self._said.get(f"{ref.process_id}/{ref.id}", ref.id)
        found = inside.task_specs.get(name)
        if found is None:
            raise Unmatched(self._why_missing(ref.process_id, name), element, name)
        if not _alike(element, found):
            raise Unmatched("other_kind", element, found.ref.id)
        if (
            isinstance(element, Body)
            and isinstance(found, Body)
            and not _same_rounds(element, found)
        ):
            raise Unmatched("rounds_differ", element, found.ref.id)
        return found

    def flow(self, flow_id: str, join: Element, target: Element, inside: ProcessSpec) -> str:
        """The sequence flow into `target` that this one into `join` becomes. Raises Unmatched."""
        if any(one.id == flow_id for one in target.incoming):
            return flow_id
        source = next((one.source for one in join.incoming if one.id == flow_id), "")
        before = join._wf_spec.task_specs.get(source)
        if before is not None:
            with suppress(Unmatched):
                after = self.element(before, inside).name
                found = [one.id for one in target.incoming if one.source == after]
                if len(found) == 1:
                    return found[0]
        raise Unmatched("arrival_lost", join, source or flow_id)

    def all(self) -> Iterator[Match]:
        """Every element where a token can rest, outer scopes first."""
        for process_id, spec in self.source.processes.items():
            yield from self._in_scope(spec, self.target.processes.get(process_id))

    def _in_scope(self, spec: ProcessSpec, inside: ProcessSpec | None) -> Iterator[Match]:
        for element in spec.task_specs.values():
            if element.is_item:
                continue
            found: Element | None = None
            rule = "process_gone" if inside is None else ""
            if inside is not None:
                try:
                    found = self.element(element, inside)
                except Unmatched as problem:
                    rule = problem.obstacle.rule
            if can_rest(element):
                target = None if found is None else found.ref
                yield Match(element.ref, target, rule, only_listens(element))
            holder = element.item_spec if isinstance(element, Body) else element
            if isinstance(holder, Containing) and not isinstance(holder, CallActivity):
                inner = found.item_spec if isinstance(found, Body) else found
                yield from self._in_scope(
                    holder.inner, inner.inner if isinstance(inner, Containing) else None
                )

    def _why_missing(self, process_id: str, name: str) -> str:
        process = self.target.processes.get(process_id)
        if process is None:
            return "process_gone"
        return "other_scope" if name in _names(process) else "gone"


def can_rest(element: Element) -> bool:
    """Whether a token may stand here between two steps; anything may also fail and stay."""
    if isinstance(element, Joining):
        return len(element.incoming) > 1
    if isinstance(element, EventBasedGateway):
        return True
    if isinstance(element, StartEvent) or element.ref.kind.endswith("Gateway"):
        return False
    return not isinstance(element, ThrowEvent) or element.extension.task_type is not None


def only_listens(element: Element) -> bool:
    """Whether its tokens are listeners, which a new version may do without."""
    return isinstance(element, BoundaryEvent | EventSubprocess)


def _alike(one: Element, other: Element) -> bool:
    triggers = [None if it.trigger is None else it.trigger.kind for it in (one, other)]
    same = type(one) is type(other) and one.ref.kind == other.ref.kind
    return same and triggers[0] == triggers[1]


def _same_rounds(one: Body, other: Body) -> bool:
    if not _alike(one.item_spec, other.item_spec):
        return False
    if not isinstance(one, MultiInstance) or not isinstance(other, MultiInstance):
        return True
    names = [(it.sequential, it.item_name, it.output_name) for it in (one, other)]
    return names[0] == names[1]


def _names(spec: ProcessSpec) -> Iterator[str]:
    for element in spec.task_specs.values():
        yield element.name
        holder = element.item_spec if isinstance(element, Body) else element
        if isinstance(holder, Containing) and not isinstance(holder, CallActivity):
            yield from _names(holder.inner)
