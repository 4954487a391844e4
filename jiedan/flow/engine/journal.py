"""Writes down what a step does, so that the platform can keep its query rows in line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jiedan.flow.engine.snapshots import (
    Changes,
    Closed,
    Entered,
    Failure,
    Left,
    OpenTask,
    Subscription,
    Thrown,
    Timer,
    UncaughtError,
    WaitingJob,
)

if TYPE_CHECKING:
    from jiedan.flow.engine.tokens import TokenTask

_KIND = {OpenTask: "task", WaitingJob: "job", Timer: "timer", Subscription: "subscription"}


class Journal:
    """The difference to the last time `take` was called."""

    def __init__(self) -> None:
        self.steps = 0
        self.now: datetime | None = None  # of the latest run
        self._entered: dict[UUID, tuple[TokenTask, datetime | None, UUID | None, int | None]] = {}
        self._finished: dict[UUID, tuple[datetime | None, str]] = {}
        self._left: list[tuple[TokenTask, datetime | None, str]] = []
        self._waits: dict[UUID, tuple[TokenTask, Any]] = {}
        self._departed: dict[UUID, tuple[str, str]] = {}
        self.flows: list[tuple[str, str]] = []
        self.thrown: list[Thrown] = []
        self.uncaught: list[UncaughtError] = []
        self._failures: dict[UUID, Failure] = {}
        self._failures_closed: list[UUID] = []

    def enter(self, task: TokenTask, at: datetime | None) -> None:
        internal = task.internal_data
        self._entered[task.id] = (task, at, task.enclosing_id(), internal.get("i"))

    def leave(self, task: TokenTask, at: datetime | None, how: str) -> None:
        if not task.entered:
            return
        if task.id in self._entered:
            self._finished[task.id] = (at, how)
        else:
            self._left.append((task, at, how))

    def wait(self, task: TokenTask, snapshot: Any) -> None:
        """Somebody outside must know that this token waits."""
        self._waits[task.id] = (task, snapshot)
        self._departed.pop(task.id, None)

    def unwait(self, task: TokenTask, kind: str, how: str) -> None:
        self._waits.pop(task.id, None)
        if task.announced:
            self._departed[task.id] = (kind, how)

    def fail(self, failure: Failure) -> None:
        self._failures[failure.task_id] = failure

    def recover(self, task: TokenTask) -> None:
        """The failure of this token is over: tried again, skipped or cancelled."""
        if self._failures.pop(task.id, None) is None:
            self._failures_closed.append(task.id)

    def take(self, *, ended: bool, dead: bool) -> Changes:
        opened: dict[str, list[Any]] = {"task": [], "job": [], "timer": [], "subscription": []}
        closed: dict[str, list[Closed]] = {"task": [], "job": [], "timer": [], "subscription": []}
        for task, snapshot in self._waits.values():
            task.announced = True
            opened[_KIND[type(snapshot)]].append(snapshot)
        for task_id, (kind, how) in self._departed.items():
            closed[kind].append(Closed(task_id, how))
        now = self.now or datetime.now(UTC)
        entered = []
        for task_id, (task, at, parent, index) in self._entered.items():
            left_at, how = self._finished.get(task_id, (None, None))
            if how is not None:
                left_at = left_at or now
            ref = task.task_spec.ref
            entered.append(Entered(task_id, ref, at or now, parent, left_at, how, index))
        changes = Changes(
            opened=tuple(opened["task"]),
            closed=tuple(closed["task"]),
            jobs=tuple(opened["job"]),
            jobs_closed=tuple(closed["job"]),
            timers=tuple(opened["timer"]),
            timers_closed=tuple(closed["timer"]),
            subscriptions=tuple(opened["subscription"]),
            subscriptions_closed=tuple(closed["subscription"]),
            entered=tuple(entered),
            left=tuple(
                Left(task.id, task.task_spec.ref, at or now, how) for task, at, how in self._left
            ),
            flows=tuple(self.flows),
            thrown=tuple(self.thrown),
            uncaught_errors=tuple(self.uncaught),
            failures=tuple(self._failures.values()),
            failures_closed=tuple(self._failures_closed),
            ended=ended,
            dead=dead,
            steps=self.steps,
        )
        self.__init__()  # type: ignore[misc]
        return changes
