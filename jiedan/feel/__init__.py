"""FEEL, the expression language of DMN 1.5: compile once, evaluate often.

    >>> from jiedan.feel import compile_expression
    >>> big = compile_expression("amount > 1000 and vip = true")
    >>> big.evaluate({"amount": 1200, "vip": True})
    True

Numbers are `Decimal` with 34 digits; dates, times and durations are the package's own types
(`to_python` turns them into those of `datetime`, `to_plain` into JSON). What is wrong inside an
expression makes null and a warning; what is wrong with the text, or goes too far, raises a
`FeelError`. Nothing outside this package is imported, and an expression reaches nothing but the
values and functions it was given.
"""

from jiedan.feel.errors import (
    FeelError,
    FeelSyntaxError,
    FeelWarning,
    LimitExceeded,
    Warnings,
)
from jiedan.feel.expression import (
    Expression,
    UnaryTests,
    compile_expression,
    compile_unary_tests,
    evaluate,
)
from jiedan.feel.limits import Limits
from jiedan.feel.plain import from_plain, to_plain, to_python

__all__ = [
    "Expression",
    "FeelError",
    "FeelSyntaxError",
    "FeelWarning",
    "LimitExceeded",
    "Limits",
    "UnaryTests",
    "Warnings",
    "compile_expression",
    "compile_unary_tests",
    "evaluate",
    "from_plain",
    "to_plain",
    "to_python",
]
