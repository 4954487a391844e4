"""Events: caught, thrown, attached to activities, starting and ending processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jiedan.flow.engine.dialect import Term
from jiedan.flow.engine.elements.base import Element, ElementFailed, TokenTask
from jiedan.flow.engine.elements.bodies import Containing
from jiedan.flow.engine.elements.gateways import EventBasedGateway
from jiedan.flow.engine.elements.tasks import Calling
from jiedan.flow.engine.runtime import STARTED, Workflow
from jiedan.flow.engine.spec import ProcessSpec
from jiedan.flow.engine.timing import NotATime, schedule
from jiedan.flow.engine.values import plain

_AWAITED = frozenset({"message", "signal", "timer", "condition"})


@dataclass(frozen=True, slots=True)
class Trigger:
    """What an event waits for or throws.

    `name` is the message or signal name, or the error or escalation code (None catches any);
    `expression` the correlation key of a message, the time of a timer or a condition.
    """

    kind: str
    name: str | None = None
    name_term: Term | None = None
    expression: Term | None = None

    @property
    def is_awaited(self) -> bool:
        return self.kind in _AWAITED

    def catches(self, kind: str, code: str) -> bool:
        return self.kind == kind and self.name in (None, "", code)


class Catching(Element):
    """An element that waits for its trigger."""

    trigger: Trigger | None = None

    def begin_waiting(self, task: TokenTask) -> None:
        top, trigger = task.workflow.top_workflow, self.trigger
        if trigger.kind == "timer":
            self._set_timer(task)
        elif trigger.kind == "condition":
            top.wait(task, "condition", None)
        else:
            name = self.resolve(task, trigger.name_term)
            if not name:
                raise ElementFailed("The name to wait for is empty.", trigger.name)
            key = self._key(task)
            if key is None and trigger.expression is not None:
                if not task.passive:
                    raise ElementFailed("The correlation key is null.", trigger.expression.text)
                # An event subprocess listens from the beginning, when its key may not be known.
                top.wait(task, "condition", None, late=1)
            else:
                top.subscribe(task, trigger.kind, str(name), key)

    def _key(self, task: TokenTask) -> str | None:
        expression = self.trigger.expression
        if expression is None:
            return None
        key = plain(task.workflow.top_workflow.evaluate(task, expression.text))
        return None if key is None else str(key)

    def _set_timer(self, task: TokenTask) -> None:
        top, value = task.workflow.top_workflow, self.trigger.expression
        moment = top.evaluate(task, value.text) if value.is_expression else value.text
        try:
            plan = schedule(moment, top.now())
        except NotATime:
            raise ElementFailed("The timer's value is not a time.", value.text) from None
        if plan.every:
            task.internal_data.update(every=plan.every, left=plan.remaining)
        top.set_timer(task, plan.due_at)

    def check_condition(self, task: TokenTask) -> bool:
        """Fire a conditional event when its condition turns true; True if it did."""
        internal = task.internal_data
        if "late" in internal:
            if self._key(task) is None:
                return False
            del internal["late"]
            task.workflow.top_workflow.stop_waiting(task, "completed")
            self.begin_waiting(task)
            return True
        holds = task.workflow.top_workflow.evaluate(task, self.trigger.expression.text) is True
        before, internal["was"] = internal.get("was", False), holds
        if not holds or before:
            return False
        self.fire(task, {}, last=False)
        return True


class IntermediateCatchEvent(Catching):
    """Waits for its trigger; without one, or as the target of a link, it is passed."""

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        if self.trigger is None or not self.trigger.is_awaited:
            return {}
        self.begin_waiting(task)
        return None

    def fire(self, task: TokenTask, payload: dict[str, Any], *, last: bool) -> None:
        gateway = task.parent
        if gateway is not None and isinstance(gateway.task_spec, EventBasedGateway):
            gateway.task_spec.won(gateway, task)
        super().fire(task, payload, last=last)


class ReceiveTask(IntermediateCatchEvent):
    """A task that waits for a message."""


class BoundaryEvent(Catching):
    """Waits beside an activity; ends it, or starts a token of its own."""

    interrupting = True
    may_be_begun = False

    def enter(self, task: TokenTask) -> None:
        self.begin_waiting(task)

    def repeats(self, task: TokenTask) -> bool:
        return not self.interrupting

    def fire(self, task: TokenTask, payload: dict[str, Any], *, last: bool) -> None:
        activity = task.parent
        top = task.workflow.top_workflow
        if not self.interrupting:
            token = task.workflow.spawn(self)
            token.internal_data["result"] = payload
            token._ready()
            if last:
                task.cancel()
            return
        task.detach()
        task.internal_data.pop("l", None)
        top.resume(task, payload)
        activity.cancel()


class StartEvent(Catching):
    """Where a process or subprocess begins; its payload becomes variables."""


class ThrowEvent(Calling):
    """Throws a message, signal, escalation, link or compensation and goes on."""

    trigger: Trigger | None = None

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        trigger = self.trigger
        if self.extension.task_type is not None:
            return self.call(task)
        if trigger is None:
            return {}
        return self.throw(task, trigger)

    def throw(self, task: TokenTask, trigger: Trigger) -> Mapping[str, Any] | None:
        top = task.workflow.top_workflow
        payload = self.payload(task)
        if trigger.kind in ("message", "signal"):
            name = str(self.resolve(task, trigger.name_term))
            key = None
            if trigger.kind == "message" and trigger.expression is not None:
                key = plain(top.evaluate(task, trigger.expression.text))
            top.throw(task, trigger.kind, name, None if key is None else str(key), payload)
        elif trigger.kind == "escalation":
            top.escalate(task, trigger.name or "", payload)
        elif trigger.kind == "compensation":
            return self.undo(task, trigger.name)
        return {}

    def undo(self, task: TokenTask, activity: str | None) -> Mapping[str, Any] | None:
        """Run the compensation handlers of what was completed, the latest first, one by one."""
        scope = task.workflow
        while scope.parent_task is not None and scope.parent_task.task_spec.is_event_subprocess:
            scope = scope.parent_workflow
        wanted = [one for one in scope.undo if activity in (None, one["of"], *one["in"].split("/"))]
        scope.undo = [one for one in scope.undo if one not in wanted]
        task.internal_data["undo"] = wanted
        if scope is not task.workflow:
            task.internal_data["up"] = 1
        return None if self.undo_next(task) else {}

    def undo_next(self, task: TokenTask) -> bool:
        """Start the next handler; after the last one, go on. False if there was none at all."""
        internal = task.internal_data
        if internal["undo"]:
            one = internal["undo"].pop()
            scope = task.workflow
            way = one["in"]
            spec = handler_scope(scope, "up" in internal).lookup(one["by"], way)
            handler = scope.spawn(spec, task)
            handler.internal_data.update(undoes=way, **({"up": 1} if "up" in internal else {}))
            handler._ready()
            return True
        if task._state == STARTED:
            self.undone(task)
        return False

    def undone(self, task: TokenTask) -> None:
        """All handlers have run."""
        task.workflow.top_workflow.resume(task, {})

    def payload(self, task: TokenTask) -> dict[str, Any]:
        """What goes along: the input mappings' variables, nothing by itself."""
        visible = task.scope.visible()
        names = {mapping.target.split(".")[0] for mapping in self.inputs_mapped}
        return {name: visible[name] for name in sorted(names) if name in visible}


def handler_scope(workflow: Workflow, is_above: bool) -> ProcessSpec:
    """Where the handlers are drawn: around an event subprocess, not in it."""
    while is_above and workflow.parent_task.task_spec.is_event_subprocess:
        workflow = workflow.parent_workflow
        if workflow.parent_task is None:
            break
    return workflow.spec


class EndEvent(ThrowEvent):
    """Consumes its token; may throw, or end everything in its (sub)process."""

    def throw(self, task: TokenTask, trigger: Trigger) -> Mapping[str, Any] | None:
        top, workflow = task.workflow.top_workflow, task.workflow
        if trigger.kind == "terminate":
            workflow.cancel_others(task)
            return {}
        if trigger.kind == "error":
            top.throw_error(task, trigger.name or "", self.ref.name, self.payload(task))
            return None
        if trigger.kind == "cancel":
            return self._cancel(task)
        return super().throw(task, trigger)

    def _cancel(self, task: TokenTask) -> Mapping[str, Any] | None:
        """End a transaction by its cancel event."""
        workflow = task.workflow
        workflow.cancel_others(task)
        return None if self.undo(task, None) is None else self._leave_transaction(task)

    def undone(self, task: TokenTask) -> None:
        if self.trigger is not None and self.trigger.kind == "cancel":
            if self._leave_transaction(task) is not None:
                super().undone(task)
        else:
            super().undone(task)

    def _leave_transaction(self, task: TokenTask) -> Mapping[str, Any] | None:
        workflow = task.workflow
        outside = workflow.parent_task
        boundary = None if outside is None else outside.task_spec.boundary_for("cancel", "")
        if boundary is None:
            return {}
        workflow.top_workflow.leave_by(outside, boundary, {})
        return None


class EventSubprocess(Containing, Catching):
    """A subprocess that its start event's trigger begins, over or beside the running tokens."""

    is_event_subprocess = True
    may_be_begun = False

    def listen(self, workflow: Workflow) -> None:
        """Wait, for as long as the (sub)process runs, without keeping it alive."""
        if not self.trigger.is_awaited:
            return
        listener = workflow.spawn(self)
        workflow.tokens -= 1
        listener.internal_data.update(es=1, l=1)
        listener._ready()

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        if task.passive:
            self.begin_waiting(task)
            return None
        return super().enter(task)

    def open_scope(self, task: TokenTask) -> None:
        if not task.passive:
            super().open_scope(task)

    def repeats(self, task: TokenTask) -> bool:
        return not self.interrupting

    def fire(self, task: TokenTask, payload: dict[str, Any], *, last: bool) -> None:
        self.begin_handling(task.workflow, payload)
        if last and not self.interrupting:
            task.cancel()

    def begin_handling(self, workflow: Workflow, payload: dict[str, Any]) -> None:
        body = workflow.spawn(self)
        body.internal_data["p"] = payload
        body._ready()
        if self.interrupting:
            for task in list(workflow.tasks.values()):
                if task is not body:
                    task.cancel()

    def start_payload(self, task: TokenTask) -> dict[str, Any] | None:
        return task.internal_data.pop("p", None)
