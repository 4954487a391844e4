"""From text to syntax tree (grammar of DMN 1.5 §10.3.1.2), with errors that say where and what."""

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from jiedan.feel.errors import FeelSyntaxError, NestedTooDeep, TextTooLong
from jiedan.feel.iso import parse_at
from jiedan.feel.lexer import KEYWORDS, WORD, Lexer, Token, squeeze
from jiedan.feel.limits import LIMITS, Limits
from jiedan.feel.nodes import (
    And,
    AnyValue,
    Arithmetic,
    Between,
    Call,
    Compare,
    ContextOf,
    Filter,
    For,
    FunctionOf,
    If,
    In,
    InstanceOf,
    Iteration,
    ListOf,
    Literal,
    Name,
    Negate,
    Node,
    Or,
    Path,
    Quantified,
    RangeOf,
    Test,
    Tests,
)
from jiedan.feel.types import ANY, BARE, Type, find_type

COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_KEY = re.compile(r"[^:,(){}\[\]\"]*", re.DOTALL)
_ARGUMENT = re.compile(r"([^\W\d][^:,(){}\[\]\"<>=@]*?)\s*:", re.DOTALL)


class Parser:
    """Parses one text."""

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

    # -- whole texts ---------------------------------------------------------------------------

    def expression_text(self) -> Node:
        """The text as one expression."""
        node = self.expression()
        self.end()
        return node

    def tests_text(self) -> Tests:
        """The text as unary tests."""
        start = self.token
        if start.kind == "-":
            self.advance()
            if self.token.kind == "end":
                return Tests(0, (AnyValue(0),), False)
            self.back_to(start)
        if start.kind == "name" and start.text == "not":
            negated: Tests | None = self.attempt(self._negated_tests)
            if negated is not None:
                return negated
        tests = self._tests()
        self.end()
        return Tests(0, tests, False)

    def _negated_tests(self) -> Tests:
        self.advance()
        self.take("(")
        tests = self._tests()
        self.take(")")
        self.end()
        return Tests(0, tests, True)

    def _tests(self) -> tuple[Node, ...]:
        tests = [self.test()]
        while self.token.kind == ",":
            self.advance()
            tests.append(self.test())
        return tuple(tests)

    def test(self) -> Node:
        """One positive unary test."""
        at = self.token.start
        if self.token.kind in COMPARISONS:
            operator = self.advance().kind
            return Test(at, operator, self.operand(4))
        if self.token.kind == "-":
            dash = self.token
            self.advance()
            if self.token.kind in ("end", ",", ")"):
                return AnyValue(at)
            self.back_to(dash)
        return self.expression()

    # -- tokens --------------------------------------------------------------------------------

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

    # -- expressions ---------------------------------------------------------------------------

    def expression(self) -> Node:
        """An expression of any kind."""
        return self.operand(1)

    def operand(self, level: int) -> Node:
        """An expression of operators that bind at least as tightly as the level.

        1 or, 2 and, 3 comparison, 4 sum, 5 product, 6 power.
        """
        self.depth = self._deeper(self.depth)
        node = self.unary()
        chained = self.depth
        while True:
            found = _LEVELS.get(self.token.kind, 0)
            if found < level:
                break
            node = self._operator(node, found)
            chained = self._deeper(chained)
        self.depth -= 1
        return node

    def _deeper(self, depth: int) -> int:
        if depth >= self.limits.depth:
            raise NestedTooDeep(limit=self.limits.depth)
        return depth + 1

    def _operator(self, left: Node, level: int) -> Node:
        if level == 1 or level == 2:
            return self._logic(left, level)
        if level == 3:
            return self._comparison(left)
        rest: list[tuple[str, Node]] = []
        at = self.token.start
        while _LEVELS.get(self.token.kind) == level:
            operator = self.advance().kind
            rest.append((operator, self.operand(level + 1)))
        return Arithmetic(at, left, tuple(rest))

    def _logic(self, left: Node, level: int) -> Node:
        word = self.token.kind
        at = self.token.start
        parts = [left]
        while self.token.kind == word:
            self.advance()
            parts.append(self.operand(level + 1))
        return And(at, tuple(parts)) if level == 2 else Or(at, tuple(parts))

    def _comparison(self, left: Node) -> Node:
        token = self.advance()
        at = token.start
        if token.kind == "between":
            low = self.operand(4)
            self.take("and")
            return Between(at, left, low, self.operand(4))
        if token.kind == "in":
            return In(at, left, self._in_tests())
        return Compare(at, token.kind, left, self.operand(4))

    def _in_tests(self) -> tuple[Node, ...]:
        if self.token.kind == "(":
            grouped = self.attempt(self._grouped_tests)
            if grouped is not None:
                tests: tuple[Node, ...] = grouped
                return tests
        if self.token.kind in COMPARISONS:
            return (self.test(),)
        return (self.operand(4),)

    def _grouped_tests(self) -> tuple[Node, ...]:
        self.take("(")
        tests = self._tests()
        self.take(")")
        if self.token.kind in ("[", ".", "+", "-", "*", "/", "**"):
            raise self.unexpected("the end of the tests")
        return tests

    def unary(self) -> Node:
        """An operand with its signs, paths, filters and calls."""
        token = self.token
        if token.kind == "-":
            self.advance()
            self.depth = self._deeper(self.depth)
            node = self.unary()
            self.depth -= 1
            if type(node) is Literal and type(node.value).__name__ == "Decimal":
                return Literal(token.start, node.value.copy_negate())
            return Negate(token.start, node)
        node = self._postfix(self.primary())
        chained = self.depth
        while self.token.kind == "instance":
            chained = self._deeper(chained)
            at = self.advance().start
            if self.token.text != "of":
                raise self.unexpected('the word "of"')
            self.advance()
            node = InstanceOf(at, node, self.type())
        return node

    def _postfix(self, node: Node) -> Node:
        count = 0
        while True:
            token = self.token
            if token.kind == ".":
                node = Path(token.start, node, self._property())
            elif token.kind == "[":
                filtered = self._filter(node)
                if filtered is None:
                    return node
                node = filtered
            elif token.kind == "(":
                node = self._call(node)
            else:
                return node
            count = self._deeper(count)

    def _property(self) -> str:
        token = self.lexer.token(self.token.end, property_name=True)
        if token.kind != "name":
            self.token = token
            raise self.unexpected("a name")
        self.token = token
        self.advance()
        return self._merge(token)

    def _filter(self, base: Node) -> Node | None:
        if self.in_range_end and self.depth == self.in_range_end:
            if type(base) is Literal:
                return None
            filtered: Node | None = self.attempt(lambda: self._filter_inside(base))
            return filtered
        return self._filter_inside(base)

    in_range_end = 0
    """Depth at which a `[` may close a range such as ]1..5[."""

    def _filter_inside(self, base: Node) -> Node:
        at = self.take("[").start
        condition = self.expression()
        self.take("]")
        return Filter(at, base, condition)

    def _call(self, function: Node) -> Node:
        at = self.take("(").start
        arguments: list[Node] = []
        names: list[str] = []
        while self.token.kind != ")":
            if arguments:
                self.take(",")
            named = _ARGUMENT.match(self.lexer.text, self.token.start)
            if named and (names or not arguments):
                self.token = self.lexer.token(named.end())
                names.append(squeeze(named[1]))
            elif names:
                raise self.unexpected("the name of an argument")
            arguments.append(self.expression())
        self.advance()
        return Call(at, function, tuple(arguments), tuple(names) if names else None)

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

    def _key(self) -> str:
        if self.token.kind == "string":
            name: str = self.advance().value
        else:
            found = _KEY.match(self.lexer.text, self.token.start)
            name = squeeze(found[0]) if found else ""
            if not WORD.match(name):
                raise self.unexpected("a name")
            self.token = self.lexer.token(found.end() if found else 0)
        if self.token.kind != ":":
            raise self.unexpected('":"')
        self.advance()
        return name

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

    def _annotation(self) -> Type | None:
        if self.token.kind != ":":
            return None
        self.advance()
        return self.type()

    # -- types ---------------------------------------------------------------------------------

    def type(self) -> Type:
        """A type, after `instance of` or of a parameter."""
        self.depth = self._deeper(self.depth)
        token = self.token
        if token.kind == "function":
            self.advance()
            found = self._function_type()
        elif token.kind == "null":
            self.advance()
            found = find_type("Null")
        elif token.kind != "name":
            raise self.unexpected("a type")
        else:
            self.advance()
            found = self._named_type(self._merge(token))
        self.depth -= 1
        return found

    def _named_type(self, name: str) -> Type:
        while self.token.kind == "." and (self.types is None or name not in self.types):
            name = f"{name}.{self._property()}"
        if self.token.kind != "<" or name not in BARE:
            return find_type(name, self.types)
        self.advance()
        if name == "context":
            return self._context_type()
        inner = self.type()
        self.take(">")
        return Type(name, of=inner)

    def _context_type(self) -> Type:
        entries: list[tuple[str, Type]] = []
        while self.token.kind != ">":
            if entries:
                self.take(",")
            name = self._key()
            entries.append((name, self.type()))
        self.advance()
        return Type("context", entries=tuple(entries))

    def _function_type(self) -> Type:
        if self.token.kind != "<":
            return BARE["function"]
        self.advance()
        entries: list[tuple[str, Type]] = []
        while self.token.kind != ">":
            if entries:
                self.take(",")
            entries.append(("", self.type()))
        self.advance()
        self.take("->")
        return Type("function", of=self.type() or ANY, entries=tuple(entries))


_LEVELS = {
    "or": 1,
    "and": 2,
    **dict.fromkeys((*COMPARISONS, "between", "in"), 3),
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "**": 6,
}

_PRIMARY: dict[str, Callable[[Parser, Token], Node]] = {
    "true": Parser._constant,
    "false": Parser._constant,
    "null": Parser._constant,
    "at": Parser._at,
    "(": Parser._parenthesis,
    "[": Parser._bracket,
    "]": Parser._open_range,
    "{": Parser._context,
    "if": Parser._if,
    "for": Parser._for,
    "some": Parser._quantified,
    "every": Parser._quantified,
    "function": Parser._function,
}

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
