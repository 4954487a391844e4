"""Unary tests: functions of the tested value and the scope (DMN 1.5 §7.3.3, §10.3.2.15)."""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jiedan.feel.compare import both, compare, is_in, order
from jiedan.feel.nodes import (
    And,
    AnyValue,
    Between,
    Compare,
    In,
    InstanceOf,
    Literal,
    Name,
    Node,
    Or,
    Quantified,
    RangeOf,
    Test,
    Tests,
    walk,
)
from jiedan.feel.run import Run
from jiedan.feel.values import RUN, Code, Range, Scope, kind

TestCode = Callable[[Any, Scope], bool | None]
"""A compiled test."""

_YES_NO = (Compare, And, Or, Between, In, InstanceOf, Quantified)
_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def range_of(low: Any, high: Any, low_closed: bool, high_closed: bool, run: Run) -> Range | None:
    """The range with these ends, or null when they have no order."""
    placed = order(low, high)
    if placed is None:
        return run.warn(
            "A range cannot go from a %(low)s to a %(high)s.", low=kind(low), high=kind(high)
        )
    if placed > 0:
        return run.warn("A range must begin before its end.")
    return Range(low, high, low_closed, high_closed)


def test_range(symbol: str, operand: Any, run: Run) -> Range | None:
    """The range that a comparison such as < 5 stands for."""
    if symbol == "=":
        return Range(operand, operand)
    if symbol == "!=":
        return Range(operand, operand, negated=True)
    if operand is None:
        return run.warn("A range has no ends.")
    closed = symbol in ("<=", ">=")
    if symbol[0] == "<":
        return Range(None, operand, False, closed)
    return Range(operand, None, closed, False)


def compile_tests(node: Tests, compile_node: Callable[[Node], Code]) -> TestCode:
    """The tests of a cell as one function."""
    tests = [compile_test(test, compile_node, cell=True) for test in node.tests]
    if len(tests) == 1 and not node.negated:
        return tests[0]

    def answer(value: Any, scope: Scope) -> bool | None:
        unknown = False
        for test in tests:
            passed = test(value, scope)
            if passed:
                return not node.negated
            unknown = unknown or passed is None
        return None if unknown else node.negated

    return answer


def compile_test(node: Node, compile_node: Callable[[Node], Code], *, cell: bool) -> TestCode:
    """One test; `cell`: a true expression passes by itself, as in a decision table's cell."""
    if type(node) is AnyValue:
        return lambda value, scope: True
    if type(node) is Test:
        return _comparison(node, compile_node(node.operand))
    if type(node) is Literal:
        return _constant(node.value)
    if type(node) is RangeOf:
        return _interval(node, compile_node)
    return _expression(node, compile_node(node), cell)


def _comparison(node: Test, operand: Code) -> TestCode:
    symbol = node.operator
    if type(node.operand) is Literal and type(node.operand.value) is Decimal:
        relation, constant = _RELATIONS.get(symbol), node.operand.value
        if relation is not None:
            fixed = relation

            def fast(value: Any, scope: Scope) -> bool | None:
                if type(value) is Decimal:
                    return bool(fixed(value, constant))
                return compare(value, constant, symbol, scope[RUN])

            return fast

    def slow(value: Any, scope: Scope) -> bool | None:
        return compare(value, operand(scope), symbol, scope[RUN])

    return slow


def _constant(constant: Any) -> TestCode:
    wanted = type(constant)
    if wanted in (Decimal, str, bool):

        def fast(value: Any, scope: Scope) -> bool | None:
            if type(value) is wanted:
                return bool(value == constant)
            return _holds(value, constant, scope)

        return fast
    return lambda value, scope: _holds(value, constant, scope)


def _holds(value: Any, constant: Any, scope: Scope) -> bool | None:
    if type(value) is list and type(constant) is not list:
        return None if len(value) != 1 else compare(value[0], constant, "=", scope[RUN])
    return compare(value, constant, "=", scope[RUN])


def _interval(node: RangeOf, compile_node: Callable[[Node], Code]) -> TestCode:
    fast = _number_interval(node)
    low, high, whole = compile_node(node.low), compile_node(node.high), compile_node(node)

    def slow(value: Any, scope: Scope) -> bool | None:
        if type(value) is Range or type(value) is list:
            return is_in(value, whole(scope), scope[RUN])
        above = compare(value, low(scope), ">=" if node.low_closed else ">", scope[RUN])
        below = compare(value, high(scope), "<=" if node.high_closed else "<", scope[RUN])
        return both(above, below)

    if fast is None:
        return slow
    quick = fast
    return lambda value, scope: quick(value) if type(value) is Decimal else slow(value, scope)


def _number_interval(node: RangeOf) -> Callable[[Decimal], bool] | None:
    low, high = node.low, node.high
    if type(low) is not Literal or type(high) is not Literal:
        return None
    a, b = low.value, high.value
    if type(a) is not Decimal or type(b) is not Decimal or a > b:
        return None
    if node.low_closed:
        if node.high_closed:
            return lambda value: a <= value <= b
        return lambda value: a <= value < b
    if node.high_closed:
        return lambda value: a < value <= b
    return lambda value: a < value < b


def _expression(node: Node, code: Code, cell: bool) -> TestCode:
    about_value = any(type(each) is Name and each.name == "?" for each in walk(node))
    truth = about_value or (cell and isinstance(node, _YES_NO))

    def answer(value: Any, scope: Scope) -> bool | None:
        if about_value and not cell:
            scope = {**scope, "?": value}
        result = code(scope)
        if type(result) is bool and (truth or (cell and type(value) is not bool)):
            return result
        if truth and result is None:
            return None
        return is_in(value, result, scope[RUN])

    return answer


__all__ = ["TestCode", "compile_test", "compile_tests", "range_of", "test_range"]
