"""One running instance in memory: start or restore it, act, run, read the changes, save it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from jiedan.flow.engine.host import Host
from jiedan.flow.engine.model import ProcessModel
from jiedan.flow.engine.snapshots import Changes, Token

STEP_LIMIT = 10_000


class Live:
    """One instance. Every verb only marks; `run(host)` then moves tokens to the next wait state.

    Usage: act → `run(host)` → `changes()` → `state()` → commit. May be cached and used again as
    long as the commit succeeded; after any exception, or a rollback, drop the object.
    One thread at a time.
    """

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

        The instance is already run to its first wait state.
        """
        raise NotImplementedError

    @classmethod
    def restore(cls, model: ProcessModel, state: bytes) -> Live:
        """Bring back what `state` saved; raises StateUnreadable."""
        raise NotImplementedError

    def state(self) -> bytes:
        """Save: compressed, without the specification, without finished or predicted tasks."""
        raise NotImplementedError

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
        raise NotImplementedError

    def finish_job(self, task_id: UUID, result: Mapping[str, Any] | None = None) -> None:
        """Give the result of a job; output mappings apply as if the handler had answered inline."""
        raise NotImplementedError

    def throw_error(
        self,
        task_id: UUID,
        code: str,
        variables: Mapping[str, Any] | None = None,
        message: str = "",
    ) -> None:
        """Throw a BPMN error at an open task or job; uncaught, it appears in the changes."""
        raise NotImplementedError

    def deliver(
        self, name: str, correlation_key: str | None = None, payload: Mapping[str, Any] | None = None
    ) -> bool:
        """Give a message to the one token that waits for it; False if none does."""
        raise NotImplementedError

    def broadcast(self, signal: str, payload: Mapping[str, Any] | None = None) -> int:
        """Give a signal to every token that waits for it; how many there were."""
        raise NotImplementedError

    def fire_timers(self, now: datetime) -> int:
        """Fire all timers due at `now`; how many there were."""
        raise NotImplementedError

    def next_timer(self) -> datetime | None:
        """When the next timer is due."""
        raise NotImplementedError

    def retry(self, task_id: UUID) -> None:
        """Try an element again whose expression failed or whose error nobody caught."""
        raise NotImplementedError

    def skip(self, task_id: UUID, variables: Mapping[str, Any] | None = None) -> None:
        """Leave a failed element or a waiting job as if it had completed with `variables`."""
        raise NotImplementedError

    def merge_variables(self, variables: Mapping[str, Any], task_id: UUID | None = None) -> None:
        """Set variables of the instance, or of the scope of one token."""
        raise NotImplementedError

    def run(self, host: Host) -> None:
        """Move tokens until everything waits, then compact.

        Raises EndlessLoop, and whatever `host.call` raised other than BpmnError.
        """
        raise NotImplementedError

    def changes(self) -> Changes:
        """What happened since the last time this was asked."""
        raise NotImplementedError

    def variables(self, task_id: UUID | None = None) -> dict[str, Any]:
        """The instance's variables, or everything visible to one token; your own copy."""
        raise NotImplementedError

    def tokens(self) -> list[Token]:
        """Where the instance stands."""
        raise NotImplementedError

    def terminate(self) -> None:
        """Cancel everything; `changes()` then tells what was closed."""
        raise NotImplementedError

    @property
    def ended(self) -> bool:
        """Whether no token is left."""
        raise NotImplementedError
