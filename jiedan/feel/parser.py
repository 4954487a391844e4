"""From text to syntax tree (grammar of DMN 1.5 §10.3.1.2)."""

import re

from jiedan.feel.form_parser import FormParser
from jiedan.feel.lexer import squeeze
from jiedan.feel.nodes import (
    And,
    AnyValue,
    Arithmetic,
    Between,
    Call,
    Compare,
    Filter,
    In,
    InstanceOf,
    Literal,
    Negate,
    Node,
    Or,
    Path,
    Test,
    Tests,
)
from jiedan.feel.token_reader import COMPARISONS

_ARGUMENT = re.compile(r"([^\W\d][^:,(){}\[\]\"<>=@]*?)\s*:", re.DOTALL)


class Parser(FormParser):
    """Parses one text: operators, paths, filters, calls and unary tests."""

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

    def _filter(self, base: Node) -> Node | None:
        if self.in_range_end and self.depth == self.in_range_end:
            if type(base) is Literal:
                return None
            filtered: Node | None = self.attempt(lambda: self._filter_inside(base))
            return filtered
        return self._filter_inside(base)

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
