"""Types of expressions, as far as their text tells."""

from collections.abc import Callable, Mapping
from typing import Any

from jiedan.feel.iso import parse_duration
from jiedan.feel.nodes import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    ContextOf,
    Filter,
    For,
    FunctionOf,
    If,
    In,
    InstanceOf,
    Iteration,
    ListOf,
    Literal,
    Name,
    Negate,
    Node,
    Or,
    Path,
    Quantified,
    RangeOf,
    Test,
    Tests,
    walk,
)
from jiedan.feel.types import ANY, BARE, SIMPLE, Type
from jiedan.feel.values import kind

NUMBER, STRING, BOOLEAN = SIMPLE["number"], SIMPLE["string"], SIMPLE["boolean"]
_DAYS, _MONTHS = SIMPLE["days and time duration"], SIMPLE["years and months duration"]

RESULTS: dict[str, Type] = {
    **dict.fromkeys(
        (
            "abs", "ceiling", "count", "day of year", "decimal", "exp", "floor", "log", "mean",
            "median", "modulo", "number", "product", "round down", "round half down",
            "round half up", "round up", "sqrt", "stddev", "string length", "week of year",
        ),
        NUMBER,
    ),
    **dict.fromkeys(
        (
            "day of week", "lower case", "month of year", "replace", "string", "string join",
            "substring", "substring after", "substring before", "upper case",
        ),
        STRING,
    ),
    **dict.fromkeys(
        (
            "after", "all", "any", "before", "coincides", "contains", "during", "ends with", "even",
            "finished by", "finishes", "includes", "is", "list contains", "matches", "meets",
            "met by", "not", "odd", "overlaps", "overlaps after", "overlaps before", "started by",
            "starts", "starts with",
        ),
        BOOLEAN,
    ),
    **dict.fromkeys(("date", "today"), SIMPLE["date"]),
    **dict.fromkeys(("date and time", "now"), SIMPLE["date and time"]),
    "time": SIMPLE["time"],
    "years and months duration": _MONTHS,
    **dict.fromkeys(("context", "context merge", "context put"), BARE["context"]),
    "split": Type("list", of=STRING),
    "index of": Type("list", of=NUMBER),
    "range": BARE["range"],
}  # fmt: skip
"""Built-in function → type of what it gives."""

_SAME = frozenset({"sort", "reverse", "sublist", "remove", "distinct values", "append", "union",
                   "concatenate", "insert before", "list replace"})  # fmt: skip
"""Functions that give a list like their first argument."""

_PROPERTIES = dict.fromkeys(
    [
        "year",
        "month",
        "day",
        "weekday",
        "hour",
        "minute",
        "second",
        "years",
        "months",
        "days",
        "hours",
        "minutes",
        "seconds",
    ],
    NUMBER,
)
_TRUTHS = (And, Or, Compare, Between, In, InstanceOf, Quantified, Tests)


class Inference:
    """Finds the types of nodes; `names` are the known names with their types."""

    def __init__(self, names: Mapping[str, Type | None]) -> None:
        self._names = dict(names)

    def type_of(self, node: Node) -> Type | None:
        """The node's type where it is sure (null apart)."""
        if isinstance(node, Literal):
            return None if node.value is None else SIMPLE.get(kind(node.value))
        if isinstance(node, _TRUTHS):
            return BOOLEAN
        rule = _RULES.get(type(node))
        return None if rule is None else rule(self, node)

    def _name(self, node: Name) -> Type | None:
        return self._names.get(node.name)

    def _path(self, node: Path) -> Type | None:
        base = self.type_of(node.base)
        if base is None:
            return None
        if base.name == "context":
            return dict(base.entries).get(node.name)
        if base.name == "list" and base.of is not None and base.of.name == "context":
            entry = dict(base.of.entries).get(node.name)
            return Type("list", of=entry) if entry is not None else None
        return _PROPERTIES.get(node.name) if base.name in SIMPLE else None

    def _arithmetic(self, node: Arithmetic) -> Type | None:
        left = self.type_of(node.first)
        for symbol, operand in node.rest:
            right = self.type_of(operand)
            left = None if left is None or right is None else _combined(left, symbol, right)
        return left

    def _negate(self, node: Negate) -> Type | None:
        return self.type_of(node.value)

    def _if(self, node: If) -> Type | None:
        yes, no = self.type_of(node.yes), self.type_of(node.no)
        if _is_null(node.yes):
            return no
        return yes if yes == no or _is_null(node.no) else None

    def _list(self, node: ListOf) -> Type | None:
        types = {self.type_of(entry) for entry in node.entries}
        return Type("list", of=types.pop() or ANY if len(types) == 1 else ANY)

    def _context(self, node: ContextOf) -> Type | None:
        inner = Inference(self._names)
        entries = []
        for name, value in node.entries:
            found = inner.type_of(value)
            inner._names[name] = found
            entries.append((name, found or ANY))
        return Type("context", entries=tuple(entries))

    def _for(self, node: For) -> Type | None:
        return Type("list", of=self._within(node.iterations).type_of(node.body) or ANY)

    def _within(self, iterations: tuple[Iteration, ...]) -> "Inference":
        inner = Inference(self._names)
        for each in iterations:
            source = inner.type_of(each.first)
            if each.last is None and source is not None and source.name == "list":
                source = source.of
            inner._names[each.name] = source
        return inner

    def _filter(self, node: Filter) -> Type | None:
        base = self.type_of(node.base)
        if base is None or base.name != "list":
            return None
        condition = self.type_of(node.condition)
        if condition == NUMBER:
            return base.of
        return base if condition == BOOLEAN else None

    def _call(self, node: Call) -> Type | None:
        if not isinstance(node.function, Name):
            return None
        name = node.function.name
        if name in self._names:
            declared = self._names[name]
            return declared.of if declared is not None and declared.name == "function" else None
        first = self.type_of(node.arguments[0]) if node.arguments else None
        if name in _SAME:
            return first if first is not None and first.name == "list" else None
        if name == "abs" and first is not None and first != NUMBER:
            return first
        if name == "duration" and node.arguments and isinstance(node.arguments[0], Literal):
            return SIMPLE.get(kind(parse_duration(str(node.arguments[0].value))))
        if name in ("min", "max", "sum", "mode"):
            return None if name == "mode" else _entry(first, len(node.arguments))
        return RESULTS.get(name)

    def _range(self, node: RangeOf) -> Type | None:
        low = self.type_of(node.low)
        return Type("range", of=low) if low is not None else BARE["range"]

    def _function(self, node: FunctionOf) -> Type | None:
        entries = tuple(("", type_ or ANY) for type_ in node.types)
        return Type("function", of=self.type_of(node.body) or ANY, entries=entries)


def _entry(type_: Type | None, count: int) -> Type | None:
    if type_ is not None and type_.name == "list" and count == 1:
        return type_.of if type_.of != ANY else None
    return type_


def _is_null(node: Node) -> bool:
    return isinstance(node, Literal) and node.value is None


def _combined(left: Type, symbol: str, right: Type) -> Type | None:
    names = (left.name, right.name)
    if names == ("number", "number"):
        return NUMBER
    if names == ("string", "string") and symbol == "+":
        return STRING
    durations = {_DAYS.name, _MONTHS.name}
    if symbol in "+-" and right.name in durations:
        return left
    if symbol == "+" and left.name in durations:
        return right
    if symbol == "-" and {*names} <= {"date", "time", "date and time"}:
        return _DAYS
    if symbol == "*" and "number" in names:
        return left if left.name in durations else right
    if symbol == "/" and left.name in durations:
        return left if right == NUMBER else NUMBER
    return None


def own_names(node: Node) -> frozenset[str]:
    """Names that the expression itself gives: variables, parameters, entries."""
    found: set[str] = set()
    for each in walk(node):
        if isinstance(each, FunctionOf):
            found |= set(each.parameters)
        elif isinstance(each, ContextOf):
            found |= {name for name, _ in each.entries}
        elif isinstance(each, For | Quantified):
            found |= {iteration.name for iteration in each.iterations}
    return frozenset(found)


_RULES: dict[type, Callable[[Inference, Any], Type | None]] = {
    Name: Inference._name,
    Path: Inference._path,
    Arithmetic: Inference._arithmetic,
    Negate: Inference._negate,
    If: Inference._if,
    ListOf: Inference._list,
    ContextOf: Inference._context,
    For: Inference._for,
    Filter: Inference._filter,
    Call: Inference._call,
    RangeOf: Inference._range,
    Test: lambda self, node: BARE["range"],
    FunctionOf: Inference._function,
}
