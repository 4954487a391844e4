"""Events that are caught: on the way, at activities, at starts, in event subprocesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiedan.flow.engine.elements.base import Element
from jiedan.flow.engine.elements.bodies import Containing
from jiedan.flow.engine.elements.gateways import EventBasedGateway
from jiedan.flow.engine.elements.trigger import Trigger
from jiedan.flow.engine.timing import NotATime, schedule
from jiedan.flow.engine.tokens import ElementFailed, TokenTask, Workflow
from jiedan.flow.engine.values import plain


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
