"""From syntax tree to closures: each node becomes a function of the scope."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jiedan.feel.arithmetic import combine, negate
from jiedan.feel.builtins import BUILTINS
from jiedan.feel.closures import (
    calculation,
    comparison,
    comparison_with_constant,
    external,
    logic,
)
from jiedan.feel.compare import both, compare
from jiedan.feel.errors import Phrase
from jiedan.feel.functions import invoke, python_function, written_function
from jiedan.feel.loops import compile_for, compile_quantified, filter_code, not_boolean
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
    walk,
)
from jiedan.feel.properties import read_property
from jiedan.feel.types import BARE, Type, conforms
from jiedan.feel.unary import compile_test, range_of, test_range
from jiedan.feel.values import RUN, Code, FeelFunction, Scope

_PLAIN = frozenset({Decimal, str})


def compile_node(node: Node) -> Code:
    """The node as a function from scope to value."""
    return _COMPILERS[type(node)](node)


def _literal(node: Literal) -> Code:
    value = node.value
    return lambda scope: value


def find_name(scope: Scope, name: str) -> Any:
    """What a name that is not in the scope means: a function, or null and a warning."""
    run = scope[RUN]
    function = run.functions.get(name)
    if function is not None:
        return function if type(function) is FeelFunction else python_function(name, function)
    found = BUILTINS.get(name)
    if found is None:
        run.warn('Nothing is called "%(name)s".', name=name)
    return found


def _name(node: Name) -> Code:
    name = node.name

    def read(scope: Scope) -> Any:
        try:
            return scope[name]
        except KeyError:
            return find_name(scope, name)

    return read


def _partial(node: Name) -> Code:
    """The results so far of a `for`, copied since they still grow."""

    def read(scope: Scope) -> Any:
        value = scope.get("partial")
        if type(value) is not list:
            return value
        scope[RUN].room(len(value))
        return list(value)

    return read


def _name_or_partial(node: Name) -> Code:
    return _partial(node) if node.name == "partial" else _name(node)


def _path(node: Path) -> Code:
    base, name = compile_node(node.base), node.name

    def read(scope: Scope) -> Any:
        value = base(scope)
        if type(value) is dict and name in value:
            return value[name]
        return read_property(value, name, scope[RUN])

    return read


def _filter(node: Filter) -> Code:
    base = _name(node.base) if type(node.base) is Name else compile_node(node.base)
    return filter_code(base, compile_node(node.condition), node.condition)


def _call(node: Call) -> Code:
    arguments = [compile_node(argument) for argument in node.arguments]
    function = compile_node(node.function)
    if node.names is not None:
        names = node.names
        twice = len(set(names)) < len(names)

        def call_named(scope: Scope) -> Any:
            values = [argument(scope) for argument in arguments]
            run = scope[RUN]
            if twice:
                return run.warn("An argument is given twice.")
            return invoke(function(scope), run, [], dict(zip(names, values, strict=True)))

        return call_named

    def call(scope: Scope) -> Any:
        values = [argument(scope) for argument in arguments]
        return invoke(function(scope), scope[RUN], values, None)

    return call


def _negate(node: Negate) -> Code:
    value = compile_node(node.value)
    return lambda scope: negate(value(scope), scope[RUN])


def _arithmetic(node: Arithmetic) -> Code:
    first = compile_node(node.first)
    rest = [(symbol, compile_node(operand)) for symbol, operand in node.rest]
    if len(rest) == 1:
        return calculation(first, *rest[0])

    def chain(scope: Scope) -> Any:
        value = first(scope)
        for symbol, operand in rest:
            value = combine(value, operand(scope), symbol, scope[RUN])
        return value

    return chain


def _compare(node: Compare) -> Code:
    left, right, symbol = compile_node(node.left), compile_node(node.right), node.operator
    if type(node.right) is Literal and type(node.right.value) in (Decimal, str, bool):
        fast = comparison_with_constant(left, symbol, node.right.value)
        if fast is not None:
            return fast
    return comparison(left, symbol, right)


def _between(node: Between) -> Code:
    value, low, high = (compile_node(each) for each in (node.value, node.low, node.high))

    def answer(scope: Scope) -> Any:
        middle = value(scope)
        above = compare(middle, low(scope), ">=", scope[RUN])
        below = compare(middle, high(scope), "<=", scope[RUN])
        return both(above, below)

    return answer


def _in(node: In) -> Code:
    value = compile_node(node.value)
    tests = [compile_test(test, compile_node, cell=False) for test in node.tests]

    def answer(scope: Scope) -> Any:
        subject = value(scope)
        unknown = False
        for test in tests:
            passed = test(subject, scope)
            if passed:
                return True
            unknown = unknown or passed is None
        return None if unknown else False

    return answer


def _instance_of(node: InstanceOf) -> Code:
    value, type_ = compile_node(node.value), node.type

    def answer(scope: Scope) -> Any:
        subject = value(scope)
        if not type_.known or _bare(type_):
            return scope[RUN].warn('There is no type "%(type)s".', type=Phrase(type_.name))
        if subject is None:
            return type_.name == "Null"
        return conforms(subject, type_)

    return answer


def _bare(type_: Type) -> bool:
    """Whether it is a list, context and so on of nobody knows what."""
    return type_.name in BARE and type_.of is None and not type_.entries and type_.check is None


def _and(node: And) -> Code:
    return logic([compile_node(part) for part in node.parts], False)


def _or(node: Or) -> Code:
    return logic([compile_node(part) for part in node.parts], True)


def _if(node: If) -> Code:
    condition, yes, no = (compile_node(each) for each in (node.condition, node.yes, node.no))

    def choose(scope: Scope) -> Any:
        answer = condition(scope)
        if answer is True:
            return yes(scope)
        not_boolean(answer, scope)
        return no(scope)

    return choose


def _for(node: For) -> Code:
    iterations = [(each.name, *_sources(each.first, each.last)) for each in node.iterations]
    return compile_for(iterations, compile_node(node.body), _mentions(node.body, "partial"))


def _quantified(node: Quantified) -> Code:
    iterations = [(each.name, *_sources(each.first, each.last)) for each in node.iterations]
    return compile_quantified(iterations, compile_node(node.condition), node.every)


def _sources(first: Node, last: Node | None) -> tuple[Code, Code | None]:
    return compile_node(first), None if last is None else compile_node(last)


def _mentions(node: Node, name: str) -> bool:
    return any(type(each) is Name and each.name == name for each in walk(node))


def _list(node: ListOf) -> Code:
    entries = [compile_node(entry) for entry in node.entries]

    def build(scope: Scope) -> Any:
        scope[RUN].spend(len(entries))
        return [entry(scope) for entry in entries]

    return build


def _context(node: ContextOf) -> Code:
    entries = [(name, compile_node(value)) for name, value in node.entries]
    twice = len({name for name, _ in entries}) < len(entries)

    def build(scope: Scope) -> Any:
        if twice:
            return scope[RUN].warn("A context has two entries of the same name.")
        inner = dict(scope)
        made: dict[str, Any] = {}
        for name, value in entries:
            inner[name] = made[name] = value(inner)
        return made

    return build


def _function(node: FunctionOf) -> Code:
    parameters, types = node.parameters, node.types
    if node.external:
        return external(parameters, compile_node(node.body))
    body = compile_node(node.body)
    return lambda scope: written_function("function", parameters, types, body, scope)


def _range(node: RangeOf) -> Code:
    low, high, low_in, high_in = (
        compile_node(node.low),
        compile_node(node.high),
        node.low_closed,
        node.high_closed,
    )
    return lambda scope: range_of(low(scope), high(scope), low_in, high_in, scope[RUN])


def _test(node: Test) -> Code:
    operand = compile_node(node.operand)
    return lambda scope: test_range(node.operator, operand(scope), scope[RUN])


def _any(node: AnyValue) -> Code:
    return lambda scope: scope[RUN].warn("The dash is only a test, not a value.")


_COMPILERS: dict[type, Callable[[Any], Code]] = {
    Literal: _literal,
    Name: _name_or_partial,
    Path: _path,
    Filter: _filter,
    Call: _call,
    Negate: _negate,
    Arithmetic: _arithmetic,
    Compare: _compare,
    Between: _between,
    In: _in,
    InstanceOf: _instance_of,
    And: _and,
    Or: _or,
    If: _if,
    For: _for,
    Quantified: _quantified,
    ListOf: _list,
    ContextOf: _context,
    FunctionOf: _function,
    RangeOf: _range,
    Test: _test,
    AnyValue: _any,
}
