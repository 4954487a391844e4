"""The built-in functions of DMN 1.5 §10.3.4, by group."""

from jiedan.feel.builtins import contexts, dates, lists, numbers, ranges, statistics, strings
from jiedan.feel.builtins.signature import builtin
from jiedan.feel.lexer import know_everywhere
from jiedan.feel.types import SIMPLE

BUILTINS = builtin
"""Name → function."""

know_everywhere(BUILTINS)
know_everywhere(SIMPLE)
know_everywhere(("time offset", "start included", "end included"))

__all__ = [
    "BUILTINS",
    "contexts",
    "dates",
    "lists",
    "numbers",
    "ranges",
    "statistics",
    "strings",
]
