"""Reads foreign expressions into their tree: one small parser that knows three ways of writing."""

from __future__ import annotations

from collections.abc import Callable

from jiedan.core.i18n import lazy
from jiedan.flow.importing.lexing import WORDS, Tokens
from jiedan.flow.importing.syntax import (
    Binary,
    Call,
    Choice,
    Item,
    Joined,
    Language,
    ListOf,
    MapOf,
    Member,
    Name,
    Node,
    NotFeel,
    Null,
    Number,
    Text,
    Truth,
    Unary,
)

DEEPEST = 40
"""Brackets and operators inside each other."""

_CONSTANTS: dict[str, Node] = {
    "null": Null(),
    "undefined": Null(),
    "None": Null(),
    "true": Truth(True),
    "True": Truth(True),
    "false": Truth(False),
    "False": Truth(False),
}
_FOREIGN_WORDS = frozenset(
    {
        *("instanceof", "new", "lambda", "await", "yield", "typeof", "function", "def", "var"),
        *("import", "for", "while", "return", "assert", "del", "raise", "throw", "class"),
    }
)
_LEVELS = (("or",), ("and",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"))
_TIMES = ("*", "/", "%", "//")
_COMPARES = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "is"})


def read(source: str, language: Language) -> Node:
    """The tree of one whole expression. Raises NotFeel."""
    return _Reader(source, language).whole()


class _Reader(Tokens):
    def __init__(self, source: str, language: Language, depth: int = 0) -> None:
        super().__init__(source, language)
        self.is_python = language is Language.PYTHON
        self.depth = depth

    def whole(self) -> Node:
        node = self.expression()
        if self.here.kind != "end":
            raise self.unread()
        return node

    # --- from loose to tight ---------------------------------------------------------------------
    def expression(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotFeel(lazy("It is nested more than %(limit)s levels deep.", limit=DEEPEST))
        node = self.python_choice() if self.is_python else self.choice()
        self.depth -= 1
        return node

    def choice(self) -> Node:
        condition = self.level(0)
        if not self.take("?"):
            return condition
        then = self.expression()
        self.need(":")
        return Choice(condition, then, self.expression())

    def python_choice(self) -> Node:
        then = self.python_logic()
        if self.here.kind != "name" or self.here.text != "if":
            return then
        self.at += 1
        condition = self.python_logic()
        if self.here.kind != "name" or self.here.text != "else":
            raise self.unread()
        self.at += 1
        return Choice(condition, then, self.expression())

    def python_logic(self) -> Node:
        return self.chain(("or",), lambda: self.chain(("and",), self.python_not))

    def python_not(self) -> Node:
        if self.take("not"):
            return Unary("not", self.nested(self.python_not))
        return self.python_comparison()

    def python_comparison(self) -> Node:
        left = self.level(4)
        compared: Node | None = None
        while sign := self.compared():
            right = self.level(4)
            one: Node = Binary(sign.removeprefix("not "), left, right)
            if sign.startswith("not "):
                one = Unary("not", one)
            compared = one if compared is None else Binary("and", compared, one)
            left = right
        return left if compared is None else compared

    def compared(self) -> str:
        """A comparison's sign; `not in`, `is` and `is not` are several words."""
        if self.sign() == "not":
            after = self.tokens[self.at + 1]
            if after.kind == "name" and after.text == "in":
                self.at += 2
                return "not in"
            return ""
        sign = self.take(*_COMPARES)
        if sign != "is":
            return sign
        is_not = bool(self.take("not"))
        if not (self.here.kind == "name" and self.here.text in ("None", "True", "False")):
            raise NotFeel(lazy("“is” is only clear with None, True and False."))
        return "!=" if is_not else "=="

    def level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.chain(_TIMES, self.unary)
        return self.chain(_LEVELS[level], lambda: self.level(level + 1))

    def chain(self, signs: tuple[str, ...], tighter: Callable[[], Node]) -> Node:
        node = tighter()
        links = 0
        while sign := self.take(*signs):
            links += 1
            if links > DEEPEST * 2:
                raise NotFeel(lazy("It is nested more than %(limit)s levels deep.", limit=DEEPEST))
            node = Binary(sign, node, tighter())
        return node

    def nested(self, inner: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotFeel(lazy("It is nested more than %(limit)s levels deep.", limit=DEEPEST))
        node = inner()
        self.depth -= 1
        return node

    def unary(self) -> Node:
        if self.take("-"):
            return Unary("-", self.nested(self.unary))
        if self.take("+"):
            return self.nested(self.unary)
        if not self.is_python and (sign := self.take("not", "empty")):
            return Unary(sign, self.nested(self.unary))
        node = self.postfix()
        if self.is_python and self.take("**"):
            return Binary("**", node, self.nested(self.unary))
        return node

    def postfix(self) -> Node:
        node = self.atom()
        links = 0
        while True:
            links += 1
            if links > DEEPEST:
                raise NotFeel(lazy("It is nested more than %(limit)s levels deep.", limit=DEEPEST))
            if self.take("."):
                node = self.member(node)
            elif self.take("["):
                index = self.expression()
                self.need("]")
                node = Member(node, index.value) if isinstance(index, Text) else Item(node, index)
            else:
                return node

    def member(self, of: Node) -> Node:
        token = self.here
        if token.kind != "name":
            raise self.unread()
        self.at += 1
        if self.take("("):
            return Call(of, token.text, *self.arguments())
        return Member(of, token.text)

    def arguments(self) -> tuple[tuple[Node, ...], tuple[tuple[str, Node], ...]]:
        given: list[Node] = []
        named: list[tuple[str, Node]] = []
        while not self.take(")"):
            token, after = self.here, self.tokens[min(self.at + 1, len(self.tokens) - 1)]
            if self.is_python and token.kind == "name" and after.text == "=":
                self.at += 2
                named.append((token.text, self.expression()))
            else:
                given.append(self.expression())
            if not self.take(",") and self.sign() != ")":
                raise self.unread()
        return tuple(given), tuple(named)

    def atom(self) -> Node:
        token = self.here
        if self.take("("):
            node = self.expression()
            self.need(")")
            return node
        if self.take("["):
            return self.items()
        if self.take("{"):
            return self.entries()
        self.at += 1
        if token.kind == "number":
            return Number(token.text)
        if token.kind == "text":
            return Text(token.text)
        if token.kind == "formatted":
            return self.formatted(token.text)
        if token.kind == "name" and not WORDS[self.language].get(token.text):
            return self.named(token.text)
        self.at -= 1
        raise self.unread()

    def named(self, name: str) -> Node:
        if name in _CONSTANTS and (self.is_python == name[0].isupper()):
            return _CONSTANTS[name]
        if name in _FOREIGN_WORDS:
            self.at -= 1
            raise self.unread()
        if self.take("("):
            return Call(None, name, *self.arguments())
        if not self.is_python and self.sign() == ":" and self.is_prefix():
            self.at += 1
            name = f"{name}:{self.here.text}"
            self.at += 2
            return Call(None, name, *self.arguments())
        return Name(name)

    def is_prefix(self) -> bool:
        """`fn:length(…)`: a name, a colon, a name and a bracket without blanks between them."""
        if self.at + 2 >= len(self.tokens):
            return False
        before, colon, name, bracket = self.tokens[self.at - 1 : self.at + 3]
        return (
            name.kind == "name"
            and bracket.text == "("
            and before.at + len(before.text) == colon.at
            and name.at == colon.at + 1
        )

    def items(self) -> Node:
        found: list[Node] = []
        while not self.take("]"):
            found.append(self.expression())
            if not self.take(",") and self.sign() != "]":
                raise self.unread()
        return ListOf(tuple(found))

    def entries(self) -> Node:
        found: list[tuple[str, Node]] = []
        while not self.take("}"):
            key = self.here
            if key.kind != "text" and (key.kind != "name" or self.is_python):
                raise self.unread()
            self.at += 1
            self.need(":")
            found.append((key.text, self.expression()))
            if not self.take(",") and self.sign() != "}":
                raise self.unread()
        return MapOf(tuple(found))

    def formatted(self, text: str) -> Node:
        parts: list[Node] = []
        rest = text
        while rest:
            before, brace, rest = rest.partition("{")
            if "}" in before or (brace and rest.startswith("{")):
                raise NotFeel(lazy("A text with expressions in it is not converted."))
            if before:
                parts.append(Text(before))
            if brace:
                inner, closing, rest = rest.partition("}")
                if not closing or any(sign in inner for sign in ":!{="):
                    raise NotFeel(lazy("A text with expressions in it is not converted."))
                parts.append(_Reader(inner, self.language, self.depth + 1).whole())
        return Joined(tuple(parts)) if parts else Text("")
