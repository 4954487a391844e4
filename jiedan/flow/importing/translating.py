"""Turns foreign expressions and scripts into FEEL text that parses, or says why not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jiedan.core.i18n import LazyText, lazy
from jiedan.feel import FeelError, compile_expression
from jiedan.flow.importing.reading import read
from jiedan.flow.importing.syntax import Joined, Language, Node, NotFeel, Text
from jiedan.flow.importing.writing import write

_OPENING = re.compile(r"[$#]\{")
_ASSIGNMENT = re.compile(r"([^\W\d]\w*)\s*=(?!=)\s*(.+)", re.DOTALL)
_SETTING = re.compile(
    r"execution\s*\.\s*setVariable\s*\(\s*(['\"])([^\W\d]\w*)\1\s*,\s*(.+)\)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Feel:
    """FEEL without the leading `=`, and what it takes for granted."""

    text: str
    assumed: tuple[LazyText, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignments:
    """What a script sets: variable → FEEL, later ones may name earlier ones."""

    values: tuple[tuple[str, Feel], ...]


def is_foreign(text: str | None) -> bool:
    """Whether a text has a JUEL expression in it."""
    return bool(_OPENING.search(text or ""))


def juel(text: str) -> Feel:
    """FEEL for a text with `${…}` or `#{…}` in it, whole or in part. Raises NotFeel."""
    parts = _pieces(text)
    if len(parts) == 1:
        return _written(parts[0], Language.JUEL)
    return _written(Joined(tuple(parts)), Language.JUEL)


def written_tree(text: str) -> Node | None:
    """What `${…}` says, if the text is that and nothing else and can be read."""
    try:
        parts = _pieces(text)
    except NotFeel:
        return None
    return parts[0] if len(parts) == 1 and not isinstance(parts[0], Text) else None


def expression(text: str, language: Language) -> Feel:
    """FEEL for a bare expression. Raises NotFeel."""
    return _written(read(text, language), language)


def script(text: str, language: Language) -> Feel | Assignments:
    """FEEL for a script that is one expression, or a row of assignments. Raises NotFeel."""
    lines = _statements(text, language)
    if not lines:
        raise NotFeel(lazy("It is empty."))
    if len(lines) == 1 and not _assigned(lines[0], language):
        return expression(lines[0], language)
    values = []
    for line in lines:
        found = _assigned(line, language)
        if found is None:
            raise NotFeel(lazy("It does more than set variables."))
        name, value = found
        values.append((name, expression(value, language)))
        compile_or_refuse(name)
    if len({name for name, _ in values}) != len(values):
        raise NotFeel(lazy("It sets a variable twice."))
    return Assignments(tuple(values))


def compile_or_refuse(text: str) -> str:
    """The text, which is FEEL that parses. Raises NotFeel."""
    try:
        compile_expression(text)
    except FeelError as problem:
        raise NotFeel(lazy("FEEL cannot say it: %(problem)s", problem=str(problem))) from None
    return text


def _written(node: Node, language: Language) -> Feel:
    text, assumed = write(node, language)
    return Feel(compile_or_refuse(text), assumed)


def _pieces(text: str) -> list[Node]:
    parts: list[Node] = []
    at = 0
    while found := _OPENING.search(text, at):
        if text[at : found.start()]:
            parts.append(Text(text[at : found.start()]))
        end = _closing(text, found.end())
        parts.append(read(text[found.end() : end], Language.JUEL))
        at = end + 1
    if text[at:].strip() or (text[at:] and len(parts) != 1):
        parts.append(Text(text[at:]))
    if len(parts) == 2 and isinstance(parts[0], Text) and not parts[0].value.strip():
        return parts[1:]
    return parts


def _closing(text: str, at: int) -> int:
    """Where the brace closes; braces in quoted text do not count."""
    quote, depth = "", 0
    while at < len(text):
        here = text[at]
        if quote:
            if here == "\\":
                at += 1
            elif here == quote:
                quote = ""
        elif here in "'\"":
            quote = here
        elif here == "{":
            depth += 1
        elif here == "}":
            if depth == 0:
                return at
            depth -= 1
        at += 1
    raise NotFeel(lazy("It is not complete."))


def _statements(text: str, language: Language) -> list[str]:
    mark = "#" if language is Language.PYTHON else "//"
    lines = []
    for line in text.splitlines():
        bare = line.strip().removesuffix(";").strip()
        if bare and not bare.startswith(mark):
            lines.append((line, bare))
    if language is Language.PYTHON and len({len(a) - len(a.lstrip()) for a, _ in lines}) > 1:
        raise NotFeel(lazy("It does more than set variables."))
    return [bare for _, bare in lines]


def _assigned(line: str, language: Language) -> tuple[str, str] | None:
    """Variable and value; a plain `=` sets a variable of the process in Python scripts only."""
    found = _SETTING.fullmatch(line)
    if found:
        return found[2], found[3]
    found = _ASSIGNMENT.fullmatch(line) if language is Language.PYTHON else None
    return (found[1], found[2]) if found else None
