"""The door of the package: compiled expressions and unary tests."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jiedan.feel.errors import Warnings


class Expression:
    """A compiled expression; immutable, may be shared between threads."""

    text: str
    names: frozenset[str]
    """The names it reads from outside (not the built-in functions)."""

    def evaluate(
        self,
        scope: Mapping[str, Any],
        *,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        warnings: Warnings | None = None,
    ) -> Any:
        """The expression's FEEL value; scope values may be plain Python values.

        `functions` are Python functions by FEEL name (spaces allowed); they get Python values
        (`to_python`) and may return Python values; what they raise is not caught.
        """
        raise NotImplementedError


class UnaryTests:
    """Compiled unary tests, e.g. the text of a decision table's input cell: `> 5, [1..3], -`."""

    text: str
    names: frozenset[str]

    def matches(
        self,
        value: Any,
        scope: Mapping[str, Any] | None = None,
        *,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        warnings: Warnings | None = None,
    ) -> bool:
        """Whether the value passes one of the tests (null counts as no)."""
        raise NotImplementedError


def compile_expression(text: str, *, names: Iterable[str] = ()) -> Expression:
    """Compile an expression (cached). `names`: names known to exist; needed only for names with
    operators in them (`profit+loss`) and to be sure of names with spaces. Without a leading `=`.

    Raises FeelSyntaxError or LimitExceeded.
    """
    raise NotImplementedError


def compile_unary_tests(text: str, *, names: Iterable[str] = ()) -> UnaryTests:
    """Compile unary tests (cached). Raises FeelSyntaxError or LimitExceeded."""
    raise NotImplementedError


def evaluate(text: str, scope: Mapping[str, Any] | None = None, **options: Any) -> Any:
    """Compile and evaluate in one step; names of the scope are known to the parser."""
    raise NotImplementedError
