"""Calls in foreign expressions: the few functions and methods that FEEL has as well."""

from __future__ import annotations

import re
from typing import Protocol

from jiedan.core.i18n import LazyText, lazy
from jiedan.flow.importing.syntax import (
    Binary,
    Call,
    Item,
    Language,
    Member,
    Name,
    Node,
    NotFeel,
    Null,
    Number,
    Text,
    Unary,
)

Written = tuple[str, int]
"""FEEL, and how tightly it binds."""

_LOOSEST, _SUM, _ATOM = 0, 4, 7


class Writer(Protocol):
    """What writes the parts of a call."""

    language: Language

    def put(self, node: Node, around: int) -> str: ...
    def text(self, node: Node) -> Written: ...
    def assume(self, what: LazyText) -> None: ...


_TEXT_METHODS = {
    ("toUpperCase", 0): "upper case",
    ("toLowerCase", 0): "lower case",
    ("upper", 0): "upper case",
    ("lower", 0): "lower case",
    ("toString", 0): "string",
    ("startsWith", 1): "starts with",
    ("endsWith", 1): "ends with",
    ("startswith", 1): "starts with",
    ("endswith", 1): "ends with",
    ("size", 0): "count",
    ("length", 0): "string length",
}
_PYTHON_FUNCTIONS = {
    **{("abs", 1): "abs", ("min", 1): "min", ("max", 1): "max", ("sum", 1): "sum"},
    **{("str", 1): "string", ("min", 2): "min", ("max", 2): "max"},
    **{("any", 1): "any", ("all", 1): "all"},
}
_AGO = re.compile(r"(plus|minus)(Years|Months|Weeks|Days|Hours|Minutes|Seconds)")
_PERIODS = {
    **{"years": "P{}Y", "months": "P{}M", "weeks": "P{}W", "days": "P{}D"},
    **{"hours": "PT{}H", "minutes": "PT{}M", "seconds": "PT{}S"},
}
_COMPARISONS = {
    **{"eq": "==", "equals": "==", "ne": "!=", "notEquals": "!=", "lt": "<", "lowerThan": "<"},
    **{"lessThan": "<", "lte": "<=", "lowerThanOrEquals": "<=", "lessThanOrEquals": "<="},
    **{"gt": ">", "greaterThan": ">", "gte": ">=", "greaterThanOrEquals": ">="},
}
_GETTERS = frozenset({"getVariable", "getVariableLocal"})
_HOLDERS = frozenset({"execution", "task", "externalTask", "delegateTask", "delegateExecution"})


def written_call(writer: Writer, call: Call) -> Written:
    """FEEL for a call. Raises NotFeel."""
    node = as_expression(call)
    if node is not None:
        return writer.text(node)
    if call.named and call.name != "timedelta":
        raise _foreign(call)
    if call.of is None:
        return _function(writer, call)
    return _moment(writer, call) or _method(writer, call)


def as_expression(call: Call) -> Node | None:
    """What is a call there and an operator or a variable here."""
    of, given = call.of, call.arguments
    name = call.name
    if isinstance(of, Name) and of.name in _HOLDERS and len(given) == 1:
        if name in _GETTERS and isinstance(given[0], Text):
            return Name(given[0].value)
        if name == "hasVariable" and isinstance(given[0], Text):
            return Binary("!=", Name(given[0].value), Null())
    if isinstance(of, Name) and of.name in _HOLDERS:
        return None
    if of is not None and name == "equals" and len(given) == 1:
        return Binary("==", of, given[0])
    if of is not None and name == "isEmpty" and not given:
        return Unary("empty", of)
    if of is not None and name == "get" and len(given) == 1:
        key = given[0]
        return Member(of, key.value) if isinstance(key, Text) else Item(of, key)
    if of is None and ":" in name:
        return _variable_function(name, given)
    return None


def _variable_function(name: str, given: tuple[Node, ...]) -> Node | None:
    """`variables:equals(total, 3)`: its first argument names a variable."""
    prefix, _, verb = name.partition(":")
    if prefix not in ("variables", "vars", "var") or not given:
        return None
    variable = Name(given[0].value) if isinstance(given[0], Text) else given[0]
    if not isinstance(variable, Name):
        return None
    match verb, given[1:]:
        case _, (value,) if verb in _COMPARISONS:
            return Binary(_COMPARISONS[verb], variable, value)
        case "empty" | "isEmpty", ():
            return Unary("empty", variable)
        case "notEmpty" | "isNotEmpty", ():
            return Unary("not", Unary("empty", variable))
        case "get", ():
            return variable
        case "exists" | "exist", ():
            return Binary("!=", variable, Null())
    return None


def _function(writer: Writer, call: Call) -> Written:
    given = call.arguments
    parts = [writer.put(one, _LOOSEST) for one in given]
    if writer.language is Language.PYTHON:
        if call.name == "timedelta":
            return _timedelta(call), _ATOM
        if call.name == "len" and len(parts) == 1:
            writer.assume(lazy("“%(value)s” is taken to be a list.", value=parts[0]))
            return f"count({parts[0]})", _ATOM
        if call.name == "round" and len(parts) in (1, 2):
            return f"decimal({parts[0]}, {parts[1] if len(parts) == 2 else 0})", _ATOM
        if call.name == "float" and len(parts) == 1:
            return f"number(string({parts[0]}))", _ATOM
        if call.name == "int" and len(parts) == 1:
            return f"round down(number(string({parts[0]})), 0)", _ATOM
        feel = _PYTHON_FUNCTIONS.get((call.name, len(parts)))
        if feel:
            return f"{feel}({', '.join(parts)})", _ATOM
    elif call.name in ("now", "dateTime") and not given:
        return "now()", _ATOM
    raise _foreign(call)


def _method(writer: Writer, call: Call) -> Written:
    assert call.of is not None
    given = call.arguments
    if (
        writer.language is Language.PYTHON
        and not given
        and _path(call)
        in (
            "datetime.now",
            "datetime.datetime.now",
        )
    ):
        return "now()", _ATOM
    if call.name == "timedelta" and _path(call) == "datetime.timedelta":
        return _timedelta(call), _ATOM
    if isinstance(call.of, Name) and call.of.name in _HOLDERS:
        raise _foreign(call)
    feel = _TEXT_METHODS.get((call.name, len(given)))
    if feel:
        parts = [writer.put(one, _LOOSEST) for one in (call.of, *given)]
        return f"{feel}({', '.join(parts)})", _ATOM
    if call.name == "contains" and len(given) == 1 and isinstance(call.of, Text):
        of, part = (writer.put(one, _LOOSEST) for one in (call.of, given[0]))
        return f"contains({of}, {part})", _ATOM
    if call.name == "concat" and len(given) == 1:
        of, part = (writer.put(one, _LOOSEST) for one in (call.of, given[0]))
        return f"string join([string({of}), string({part})])", _ATOM
    getter = re.fullmatch(r"(?:get|is)([A-Z]\w*)", call.name)
    if getter and not given and isinstance(call.of, (Name, Member)):
        entry = getter[1][0].lower() + getter[1][1:]
        whole = writer.put(Member(call.of, entry), _LOOSEST)
        writer.assume(lazy("“%(value)s” is taken to be an entry.", value=whole))
        return whole, _ATOM
    raise _foreign(call)


def _moment(writer: Writer, call: Call) -> Written | None:
    """`dateTime().plusDays(3).toDate()`."""
    if not _begins_now(call.of):
        return None
    assert call.of is not None
    if call.name == "toDate" and not call.arguments:
        return writer.text(call.of)
    found = _AGO.fullmatch(call.name)
    if found is None or len(call.arguments) != 1:
        return None
    amount = call.arguments[0]
    before, _, after = _PERIODS[found[2].lower()].partition("{}")
    if isinstance(amount, Number) and amount.text.isdigit():
        length = f'duration("{before}{amount.text}{after}")'
    else:
        written = writer.put(amount, _LOOSEST)
        length = f'duration("{before}" + string({written}) + "{after}")'
    sign = "+" if found[1] == "plus" else "-"
    return f"{writer.put(call.of, _SUM)} {sign} {length}", _SUM


def _begins_now(node: Node | None) -> bool:
    while isinstance(node, Call):
        if node.of is None:
            return node.name in ("now", "dateTime") and not node.arguments
        node = node.of
    return False


def _timedelta(call: Call) -> str:
    if call.arguments or not call.named:
        raise _foreign(call)
    said = dict(call.named)
    whole = {name: one.text for name, one in call.named if isinstance(one, Number)}
    known = ("weeks", "days", "hours", "minutes", "seconds")
    if set(said) - set(known) or len(whole) != len(call.named):
        raise _foreign(call)
    if not all(text.isdigit() for text in whole.values()):
        raise _foreign(call)
    days = int(whole.get("weeks", 0)) * 7 + int(whole.get("days", 0))
    clock = "".join(
        f"{whole[name]}{letter}"
        for name, letter in (("hours", "H"), ("minutes", "M"), ("seconds", "S"))
        if name in whole
    )
    length = f"P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"
    return f'duration("{"PT0S" if length == "P" else length}")'


def _path(call: Call) -> str:
    names = [call.name]
    node = call.of
    while isinstance(node, Member):
        names.append(node.name)
        node = node.of
    return ".".join([node.name, *reversed(names)]) if isinstance(node, Name) else ""


def _foreign(call: Call) -> NotFeel:
    return NotFeel(lazy("It calls “%(name)s”, which is a program.", name=call.name))
