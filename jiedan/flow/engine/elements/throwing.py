"""Events that are thrown: on the way and at the end; compensation and termination."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiedan.flow.engine.elements.tasks import Calling
from jiedan.flow.engine.elements.trigger import Trigger
from jiedan.flow.engine.spec import ProcessSpec
from jiedan.flow.engine.tokens import STARTED, TokenTask, Workflow
from jiedan.flow.engine.values import plain


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
