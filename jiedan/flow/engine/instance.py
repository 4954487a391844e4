"""Runs a top-level instance: its agenda, who waits for what, who catches what, and the journal."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task

from jiedan.flow.engine.errors import EndlessLoop
from jiedan.flow.engine.host import BpmnError, Host
from jiedan.flow.engine.journal import Journal
from jiedan.flow.engine.snapshots import Failure, Subscription, Thrown, Timer, UncaughtError
from jiedan.flow.engine.timing import next_in_cycle
from jiedan.flow.engine.tokens import READY, STARTED, ElementFailed, TokenTask, Workflow
from jiedan.flow.engine.values import NestedTooDeep, Scope

if TYPE_CHECKING:
    from jiedan.flow.engine.elements.base import Element
    from jiedan.flow.engine.model import ProcessModel
    from jiedan.flow.engine.spec import ProcessSpec

# One element of one (sub)process may run so often in one step before it counts as a loop
# without an end; a person's turn in between starts the count anew.
VISIT_LIMIT = 10_000
# All elements together in one step: what loops in loops, or rounds in rounds, may do.
STEP_LIMIT = 250_000


class Instance(Workflow, BpmnWorkflow):
    """A top-level instance: agenda, waits and journal of itself and all instances inside."""

    def __init__(self, model: ProcessModel, spec: ProcessSpec) -> None:
        self.model = model
        self.parent_task = None
        self.prepare(Scope())
        # The library's default script engine evaluates Python; ours has no Python to reach.
        BpmnWorkflow.__init__(self, spec, script_engine=NoScripts(), deserializing=True)
        self.agenda: deque[TokenTask] = deque()
        self.alive = 0  # tokens and listeners, here and in all instances inside
        self.waiting: dict[UUID, TokenTask] = {}
        self.conditions: dict[UUID, TokenTask] = {}
        self.journal = Journal()
        self.host: Host | None = None
        self.clock: datetime | None = None

    # --- time and expressions ------------------------------------------------------------------

    def now(self) -> datetime | None:
        """The step's time; None between two steps (the journal fills it in)."""
        return self.clock

    def evaluate(
        self, task: TokenTask, expression: str, extra: Mapping[str, Any] | None = None
    ) -> Any:
        """FEEL on what the token sees. Raises ElementFailed."""
        variables = task.scope.visible()
        if extra:
            variables = {**variables, **extra}
        try:
            return self.host.evaluate(expression, variables)
        except BpmnError:
            raise
        except Exception as problem:
            raise ElementFailed(str(problem), expression, problem) from problem

    # --- the step ------------------------------------------------------------------------------

    def do_engine_steps(self, *_: object) -> None:
        """Run until every token waits for something."""
        visits: dict[tuple[UUID | None, str], int] = {}
        while True:
            self._run_agenda(visits)
            if not self._fire_joins() and not self._check_conditions():
                return

    def _run_agenda(self, visits: dict[tuple[UUID | None, str], int]) -> None:
        agenda = self.agenda
        allowed = self.journal.steps + STEP_LIMIT
        while agenda:
            task = agenda.popleft()
            if task._state != READY:
                continue
            self.journal.steps += 1
            spec = task.task_spec
            where = (task.workflow.parent_task_id, spec.name)
            visits[where] = count = visits.get(where, 0) + 1
            try:
                too_often = count > VISIT_LIMIT and not spec.is_item
                if too_often or self.journal.steps > allowed:
                    raise ElementFailed(
                        "The element ran too often in one step: the process loops without an end.",
                        None,
                        EndlessLoop(VISIT_LIMIT, spec.ref.id),
                    )
                task.run()
            except ElementFailed as problem:
                self.fail(task, problem)
            except NestedTooDeep as problem:
                self.fail(
                    task, ElementFailed("The variables are nested too deeply.", None, problem)
                )
            except BpmnError as error:
                self.throw_error(task, error.code, str(error), error.variables)

    def _fire_joins(self) -> bool:
        """Let inclusive gateways go on that no token can reach any more."""
        held = [
            task
            for workflow in [self, *self.subprocesses.values()]
            for task in workflow.joins.values()
        ]
        ready = [task for task in held if task.task_spec.nothing_to_wait_for(task)]
        if not ready and held and self.is_dead():
            # Inclusive gateways that wait for each other would wait for ever.
            ready = [task for task in held if task.task_spec.may_be_forced][:1]
        for task in ready:
            task.task_spec.release(task)
        return bool(ready)

    def _check_conditions(self) -> bool:
        fired = False
        for task in list(self.conditions.values()):
            if task.id in self.conditions:
                try:
                    fired = task.task_spec.check_condition(task) or fired
                except ElementFailed as problem:
                    self.fail(task, problem)
        return fired

    def resume(self, task: TokenTask, result: Mapping[str, Any]) -> None:
        """Give a waiting token what it waited for."""
        task.internal_data["result"] = result
        self.stop_waiting(task, "completed")
        task._ready()

    def inner_finished(self, workflow: Workflow) -> None:
        task = workflow.parent_task
        self.subprocesses.pop(task.id, None)
        task.task_spec.inner_finished(task, workflow)

    # --- waiting -------------------------------------------------------------------------------

    def wait(self, task: TokenTask, kind: str, snapshot: Any, **details: Any) -> None:
        """Note that a token waits; `kind` is task, job, timer, message, signal or condition."""
        task.internal_data["wait"] = kind
        task.internal_data.update(details)
        self.waiting[task.id] = task
        if kind == "condition":
            self.conditions[task.id] = task
        if snapshot is not None:
            self.journal.wait(task, snapshot)

    def stop_waiting(self, task: TokenTask, how: str) -> None:
        internal = task.internal_data
        kind = internal.pop("wait", None)
        if "fail" in internal:
            del internal["fail"]
            self.journal.recover(task)
        if kind is None:
            return
        self.waiting.pop(task.id, None)
        if self.conditions.pop(task.id, None) is None:
            row = "subscription" if kind in ("message", "signal") else kind
            self.journal.unwait(task, row, how)

    def set_timer(self, task: TokenTask, due_at: datetime) -> None:
        self.wait(task, "timer", Timer(task.id, task.task_spec.ref, due_at), due=due_at.isoformat())

    def listening(self, kind: str, name: str, key: str | None = None) -> list[TokenTask]:
        """Tokens that wait for this message or signal; a named key before an open one."""
        found = [
            task
            for task in self.waiting.values()
            if task.internal_data.get("wait") == kind
            and task.internal_data["name"] == name
            and (key is None or task.internal_data.get("key") in (None, key))
        ]
        return sorted(found, key=lambda task: task.internal_data.get("key") is None)

    def subscribe(self, task: TokenTask, kind: str, name: str, key: str | None) -> None:
        spec = task.task_spec
        snapshot = Subscription(task.id, spec.ref, name, key, kind, spec.interrupting)
        self.wait(task, kind, snapshot, name=name, key=key)

    # --- events --------------------------------------------------------------------------------

    def fire_timer(self, task: TokenTask, now: datetime) -> None:
        """The time of a timer has come: fire it and, for a cycle, wind it up again."""
        internal = task.internal_data
        due_at, every = datetime.fromisoformat(internal["due"]), internal.get("every")
        repeats = task.task_spec.repeats(task)
        following = None
        if every and repeats:
            following = next_in_cycle(due_at, every, internal.get("left", 0), now)
        if following is None:
            task.task_spec.fire(task, {}, last=True)
        else:
            task.task_spec.fire(task, {}, last=False)
            internal["left"] = following.remaining
            self.set_timer(task, following.due_at)

    def broadcast(self, signal: str, payload: Mapping[str, Any]) -> int:
        count = 0
        for task in self.listening("signal", signal):
            if task.id in self.waiting:  # an earlier receiver may have interrupted this one
                task.task_spec.fire(task, dict(payload), last=False)
                count += 1
        return count

    def throw(
        self, task: TokenTask, kind: str, name: str, key: str | None, payload: dict[str, Any]
    ) -> None:
        """Send a message or signal: to this instance first, then to the world."""
        if kind == "signal":
            self.broadcast(name, payload)
        else:
            for receiver in self.listening("message", name, key)[:1]:
                receiver.task_spec.fire(receiver, dict(payload), last=False)
                return
        self.journal.thrown.append(Thrown(kind, name, key, payload, task.task_spec.ref, task.id))

    def throw_error(
        self, task: TokenTask, code: str, message: str, variables: Mapping[str, Any]
    ) -> bool:
        """Find who catches a BPMN error, from the token outwards; uncaught, the token stays."""
        if self._catch(task, "error", code, dict(variables)):
            return True
        ref = task.task_spec.ref
        self.stop_waiting(task, "cancelled")
        task._set_state(STARTED)
        task.internal_data["fail"] = code
        self.journal.uncaught.append(
            UncaughtError(task.id, ref, code, message or code, dict(variables))
        )
        return False

    def escalate(self, task: TokenTask, code: str, variables: Mapping[str, Any]) -> None:
        """An escalation nobody catches is simply over."""
        self._catch(task, "escalation", code, dict(variables))

    def _catch(self, task: TokenTask, kind: str, code: str, payload: dict[str, Any]) -> bool:
        current, inside_handler = task, False
        while True:
            catcher = current.task_spec.boundary_for(kind, code)
            if catcher is not None:
                self.leave_by(current, catcher, payload)
                return True
            if current.task_spec.is_item:
                current = current.parent
                continue
            workflow = current.workflow
            handler = workflow.spec.event_subprocess_for(kind, code)
            if handler is not None and not inside_handler:
                handler.begin_handling(workflow, payload)
                return True
            if workflow.parent_task is None:
                return False
            current = workflow.parent_task
            inside_handler = current.task_spec.is_event_subprocess

    def leave_by(self, task: TokenTask, boundary: Element, payload: dict[str, Any]) -> None:
        """Go on at a boundary event of the token's activity."""
        out = task.workflow.spawn(boundary)
        out.internal_data["result"] = payload
        out._ready()
        if boundary.interrupting:
            task.cancel()

    # --- trouble -------------------------------------------------------------------------------

    def fail(self, task: TokenTask, problem: ElementFailed) -> None:
        self.stop_waiting(task, "cancelled")
        task._set_state(STARTED)
        task.internal_data["fail"] = problem.message
        self.journal.fail(
            Failure(task.id, task.task_spec.ref, problem.message, problem.expression, problem.cause)
        )

    def is_dead(self) -> bool:
        """Whether tokens are left but none of them can ever move."""
        if self.completed or self.agenda:
            return False
        if any(not task.passive for task in self.waiting.values()):
            return False
        workflows = [self, *self.subprocesses.values()]
        return not any(
            "fail" in task.internal_data for wf in workflows for task in wf.tasks.values()
        )

    def find(self, task_id: UUID) -> TokenTask | None:
        task = self.tasks.get(task_id)
        if task is not None:
            return task
        for workflow in self.subprocesses.values():
            task = workflow.tasks.get(task_id)
            if task is not None:
                return task
        return None


class NoScripts:
    """Stands where the library would evaluate Python: everything goes through the host."""

    environment = None

    def evaluate(self, task: Task, expression: str, external_context: object = None) -> Any:
        raise ElementFailed("Expressions are evaluated by the host only.", expression)

    execute = evaluate
