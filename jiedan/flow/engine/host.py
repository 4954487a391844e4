"""What the engine asks of the platform while it runs, and what a handler may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from jiedan.flow.engine.snapshots import ElementRef, MultiInstanceItem


class Pending:
    """The type of PENDING: the handler's result comes later, by `Live.finish_job`."""

    def __repr__(self) -> str:
        return "PENDING"


PENDING: Final = Pending()


class BpmnError(Exception):
    """A business error that the diagram handles: by a boundary event or an event subprocess."""

    def __init__(self, code: str, message: str = "", /, **variables: Any) -> None:
        super().__init__(message or code)
        self.code = code
        self.variables = variables


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One execution of a service task, send task or message throw with a task type.

    `inputs` is what the element's input mappings gave, or None when it has none; `variables` is
    everything visible to the element, inputs included. Both are the callee's own copies, made
    when they are asked for.
    """

    task_id: UUID
    element: ElementRef
    handler: str
    inputs: dict[str, Any] | None
    variables: Mapping[str, Any]
    headers: Mapping[str, str]
    retries: int | None
    mi_item: MultiInstanceItem | None = None


class Host(Protocol):
    """The platform's side of a running step."""

    def evaluate(self, expression: str, variables: dict[str, Any]) -> Any:
        """Evaluate FEEL (without the leading `=`); `variables` must not be changed.

        An exception becomes a `Failure` of the element, not of the step.
        """

    def decide(self, decision_id: str, variables: dict[str, Any], element: ElementRef) -> Any:
        """Evaluate a decision; the engine stores the result."""

    def call(self, call: ServiceCall) -> dict[str, Any] | Pending:
        """Run a handler in the step's transaction; may raise BpmnError.

        Any other exception leaves `Live.run` unchanged: the step is lost, drop the Live object.
        """

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
