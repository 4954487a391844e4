"""The text of an expression, cut into tokens on demand: names may hold spaces and operators."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jiedan.feel.errors import EndsTooEarly, FeelSyntaxError
from jiedan.feel.values import NUMBERS

KEYWORDS = frozenset(
    [
        "and",
        "or",
        "in",
        "between",
        "if",
        "then",
        "else",
        "for",
        "return",
        "some",
        "every",
        "satisfies",
        "instance",
        "function",
        "external",
        "true",
        "false",
        "null",
    ]
)
_SPACE = r"\s\u180e\u200b\ufeff"
_PUNCTUATION = "，。、；：？！（）【】「」《》“”‘’＝＜＞＋－＊／．"
_START = (
    r"?A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u167f\u1681-\u180d"
    r"\u180f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef\u3005-\u3007\u3021-\ud7ff\uf900-\ufdcf"
    r"\ufdf0-\ufefe\uff00\uff10-\uff19\uff21-\uff3a\uff3f\uff41-\uff5a\uff61-\uffef"
    r"\U00010000-\U000effff"
)
_PART = _START + r"0-9\u00b7\u0300-\u036f\u203f\u2040"
WORD = re.compile(f"[{_START}][{_PART}]*")
_SKIP = re.compile(rf"(?:[{_SPACE}]+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SYMBOL = re.compile(r"\*\*|<=|>=|!=|\.\.|->|[-+*/()\[\]{}<>=,.:@]")
_ESCAPE = re.compile(r"\\(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
                     r"|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)  # fmt: skip
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_MEANT = {
    "==": "=", "&&": "and", "||": "or", "<>": "!=", "!": "not(…)", "'": '"', ";": ",", "&": "and",
    "|": "or", "%": "/ 100", "，": ",", "；": ",", "：": ":", "。": ".", "、": ",", "（": "(",
    "）": ")", "【": "[", "】": "]", "“": '"', "”": '"', "‘": '"', "’": '"', "＝": "=", "＜": "<",
    "＞": ">", "＋": "+", "－": "-", "＊": "*", "／": "/", "．": ".", "≥": ">=", "≤": "<=",
    "≠": "!=", "×": "*", "÷": "/", "！": "not(…)", "《": "<=", "》": ">=", "？": "?",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """kind: name, number, string, at, end, a keyword or a symbol."""

    kind: str
    text: str
    start: int
    end: int
    value: Any = None


def meant_by(text: str) -> str | None:
    """What was probably meant by a mark that FEEL does not have."""
    return _MEANT.get(text[:2]) or _MEANT.get(text[:1])


class Lexer:
    """Cuts one text; remembers the names that are more than one word."""

    def __init__(self, text: str, names: Iterable[str] = ()) -> None:
        self.text = text
        self._known: dict[str, list[re.Pattern[str]]] = {}
        for name in names:
            self.know(name)

    def know(self, name: str) -> bool:
        """Take a name as known; False when that changes nothing since it is one plain word."""
        if WORD.fullmatch(name):
            return False
        found = WORD.match(name)
        pattern = name_pattern(name)
        if found is None or pattern is None:
            return False
        known = self._known.setdefault(found[0], [])
        if pattern not in known:
            known.append(pattern)
            known.sort(key=lambda each: -len(each.pattern))
        return True

    def token(self, position: int, *, property_name: bool = False) -> Token:
        """The token that starts at or after the position."""
        text = self.text
        skipped = _SKIP.match(text, position)
        start = skipped.end() if skipped else position
        if start >= len(text):
            return Token("end", "", len(text), len(text))
        word = WORD.match(text, start)
        if word:
            return self._name(word[0], start, word.end(), property_name)
        return self._other(start)

    def _name(self, word: str, start: int, end: int, property_name: bool) -> Token:
        for patterns in (self._known.get(word, ()), known_everywhere(word)):
            for pattern in patterns:
                found = pattern.match(self.text, start)
                if found:
                    return Token("name", squeeze(found[0]), start, found.end())
        if word in KEYWORDS and not property_name:
            return Token(word, word, start, end)
        return Token("name", word, start, end)

    def _other(self, start: int) -> Token:
        text = self.text
        found = _NUMBER.match(text, start)
        if found:
            return Token("number", found[0], start, found.end(), self._number(found[0], start))
        found = _STRING.match(text, start)
        if found:
            return Token("string", found[0], start, found.end(), unescape(found[1]))
        if text[start] == "@":
            found = _STRING.match(text, start + 1)
            if found:
                return Token("at", f"@{found[0]}", start, found.end(), unescape(found[1]))
        if text[start] == '"':
            raise self.error(start, "the closing quotation mark", found=text[start:])
        if text.startswith("/*", start):
            raise self.error(start, 'the end of the comment, "*/"', found="/*")
        found = _SYMBOL.match(text, start)
        if found and text[start : start + 2] not in ("<>", "=="):
            return Token(found[0], found[0], start, found.end())
        meant = meant_by(text[start : start + 2])
        wrong = text[start : start + 2] if text[start : start + 2] in _MEANT else text[start]
        raise self.error(start, "an operator or a value", found=wrong, meant=meant)

    def _number(self, text: str, start: int) -> Decimal:
        try:
            return NUMBERS.create_decimal(text)
        except ArithmeticError:
            raise self.error(start, "a number of at most 6144 digits", found=text) from None

    def error(
        self, position: int, expected: str, *, found: str | None = None, meant: str | None = None
    ) -> FeelSyntaxError:
        """The error at that position."""
        line, column = self._place(position)
        if found is None:
            found = self.text[position : position + 20]
        return FeelSyntaxError(
            line=line, column=column, found=squeeze(found)[:20], expected=expected, meant=meant
        )

    def early_end(self, expected: str) -> FeelSyntaxError:
        """The error that the text ends where something was expected."""
        line, column = self._place(len(self.text))
        return EndsTooEarly(line=line, column=column, found="", expected=expected)

    def _place(self, position: int) -> tuple[int, int]:
        before = self.text[:position]
        return before.count("\n") + 1, position - before.rfind("\n")


def squeeze(name: str) -> str:
    """The name with single spaces."""
    return " ".join(name.split())


def unescape(raw: str) -> str:
    """The text that a string literal's inside stands for."""
    return _ESCAPE.sub(_unescape_one, raw) if "\\" in raw else raw


def _unescape_one(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) == 1:
        return _PLAIN.get(code, "\\" + code)
    if len(code) == 11:
        high, low = int(code[1:5], 16), int(code[7:], 16)
        return chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)
    point = int(code[1:], 16)
    return chr(point) if point < 0xD800 or 0xDFFF < point < 0x110000 else "\ufffd"


@lru_cache(maxsize=4096)
def name_pattern(name: str) -> re.Pattern[str] | None:
    """What matches the name in a text, however its spaces are written."""
    parts = name.split()
    if not parts or len(name) > 500:
        return None
    last = f"(?![{_PART}])" if re.fullmatch(f"[{_PART}]", parts[-1][-1]) else ""
    return re.compile(rf"[{_SPACE}]+".join(re.escape(part) for part in parts) + last)


_BUILT_IN: dict[str, set[str]] = {}


def know_everywhere(names: Iterable[str]) -> None:
    """Names of more than one word that every expression knows: built-in functions and types."""
    for name in names:
        if " " in name:
            _BUILT_IN.setdefault(name.split()[0], set()).add(name)
    known_everywhere.cache_clear()


@lru_cache(maxsize=1024)
def known_everywhere(word: str) -> tuple[re.Pattern[str], ...]:
    """What matches the names that begin with this word, the longest first."""
    # Made when first asked for: all of them together would take a third of a second of a start.
    found = [name_pattern(name) for name in _BUILT_IN.get(word, ())]
    patterns = [pattern for pattern in found if pattern is not None]
    return tuple(sorted(patterns, key=lambda each: -len(each.pattern)))
