"""Arithmetic, comparisons and three-valued logic as closures over their compiled operands."""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jiedan.feel.arithmetic import combine, number_operation
from jiedan.feel.compare import compare
from jiedan.feel.external import external_function
from jiedan.feel.loops import not_boolean
from jiedan.feel.values import RUN, Code, Scope

RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_PLAIN = frozenset({Decimal, str})


def calculation(left: Code, symbol: str, right: Code) -> Code:
    """Two operands and the symbol between them."""
    operation = number_operation(symbol)

    def calculate(scope: Scope) -> Any:
        a, b = left(scope), right(scope)
        if type(a) is Decimal and type(b) is Decimal:
            try:
                return operation(a, b)
            except ArithmeticError:
                pass
        return combine(a, b, symbol, scope[RUN])

    return calculate


def comparison(left: Code, symbol: str, right: Code) -> Code:
    """Two operands and the comparison between them."""
    relation = RELATIONS[symbol]

    def answer(scope: Scope) -> Any:
        a, b = left(scope), right(scope)
        if type(a) is type(b) and type(a) in _PLAIN:
            return relation(a, b)
        return compare(a, b, symbol, scope[RUN])

    return answer


def comparison_with_constant(left: Code, symbol: str, constant: Any) -> Code | None:
    """The comparison with a constant, the commonest of all."""
    wanted = type(constant)
    if wanted is bool and symbol not in ("=", "!="):
        return None
    if symbol == "=":

        def equals(scope: Scope) -> Any:
            value = left(scope)
            if type(value) is wanted:
                return value == constant
            return compare(value, constant, "=", scope[RUN])

        return equals
    relation = RELATIONS[symbol]

    def related(scope: Scope) -> Any:
        value = left(scope)
        if type(value) is wanted:
            return relation(value, constant)
        return compare(value, constant, symbol, scope[RUN])

    return related


def logic(parts: list[Code], decisive: bool) -> Code:
    """and (decided by false), or (decided by true): three-valued."""
    if len(parts) == 2:
        return _two_parts(parts[0], parts[1], decisive)

    def answer(scope: Scope) -> Any:
        unknown = False
        for part in parts:
            value = part(scope)
            if value is decisive:
                return decisive
            if type(value) is not bool:
                unknown = True
                not_boolean(value, scope)
        return None if unknown else not decisive

    return answer


def _two_parts(left: Code, right: Code, decisive: bool) -> Code:
    other = not decisive

    def answer(scope: Scope) -> Any:
        a = left(scope)
        if a is decisive:
            return decisive
        b = right(scope)
        if b is decisive:
            return decisive
        if a is other and b is other:
            return other
        not_boolean(a, scope)
        not_boolean(b, scope)
        return None

    return answer


def external(parameters: tuple[str, ...], body: Code) -> Code:
    """A function whose body is {java: {class: …, method signature: …}}."""

    def build(scope: Scope) -> Any:
        described = body(scope)
        java = described.get("java") if type(described) is dict else None
        if type(java) is not dict:
            return scope[RUN].warn("There is no such external function.")
        owner, signature = java.get("class"), java.get("method signature")
        function = external_function("function", parameters, owner, signature)
        return function or scope[RUN].warn("There is no such external function.")

    return build
