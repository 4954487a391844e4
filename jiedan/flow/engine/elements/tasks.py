"""Tasks: for people, handlers, decisions and expressions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jiedan.flow.engine.dialect import Term
from jiedan.flow.engine.elements.base import Element
from jiedan.flow.engine.host import BpmnError, Pending, ServiceCall
from jiedan.flow.engine.snapshots import OpenTask, WaitingJob
from jiedan.flow.engine.timing import NotATime, schedule
from jiedan.flow.engine.tokens import ElementFailed, TokenTask
from jiedan.flow.engine.values import Copies, plain

DEFAULT_PRIORITY = 50


class PassThrough(Element):
    """A task without a type, or a manual task: documentation, nothing happens."""


class UserTask(Element):
    """A task for a person: waits until `Live.complete_task`."""

    manual = True

    def enter(self, task: TokenTask) -> None:
        said = self.extension
        top = task.workflow.top_workflow
        name = self.ref.name
        priority = self.resolve(task, said.priority)
        try:
            priority = DEFAULT_PRIORITY if priority is None else int(priority)
        except (TypeError, ValueError):
            raise ElementFailed("The priority is not a number.", str(priority)) from None
        opened = OpenTask(
            task_id=task.id,
            element=self.ref,
            process_id=self.ref.process_id,
            name=name,
            form_id=_text(self.resolve(task, said.form_id)),
            assignee=_text(self.resolve(task, said.assignee)),
            candidate_groups=_names(self.resolve(task, said.candidate_groups)),
            candidate_users=_names(self.resolve(task, said.candidate_users)),
            due_at=self._moment(task, said.due_date),
            follow_up_at=self._moment(task, said.follow_up_date),
            priority=priority,
            properties=self.ref.properties,
            listeners=said.listeners,
            mi_item=task.item(),
            has_outputs=bool(self.outputs_mapped),
            entered_at=top.now(),
        )
        top.wait(task, "task", opened)

    def leave(self, task: TokenTask, result: Mapping[str, Any]) -> None:
        """What the platform gives is merged in any case; output mappings see the answer, too."""
        if self.outputs_mapped and result:
            self.outer_scope(task).assign_all(result)
        super().leave(task, result)

    def _moment(self, task: TokenTask, value: Term | None) -> datetime | None:
        if value is None:
            return None
        top = task.workflow.top_workflow
        moment = top.evaluate(task, value.text) if value.is_expression else value.text
        if moment is None:
            return None
        try:
            return schedule(moment, top.now()).due_at
        except NotATime:
            raise ElementFailed("The due date is not a time.", value.text) from None


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _names(value: Any) -> tuple[str, ...]:
    """Names from a list, or from text with commas."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)):
        value = [value]
    return tuple(dict.fromkeys(name for one in value if (name := str(one).strip())))


class Calling(Element):
    """An element that may be done by a handler: its zeebe:taskDefinition names it."""

    def call(self, task: TokenTask) -> Mapping[str, Any] | None:
        said = self.extension
        top = task.workflow.top_workflow
        visible = task.scope.visible()
        inputs = None
        if self.inputs_mapped:
            names = {mapping.target.split(".")[0] for mapping in self.inputs_mapped}
            inputs = {name: plain(visible.get(name)) for name in names}
        retries = self.resolve(task, said.retries)
        try:
            retries = None if retries is None else int(retries)
        except (TypeError, ValueError):
            raise ElementFailed("The number of retries is not a number.", str(retries)) from None
        handler = _text(self.resolve(task, said.task_type))
        if handler is None:
            raise ElementFailed("The handler's name is empty.", said.task_type.text)
        call = ServiceCall(
            task.id,
            self.ref,
            handler,
            inputs,
            Copies(dict(visible)),
            said.headers,
            retries,
            task.item(),
        )
        answer = top.host.call(call)
        if not isinstance(answer, Pending):
            return plain(answer or {})
        job = WaitingJob(
            task.id,
            self.ref,
            handler,
            call.variables if inputs is None else inputs,
            said.headers,
            retries,
            top.now(),
        )
        top.wait(task, "job", job)
        return None


class ServiceTask(Calling):
    """A task for a handler, in the same step; STARTED while its job is pending."""

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        return self.call(task)


class BusinessRuleTask(Calling):
    """A decision, or a handler if a task type is given."""

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        said = self.extension
        if said.decision_id is None:
            return self.call(task)
        decision = str(self.resolve(task, said.decision_id))
        host = task.workflow.top_workflow.host
        try:
            value = plain(host.decide(decision, dict(task.scope.visible()), self.ref))
        except BpmnError:
            raise
        except Exception as problem:
            raise ElementFailed(str(problem), decision, problem) from problem
        if said.result_variable:
            return {said.result_variable: value}
        return value if isinstance(value, dict) else {"result": value}


class ScriptTask(Calling):
    """A FEEL expression whose value becomes a variable."""

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        said = self.extension
        if said.script is None:
            return self.call(task)
        value = plain(task.workflow.top_workflow.evaluate(task, said.script))
        return {said.result_variable: value} if said.result_variable else {}

    def leave(self, task: TokenTask, result: Mapping[str, Any]) -> None:
        """`result.part` as the result variable sets one entry of a context."""
        name = self.extension.result_variable
        if self.extension.script is None or name is None or "." not in name:
            super().leave(task, result)
            return
        self.outer_scope(task).assign_path(name, result[name])
        super().leave(task, {})
