"""Tokens and what holds them: the library's tasks and workflows without history and copies.

The library keeps every executed task in a tree, predicts the coming ones and looks through all
of it at each step. Here a task exists only while it is unfinished: what a join, a boundary event
or a multi-instance body must remember is kept by the unfinished task itself, so a finished one
is dropped at once, an instance of ten thousand steps is as small as a new one, and the library's
iterators (which give up at depth 1,000) are not needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from jiedan.core.ids import new_id
from jiedan.flow.engine.snapshots import MultiInstanceItem
from jiedan.flow.engine.values import Scope

if TYPE_CHECKING:
    from jiedan.flow.engine.elements.base import Element
    from jiedan.flow.engine.elements.bodies import AdHocSubprocess
    from jiedan.flow.engine.instance import Instance
    from jiedan.flow.engine.spec import ProcessSpec

WAITING, READY, STARTED = TaskState.WAITING, TaskState.READY, TaskState.STARTED
COMPLETED, CANCELLED = TaskState.COMPLETED, TaskState.CANCELLED


class ElementFailed(Exception):
    """An element cannot go on until somebody mends something."""

    def __init__(
        self, message: str, expression: str | None = None, cause: BaseException | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expression = expression
        self.cause = cause


class TokenTask(Task):
    """A token at an element: a library task that neither logs nor copies its data."""

    def __init__(
        self,
        workflow: Workflow,
        task_spec: Element,
        parent: TokenTask | None = None,
        state: int = TaskState.FUTURE,
        id: UUID | None = None,
        scope: Scope | None = None,
    ) -> None:
        # The library's own initialiser takes the time and notifies the parent's whole subtree.
        self.id = id or new_id()
        # Of the stored state: its row, kept from one saving to the next, and the row's number.
        self.row: list[Any] | None = None
        self.place = 0
        self.workflow = workflow
        self.task_spec = task_spec
        self._parent = None if parent is None else parent.id
        self.held_by = parent
        self._children: dict[UUID, None] = {}
        self._state = state
        self.triggered = False
        self.thread_id = 0
        self.internal_data: dict[str, Any] = {}
        self.last_state_change = 0.0
        self.scope = scope or workflow.scope
        self.chosen: Iterable[Any] = ()
        self.came_by: str | None = None  # the sequence flow
        self.entered = False
        self.announced = False  # the platform has a row for this wait
        workflow.tasks[self.id] = self
        if parent is not None:
            parent._children[self.id] = None

    @property
    def data(self) -> dict[str, Any]:
        """Everything visible to this token; not to be changed."""
        return self.scope.visible()

    def _set_state(self, value: int) -> None:
        self._state = value

    def _child_added_notify(self, child: Task) -> None:
        self._children[child.id] = None

    @property
    def passive(self) -> bool:
        """Whether this only listens for an event subprocess and keeps nothing alive."""
        return "es" in self.internal_data

    def run(self) -> None:
        """Execute the element; what it does may have cancelled this very token."""
        done = self.task_spec._run(self)
        if self._state & TaskState.FINISHED_MASK:
            return
        if done is not None:
            self.complete()
        elif "result" not in self.internal_data:  # else what it waited for came meanwhile
            self._state = STARTED

    def enclosing_id(self) -> UUID | None:
        """The body, subprocess or call this token is in."""
        return self._parent or self.workflow.parent_task_id

    def detach(self) -> None:
        """Outlive the task this one belongs to."""
        if self._parent is not None:
            parent = self.parent
            if parent is not None:
                parent._children.pop(self.id, None)
            self._parent = self.held_by = None

    def cancel(self) -> None:
        """Withdraw this token with everything inside it."""
        if self._state & TaskState.FINISHED_MASK:
            return
        for child in self.children:
            child.cancel()
        top = self.workflow.top_workflow
        inner = top.subprocesses.pop(self.id, None)
        if inner is not None:
            inner.cancel_all()
        self._state = CANCELLED
        if "a" in self.internal_data:
            self.workflow.joins.pop(self.task_spec.name, None)
        top.stop_waiting(self, "cancelled")
        top.journal.leave(self, top.now(), "cancelled")
        self.workflow.forget(self)

    def item(self) -> MultiInstanceItem | None:
        """The multi-instance item this token, or the subprocess around it, works on."""
        if not self.task_spec.is_item:
            return None
        body = self.parent
        index = self.internal_data["i"]
        return MultiInstanceItem(
            index,
            body.internal_data.get("n", 0),
            self.scope.values.get(body.task_spec.item_name),
            body.id,
        )


Undo = dict[str, str]
"""`of`: the activity; `by`: its handler; `in`: the subprocesses on the way to both, by `/`."""


class Workflow:
    """What the top instance and the ones inside it have in common."""

    spec: ProcessSpec
    tasks: dict[UUID, TokenTask]
    top_workflow: Instance
    parent_task: TokenTask | None
    parent_task_id: UUID | None
    completed: bool

    def prepare(self, scope: Scope) -> None:
        self.scope = scope
        self.tokens = 0
        self.joins: dict[str, TokenTask] = {}
        self.early_end: AdHocSubprocess | None = None
        # Handlers of completed activities, oldest first: what a compensation would undo.
        self.undo: list[Undo] = []

    def spawn(
        self,
        spec: Element,
        parent: TokenTask | None = None,
        scope: Scope | None = None,
        came_by: str | None = None,
    ) -> TokenTask:
        task = TokenTask(self, spec, parent, scope=scope)
        task.came_by = came_by
        self.tokens += 1
        self.top_workflow.alive += 1
        return task

    def begin(self, starts: Iterable[Element], payload: Mapping[str, Any] | None = None) -> None:
        """Put the first tokens on `starts` and listen for the event subprocesses."""
        self.listen()
        for start in starts:
            token = self.spawn(start)
            if payload is not None:
                token.internal_data["result"] = dict(payload)
            start._update(token)
        if self.tokens == 0:
            self.finish()

    def listen(self) -> None:
        for name in self.spec.event_subprocesses:
            self.spec.task_specs[name].listen(self)

    def forget(self, task: TokenTask) -> None:
        """Drop a finished task; the last one ends the (sub)process."""
        del self.tasks[task.id]
        task.detach()
        self.top_workflow.alive -= 1
        if "es" in task.internal_data:
            return
        self.tokens -= 1
        if self.tokens == 0 and not self.completed:
            self.finish()

    def finish(self) -> None:
        self.completed = True
        for task in list(self.tasks.values()):
            task.cancel()
        if self.parent_task is not None:
            self.top_workflow.inner_finished(self)

    def cancel_all(self) -> None:
        """Cancel everything without reporting to the parent."""
        self.completed = True
        for task in list(self.tasks.values()):
            task.cancel()

    def cancel_others(self, survivor: TokenTask | None) -> None:
        """Cancel every token but one; event subprocess listeners stay."""
        for task in list(self.tasks.values()):
            if task is not survivor and not task.passive:
                task.cancel()

    def active(self) -> list[TokenTask]:
        return [task for task in self.tasks.values() if not task.passive]


class SubInstance(Workflow, BpmnSubWorkflow):
    """An embedded subprocess or a called process that runs inside its parent's token."""

    def __init__(self, spec: ProcessSpec, parent_task: TokenTask, scope: Scope) -> None:
        self.parent_task = parent_task
        self.prepare(scope)
        BpmnSubWorkflow.__init__(
            self, spec, parent_task.id, parent_task.workflow.top_workflow, deserializing=True
        )

    @property
    def parent_workflow(self) -> Workflow:
        return self.parent_task.workflow

    def _calculate_depth(self) -> int:
        return self.parent_workflow.depth + 1
