"""What an expression is made of: values, brackets, contexts, loops, functions."""

from collections.abc import Callable

from jiedan.feel.iso import parse_at
from jiedan.feel.lexer import Token
from jiedan.feel.nodes import (
    ContextOf,
    For,
    FunctionOf,
    If,
    Iteration,
    ListOf,
    Literal,
    Name,
    Node,
    Quantified,
    RangeOf,
)
from jiedan.feel.token_reader import COMPARISONS
from jiedan.feel.type_parser import TypeParser
from jiedan.feel.types import Type


class FormParser(TypeParser):
    """Parses what stands between operators."""

    in_range_end = 0
    """Depth at which a `[` may close a range such as ]1..5[."""

    def primary(self) -> Node:
        """A value, a name, or something in brackets."""
        token = self.token
        if token.kind == "name":
            self.advance()
            return Name(token.start, self._merge(token))
        if token.kind == "number" or token.kind == "string":
            self.advance()
            return Literal(token.start, token.value)
        parse = _PRIMARY.get(token.kind)
        if parse is None:
            raise self.unexpected("a value")
        return parse(self, token)

    def _constant(self, token: Token) -> Node:
        self.advance()
        return Literal(token.start, {"true": True, "false": False, "null": None}[token.kind])

    def _at(self, token: Token) -> Node:
        value = parse_at(token.value)
        if value is None:
            raise self.unexpected("a date, time or duration")
        self.advance()
        return Literal(token.start, value)

    def _parenthesis(self, token: Token) -> Node:
        self.advance()
        if self.token.kind in COMPARISONS:
            test = self.test()
            self.take(")")
            return test
        inner = self.expression()
        if self.token.kind == "..":
            return self._range(token, inner)
        self.take(")")
        return inner

    def _bracket(self, token: Token) -> Node:
        self.advance()
        entries: list[Node] = []
        if self.token.kind != "]":
            entries.append(self._entry())
            if self.token.kind == "..":
                return self._range(token, entries[0])
            while self.token.kind == ",":
                self.advance()
                entries.append(self._entry())
        self.take("]")
        return ListOf(token.start, tuple(entries))

    def _entry(self) -> Node:
        return self.test() if self.token.kind in COMPARISONS else self.expression()

    def _open_range(self, token: Token) -> Node:
        self.advance()
        return self._range(token, self.expression())

    def _range(self, token: Token, low: Node) -> Node:
        self.take("..")
        before = self.in_range_end
        self.in_range_end = self.depth + 1
        high = self.expression()
        self.in_range_end = before
        if self.token.kind not in (")", "]", "["):
            raise self.unexpected('"]" or ")"')
        closed = self.advance().kind == "]"
        return RangeOf(token.start, low, high, token.kind == "[", closed)

    def _context(self, token: Token) -> Node:
        self.advance()
        entries: list[tuple[str, Node]] = []
        while self.token.kind != "}":
            if entries:
                self.take(",")
            name = self._key()
            entries.append((name, self.expression()))
            self.know(name)
        self.advance()
        return ContextOf(token.start, tuple(entries))

    def _if(self, token: Token) -> Node:
        self.advance()
        condition = self.expression()
        self.take("then")
        yes = self.expression()
        self.take("else")
        return If(token.start, condition, yes, self.expression())

    def _iterations(self) -> tuple[Iteration, ...]:
        iterations: list[Iteration] = []
        while True:
            at = self.token.start
            name = self._variable("in")
            first = self.expression()
            last = None
            if self.token.kind == "..":
                self.advance()
                last = self.expression()
            iterations.append(Iteration(at, name, first, last))
            self.know(name)
            if self.token.kind != ",":
                return tuple(iterations)
            self.advance()

    def _variable(self, until: str) -> str:
        token = self.token
        if token.kind != "name":
            raise self.unexpected("a name")
        self.advance()
        name = self._merge(token)
        self.take(until)
        return name

    def _for(self, token: Token) -> Node:
        self.advance()
        iterations = self._iterations()
        self.take("return")
        return For(token.start, iterations, self.expression())

    def _quantified(self, token: Token) -> Node:
        self.advance()
        iterations = self._iterations()
        self.take("satisfies")
        return Quantified(token.start, token.kind == "every", iterations, self.expression())

    def _function(self, token: Token) -> Node:
        self.advance()
        self.take("(")
        names: list[str] = []
        types: list[Type | None] = []
        while self.token.kind != ")":
            if names:
                self.take(",")
            if self.token.kind != "name":
                raise self.unexpected("a name")
            first = self.advance()
            names.append(self._merge(first))
            types.append(self._annotation())
        self.advance()
        for name in names:
            self.know(name)
        external = self.token.kind == "external"
        if external:
            self.advance()
        return FunctionOf(token.start, tuple(names), tuple(types), self.expression(), external)


_PRIMARY: dict[str, Callable[[FormParser, Token], Node]] = {
    "true": FormParser._constant,
    "false": FormParser._constant,
    "null": FormParser._constant,
    "at": FormParser._at,
    "(": FormParser._parenthesis,
    "[": FormParser._bracket,
    "]": FormParser._open_range,
    "{": FormParser._context,
    "if": FormParser._if,
    "for": FormParser._for,
    "some": FormParser._quantified,
    "every": FormParser._quantified,
    "function": FormParser._function,
}
