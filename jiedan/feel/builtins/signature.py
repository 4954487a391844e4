"""How a built-in function says which arguments it takes, and how they are fitted to it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jiedan.feel.run import Run
from jiedan.feel.temporal import MIDNIGHT_UTC, Date, DateTime, DaysDuration, MonthsDuration, Time
from jiedan.feel.values import FeelFunction, Range

KINDS: dict[str, frozenset[type]] = {
    "number": frozenset({Decimal}),
    "string": frozenset({str}),
    "boolean": frozenset({bool}),
    "list": frozenset({list}),
    "context": frozenset({dict}),
    "function": frozenset({FeelFunction}),
    "range": frozenset({Range}),
    "date": frozenset({Date}),
    "time": frozenset({Time}),
    "date and time": frozenset({DateTime}),
    "days": frozenset({DaysDuration}),
    "months": frozenset({MonthsDuration}),
    "null": frozenset({type(None)}),
    "point": frozenset({Decimal, str, Date, Time, DateTime, DaysDuration, MonthsDuration}),
}
"""Words for the types in signatures; `any` takes everything."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a built-in function."""

    name: str
    kinds: frozenset[type] | None
    optional: bool
    many: bool


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call a built-in function."""

    parameters: tuple[Parameter, ...]
    body: Callable[..., Any]
    written: str

    def bind(self, arguments: list[Any], named: dict[str, Any] | None) -> list[Any] | None:
        """The arguments for `body`; None when they do not fit."""
        if named is not None:
            return self._bind_named(named)
        parameters = self.parameters
        many = bool(parameters) and parameters[-1].many
        if len(arguments) > len(parameters) and not many:
            return None
        bound = []
        for place, value in enumerate(arguments):
            parameter = parameters[min(place, len(parameters) - 1)]
            fits, value = _fit(value, parameter.kinds)
            if not fits:
                return None
            bound.append(value)
        for parameter in parameters[len(arguments) :]:
            if not parameter.optional:
                return None
        return bound

    def _bind_named(self, named: dict[str, Any]) -> list[Any] | None:
        if self.parameters and self.parameters[-1].many:
            stem = self.parameters[-1].name
            if all(key.rstrip("0123456789") == stem for key in named):
                return self.bind(list(named.values()), None)
            return None
        if not named.keys() <= {each.name for each in self.parameters}:
            return None
        values = []
        skipped = False
        for parameter in self.parameters:
            if parameter.name in named and not skipped:
                values.append(named[parameter.name])
            elif parameter.name in named or not parameter.optional:
                return None
            else:
                skipped = True
        return self.bind(values, None)


def _fit(value: Any, kinds: frozenset[type] | None) -> tuple[bool, Any]:
    """Whether the value fits, and the value as it fits: coerced as DMN 1.5 §10.3.2.9.4 allows."""
    if kinds is None or type(value) in kinds:
        return True, value
    if list in kinds:
        return (False, None) if value is None else (True, [value])
    if type(value) is list and len(value) == 1:
        return _fit(value[0], kinds) if type(value[0]) is not list else (False, None)
    if type(value) is Date and DateTime in kinds:
        return True, DateTime(value, MIDNIGHT_UTC)
    return False, None


def _parameter(text: str) -> Parameter:
    name, _, words = text.partition(":")
    optional, many = name.endswith("?"), name.endswith("...")
    words = words.strip() or "any"
    kinds: frozenset[type] | None = None
    if words != "any":
        kinds = frozenset().union(*(KINDS[word.strip()] for word in words.split("|")))
    return Parameter(name.rstrip("?.").strip(), kinds, optional, many)


class BuiltIns(dict[str, FeelFunction]):
    """The built-in functions by name, filled by the decorator that this object is."""

    def __init__(self) -> None:
        super().__init__()
        self.overloads: dict[str, list[Overload]] = {}

    def __call__(self, written: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a function of run and the arguments that the written signature names."""
        name, _, inside = written.partition("(")
        inside = inside.rstrip(")")
        parameters = tuple(_parameter(part) for part in inside.split(",")) if inside else ()

        def register(body: Callable[..., Any]) -> Callable[..., Any]:
            overload = Overload(parameters, body, written)
            if name in self.overloads:
                self.overloads[name].append(overload)
            else:
                self.overloads[name] = [overload]
                self[name] = self._function(name)
            return body

        return register

    def _function(self, name: str) -> FeelFunction:
        overloads = self.overloads[name]

        def call(run: Run, arguments: list[Any], named: dict[str, Any] | None) -> Any:
            for overload in overloads:
                bound = overload.bind(arguments, named)
                if bound is not None:
                    return overload.body(run, *bound)
            return run.warn(
                "The arguments do not fit; it is called like %(signature)s.",
                signature=" / ".join(each.written for each in overloads),
            )

        return FeelFunction(name, None, call)


builtin = BuiltIns()
