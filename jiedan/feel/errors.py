"""What can go wrong in an expression: one error tree and the warnings, as messages to translate.

An error's docstring is its message (an English msgid with `%(name)s` placeholders); whoever shows
it translates `message_id` and fills in `params`. `str(error)` is the English text.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


class Phrase(str):
    """A parameter of a message that is a message itself, such as the name of a type."""

    __slots__ = ()


Translate = Callable[[str], str]
"""A gettext function."""


def tell(message_id: str, params: dict[str, Any], translate: Translate) -> str:
    """The message with its parameters in the language that `translate` speaks."""
    told = {
        name: translate(value) if isinstance(value, Phrase) else value
        for name, value in params.items()
    }
    return translate(message_id) % told


class FeelError(Exception):
    """The expression cannot be used."""

    def __init__(self, **params: Any) -> None:
        self.params = params
        super().__init__(self.message_id % params)

    @property
    def message_id(self) -> str:
        """The English message, the key of its translations."""
        return (type(self).__doc__ or "").strip().splitlines()[0]

    @property
    def code(self) -> str:
        """The error's stable name for programs."""
        return type(self).__name__

    def text(self, translate: Translate = str) -> str:
        """The message in the language that `translate` speaks."""
        return tell(self.message_id, self.params, translate)


class FeelSyntaxError(FeelError):
    """Line %(line)s, column %(column)s: %(expected)s was expected, but here stands "%(found)s"."""

    def __init__(
        self,
        *,
        line: int,
        column: int,
        found: str,
        expected: str,
        meant: str | None = None,
        **params: Any,
    ) -> None:
        self.line = line
        self.column = column
        self.found = found
        self.expected = expected
        self.meant = meant
        super().__init__(
            line=line,
            column=column,
            found=found,
            expected=Phrase(expected),
            meant=meant or "",
            **params,
        )

    def text(self, translate: Translate = str) -> str:
        """The message, and what was probably meant."""
        text = tell(self.message_id, self.params, translate)
        if self.meant:
            text += tell(MEANT, self.params, translate)
        return text


class EndsTooEarly(FeelSyntaxError):
    """Line %(line)s, column %(column)s: the expression ends where %(expected)s was expected."""


MEANT = ' Did you mean "%(meant)s"?'


class LimitExceeded(FeelError):
    """The expression goes beyond a limit."""


class TextTooLong(LimitExceeded):
    """An expression may have %(limit)s characters, this one has %(size)s."""


class NestedTooDeep(LimitExceeded):
    """The expression is nested more than %(limit)s levels deep."""


class TooManySteps(LimitExceeded):
    """The expression needs more than %(limit)s steps."""


class TookTooLong(LimitExceeded):
    """The expression needs more than %(limit)s milliseconds."""


class ListTooLong(LimitExceeded):
    """A list may have %(limit)s entries."""


class TooMuchText(LimitExceeded):
    """The texts made by the expression are longer than %(limit)s characters together."""


class UnusableValue(FeelError):
    """A value of the type %(type)s cannot be used in an expression."""


@dataclass(frozen=True, slots=True)
class FeelWarning:
    """Something that made (part of) an expression null; `message_id` and `params` as in errors."""

    message_id: str
    params: dict[str, Any] = field(default_factory=dict)

    def text(self, translate: Translate = str) -> str:
        """The message in the language that `translate` speaks."""
        return tell(self.message_id, self.params, translate)


class Warnings:
    """Collects the warnings of evaluations, each once, and at most `limit` of them."""

    __slots__ = ("_seen", "limit")

    def __init__(self, limit: int = 50) -> None:
        self.limit = limit
        self._seen: dict[str, FeelWarning] = {}

    def add(self, message_id: str, **params: Any) -> None:
        """Note a warning unless the same was noted before."""
        if len(self._seen) < self.limit:
            warning = FeelWarning(message_id, params)
            self._seen.setdefault(warning.text(), warning)

    def __iter__(self) -> Iterator[FeelWarning]:
        return iter(self._seen.values())

    def __len__(self) -> int:
        return len(self._seen)
