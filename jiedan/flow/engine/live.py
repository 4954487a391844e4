"""One running instance in memory: start or restore it, act, run, read the changes, save it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.flow.engine import state as stored
from jiedan.flow.engine.elements.bodies import MultiInstance
from jiedan.flow.engine.elements.gateways import EventBasedGateway
from jiedan.flow.engine.errors import LiveBroken, NothingWaits, StartRefused
from jiedan.flow.engine.host import Host
from jiedan.flow.engine.instance import Instance
from jiedan.flow.engine.model import ProcessModel
from jiedan.flow.engine.rewinding import Jumps, Way, find_way, go_back
from jiedan.flow.engine.snapshots import Changes, ElementRef, Token
from jiedan.flow.engine.spec import ProcessSpec
from jiedan.flow.engine.tokens import READY, TokenTask
from jiedan.flow.engine.values import plain


class Live:
    """One instance. Every verb only marks; `run(host)` then moves tokens to the next wait state.

    Usage: act → `run(host)` → `changes()` → `state()` → commit. May be cached and used again as
    long as the commit succeeded; after any exception, or a rollback, drop the object.
    One thread at a time.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._broken = False

    @classmethod
    def start(
        cls,
        model: ProcessModel,
        variables: Mapping[str, Any],
        host: Host,
        *,
        message: str | None = None,
        signal: str | None = None,
        start_element: str | None = None,
    ) -> Live:
        """Begin at the none start event, or at the start event of `message` or `signal`.

        The instance is already run to its first wait state. Raises StartRefused when there is
        no such start.
        """
        instance = Instance(model, model.root)
        starts = _starts(model.root, message, signal, start_element)
        values = plain(variables)
        instance.clock = host.now()
        if message is None and signal is None:
            instance.scope.values.update(values)
            instance.begin(starts)
        else:
            instance.begin(starts, values)
        live = cls(instance)
        live.run(host)
        return live

    @classmethod
    def restore(cls, model: ProcessModel, state: bytes) -> Live:
        """Bring back what `state` saved; raises StateUnreadable."""
        return cls(stored.load(model, state))

    def state(self) -> bytes:
        """Save: compressed, without the specification, without finished or predicted tasks."""
        self._check_sound()
        return stored.dump(self._instance)

    # --- acts ----------------------------------------------------------------------------------

    def complete_task(
        self,
        task_id: UUID,
        variables: Mapping[str, Any] | None = None,
        *,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        """Complete a user task: `variables` are merged into the process.

        `answer` is only visible to the element's explicit output mappings and its multi-instance
        output element. Raises NothingWaits.
        """
        task = self._waiting(task_id, "task")
        if answer and (task.task_spec.outputs_mapped or task.task_spec.is_item):
            task.internal_data["answer"] = plain(answer)
        self._instance.resume(task, plain(variables or {}))

    def finish_job(self, task_id: UUID, result: Mapping[str, Any] | None = None) -> None:
        """Give the result of a job; output mappings apply as if the handler had answered inline."""
        task = self._waiting(task_id, "job")
        self._instance.resume(task, plain(result or {}))

    def throw_error(
        self,
        task_id: UUID,
        code: str,
        variables: Mapping[str, Any] | None = None,
        message: str = "",
    ) -> bool:
        """Throw a BPMN error at an open task or job; False if nobody catches it.

        An uncaught error appears in the changes and its token stays until `retry` or `skip`.
        """
        task = self._waiting(task_id, "task", "job")
        return self._instance.throw_error(task, code, message, plain(variables or {}))

    def deliver(
        self,
        name: str,
        correlation_key: str | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> bool:
        """Give a message to the one token that waits for it; False if none does."""
        self._check_sound()
        for task in self._instance.listening("message", name, correlation_key)[:1]:
            task.task_spec.fire(task, plain(payload or {}), last=False)
            return True
        return False

    def deliver_to(self, task_id: UUID, payload: Mapping[str, Any] | None = None) -> None:
        """Give a message or signal to one subscription. Raises NothingWaits."""
        task = self._waiting(task_id, "message", "signal")
        task.task_spec.fire(task, plain(payload or {}), last=False)

    def broadcast(self, signal: str, payload: Mapping[str, Any] | None = None) -> int:
        """Give a signal to every token that waits for it; how many there were."""
        self._check_sound()
        return self._instance.broadcast(signal, plain(payload or {}))

    def fire_timers(self, now: datetime) -> int:
        """Fire all timers due at `now`; how many there were."""
        self._check_sound()
        due = sorted(
            (task for task in self._timers() if _due(task) <= now),
            key=lambda task: task.internal_data["due"],
        )
        fired = 0
        self._instance.clock = now
        for task in due:
            if task.id in self._instance.waiting:  # an earlier one may have withdrawn it
                self._instance.fire_timer(task, now)
                fired += 1
        return fired

    def fire_timer(self, task_id: UUID, now: datetime) -> None:
        """Fire one timer, due or not. Raises NothingWaits."""
        task = self._waiting(task_id, "timer")
        self._instance.clock = now
        self._instance.fire_timer(task, now)

    def next_timer(self) -> datetime | None:
        """When the next timer is due."""
        return min((_due(task) for task in self._timers()), default=None)

    def retry(self, task_id: UUID) -> None:
        """Try an element again whose expression failed or whose error nobody caught."""
        task = self._failed(task_id)
        self._instance.stop_waiting(task, "completed")
        task._set_state(READY)
        self._instance.agenda.append(task)

    def skip(self, task_id: UUID, variables: Mapping[str, Any] | None = None) -> None:
        """Leave a failed element or a waiting task or job as if `variables` were its result."""
        task = self._find(task_id)
        if "fail" not in task.internal_data:
            task = self._waiting(task_id, "task", "job")
        if not task.entered:
            raise NothingWaits(task_id)
        inner = self._instance.subprocesses.pop(task.id, None)
        if inner is not None:
            inner.cancel_all()
        task.internal_data["m"] = 1
        self._instance.resume(task, plain(variables or {}))

    def move(self, task_id: UUID, element_id: str) -> UUID:
        """Take a token away and begin at another element of the same (sub)process instead.

        Everything inside the token, or waiting at its border, is cancelled. Returns the id of the
        new token. Raises NothingWaits for the token and StartRefused for the element.
        """
        task = self._standing(task_id)
        while task.task_spec.is_item:
            task = task.parent
        workflow = task.workflow
        target = workflow.spec.task_specs.get(element_id)
        if target is None or target.is_item or not target.may_be_begun:
            raise StartRefused(element_id)
        fresh = workflow.spawn(target)
        fresh._ready()
        task.cancel()
        return fresh.id

    def cancel_token(self, task_id: UUID) -> None:
        """Take a token away; the (sub)process ends if it was the last one. Raises NothingWaits.

        A token at an item of a multi-instance body counts as an item that needs no result.
        """
        task = self._standing(task_id)
        if task.task_spec.is_item:
            task.task_spec.body.drop_item(task)
        else:
            task.cancel()

    def add_item(self, body_id: UUID, value: Any) -> UUID:
        """Give a running multi-instance body one more item, at the end of its collection.

        Returns the new item's token; a sequential body takes it when its turn comes and returns
        its own. Raises NothingWaits.
        """
        body = self._standing(body_id)
        if not isinstance(body.task_spec, MultiInstance) or "n" not in body.internal_data:
            raise NothingWaits(body_id)
        return body.task_spec.add_one(body, plain(value)).id

    def way_back(
        self,
        task_id: UUID,
        process_id: str,
        element_id: str,
        left: frozenset[str],
        jumps: Jumps,
    ) -> Way | None:
        """How a token could go back; see `rewinding`. Changes nothing."""
        self._check_sound()
        return find_way(self._instance, task_id, process_id, element_id, left, jumps)

    def go_back(self, way: Way, *, straight: str | None = None) -> UUID:
        """Go a way that `way_back` has just found; returns the new token."""
        self._check_sound()
        return go_back(way, straight=straight)

    def is_item(self, task_id: UUID) -> bool:
        """Whether a token is a round of a multi-instance body."""
        task = self._find(task_id)
        return task.task_spec.is_item and isinstance(task.parent.task_spec, MultiInstance)

    def count_voice(self, task_id: UUID, *, agrees: bool) -> tuple[int, int, int]:
        """Count the answer of a multi-instance item: how many agree, refuse, and are asked."""
        body = self._standing(task_id).parent.internal_data
        name = "yes" if agrees else "no"
        body[name] = body.get(name, 0) + 1
        return body.get("yes", 0), body.get("no", 0), body["n"] - body.get("dropped", 0)

    def decide_items(self, task_id: UUID, variables: Mapping[str, Any]) -> None:
        """The item that is completed now decides its body: no other item is waited for."""
        item = self._standing(task_id)
        item.internal_data["enough"] = True
        body = item.parent
        body.task_spec.outer_scope(body).assign_all(plain(variables))

    def merge_variables(self, variables: Mapping[str, Any], task_id: UUID | None = None) -> None:
        """Set variables of the instance, or as seen from one token. Raises NothingWaits."""
        self._check_sound()
        scope = self._instance.scope if task_id is None else self._find(task_id).scope
        scope.assign_all(plain(variables))

    def terminate(self) -> None:
        """Cancel everything; `changes()` then tells what was closed."""
        self._check_sound()
        self._instance.cancel_all()

    def run(self, host: Host) -> None:
        """Move tokens until everything waits. Raises what `host.call` raised, except BpmnError."""
        self._check_sound()
        instance = self._instance
        self._broken = True
        instance.host, instance.clock = host, host.now()
        instance.journal.now = instance.clock
        try:
            instance.do_engine_steps()
            self._broken = False
        finally:
            instance.host = instance.clock = None

    # --- what is the case ----------------------------------------------------------------------

    def changes(self) -> Changes:
        """What happened since the last time this was asked."""
        self._check_sound()
        instance = self._instance
        return instance.journal.take(ended=instance.completed, dead=instance.is_dead())

    def variables(self, task_id: UUID | None = None) -> dict[str, Any]:
        """The instance's variables, or everything visible to one token; your own copy."""
        scope = self._instance.scope if task_id is None else self._find(task_id).scope
        return plain(scope.visible())

    def tokens(self) -> list[Token]:
        """Where the instance stands; listeners of boundary events and the like are left out."""
        instance = self._instance
        return [
            Token(
                task.task_spec.ref,
                task.task_spec.ref.process_id,
                task.id,
                _name_state(task, instance),
                task.enclosing_id(),
                task.item(),
            )
            for workflow in [instance, *instance.subprocesses.values()]
            for task in workflow.tasks.values()
            if task.entered
        ]

    def places(self, task_id: UUID) -> list[ElementRef]:
        """The elements that `move` may take a token to. Raises NothingWaits."""
        task = self._standing(task_id)
        while task.task_spec.is_item:
            task = task.parent
        specs = task.workflow.spec.task_specs.values()
        return [one.ref for one in specs if one.may_be_begun and not one.is_item]

    def takes_items(self, task_id: UUID) -> bool:
        """Whether `add_item` may give this token one more item. Raises NothingWaits."""
        task = self._standing(task_id)
        return isinstance(task.task_spec, MultiInstance) and "n" in task.internal_data

    @property
    def ended(self) -> bool:
        """Whether no token is left."""
        return self._instance.completed

    # --- finding -------------------------------------------------------------------------------

    def _check_sound(self) -> None:
        if self._broken:
            raise LiveBroken

    def _find(self, task_id: UUID) -> TokenTask:
        task = self._instance.find(task_id)
        if task is None:
            raise NothingWaits(task_id)
        return task

    def _standing(self, task_id: UUID) -> TokenTask:
        """A token that was entered and not left."""
        self._check_sound()
        task = self._find(task_id)
        if not task.entered:
            raise NothingWaits(task_id)
        return task

    def _waiting(self, task_id: UUID, *kinds: str) -> TokenTask:
        self._check_sound()
        task = self._instance.waiting.get(task_id)
        if task is None or task.internal_data["wait"] not in kinds:
            raise NothingWaits(task_id)
        return task

    def _failed(self, task_id: UUID) -> TokenTask:
        self._check_sound()
        task = self._find(task_id)
        if "fail" not in task.internal_data:
            raise NothingWaits(task_id)
        return task

    def _timers(self) -> list[TokenTask]:
        waiting = self._instance.waiting.values()
        return [task for task in waiting if task.internal_data["wait"] == "timer"]


def _due(task: TokenTask) -> datetime:
    return datetime.fromisoformat(task.internal_data["due"])


def _name_state(task: TokenTask, instance: Instance) -> str:
    if "fail" in task.internal_data:
        return "failed"
    if task.id in instance.waiting or "a" in task.internal_data:
        return "waiting"
    if isinstance(task.task_spec, EventBasedGateway):
        return "waiting"
    return "ready" if task._state == READY else "inside"


def _starts(
    spec: ProcessSpec, message: str | None, signal: str | None, element: str | None
) -> list[Any]:
    if element is not None:
        chosen = spec.task_specs.get(element)
        if chosen is None or chosen.is_item:
            raise StartRefused(element)
        return [chosen]
    if message is not None or signal is not None:
        kind, name = ("message", message) if message is not None else ("signal", signal)
        start = spec.start_for(kind, str(name))
        if start is None:
            raise StartRefused(str(name))
        return [start]
    starts = spec.initial()
    if spec.starts:
        starts = starts[:1]
    return starts
