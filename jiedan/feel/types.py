"""The types of FEEL: names, conformance and coercion (DMN 1.5 §10.3.2.9)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jiedan.feel.temporal import MIDNIGHT_UTC, Date, DateTime
from jiedan.feel.values import FeelFunction, Range, kind


@dataclass(frozen=True, slots=True)
class Type:
    """A type: a simple one by name, or list, range, context, function with what they hold.

    `check` is an item definition's constraint; `name` then is the item definition's.
    """

    name: str
    of: "Type | None" = None
    """Element type of a list or range, result type of a function."""
    entries: tuple[tuple[str, "Type"], ...] = ()
    """Entries of a context, parameters (nameless) of a function."""
    check: Callable[[Any], bool] | None = None
    known: bool = True


SIMPLE = {
    name: Type(name)
    for name in (
        "Any",
        "Null",
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
    )
}
SPELLINGS = {
    **{name: name for name in SIMPLE},
    "any": "Any",
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "duration": "duration",
    **dict.fromkeys(("integer", "long", "double"), "number"),
}
ANY = SIMPLE["Any"]
BARE = {name: Type(name) for name in ("list", "context", "range", "function", "duration")}
"""list, context and so on without saying of what."""


def find_type(name: str, others: Mapping[str, Type] | None = None) -> Type:
    """The type of that name, own types first; an unknown one conforms to nothing."""
    if others is not None and name in others:
        return others[name]
    spelled = SPELLINGS.get(name, name)
    return SIMPLE.get(spelled) or BARE.get(spelled) or Type(name, known=False)


def conforms(value: Any, type_: Type) -> bool:
    """Whether the value is of the type; null only is of Null and Any (see `coerce` for null)."""
    if not _shaped(value, type_):
        return False
    return type_.check is None or type_.check(value)


def _shaped(value: Any, type_: Type) -> bool:
    name = type_.name
    if name == "Any":
        return True
    if not type_.known:
        return False
    if type_.of is None and not type_.entries:
        if name == "Null":
            return value is None
        if name == "duration":
            return kind(value).endswith("duration")
        return kind(value) == name
    return _holds(value, type_)


def _holds(value: Any, type_: Type) -> bool:
    if type_.name == "list":
        inner = type_.of or ANY
        return type(value) is list and all(_fits(entry, inner) for entry in value)
    if type_.name == "range":
        inner = type_.of or ANY
        return type(value) is Range and _fits(value.low, inner) and _fits(value.high, inner)
    if type_.name == "context":
        return type(value) is dict and all(
            name in value and _fits(value[name], entry) for name, entry in type_.entries
        )
    return _function(value, type_)


def _function(value: Any, type_: Type) -> bool:
    if type(value) is not FeelFunction:
        return False
    if value.parameters is None:
        return True
    if len(value.parameters) != len(type_.entries):
        return False
    wanted = zip(value.types or (None,) * len(value.parameters), type_.entries, strict=True)
    if not all(own is None or subtype(given, own) for own, (_, given) in wanted):
        return False
    return value.result is None or subtype(value.result, type_.of or ANY)


def subtype(type_: Type, other: Type) -> bool:
    """Whether each value of the type is one of the other type."""
    if other.name == "Any" or type_.name == "Null" or type_ == other:
        return True
    if type_.name != other.name or type_.name == "function":
        return False
    if other.of is None and not other.entries:
        return True
    if type_.name in ("list", "range"):
        return subtype(type_.of or ANY, other.of or ANY)
    own = dict(type_.entries)
    return all(name in own and subtype(own[name], entry) for name, entry in other.entries)


def _fits(value: Any, type_: Type) -> bool:
    return value is None or conforms(value, type_)


_PYTHON: dict[str, type] = {"number": Decimal, "string": str, "boolean": bool}
"""The commonest types, told by their Python type alone."""


def coerce(value: Any, type_: Type | None) -> tuple[Any, bool]:
    """The value as one of the type, and whether that was possible (else null).

    Singleton lists give their entry, single values become lists where one is wanted, a date
    becomes its midnight UTC.
    """
    if type_ is None or value is None:
        return value, True
    if type_.check is None and (_PYTHON.get(type_.name) is type(value) or type_.name == "Any"):
        return value, True
    if conforms(value, type_):
        return value, True
    if type_.name == "list":
        if type(value) is not list and conforms([value], type_):
            return [value], True
    elif type(value) is list and len(value) == 1 and value[0] is not None:
        if conforms(value[0], type_):
            return value[0], True
        return None, False
    if type_.name == "date and time" and type(value) is Date:
        return DateTime(value, MIDNIGHT_UTC), True
    return None, False
