"""The door of the package: compiled expressions and unary tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from jiedan.feel.compiler import compile_node
from jiedan.feel.errors import NestedTooDeep, Warnings
from jiedan.feel.limits import LIMITS, Limits
from jiedan.feel.names import read_names
from jiedan.feel.nodes import Node, Tests
from jiedan.feel.parser import Parser
from jiedan.feel.plain import READERS, from_plain
from jiedan.feel.run import Run
from jiedan.feel.types import Type
from jiedan.feel.unary import compile_tests
from jiedan.feel.values import RUN, Code, Scope

Functions = Mapping[str, Callable[..., Any]]
_MISSING = object()
_RESULT = 2
"""A result may be so many times larger than what an expression may make on its way."""
Made = TypeVar("Made")


def _read_scope(reads: Iterable[str], scope: Mapping[str, Any], run: Run) -> Scope:
    """The names that are read, as FEEL values."""
    values: Scope = {RUN: run}
    for name in reads:
        value = scope.get(name, _MISSING)
        if value is not _MISSING:
            reader = READERS.get(type(value))
            values[name] = from_plain(value) if reader is None else reader(value)
    return values


class Expression:
    """A compiled expression; immutable, may be shared between threads."""

    __slots__ = ("_code", "_reads", "names", "node", "text")

    def __init__(self, text: str, node: Node) -> None:
        self.text = text
        self.node = node
        """Its syntax tree, for those who look at expressions without evaluating them."""
        self._code: Code = compile_node(node)
        certain, possible = read_names(node)
        self.names: frozenset[str] = certain
        """The names it reads from outside (not the built-in functions)."""
        self._reads = tuple(certain | possible)

    @property
    def reads(self) -> tuple[str, ...]:
        """`names` and those that a filter reads from its list's entries if they have them."""
        return self._reads

    def evaluate(
        self,
        scope: Mapping[str, Any],
        *,
        functions: Functions | None = None,
        warnings: Warnings | None = None,
        limits: Limits = LIMITS,
        now: datetime | None = None,
    ) -> Any:
        """The expression's FEEL value; scope values may be plain Python values.

        `functions` are Python functions by FEEL name (spaces allowed); they get Python values
        (`to_python`) and may return Python values; what they raise is not caught. `now` is what
        now() and today() give. Raises LimitExceeded.
        """
        run = Run(warnings, functions, limits, now)
        try:
            value = self._code(_read_scope(self._reads, scope, run))
            if type(value) is list or type(value) is dict:
                run.measure(value, _RESULT)
            return value
        except RecursionError:
            raise NestedTooDeep(limit=limits.calls) from None

    def evaluate_in(self, values: Scope) -> Any:
        """The value in a scope of FEEL values that carries its Run already."""
        return self._code(values)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class UnaryTests:
    """Compiled unary tests, e.g. the text of a decision table's input cell: `> 5, [1..3], -`."""

    __slots__ = ("_code", "_reads", "names", "node", "text")

    def __init__(self, text: str, node: Tests) -> None:
        self.text = text
        self.node = node
        self._code = compile_tests(node, compile_node)
        certain, possible = read_names(node)
        self.names: frozenset[str] = certain - {"?"}
        self._reads = tuple((certain | possible) - {"?"})

    @property
    def reads(self) -> tuple[str, ...]:
        """`names` and those that a filter reads from its list's entries if they have them."""
        return self._reads

    def matches(
        self,
        value: Any,
        scope: Mapping[str, Any] | None = None,
        *,
        functions: Functions | None = None,
        warnings: Warnings | None = None,
        limits: Limits = LIMITS,
        now: datetime | None = None,
    ) -> bool:
        """Whether the value passes one of the tests (null counts as no)."""
        run = Run(warnings, functions, limits, now)
        try:
            values = _read_scope(self._reads, scope or {}, run)
            values["?"] = subject = from_plain(value)
            return self._code(subject, values) is True
        except RecursionError:
            raise NestedTooDeep(limit=limits.calls) from None

    def passes(self, value: Any, values: Scope) -> bool | None:
        """The three-valued answer for a FEEL value; `?` and the Run must be in the scope."""
        return self._code(value, values)

    def __repr__(self) -> str:
        return f"UnaryTests({self.text!r})"


def compile_expression(
    text: str, *, names: Iterable[str] = (), types: Mapping[str, Type] | None = None
) -> Expression:
    """Compile an expression (cached). `names`: names known to exist; needed only for names with
    operators in them (`profit+loss`) and to be sure of names with spaces. Without a leading `=`.

    Raises FeelSyntaxError or LimitExceeded.
    """
    if types and _names_types(text):
        return _made(lambda: Expression(text, Parser(text, names, types).expression_text()))
    return _cached_expression(text, tuple(_unusual(names)))


def compile_unary_tests(
    text: str, *, names: Iterable[str] = (), types: Mapping[str, Type] | None = None
) -> UnaryTests:
    """Compile unary tests (cached). Raises FeelSyntaxError or LimitExceeded."""
    if types and _names_types(text):
        return _made(lambda: UnaryTests(text, Parser(text, names, types).tests_text()))
    return _cached_tests(text, tuple(_unusual(names)))


def _names_types(text: str) -> bool:
    """Whether the text may name a type, so that it means something else in another model."""
    return "instance" in text or "function" in text


def _unusual(names: Iterable[str]) -> Iterator[str]:
    """The names that the parser must be told: those that are not one plain word."""
    return (name for name in names if not name.isidentifier())


@lru_cache(maxsize=4096)
def _cached_expression(text: str, names: tuple[str, ...]) -> Expression:
    return _made(lambda: Expression(text, Parser(text, names).expression_text()))


@lru_cache(maxsize=8192)
def _cached_tests(text: str, names: tuple[str, ...]) -> UnaryTests:
    return _made(lambda: UnaryTests(text, Parser(text, names).tests_text()))


def _made(make: Callable[[], Made]) -> Made:
    try:
        return make()
    except RecursionError:
        raise NestedTooDeep(limit=LIMITS.depth) from None


def evaluate(
    text: str,
    scope: Mapping[str, Any] | None = None,
    *,
    functions: Functions | None = None,
    warnings: Warnings | None = None,
    now: datetime | None = None,
) -> Any:
    """Compile and evaluate in one step; names of the scope are known to the parser."""
    known = scope or {}
    names = known if len(known) <= 1000 else ()
    expression = compile_expression(text, names=names)
    return expression.evaluate(known, functions=functions, warnings=warnings, now=now)
