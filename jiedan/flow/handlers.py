"""Owns the door for handlers: the registry, the decorators, and what a handler is given."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.core.errors import Invalid, JiedanError
from jiedan.core.i18n import LazyText
from jiedan.core.work import Work


# --- how a handler speaks back -----------------------------------------------------------------
class BpmnError(Exception):
    """A BPMN error: goes to the boundary event or event subprocess that catches `code`."""

    def __init__(self, code: str, **variables: Any) -> None:
        super().__init__(code)
        self.code = code
        self.variables = variables


class Retry(Exception):
    """Try again later: the step becomes a job that is due after `after` (default: the backoff)."""

    def __init__(self, after: timedelta | None = None, reason: str = "") -> None:
        super().__init__(reason)
        self.after = after
        self.reason = reason


class InvalidAnswer(Invalid):
    """Some answers need your attention."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__(fields=dict(fields))


# --- what a handler is given -------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DecisionResult:
    """What a decision answered and which rules fired, as `table_id:row_number` or rule ids."""

    value: Any
    fired: tuple[str, ...] = ()


class Platform(Protocol):
    """What a context asks of the running step; `jiedan.flow.host` answers."""

    def take_decision(self, decision_id: str, inputs: dict[str, Any]) -> DecisionResult: ...
    def publish(
        self, message: str, correlation_key: str, payload: dict[str, Any], key: str | None
    ) -> None: ...
    def set_business_key(self, text: str) -> None: ...
    def set_title(self, text: str, summary: dict[str, str] | None, amount: int | None) -> None: ...
    def completed_by(self, element_ids: frozenset[str]) -> set[str]: ...
    def holders(self, role: str) -> frozenset[str] | None: ...
    def pause_deadlines(self) -> None: ...
    def resume_deadlines(self) -> None: ...
    def notify(
        self,
        owners: tuple[str, ...],
        msgid: str,
        params: dict[str, Any],
        kind: str,
    ) -> None: ...


@dataclass(slots=True)
class Context:
    """The first argument of every handler, listener, loader, guard and FEEL function."""

    work: Work
    instance_id: UUID
    business_key: str | None
    element_id: str
    process_id: str
    platform: Platform
    task_id: UUID | None = None
    idempotency_key: str = ""
    """The same for every attempt of one execution: hand it to the outside system."""
    attempt: int = 1
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        return self.work.actor

    @property
    def now(self) -> datetime:
        return self.work.now

    def decide(self, decision_id: str, /, **inputs: Any) -> DecisionResult:
        """Ask the newest version of a decision; the rules that fired are kept in the history."""
        return self.platform.take_decision(decision_id, inputs)

    def publish(
        self,
        message: str,
        correlation_key: str,
        payload: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> None:
        """Send a message to other instances, in this transaction, after this step has run."""
        self.platform.publish(message, correlation_key, dict(payload or {}), key)

    def set_business_key(self, text: str) -> None:
        """Give the instance the number that people quote."""
        self.business_key = text
        self.platform.set_business_key(text)

    def set_title(
        self,
        text: str,
        summary: Mapping[str | LazyText, str] | None = None,
        *,
        amount: int | None = None,
    ) -> None:
        """Say what lists show for this instance: a title and up to three labelled facts.

        A label is kept untranslated and shown in the reader's language. Lists filter and sort by
        `amount`, in fen.
        """
        labelled = None
        if summary is not None:
            labelled = {
                label.msgid if isinstance(label, LazyText) else label: value
                for label, value in summary.items()
            }
        self.platform.set_title(text, labelled, amount)

    def completed_by(self, element_ids: Iterable[str]) -> set[str]:
        """Logins of those who completed these user tasks in this instance."""
        return self.platform.completed_by(frozenset(element_ids))

    def holders(self, role: str) -> frozenset[str] | None:
        """Logins of the people who hold `role` now; None when nobody can tell."""
        return self.platform.holders(role)

    def notify(
        self,
        *,
        logins: Iterable[str] = (),
        roles: Iterable[str] = (),
        msgid: str,
        kind: str = "info",
        **params: Any,
    ) -> None:
        """Write an in-app notice; `msgid` is English with `%(name)s` places for `params`."""
        owners = tuple([f"u:{login}" for login in logins] + [f"r:{role}" for role in roles])
        self.platform.notify(owners, msgid, params, kind)


# --- the registry ------------------------------------------------------------------------------
Call = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Input:
    """A variable that a handler names in its signature."""

    name: str
    required: bool
    default: Any = None
    annotation: str = ""


@dataclass(frozen=True, slots=True)
class Handler:
    """A registered function with what its signature and docstring say."""

    name: str
    call: Call
    inputs: tuple[Input, ...]
    takes_all: bool
    summary: str
    external: bool = False
    tries: int = 3
    timeout: timedelta = timedelta(seconds=30)

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Pick what the signature names from `given`. Raises MissingInput."""
        if self.takes_all:
            return {name: given[name] for name in given if name != "context"}
        picked = {}
        for one in self.inputs:
            if one.name in given and not (given[one.name] is None and not one.required):
                picked[one.name] = given[one.name]
            elif one.required:
                raise MissingInput(handler=self.name, input=one.name)
        return picked


class MissingInput(JiedanError):
    """The handler “%(handler)s” needs “%(input)s”, which is not set."""


class AlreadyRegistered(JiedanError):
    """The handler name “%(name)s” is taken twice."""


class Registry:
    """All handlers, FEEL functions and guards of one application."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.functions: dict[str, Handler] = {}
        self.guards: dict[str, Handler] = {}

    def handler(
        self,
        name: str,
        *,
        external: bool = False,
        retries: int = 3,
        timeout: float = 30,
    ) -> Callable[[Call], Call]:
        """Register a service task handler, a completing listener or a page loader.

        `external=True` runs it as a job after the commit, outside any lock; `retries` is the
        number of tries before an incident, `timeout` the seconds after which one is given up.
        """
        return self._into(
            self.handlers,
            name,
            external=external,
            tries=retries,
            timeout=timedelta(seconds=timeout),
        )

    def function(self, name: str) -> Callable[[Call], Call]:
        """Register a FEEL function for the expressions in diagrams: `=until("deposit.expire")`."""
        return self._into(self.functions, name)

    def guard(self, name: str) -> Callable[[Call], Call]:
        """Register a check before any user task is completed; refuse by raising a Conflict.

        A guard whose required variables are not set in an instance does not concern it.
        """
        return self._into(self.guards, name)

    def _into(self, table: dict[str, Handler], name: str, **how: Any) -> Callable[[Call], Call]:
        def register(call: Call) -> Call:
            if name in table:
                raise AlreadyRegistered(name=name)
            table[name] = describe(name, call, **how)
            return call

        return register


def describe(name: str, call: Call, **how: Any) -> Handler:
    """Read a function's signature and docstring."""
    parameters = list(inspect.signature(call).parameters.values())[1:]
    inputs = tuple(
        Input(
            name=one.name,
            required=one.default is one.empty,
            default=None if one.default is one.empty else one.default,
            annotation="" if one.annotation is one.empty else _type_name(one.annotation),
        )
        for one in parameters
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    )
    takes_all = any(one.kind is one.VAR_KEYWORD for one in parameters)
    summary = (inspect.getdoc(call) or "").split("\n\n")[0].strip()
    return Handler(name, call, inputs, takes_all, summary, **how)


def _type_name(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


REGISTRY = Registry()
"""Filled by importing `handlers/`; tests build their own."""

handler = REGISTRY.handler
function = REGISTRY.function
guard = REGISTRY.guard


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: Decimal → number, dates and durations → ISO text, sets → lists.

    Process variables carry ids and decision scalars; money is integer fen, so no amount is lost.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(one) for one in value]
        case UUID():
            return str(value)
        case _ if hasattr(value, "isoformat"):
            return value.isoformat()
        case _:
            return str(value)
