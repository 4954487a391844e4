"""A host for the engine's tests, and an instance that is saved and restored between all steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from jiedan.feel import compile_expression, to_python
from jiedan.flow.engine import (
    PENDING,
    Changes,
    ElementRef,
    Live,
    Pending,
    ProcessModel,
    ServiceCall,
    compile_model,
)

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

Handler = Callable[[ServiceCall], dict[str, Any] | Pending]


class Stage:
    """Evaluates real FEEL, calls given functions, and keeps its own clock."""

    def __init__(
        self,
        handlers: Mapping[str, Handler] | None = None,
        decisions: Mapping[str, Callable[[dict[str, Any]], Any]] | None = None,
    ) -> None:
        self.handlers = dict(handlers or {})
        self.decisions = dict(decisions or {})
        self.time = NOON
        self.calls: list[str] = []

    def evaluate(self, expression: str, variables: dict[str, Any]) -> Any:
        return to_python(compile_expression(expression).evaluate(variables))

    def decide(self, decision_id: str, variables: dict[str, Any], element: ElementRef) -> Any:
        return self.decisions[decision_id](variables)

    def call(self, call: ServiceCall) -> dict[str, Any] | Pending:
        self.calls.append(call.handler)
        return self.handlers.get(call.handler, lambda _: {})(call)

    def now(self) -> datetime:
        return self.time


class Play:
    """One instance; unless told otherwise it is saved and restored after every step."""

    def __init__(
        self,
        model: ProcessModel | bytes,
        variables: Mapping[str, Any] | None = None,
        *,
        stage: Stage | None = None,
        saving: bool = True,
        **start: Any,
    ) -> None:
        self.model = model if isinstance(model, ProcessModel) else compile_model({"p": model}, "p")
        self.stage = stage or Stage()
        self.saving = saving
        self.open: dict[UUID, str] = {}
        self.jobs: dict[UUID, str] = {}
        self.timers: dict[UUID, datetime] = {}
        self.subscriptions: dict[UUID, tuple[str, str | None]] = {}
        self.failures: dict[UUID, str] = {}
        self.trace: list[str] = []
        self.entered: dict[UUID, str] = {}
        self.thrown: list[tuple[str, str, str | None]] = []
        self.uncaught: list[str] = []
        self.live = Live.start(self.model, variables or {}, self.stage, **start)
        self.changes = self.note()

    def note(self) -> Changes:
        """Keep books from the changes alone, as the platform does, and save and restore."""
        changes = self.live.changes()
        for closed in changes.closed:
            del self.open[closed.task_id]
        for closed in changes.jobs_closed:
            del self.jobs[closed.task_id]
        for closed in changes.timers_closed:
            del self.timers[closed.task_id]
        for closed in changes.subscriptions_closed:
            del self.subscriptions[closed.task_id]
        for task_id in changes.failures_closed:
            del self.failures[task_id]
        self.open |= {one.task_id: one.element.id for one in changes.opened}
        self.jobs |= {one.task_id: one.element.id for one in changes.jobs}
        self.timers |= {one.task_id: one.due_at for one in changes.timers}
        self.subscriptions |= {
            one.task_id: (one.message, one.correlation_key) for one in changes.subscriptions
        }
        self.failures |= {one.task_id: one.message for one in changes.failures}
        self.failures |= {one.task_id: one.code for one in changes.uncaught_errors}
        for one in changes.entered:
            self.trace.append(one.element.id)
            if one.how is None:
                self.entered[one.task_id] = one.element.id
        for one in changes.left:
            assert self.entered.pop(one.task_id) == one.element.id
        self.thrown += [(one.kind, one.name, one.correlation_key) for one in changes.thrown]
        self.uncaught += [one.code for one in changes.uncaught_errors]
        if self.saving:
            saved = self.live.state()
            self.live = Live.restore(self.model, saved)
            assert self.live.state() == saved
        self.changes = changes
        return changes

    def run(self) -> Changes:
        self.live.run(self.stage)
        return self.note()

    # --- what people and the world do ------------------------------------------------------------

    def waiting_ids(self, element: str) -> list[UUID]:
        books = (self.open, self.jobs)
        return [task_id for book in books for task_id, name in book.items() if name == element]

    def complete(
        self, element: str, *, at: int = 0, answer: Any = None, **variables: Any
    ) -> Changes:
        self.live.complete_task(self.waiting_ids(element)[at], variables, answer=answer)
        return self.run()

    def finish(self, element: str, **result: Any) -> Changes:
        self.live.finish_job(self.waiting_ids(element)[0], result)
        return self.run()

    def throw(self, element: str, code: str, **variables: Any) -> Changes:
        self.live.throw_error(self.waiting_ids(element)[0], code, variables)
        return self.run()

    def deliver(self, name: str, key: str | None = None, **payload: Any) -> bool:
        taken = self.live.deliver(name, key, payload)
        self.run()
        return taken

    def broadcast(self, name: str, **payload: Any) -> int:
        count = self.live.broadcast(name, payload)
        self.run()
        return count

    def wait(self, duration: timedelta) -> int:
        """Let time pass and fire what is due."""
        self.stage.time += duration
        fired = self.live.fire_timers(self.stage.time)
        self.run()
        return fired

    def retry(self, element: str) -> Changes:
        self.live.retry(self.failed_id(element))
        return self.run()

    def failed_id(self, element: str) -> UUID:
        tokens = self.live.tokens()
        return next(
            one.task_id for one in tokens if (one.element.id, one.state) == (element, "failed")
        )

    # --- what is the case ------------------------------------------------------------------------

    @property
    def at(self) -> list[str]:
        """The open user tasks and jobs."""
        return sorted([*self.open.values(), *self.jobs.values()])

    @property
    def standing(self) -> list[str]:
        return sorted(token.element.id for token in self.live.tokens())

    @property
    def variables(self) -> dict[str, Any]:
        return self.live.variables()

    @property
    def ended(self) -> bool:
        """Finished, and the books are empty."""
        books = (self.open, self.jobs, self.timers, self.subscriptions, self.failures, self.entered)
        if self.live.ended:
            assert not any(books), books
        return self.live.ended


__all__ = ["NOON", "PENDING", "Play", "Stage"]
