"""Owns the platform's side of a running step: expressions, decisions, handlers in a savepoint."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from jiedan.core.clock import shanghai
from jiedan.core.errors import Invalid, JiedanError
from jiedan.core.i18n import use_locale
from jiedan.core.ids import new_id
from jiedan.core.work import Work
from jiedan.feel import compile_expression, to_plain
from jiedan.flow import engine
from jiedan.flow.current import decision_model
from jiedan.flow.engine import PENDING, ElementRef, Pending, ServiceCall
from jiedan.flow.errors import DecisionFailed, HandlerMissing
from jiedan.flow.handlers import BpmnError, Context, DecisionResult, Handler, Retry, plain
from jiedan.flow.instance import Instance
from jiedan.flow.pauses import halt_deadlines, release_deadlines
from jiedan.flow.platform import Flow
from jiedan.flow.states import IncidentKind, JobKind, JobState, TaskState
from jiedan.flow.tables import TaskRow

TRACE_LIMIT = 8000
SINGLE_HIT = frozenset({"UNIQUE", "FIRST", "ANY", "PRIORITY"})

Functions = Mapping[str, Callable[..., Any]]


@dataclass(slots=True)
class Outgoing:
    """A message on its way to other instances."""

    name: str
    correlation_key: str
    payload: dict[str, Any]
    key: str | None
    buffered_id: UUID | None = None
    """The row of a message that had come too early."""
    is_signal: bool = False
    """Goes to everybody who waits for it, and is not kept when nobody does."""


@dataclass(slots=True)
class Gathered:
    """What handlers asked for while a step ran; written when it has run."""

    jobs: list[dict[str, Any]] = field(default_factory=list)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    messages: list[Outgoing] = field(default_factory=list)
    decisions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By the element that asked."""

    def copy(self) -> "Gathered":
        """The same, to add to."""
        return Gathered(
            list(self.jobs),
            list(self.incidents),
            list(self.notices),
            list(self.messages),
            {element: list(asked) for element, asked in self.decisions.items()},
        )

    def marks(self) -> tuple[int, int, int, int]:
        return len(self.jobs), len(self.incidents), len(self.notices), len(self.messages)

    def forget_after(self, marks: tuple[int, int, int, int]) -> None:
        for kept, rows in zip(
            marks, (self.jobs, self.incidents, self.notices, self.messages), strict=True
        ):
            del rows[kept:]  # type: ignore[attr-defined]


@dataclass(slots=True)
class StepHost:
    """Answers the engine and the handlers during one step of one instance."""

    work: Work
    flow: Flow
    instance: Instance
    gathered: Gathered = field(default_factory=Gathered)
    caller: Context | None = None
    """The handler that is running."""
    outside: bool = False
    """Whether an external handler runs, which holds no transaction to write in."""
    _functions: Functions | None = None

    # --- for the engine ------------------------------------------------------------------------
    def now(self) -> datetime:
        return self.work.now

    def evaluate(self, expression: str, variables: dict[str, Any]) -> Any:
        """Evaluate FEEL with the registered functions; the answer is JSON-safe."""
        compiled = compile_expression(expression)
        found = compiled.evaluate(
            variables, functions=self.functions(variables), now=shanghai(self.work.now)
        )
        return to_plain(found)

    def decide(self, decision_id: str, variables: dict[str, Any], element: ElementRef) -> Any:
        """Take the decision of a business rule task."""
        return self._decide(decision_id, variables, element.id).value

    def call(self, call: ServiceCall) -> dict[str, Any] | Pending:
        """Run a handler inside the step, or leave a job for later."""
        handler = self.flow.registry.handlers.get(call.handler)
        if handler is None:
            self._fail(call, HandlerMissing(name=call.handler), tries=0)
            return PENDING
        given = call.variables if call.inputs is None else call.inputs
        try:
            arguments = handler.arguments(given)
        except JiedanError as error:
            self._fail(call, error, tries=0)
            return PENDING
        tries = call.retries if call.retries is not None else handler.tries
        if handler.external:
            self._queue(call, plain(arguments), tries=tries)
            return PENDING
        try:
            return self.invoke(handler, arguments, self.context_for(call))
        except BpmnError as error:
            raise engine.BpmnError(error.code, **plain(error.variables)) from error
        except Exception as error:  # whatever a handler does, the person's completion stands
            self._fail(call, error, tries=tries, inputs=plain(arguments))
            return PENDING

    # --- calling functions ---------------------------------------------------------------------
    def invoke(
        self, handler: Handler, arguments: Mapping[str, Any], context: Context
    ) -> dict[str, Any]:
        """Call a handler in a savepoint: its rows stay when it returns or raises BpmnError."""
        refused: BpmnError | None = None
        answer: Any = None
        marks, labels = self.gathered.marks(), self.instance.marks()
        self.caller = context
        try:
            with self.work.savepoint():
                try:
                    answer = handler.call(context, **arguments)
                except BpmnError as error:
                    refused = error
        except Exception:
            self.gathered.forget_after(marks)
            self.instance.restore(labels)
            raise
        finally:
            self.caller = None
        if refused is not None:
            raise refused
        return as_result(answer)

    def context_for(self, call: ServiceCall, *, attempt: int = 1) -> Context:
        return self.context(
            element_id=call.element.id,
            process_id=call.element.process_id,
            task_id=call.task_id,
            attempt=attempt,
            variables=call.variables,
        )

    def context(
        self,
        *,
        element_id: str = "",
        process_id: str = "",
        task_id: UUID | None = None,
        attempt: int = 1,
        variables: Mapping[str, Any] | None = None,
    ) -> Context:
        """What a handler is given."""
        return Context(
            work=self.work,
            instance_id=self.instance.id,
            business_key=self.instance.business_key,
            element_id=element_id,
            process_id=process_id or self.instance.process_id,
            platform=self,
            task_id=task_id,
            idempotency_key=str(task_id or ""),
            attempt=attempt,
            variables=variables or {},
        )

    def functions(self, variables: Mapping[str, Any]) -> Functions:
        """The registered FEEL functions, bound to this instance."""
        if self._functions is None:
            context = self.context()
            self._functions = {
                name: partial(one.call, context)
                for name, one in self.flow.registry.functions.items()
            }
        return self._functions

    # --- for handlers --------------------------------------------------------------------------
    def take_decision(self, decision_id: str, inputs: dict[str, Any]) -> DecisionResult:
        return self._decide(decision_id, inputs, self.caller.element_id if self.caller else "")

    def publish(
        self, message: str, correlation_key: str, payload: dict[str, Any], key: str | None
    ) -> None:
        self.gathered.messages.append(Outgoing(message, correlation_key, plain(payload), key))

    def set_business_key(self, text: str) -> None:
        self.instance.business_key = text
        self.instance.renamed = True

    def set_title(self, text: str, summary: dict[str, str] | None, amount: int | None) -> None:
        self.instance.title = text[:255]
        if amount is not None:
            self.instance.amount = amount
        if summary is not None:
            self.instance.summary = summary
        self.instance.renamed = True

    def completed_by(self, element_ids: frozenset[str]) -> set[str]:
        rows = self.work.session.execute(
            select(TaskRow.completed_by).where(
                TaskRow.instance_id == self.instance.id,
                TaskRow.element_id.in_(element_ids),
                TaskRow.state == TaskState.COMPLETED,
            )
        )
        return {login for login in rows.scalars() if login}

    def holders(self, role: str) -> frozenset[str] | None:
        tell = self.flow.holders_of
        return None if tell is None else frozenset(tell(self.work.session, role))

    def pause_deadlines(self) -> None:
        self._must_be_inside()
        halt_deadlines(self.work, self.instance)

    def resume_deadlines(self) -> None:
        self._must_be_inside()
        release_deadlines(self.work, self.flow, self.instance)

    def _must_be_inside(self) -> None:
        if self.outside:
            raise RuntimeError("an external handler cannot move deadlines; do it in the next step")

    def notify(
        self, owners: tuple[str, ...], msgid: str, params: dict[str, Any], kind: str
    ) -> None:
        for owner in dict.fromkeys(owners):
            self.gathered.notices.append(
                {
                    "id": new_id(),
                    "owner": owner,
                    "at": self.work.now,
                    "kind": kind,
                    "msgid": msgid,
                    "params": plain(params),
                    "instance_id": self.instance.id,
                    "task_id": self.caller.task_id if self.caller else None,
                }
            )

    # --- failing and queueing ------------------------------------------------------------------
    def _decide(
        self, decision_id: str, variables: Mapping[str, Any], element_id: str
    ) -> DecisionResult:
        model, version = decision_model(self.work.session, self.flow, decision_id)
        found = model.decide(
            decision_id,
            variables,
            functions=self.functions(variables),
            now=shanghai(self.work.now),
        )
        decision = model.decisions.get(decision_id)
        if decision is not None and decision.hit_policy in SINGLE_HIT and not found.fired:
            raise DecisionFailed(decision_id=decision_id, reason="no rule matches")
        value = to_plain(found.value)
        fired = tuple(one.id or str(one.index) for one in found.fired)
        self.gathered.decisions.setdefault(element_id, []).append(
            {
                "decision": decision_id,
                "version": version.version,
                "value": value,
                "rules": [
                    {"row": one.index, "id": one.id, "note": one.annotation} for one in found.fired
                ],
            }
        )
        return DecisionResult(value, fired)

    def _queue(self, call: ServiceCall, inputs: dict[str, Any], *, tries: int) -> None:
        self.gathered.jobs.append(
            self._job(call, inputs, tries=tries, due_at=self.work.now, state=JobState.DUE)
        )

    def _fail(
        self,
        call: ServiceCall,
        error: BaseException,
        *,
        tries: int,
        inputs: dict[str, Any] | None = None,
    ) -> None:
        """The try inside the step failed: leave a job, or an incident when it was the last."""
        given = plain(call.variables if call.inputs is None else call.inputs)
        last = tries <= 1
        job = self._job(
            call,
            inputs if inputs is not None else given,
            tries=max(tries, 1),
            due_at=self.work.now + delay_after(self.flow, error, attempt=1),
            state=JobState.INCIDENT if last else JobState.DUE,
        )
        job["attempt"] = 1
        job["last_error"] = said(error)
        self.gathered.jobs.append(job)
        if last:
            self.gathered.incidents.append(
                incident_row(
                    self.instance.id,
                    kind=IncidentKind.HANDLER_FAILED,
                    message=said(error),
                    trace=trace_of(error),
                    at=self.work.now,
                    job_id=job["id"],
                    task_id=call.task_id,
                    process_id=call.element.process_id,
                    element_id=call.element.id,
                )
            )

    def _job(
        self,
        call: ServiceCall,
        inputs: dict[str, Any],
        *,
        tries: int,
        due_at: datetime,
        state: JobState,
    ) -> dict[str, Any]:
        return {
            "id": new_id(),
            "kind": JobKind.HANDLER,
            "state": state,
            "due_at": due_at,
            "instance_id": self.instance.id,
            "task_id": call.task_id,
            "process_id": call.element.process_id,
            "element_id": call.element.id,
            "handler": call.handler,
            "inputs": inputs,
            "attempt": 0,
            "tries": tries,
            "fence": 0,
            "last_error": None,
            "created_at": self.work.now,
        }


def as_result(answer: Any) -> dict[str, Any]:
    """What a handler returned, JSON-safe. Raises TypeError for anything but a mapping or None."""
    if answer is None:
        return {}
    if not isinstance(answer, Mapping):
        raise TypeError(f"a handler returns a dict, not {type(answer).__name__}")
    found: dict[str, Any] = plain(dict(answer))
    return found


def delay_after(flow: Flow, error: BaseException, *, attempt: int) -> timedelta:
    """How long to wait before the next try."""
    if isinstance(error, Retry) and error.after is not None:
        return error.after
    return flow.backoff[min(attempt, len(flow.backoff)) - 1] if flow.backoff else timedelta(0)


def incident_row(instance_id: UUID, *, kind: IncidentKind, **values: Any) -> dict[str, Any]:
    """The row of a new incident."""
    row = {
        "id": new_id(),
        "instance_id": instance_id,
        "job_id": None,
        "task_id": None,
        "process_id": None,
        "element_id": None,
        "kind": kind,
        "trace": None,
        "state": "open",
    }
    return row | values


def said(error: BaseException) -> str:
    """An error in one line for people who repair."""
    if isinstance(error, JiedanError):
        fields = error.fields if isinstance(error, Invalid) else {}
        with use_locale("en"):
            details = "; ".join(f"{path}: {text}" for path, text in fields.items())
        return " ".join(part for part in (f"{error.code}: {error.message('en')}", details) if part)
    text = str(error) or type(error).__name__
    return f"{type(error).__name__}: {text}"[:2000]


def trace_of(error: BaseException) -> str:
    """The end of the traceback."""
    return "".join(traceback.format_exception(error))[-TRACE_LIMIT:]
