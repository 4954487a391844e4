"""Reading the text of an expression token by token, with errors that say where and what."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from jiedan.feel.errors import FeelSyntaxError, NestedTooDeep, TextTooLong
from jiedan.feel.lexer import KEYWORDS, Lexer, Token, squeeze
from jiedan.feel.limits import LIMITS, Limits
from jiedan.feel.nodes import Node
from jiedan.feel.types import Type

COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})

EXPECTED = {
    "then": 'the word "then"',
    "else": 'the word "else"',
    "return": 'the word "return"',
    "satisfies": 'the word "satisfies"',
    "in": 'the word "in"',
    "and": 'the word "and"',
    "(": '"("',
    ")": '")"',
    "]": '"]"',
    "[": '"["',
    ",": '","',
    ">": '">"',
    "..": '".."',
    "->": '"->"',
}
"""Token → what to call it when it is missing."""


class TokenReader:
    """Holds the place in one text."""

    def __init__(
        self,
        text: str,
        names: Iterable[str] = (),
        types: Mapping[str, Type] | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        if len(text) > limits.text:
            raise TextTooLong(limit=limits.text, size=len(text))
        self.lexer = Lexer(text, names)
        self.types = types
        self.limits = limits
        self.depth = 0
        self.merged: list[Token] = []
        """The further words of the last name, one of which may be a misspelt keyword."""
        self.token = self.lexer.token(0)

    def advance(self) -> Token:
        """Go on to the next token; the one just passed."""
        passed = self.token
        self.token = self.lexer.token(passed.end)
        return passed

    def back_to(self, token: Token) -> None:
        """Read again from that token on."""
        self.token = token

    def attempt(self, parse: Callable[[], Any]) -> Any:
        """What `parse` gives, or None (and nothing read) when the text is something else."""
        token, depth = self.token, self.depth
        try:
            return parse()
        except FeelSyntaxError:
            self.token, self.depth = token, depth
            return None

    def take(self, kind: str) -> Token:
        """Pass a token that must be there."""
        if self.token.kind != kind:
            raise self.unexpected(EXPECTED.get(kind, kind))
        return self.advance()

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.token.kind != "end":
            raise self.unexpected("an operator or the end of the expression")

    def unexpected(self, expected: str) -> FeelSyntaxError:
        """The error that something else was expected here."""
        token = self.token
        wanted = [word for word in KEYWORDS if EXPECTED.get(word) == expected]
        for word in (*self.merged, token) if wanted else ():
            meant = next(iter(get_close_matches(word.text, wanted, 1)), None)
            if word.kind == "name" and meant is not None:
                return self.lexer.error(word.start, expected, found=word.text, meant=meant)
        if token.kind == "end":
            return self.lexer.early_end(expected)
        return self.lexer.error(token.start, expected, found=token.text)

    def know(self, name: str) -> None:
        """A name is known from here on."""
        if self.lexer.know(name):
            self.token = self.lexer.token(self.token.start)

    def _merge(self, first: Token) -> str:
        """A name of several words that nobody announced."""
        end = first.end
        self.merged = []
        while self.token.kind == "name" or (
            self.token.kind == "number" and self.token.text.isdigit()
        ):
            if self.token.text in KEYWORDS:
                break
            end = self.token.end
            self.merged.append(self.token)
            self.advance()
        return first.text if end == first.end else squeeze(self.lexer.text[first.start : end])

    def _deeper(self, depth: int) -> int:
        if depth >= self.limits.depth:
            raise NestedTooDeep(limit=self.limits.depth)
        return depth + 1

    def expression(self) -> Node:
        """An expression of any kind."""
        raise NotImplementedError

    def test(self) -> Node:
        """One positive unary test."""
        raise NotImplementedError
