"""Functions as values: calling them, and those that expressions and Python define."""

from collections.abc import Callable
from typing import Any

from jiedan.feel.errors import Phrase
from jiedan.feel.plain import from_plain, to_python
from jiedan.feel.run import Run
from jiedan.feel.types import Type, coerce
from jiedan.feel.values import RUN, Code, FeelFunction, Scope, kind


def invoke(function: Any, run: Run, arguments: list[Any], named: dict[str, Any] | None) -> Any:
    """The function's result, null with a warning when it is none or its arguments do not fit."""
    if type(function) is not FeelFunction:
        return run.warn("A %(type)s cannot be called like a function.", type=kind(function))
    run.enter()
    try:
        return function.call(run, arguments, named)
    finally:
        run.leave()


def order_arguments(
    name: str,
    parameters: tuple[str, ...],
    arguments: list[Any],
    named: dict[str, Any] | None,
    run: Run,
) -> list[Any] | None:
    """The arguments in the order of the parameters; None and a warning when they do not fit.

    Named arguments that are left out are null (DMN 1.5 §10.3.2.13.5).
    """
    if named is not None:
        if named.keys() <= set(parameters):
            return [named.get(each) for each in parameters]
    elif len(arguments) == len(parameters):
        return arguments
    run.warn(
        "%(function)s takes the arguments (%(parameters)s).",
        function=name,
        parameters=", ".join(parameters),
    )
    return None


def written_function(
    name: str,
    parameters: tuple[str, ...],
    types: tuple[Type | None, ...],
    body: Code,
    scope: Scope,
    result: Type | None = None,
) -> FeelFunction:
    """A function that an expression defines; `scope` is what it sees besides its parameters."""

    def call(run: Run, arguments: list[Any], named: dict[str, Any] | None) -> Any:
        values = order_arguments(name, parameters, arguments, named, run)
        if values is None:
            return None
        inner = dict(scope)
        inner[RUN] = run
        for parameter, type_, value in zip(parameters, types, values, strict=True):
            if type_ is not None:
                value, fits = coerce(value, type_)
                if not fits:
                    return run.warn(
                        'The argument "%(parameter)s" of %(function)s must be a %(type)s.',
                        parameter=parameter,
                        function=name,
                        type=Phrase(type_.name),
                    )
            inner[parameter] = value
        outcome = body(inner)
        if result is None:
            return outcome
        outcome, fits = coerce(outcome, result)
        if not fits:
            run.warn("%(function)s must give a %(type)s.", function=name, type=Phrase(result.name))
        return outcome

    return FeelFunction(name, parameters, call, types, result)


def python_function(name: str, function: Callable[..., Any]) -> FeelFunction:
    """A Python function for expressions; what it raises is not caught."""

    def call(run: Run, arguments: list[Any], named: dict[str, Any] | None) -> Any:
        run.measure([*arguments, *(named or {}).values()])
        given = [to_python(value) for value in arguments]
        words = {key.replace(" ", "_"): to_python(value) for key, value in (named or {}).items()}
        return from_plain(function(*given, **words))

    return FeelFunction(name, None, call)
