"""Cuts foreign expressions into names, numbers, texts and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jiedan.core.i18n import lazy
from jiedan.flow.importing.syntax import Language, NotFeel

LONGEST = 4000
"""Characters of an expression; longer ones are programs."""

_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_SIGNS = {
    Language.JUEL: ("==", "!=", "<=", ">=", "&&", "||", *"<>!+-*/%?:()[].,{}"),
    Language.SCRIPT: (
        *("===", "!==", "==", "!=", "<=", ">=", "&&", "||"),
        *"<>!+-*/%?:()[].,{}",
    ),
    Language.PYTHON: ("==", "!=", "<=", ">=", "**", "//", *"<>+-*/%:()[].,{}="),
}
WORDS = {
    Language.JUEL: {
        **{"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="},
        **{"and": "and", "or": "or", "not": "not", "div": "/", "mod": "%", "empty": "empty"},
    },
    Language.SCRIPT: {},
    Language.PYTHON: {"and": "and", "or": "or", "not": "not", "in": "in", "is": "is"},
}
_SAME = {"&&": "and", "||": "or", "!": "not", "===": "==", "!==": "!="}
"""Operators that are spelt as words."""
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "/": "/"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is name, number, text, formatted (Python's f-text), sign or end."""

    kind: str
    text: str
    at: int


def cut(source: str, language: Language) -> list[Token]:
    """The tokens of an expression, with an `end` after them. Raises NotFeel."""
    if len(source) > LONGEST:
        raise NotFeel(lazy("It is longer than %(limit)s characters.", limit=LONGEST))
    tokens, at = [], 0
    while at < len(source):
        if source[at].isspace():
            at += 1
            continue
        token, at = _next(source, at, language)
        tokens.append(token)
    tokens.append(Token("end", "", at))
    return tokens


def _next(source: str, at: int, language: Language) -> tuple[Token, int]:
    here = source[at]
    if here in "'\"":
        text, after = _text(source, at, language)
        return Token("text", text, at), after
    if (found := _NUMBER.match(source, at)) and not source[found.end() : found.end() + 1].isalpha():
        return Token("number", found[0], at), found.end()
    if found := _NAME.match(source, at):
        after = found.end()
        quote = source[after : after + 1]
        if language is Language.PYTHON and found[0] in ("f", "F") and quote in ("'", '"'):
            text, after = _text(source, after, language)
            return Token("formatted", text, at), after
        return Token("name", found[0], at), after
    for sign in _SIGNS[language]:
        if source.startswith(sign, at):
            return Token("sign", sign, at), at + len(sign)
    raise NotFeel(lazy("“%(sign)s” cannot be read.", sign=here))


def _text(source: str, at: int, language: Language) -> tuple[str, int]:
    quote, said = source[at], []
    if source.startswith(quote * 3, at):
        raise NotFeel(lazy("A text over several lines is not converted."))
    at += 1
    while at < len(source) and source[at] != quote:
        if source[at] == "\\":
            at += 1
            letter = source[at : at + 1]
            if letter not in _ESCAPES:
                raise NotFeel(lazy("“%(sign)s” cannot be read.", sign=f"\\{letter}"))
            said.append(_ESCAPES[letter])
        else:
            said.append(source[at])
        at += 1
    if at >= len(source):
        raise NotFeel(lazy("A text has no end."))
    if language is Language.SCRIPT and quote == '"' and "$" in said:
        raise NotFeel(lazy("A text with expressions in it is not converted."))
    return "".join(said), at + 1


class Tokens:
    """The tokens of an expression and where a reader stands in them."""

    def __init__(self, source: str, language: Language) -> None:
        self.tokens = cut(source, language)
        self.language = language
        self.at = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def sign(self) -> str:
        """The sign that stands here, however it is spelt; "" for anything else."""
        token = self.here
        if token.kind == "sign":
            return _SAME.get(token.text, token.text)
        if token.kind == "name":
            return WORDS[self.language].get(token.text, "")
        return ""

    def take(self, *signs: str) -> str:
        """Step over one of these signs if it stands here."""
        found = self.sign()
        if found and found in signs:
            self.at += 1
            return found
        return ""

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise self.unread()

    def unread(self) -> NotFeel:
        token = self.here
        if token.kind == "end":
            return NotFeel(lazy("It is not complete."))
        return NotFeel(lazy("“%(sign)s” cannot be read.", sign=token.text[:40]))
