"""Going back: what came of an element since it was left is taken away, and it begins anew.

Nothing of what was executed is kept, so what came of an element is read off the diagram: a token
is downstream of the element when a path leads to it over elements that were left since. Other
branches live on: a path through a join that nobody has passed since leads nowhere. Where a join
was passed, the other branches stay done: it waits again with what had come by them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from jiedan.flow.engine.elements.gateways import ParallelGateway
from jiedan.flow.engine.errors import StartRefused
from jiedan.flow.engine.instance import Instance
from jiedan.flow.engine.tokens import TokenTask, Workflow

Jumps = Mapping[str, Collection[str]]
"""From a step that was returned to, to the steps that it went straight back to."""


@dataclass(slots=True)
class Way:
    """One way back, looked at but not yet gone."""

    workflow: Workflow
    element: str
    here: TokenTask
    """The token in that scope that goes back: the one asked for, or the body around it."""
    gone: list[TokenTask] = field(default_factory=list)
    trimmed: list[tuple[TokenTask, dict[str, int]]] = field(default_factory=list)
    """Joins that wait, with the arrivals that stay."""
    restored: dict[str, list[str]] = field(default_factory=dict)
    """Joins that were passed, with the flows of other branches: what came by them stays done."""

    @property
    def is_straight(self) -> bool:
        """Whether only the one token goes back, so that it can come straight again."""
        return self.gone == [self.here] and not self.trimmed

    def tokens(self) -> tuple[UUID, ...]:
        """What is taken away."""
        return tuple(task.id for task in self.gone)


def find_way(
    instance: Instance,
    task_id: UUID,
    process_id: str,
    element_id: str,
    left: frozenset[str],
    jumps: Jumps,
) -> Way | None:
    """The way from a token back to an element of its scope, or of one around it.

    `left` are the elements of that process that were left since the element was, `jumps` where
    tokens went straight to without a flow. None when the token did not come of it.
    """
    task = instance.find(task_id)
    if task is None:
        return None
    for workflow, here in scopes_of(task):
        target = workflow.spec.task_specs.get(element_id)
        if target is None or target.is_item or workflow.spec.process_id != process_id:
            continue
        reached = _reached(workflow, element_id, left, jumps)
        if here.task_spec.name not in reached:
            return None
        way = Way(workflow, element_id, here)
        passed = {element_id} | {name for name in reached if _ref(workflow, name) in left}
        for token in workflow.tasks.values():
            if token.passive or token._parent is not None:
                continue
            if token.task_spec.name not in reached:
                continue
            if "a" in token.internal_data:
                _at_join(way, token, passed)
            else:
                way.gone.append(token)
        for name in passed:
            spec = workflow.spec.task_specs[name]
            if isinstance(spec, ParallelGateway):
                others = [flow.id for flow in spec.incoming if flow.source not in passed]
                if others and len(others) < len(spec.incoming):
                    way.restored[name] = others
        return way
    return None


def go_back(way: Way, *, straight: str | None = None) -> UUID:
    """Go a way back; returns the new token. With `straight`, that goes on there afterwards."""
    target = way.workflow.spec.task_specs[way.element]
    if not target.may_be_begun:
        raise StartRefused(way.element)
    fresh = way.workflow.spawn(target)
    if straight is not None:
        fresh.internal_data["to"] = straight
    fresh._ready()
    for join, stays in way.trimmed:
        join.internal_data["a"] = stays
    for token in way.gone:
        token.cancel()
    if straight is None:
        for name, flows in way.restored.items():
            _restore(way.workflow, name, flows)
    return fresh.id


def scopes_of(task: TokenTask) -> Iterator[tuple[Workflow, TokenTask]]:
    """The (sub)processes around a token from within, each with the token that stands there."""
    here: TokenTask | None = task
    while here is not None:
        while here._parent is not None:
            here = here.parent
        yield here.workflow, here
        here = here.workflow.parent_task


def _restore(workflow: Workflow, name: str, flows: list[str]) -> None:
    """Let a join wait again with what had come to it by other branches."""
    holder = workflow.joins.get(name)
    if holder is None:
        spec = workflow.spec.task_specs[name]
        spec._hold(workflow.spawn(spec), dict.fromkeys(flows, 1))
        return
    arrivals = holder.internal_data["a"]
    for flow in flows:
        arrivals.setdefault(flow, 1)


def _at_join(way: Way, holder: TokenTask, passed: set[str]) -> None:
    arrivals: dict[str, int] = holder.internal_data["a"]
    came = {flow.id for flow in holder.task_spec.incoming if flow.source in passed}
    stays = {flow: count for flow, count in arrivals.items() if flow not in came}
    if not stays:
        way.gone.append(holder)
    elif len(stays) < len(arrivals):
        way.trimmed.append((holder, stays))


def _reached(workflow: Workflow, start: str, left: frozenset[str], jumps: Jumps) -> set[str]:
    """Names of elements that a token can have come to, over elements that were left."""
    specs = workflow.spec.task_specs
    found: set[str] = set()
    stack = [*specs[start].followers(), *_landings(workflow, start, jumps)]
    while stack:
        name = stack.pop()
        if name in found:
            continue
        found.add(name)
        spec = specs[name]
        # A boundary event may have been left while its activity goes on.
        stack.extend(one.name for one in spec.boundary)
        if spec.ref.id in left:
            stack.extend(flow.target for flow in spec.flows)
            stack.extend(_landings(workflow, name, jumps))
    return found


def _landings(workflow: Workflow, name: str, jumps: Jumps) -> list[str]:
    return [one for one in jumps.get(name, ()) if one in workflow.spec.task_specs]


def _ref(workflow: Workflow, name: str) -> str:
    return workflow.spec.task_specs[name].ref.id
