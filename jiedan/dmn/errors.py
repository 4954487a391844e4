"""What can go wrong with a model or a decision."""

from jiedan.feel import FeelError


class DmnError(FeelError):
    """The decision model cannot be used."""


class UnreadableModel(DmnError):
    """The file is not a DMN model: %(reason)s"""


class UnknownDecision(DmnError):
    """The model has no decision "%(decision)s"."""


class UnknownLanguage(DmnError):
    """Expressions are written in FEEL, not in "%(language)s"."""


class TooManyRules(DmnError):
    """A decision table may have %(limit)s rules, "%(decision)s" has %(rules)s."""


class SeveralRulesMatch(DmnError):
    """In "%(decision)s" the rules %(rules)s match at once, but at most one may."""


class RulesDisagree(DmnError):
    """In "%(decision)s" the rules %(rules)s match at once and give different answers."""
