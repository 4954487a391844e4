"""How far an expression may go before it is refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one expression and of one evaluation of it."""

    text: int = 10_000
    """Characters of the expression's text."""
    depth: int = 60
    """Levels of nesting in the text."""
    calls: int = 40
    """Levels of functions calling functions."""
    steps: int = 30_000
    """Loop turns, calls and list entries looked at."""
    items: int = 10_000
    """Entries of one list or turns of one range."""
    grown: int = 200_000
    """Characters of all texts made by one evaluation."""
    milliseconds: int = 1_000
    """Time for one evaluation, looked at every thousand steps."""


LIMITS = Limits()
