"""Moves a saved instance to another version of its process, token by token.

Tokens keep their ids, variables and due times. Listeners (boundary events, event subprocesses,
the events behind an event gateway) are added where the new version has more of them and
withdrawn where it has fewer. `Memory` is what the way back needs: where each token stood, and
when the timers that were withdrawn would have been due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.flow.engine.elements.base import Element
from jiedan.flow.engine.elements.bodies import AdHocSubprocess, CallActivity, Containing
from jiedan.flow.engine.elements.events import BoundaryEvent, Catching, EventSubprocess
from jiedan.flow.engine.elements.gateways import EventBasedGateway
from jiedan.flow.engine.errors import StateUnreadable
from jiedan.flow.engine.host import BpmnError, Host
from jiedan.flow.engine.instance import Instance
from jiedan.flow.engine.live import Live
from jiedan.flow.engine.matching import Matching, Obstacle, Unmatched
from jiedan.flow.engine.model import ProcessModel
from jiedan.flow.engine.snapshots import ElementRef
from jiedan.flow.engine.spec import ProcessSpec
from jiedan.flow.engine.state import dump, load
from jiedan.flow.engine.tokens import READY, ElementFailed, TokenTask, Undo, Workflow


@dataclass(frozen=True, slots=True)
class Relocation:
    """A token that now stands at `target`; `form_id` is a user task's form there."""

    task_id: UUID
    source: ElementRef
    target: ElementRef
    waits_for: str | None  # task, job, timer, message, signal, condition
    form_id: str | None = None


@dataclass(slots=True)
class Memory:
    """What the way back needs, JSON-safe."""

    origins: dict[str, str] = field(default_factory=dict)
    """Token → the element it stood at; "" → all of it was there when the instance moved."""
    dropped: dict[str, dict[str, Any]] = field(default_factory=dict)
    """`holder/element` of withdrawn listeners → their timer's due time and cycle."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The instance in its new version; only without obstacles may it be run and kept."""

    live: Live | None
    relocations: tuple[Relocation, ...]
    restarted: tuple[UUID, ...]
    """Tokens whose job is begun anew, because the new version does it in another way."""
    added: tuple[ElementRef, ...]
    withdrawn: tuple[ElementRef, ...]
    memory: Memory
    obstacles: tuple[Obstacle, ...]


def move_to(
    state: bytes,
    source: ProcessModel,
    target: ProcessModel,
    mapping: Mapping[str, str],
    host: Host,
    back: Memory | None = None,
) -> Moved:
    """Move a stored state; `back` is the memory of the move that this one takes back.

    The host is only asked to evaluate. Acts like a verb of `Live`: `run` the result, then write.
    """
    journey = _Journey(load(source, state), Matching(source, target, mapping), back or Memory())
    journey.retarget()
    live = None if journey.obstacles else journey.arrive(host, is_return=back is not None)
    return Moved(
        live if not journey.obstacles else None,
        tuple(journey.relocations),
        tuple(journey.restarted),
        tuple(journey.added),
        tuple(journey.withdrawn),
        journey.memory,
        tuple(journey.obstacles),
    )


class _Journey:
    """One instance on its way."""

    def __init__(self, instance: Instance, matching: Matching, back: Memory) -> None:
        self.instance = instance
        self.matching = matching
        self.back = back
        self.memory = Memory(origins={"": ""})
        self.obstacles: list[Obstacle] = []
        self.relocations: list[Relocation] = []
        self.restarted: list[UUID] = []
        self.added: list[ElementRef] = []
        self.withdrawn: list[ElementRef] = []
        self._origins: dict[UUID, Element] = {}
        self._left_scopes: dict[UUID | None, ProcessSpec] = {}

    # --- giving every token its new element ------------------------------------------------------

    def retarget(self) -> None:
        top = self.instance
        root = self.matching.target.processes[top.spec.name]
        self._retarget_scope(top, root)
        for task_id, inner in list(top.subprocesses.items()):
            if task_id not in top.subprocesses:
                continue  # withdrawn with its listener
            holder = inner.parent_task
            if isinstance(holder.task_spec, CallActivity):
                called = holder.internal_data["c"]
                spec = self.matching.target.processes.get(called)
                if spec is None:
                    self.obstacles.append(Obstacle("process_gone", holder.task_spec.ref, called))
                    continue
            elif task_id in self._origins and isinstance(holder.task_spec, Containing):
                spec = holder.task_spec.inner
            else:
                continue  # its holder is an obstacle already
            if isinstance(holder.task_spec, AdHocSubprocess) and inner.early_end is not None:
                has_condition = holder.task_spec.completion_condition is not None
                inner.early_end = holder.task_spec if has_condition else None
            self._retarget_scope(inner, spec)

    def _retarget_scope(self, workflow: Workflow, spec: ProcessSpec) -> None:
        self._left_scopes[workflow.parent_task_id] = workflow.spec
        for task in list(workflow.tasks.values()):
            if task.id not in workflow.tasks:
                continue
            try:
                self._retarget(task, spec)
            except Unmatched as problem:
                if "l" in task.internal_data:
                    self._withdraw(task)
                else:
                    self.obstacles.append(problem.obstacle)
        kept: list[Undo] = []
        for one in workflow.undo:
            try:
                kept.append(self._undo(one, workflow.spec, spec))
            except Unmatched as problem:
                self.obstacles.append(
                    Obstacle("compensation_lost", problem.obstacle.element, one["of"])
                )
        workflow.undo = kept
        workflow.spec = spec

    def _retarget(self, task: TokenTask, spec: ProcessSpec) -> None:
        internal, element = task.internal_data, task.task_spec
        if "undo" in internal or "undoes" in internal:
            raise Unmatched("compensating", element)
        found = self.matching.element(element, spec, self.back.origins.get(task.id.hex))
        if "l" in internal and not self._still_listens(task, found):
            raise Unmatched("gone", element)
        if "a" in internal:
            self._carry_arrivals(task, found, spec)
        if "to" in internal:  # it goes on there when it is done; see `rewinding`
            onward = element._wf_spec.task_specs[internal["to"]]
            internal["to"] = self.matching.element(onward, spec).name
        self._origins[task.id] = element
        task.task_spec = found
        self.memory.origins[task.id.hex] = element.ref.id

    def _still_listens(self, task: TokenTask, found: Element) -> bool:
        if task.parent is None:
            return found.is_event_subprocess
        holder = task.parent.task_spec
        if isinstance(holder, EventBasedGateway):
            return any(flow.target == found.name for flow in holder.flows)
        return found in holder.boundary

    def _carry_arrivals(self, task: TokenTask, found: Element, spec: ProcessSpec) -> None:
        arrivals: dict[str, int] = {}
        for flow_id, count in task.internal_data["a"].items():
            carried = self.matching.flow(flow_id, task.task_spec, found, spec)
            arrivals[carried] = arrivals.get(carried, 0) + count
        task.internal_data["a"] = arrivals

    def _undo(self, one: Undo, old: ProcessSpec, new: ProcessSpec) -> Undo:
        way = []
        for step in one["in"].split("/") if one["in"] else ():
            holder = self.matching.element(old.task_specs[step], new)
            way.append(holder.name)
            old, new = old.task_specs[step].contents(), holder.contents()
        of, by = (self.matching.element(old.task_specs[one[part]], new) for part in ("of", "by"))
        if of.undone_by != by.name:
            raise Unmatched("compensation_lost", old.task_specs[one["of"]])
        return {"of": of.name, "by": by.name, "in": "/".join(way)}

    def _withdraw(self, task: TokenTask) -> None:
        internal = task.internal_data
        kept = {name: internal[name] for name in ("due", "every", "left") if name in internal}
        self.memory.dropped[_place(task)] = kept
        self.withdrawn.append(task.task_spec.ref)
        task.cancel()

    # --- settling in the new version -------------------------------------------------------------

    def arrive(self, host: Host, *, is_return: bool) -> Live | None:
        """Save, load with the new version, and bring everything that listens in order."""
        journal = self.instance.journal
        try:
            top = load(self.matching.target, dump(self.instance))
        except StateUnreadable as problem:
            self.obstacles.append(
                Obstacle("does_not_load", _whole(self.instance.spec.name), str(problem))
            )
            return None
        top.journal = journal
        top.host, top.clock = host, host.now()
        journal.now = top.clock
        for workflow in (top, *top.subprocesses.values()):
            for task in list(workflow.tasks.values()):
                self._settle(task)
            self._listen(workflow, is_return)
            for task in list(workflow.tasks.values()):
                self._listen_beside(task, is_return)
        self._begin_listening(top)
        self._look_for_dead_joins(top)
        top.host = top.clock = None
        return Live(top)

    def _settle(self, task: TokenTask) -> None:
        """Tell of the change, and ask anew for what the new version says in another way."""
        before, now, waits = self._origins[task.id], task.task_spec, task.internal_data.get("wait")
        form_id = None
        if waits in ("message", "signal") and _says(before) != _says(now):
            task.workflow.top_workflow.stop_waiting(task, "cancelled")
            self._evaluating(task, lambda: now.begin_waiting(task))
        elif waits == "job" and before.extension != now.extension and _work(before) != _work(now):
            self._begin_anew(task)
        elif waits == "task":
            form_id = self._evaluating(task, lambda: now.resolve(task, now.extension.form_id))
        self.relocations.append(
            Relocation(
                task.id, before.ref, now.ref, waits, None if form_id is None else str(form_id)
            )
        )

    def _begin_anew(self, task: TokenTask) -> None:
        top, internal = task.workflow.top_workflow, task.internal_data
        top.stop_waiting(task, "cancelled")
        if internal.pop("m", None) and not task.task_spec.is_item and task.scope.parent is not None:
            task.scope = task.scope.parent
        task._set_state(READY)
        top.agenda.append(task)
        self.restarted.append(task.id)

    def _listen(self, workflow: Workflow, is_return: bool) -> None:
        """Event subprocesses that the old version did not have."""
        handling = [
            task
            for task in workflow.tasks.values()
            if task.task_spec.is_event_subprocess and not task.passive
        ]
        if any(task.task_spec.interrupting for task in handling):
            return  # it has taken over; nothing else is listened for
        old = self._left_scopes[workflow.parent_task_id]
        known = self._become(
            [old.task_specs[name] for name in old.event_subprocesses], workflow.spec
        )
        for name in workflow.spec.event_subprocesses:
            spec = workflow.spec.task_specs[name]
            listening = any(
                one.task_spec is spec and one.passive for one in workflow.tasks.values()
            )
            was_there = "" if workflow.parent_task_id is None else workflow.parent_task_id.hex
            if listening or not self._is_new(spec, known, was_there, is_return):
                continue
            assert isinstance(spec, EventSubprocess)
            if spec.trigger is not None and spec.trigger.is_awaited:
                spec.listen(workflow)
                self.added.append(spec.ref)

    def _listen_beside(self, task: TokenTask, is_return: bool) -> None:
        """Boundary events and events behind a gateway that the old version did not have."""
        spec, internal = task.task_spec, task.internal_data
        before = self._origins.get(task.id)
        if before is None or "l" in internal:
            return
        specs = task.workflow.spec.task_specs
        present = {child.task_spec.name for child in task.children}
        if isinstance(spec, EventBasedGateway):
            missing = [specs[flow.target] for flow in spec.flows if flow.target not in present]
        elif spec.boundary and task.entered and ("b" in internal or "fail" not in internal):
            known = (
                self._become(list(before.boundary), task.workflow.spec) if internal.get("b") else ()
            )
            missing = [
                one
                for one in spec.boundary
                if one.trigger.is_awaited
                and one.name not in present
                and self._is_new(one, known, task.id.hex, is_return)
            ]
            internal["b"] = 1
        else:
            return
        for one in missing:
            listener = task.workflow.spawn(one, task)
            listener.internal_data["l"] = 1
            listener._ready()
            self.added.append(one.ref)

    def _become(self, elements: Iterable[Any], inside: ProcessSpec) -> set[str]:
        """What these have become: a listener of theirs that is missing has fired."""
        found = set()
        for one in elements:
            try:
                found.add(self.matching.element(one, inside).name)
            except Unmatched:
                continue
        return found

    def _is_new(self, spec: Element, known: Any, holder: str, is_return: bool) -> bool:
        if spec.name in known:
            return False
        if is_return and holder in self.back.origins:
            # On the way back only what was withdrawn on the way here: the rest had fired before.
            return f"{holder}/{spec.ref.id}" in self.back.dropped
        return True

    def _begin_listening(self, top: Instance) -> None:
        """Run the new listeners, and only them; withdrawn timers get their old due time back."""
        waiting = [task for task in top.agenda if "l" in task.internal_data]
        for task in waiting:
            top.agenda.remove(task)
            self._evaluating(task, task.run)
            kept = self.back.dropped.get(_place(task), {})
            if "due" in kept and task.internal_data.get("wait") == "timer":
                task.internal_data.update(kept)
                top.set_timer(task, datetime.fromisoformat(kept["due"]))

    def _look_for_dead_joins(self, top: Instance) -> None:
        for workflow in (top, *top.subprocesses.values()):
            for name, holder in workflow.joins.items():
                if holder.task_spec.may_be_forced:
                    continue
                others = [task for task in workflow.tasks.values() if task is not holder]
                empty = {flow.id for flow in holder.task_spec.incoming}
                empty -= set(holder.internal_data["a"])
                for task in others:
                    empty -= workflow.spec.reachable_flows(task.task_spec.name, name)
                if empty:
                    self.obstacles.append(Obstacle("never_joins", holder.task_spec.ref))

    def _evaluating(self, task: TokenTask, ask: Any) -> Any:
        try:
            return ask()
        except (ElementFailed, BpmnError) as problem:
            self.obstacles.append(Obstacle("not_evaluated", task.task_spec.ref, str(problem)))
            return None


def _place(task: TokenTask) -> str:
    holder = task.enclosing_id()
    return f"{'' if holder is None else holder.hex}/{task.task_spec.ref.id}"


def _says(element: Element) -> tuple[Any, ...]:
    """What a message or signal event asks for."""
    assert isinstance(element, Catching | BoundaryEvent)
    trigger = element.trigger
    return (None,) if trigger is None else (trigger.name_term, trigger.expression)


def _work(element: Element) -> tuple[Any, ...]:
    """What a job does."""
    said = element.extension
    return (said.task_type, said.inputs, said.decision_id)


def _whole(process_id: str) -> ElementRef:
    return ElementRef("", "", "process", process_id)
