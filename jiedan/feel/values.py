"""The values of FEEL that Python has no type for, and the arithmetic of its numbers.

null is None, boolean is bool, number is Decimal, string is str, list is list, context is dict.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Any

from jiedan.feel.errors import Phrase

NUMBERS = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""IEEE 754 decimal128 (DMN 1.5 §10.3.2.3.1); what is not a finite number raises ArithmeticError."""

ZERO = Decimal(0)
ONE = Decimal(1)

Scope = dict[Any, Any]
"""Names → values; under RUN it carries the Run, the state of the evaluation."""

Code = Callable[[Scope], Any]
"""A compiled (part of an) expression."""

RUN = None
"""No name of an expression can be this key."""


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; an end that is None with `low_closed` False is unbounded.

    `negated` marks the range that `!= x` makes: everything but x.
    """

    low: Any
    high: Any
    low_closed: bool = True
    high_closed: bool = True
    negated: bool = False

    __hash__ = None  # type: ignore[assignment]


class FeelFunction:
    """A function as a value."""

    __slots__ = ("call", "name", "parameters", "result", "types")

    def __init__(
        self,
        name: str,
        parameters: tuple[str, ...] | None,
        call: Callable[[Any, list[Any], dict[str, Any] | None], Any],
        types: tuple[Any, ...] = (),
        result: Any = None,
    ) -> None:
        self.name = name
        self.parameters = parameters
        """Names of its parameters; None when it takes any."""
        self.call = call
        """run, positional arguments, named arguments → result."""
        self.types = types
        self.result = result

    def __repr__(self) -> str:
        return f"function({', '.join(self.parameters or ())})"


def kind(value: Any) -> Phrase:
    """The name of the value's type, for messages."""
    return KINDS.get(type(value), Phrase("unknown"))


KINDS: dict[type, Phrase] = {
    type(None): Phrase("null"),
    bool: Phrase("boolean"),
    Decimal: Phrase("number"),
    str: Phrase("string"),
    list: Phrase("list"),
    dict: Phrase("context"),
    Range: Phrase("range"),
    FeelFunction: Phrase("function"),
}
"""Python type → FEEL type; the temporal types add themselves."""


def number(value: int | str | Decimal) -> Decimal:
    """A FEEL number, rounded to 34 digits."""
    return NUMBERS.create_decimal(value)
