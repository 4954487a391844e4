"""Orders and loops driven through the service layer, completion by completion."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from jiedan.flow.instances import start_instance
from jiedan.flow.platform import Flow
from jiedan.flow.tasks import Answer, complete_task
from tests.installation import CLERK

ANSWER = Answer("done", {"quantity": 7, "remark": "ok"})


def start(flow: Flow, process: str, variables: Mapping[str, Any] | None = None) -> UUID:
    """Start an instance; the id of its first task."""
    started = start_instance(flow, actor=CLERK, process_id=process, variables=variables)
    return started.next_tasks[0].task_id


def complete(flow: Flow, task_id: UUID) -> UUID | None:
    """Complete a task; the id of the next one, if any."""
    done = complete_task(flow, actor=CLERK, task_id=task_id, version=1, answer=ANSWER)
    return done.next_tasks[0].task_id if done.next_tasks else None


def finish_order(
    flow: Flow,
    note: Callable[[float], None] = lambda seconds: None,
    variables: Mapping[str, Any] | None = None,
) -> int:
    """One order from start to end; tells `note` each completion's seconds, returns how many."""
    task_id: UUID | None = start(flow, "bench_order", variables)
    done = 0
    while task_id is not None:
        began = time.perf_counter()
        task_id = complete(flow, task_id)
        note(time.perf_counter() - began)
        done += 1
    return done


class Loop:
    """An instance that goes round and round; each turn executes three tasks."""

    TASKS_PER_TURN = 3

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._task_id = start(flow, "bench_loop")
        self.executed = 0

    def turn(self) -> float:
        """One completion; its seconds."""
        began = time.perf_counter()
        task_id = complete(self._flow, self._task_id)
        seconds = time.perf_counter() - began
        assert task_id is not None
        self._task_id = task_id
        self.executed += self.TASKS_PER_TURN
        return seconds

    def go_to(self, executed: int) -> None:
        """Turn until so many tasks were executed."""
        while self.executed < executed:
            self.turn()
