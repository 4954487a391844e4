"""Functions that models call external: well-known pure functions by the name of their Java method.

DMN lets a function be defined as a Java method (§10.3.2.13.6). No Java runs here and no Python
object is reached; the methods that models use for arithmetic and texts are answered from this
list, with their arguments checked against the signature as Java would.
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jiedan.feel.plain import from_plain
from jiedan.feel.run import Run
from jiedan.feel.show import show
from jiedan.feel.values import FeelFunction

_SIGNATURE = re.compile(r"\s*([A-Za-z_$][\w$]*)\s*\(([^()]*)\)\s*")
_WHOLE = {"byte": 8, "short": 16, "int": 32, "long": 64}
_SPELLED = {
    "java.lang.Byte": "byte",
    "java.lang.Short": "short",
    "java.lang.Integer": "int",
    "java.lang.Long": "long",
    "java.math.BigInteger": "big",
    "java.lang.Float": "float",
    "java.lang.Double": "double",
    "java.math.BigDecimal": "number",
    "java.lang.Number": "number",
    "java.lang.String": "string",
    "java.lang.CharSequence": "string",
    "java.lang.Character": "char",
    "java.lang.Boolean": "boolean",
    "java.lang.Object": "object",
    "[Ljava.lang.Object;": "objects",
    "java.lang.Object[]": "objects",
    "java.lang.Object...": "objects",
}
_WRONG = object()


def _number(value: Any, type_: str) -> Any:
    if type(value) is not Decimal:
        return _WRONG
    if type_ in ("float", "double"):
        return float(value)
    if type_ == "number":
        return value
    whole = int(value) if value == value.to_integral_value() else None
    if whole is None or (type_ in _WHOLE and not -(2 ** (_WHOLE[type_] - 1)) <= whole < 2 ** (
        _WHOLE[type_] - 1
    )):  # fmt: skip
        return _WRONG
    return whole


def _fit(value: Any, type_: str) -> Any:
    """The value as an argument of that Java type."""
    if type_ in ("float", "double", "number", "big") or type_ in _WHOLE:
        return _number(value, type_)
    if type_ == "string":
        return value if type(value) is str or value is None else _WRONG
    if type_ == "char":
        return value if type(value) is str and len(value) == 1 else _WRONG
    if type_ == "boolean":
        return value if type(value) is bool else _WRONG
    if type_ == "objects":
        return value if type(value) is list else [value]
    return value if type_ == "object" else _WRONG


def _format(template: str, *arguments: Any) -> str:
    """Java's String.format for %s, %d, %f, %n and %% with width and precision."""
    values = list(arguments[0]) if len(arguments) == 1 and isinstance(arguments[0], list) else []

    def put(found: re.Match[str]) -> str:
        flags, width, precision, kind = found.groups()
        if kind in "n%":
            return {"n": "\n", "%": "%"}[kind]
        value = values.pop(0)
        size = int(width or 0)
        if size > 1000 or int(precision or 0) > 1000:
            raise ValueError
        if kind == "s":
            text = show(value)
            return text.ljust(size) if "-" in flags else text.rjust(size)
        if type(value) is not Decimal or (kind == "d" and value != value.to_integral_value()):
            raise ValueError
        places = 0 if kind == "d" else int(precision or 6)
        grouped = "," if "," in flags else ""
        text = format(value, f"{grouped}.{places}f")
        return text.rjust(size, "0" if "0" in flags else " ")

    return re.sub(r"%([-,0]*)(\d*)(?:\.(\d+))?([sdfn%])", put, template)


def _parse(kind: Callable[[str], Any]) -> Callable[[Any], Any]:
    def parse(text: Any) -> Any:
        if isinstance(text, str) and not re.fullmatch(r"[+-]?[\d.]+(?:[eE][+-]?\d{1,4})?", text):
            raise ValueError
        return kind(text)

    return parse


def _half_up(value: float) -> int:
    return math.floor(value + 0.5)


_ONE_NUMBER: dict[str, Callable[[Any], Any]] = {
    "abs": abs, "acos": math.acos, "asin": math.asin, "atan": math.atan, "cbrt": math.cbrt,
    "ceil": lambda n: float(math.ceil(n)), "cos": math.cos, "cosh": math.cosh, "exp": math.exp,
    "floor": lambda n: float(math.floor(n)), "log": math.log, "log10": math.log10,
    "rint": lambda n: float(round(n)), "round": _half_up, "sin": math.sin, "sinh": math.sinh,
    "signum": lambda n: math.copysign(1.0, n) if n else 0.0, "sqrt": math.sqrt, "tan": math.tan,
    "tanh": math.tanh, "toDegrees": math.degrees, "toRadians": math.radians,
}  # fmt: skip
_TWO_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "max": max, "min": min, "pow": math.pow, "hypot": math.hypot, "atan2": math.atan2,
    "floorMod": lambda a, b: a % b, "floorDiv": lambda a, b: a // b,
}  # fmt: skip
METHODS: dict[tuple[str, str], Callable[..., Any]] = {
    **{("java.lang.Math", name): function for name, function in _ONE_NUMBER.items()},
    **{("java.lang.Math", name): function for name, function in _TWO_NUMBERS.items()},
    **{
        (f"java.lang.{owner}", method): _parse(kind)
        for owner, method, kind in (
            ("Integer", "valueOf", int), ("Integer", "parseInt", int), ("Long", "valueOf", int),
            ("Long", "parseLong", int), ("Short", "valueOf", int), ("Byte", "valueOf", int),
            ("Double", "valueOf", float), ("Double", "parseDouble", float),
            ("Float", "valueOf", float), ("Float", "parseFloat", float),
        )
    },
    ("java.lang.String", "valueOf"): show,
    ("java.lang.String", "format"): _format,
    ("java.lang.Boolean", "valueOf"): lambda value: value is True or str(value).lower() == "true",
}  # fmt: skip
"""Class and method → what it does. All are pure."""


def external_function(
    name: str, parameters: tuple[str, ...], owner: Any, signature: Any
) -> FeelFunction | None:
    """The function that a class and a method signature name; None when the list has none."""
    found = _SIGNATURE.fullmatch(signature) if isinstance(signature, str) else None
    method = METHODS.get((owner, found[1])) if found and isinstance(owner, str) else None
    if found is None or method is None:
        return None
    written = [part.strip() for part in found[2].split(",")] if found[2].strip() else []
    types = [_SPELLED.get(part, part) for part in written]
    if len(types) != len(parameters):
        return None
    wanted = method

    def call(run: Run, arguments: list[Any], named: dict[str, Any] | None) -> Any:
        if named is not None and set(named) == set(parameters):
            arguments = [named[each] for each in parameters]
        elif named is not None or len(arguments) != len(types):
            return run.warn(
                "%(function)s takes the arguments (%(parameters)s).",
                function=name,
                parameters=", ".join(parameters),
            )
        run.measure(arguments)
        given = [_fit(value, type_) for value, type_ in zip(arguments, types, strict=True)]
        try:
            result = None if _WRONG in given else from_plain(wanted(*given))
        except (ArithmeticError, ValueError, IndexError, TypeError):
            result = None
        if result is None:
            return run.warn("%(function)s has no result for its arguments.", function=name)
        if type(result) is str:
            run.grow(len(result))
        return result

    return FeelFunction(name, parameters, call)
