"""Which names an expression reads from outside."""

from jiedan.feel.builtins import BUILTINS
from jiedan.feel.nodes import (
    ContextOf,
    Filter,
    For,
    FunctionOf,
    In,
    Iteration,
    Name,
    Node,
    Quantified,
)

Names = frozenset[str]


def read_names(node: Node) -> tuple[Names, Names]:
    """The names surely read from outside, and those that a filter may find in its entries."""
    certain: set[str] = set()
    possible: set[str] = set()
    _collect(node, frozenset(), False, certain, possible)
    return frozenset(certain), frozenset(possible - certain)


def _collect(
    node: Node, bound: Names, filtered: bool, certain: set[str], possible: set[str]
) -> None:
    if isinstance(node, Name):
        if node.name not in bound:
            if filtered or node.name in BUILTINS:
                possible.add(node.name)
            else:
                certain.add(node.name)
        return
    if isinstance(node, For | Quantified):
        inner = _iterations(node.iterations, bound, filtered, certain, possible)
        if isinstance(node, For):
            _collect(node.body, inner | {"partial"}, filtered, certain, possible)
        else:
            _collect(node.condition, inner, filtered, certain, possible)
        return
    if isinstance(node, ContextOf):
        for name, value in node.entries:
            within = bound | {name} if isinstance(value, FunctionOf) else bound
            _collect(value, within, filtered, certain, possible)
            bound |= {name}
        return
    if isinstance(node, FunctionOf):
        if not node.external:
            _collect(node.body, bound | set(node.parameters), filtered, certain, possible)
        return
    if isinstance(node, Filter):
        _collect(node.base, bound, filtered, certain, possible)
        _collect(node.condition, bound | {"item"}, True, certain, possible)
        return
    if isinstance(node, In):
        _collect(node.value, bound, filtered, certain, possible)
        for test in node.tests:
            _collect(test, bound | {"?"}, filtered, certain, possible)
        return
    for child in node.children():
        _collect(child, bound, filtered, certain, possible)


def _iterations(
    iterations: tuple[Iteration, ...],
    bound: Names,
    filtered: bool,
    certain: set[str],
    possible: set[str],
) -> Names:
    for each in iterations:
        _collect(each.first, bound, filtered, certain, possible)
        if each.last is not None:
            _collect(each.last, bound, filtered, certain, possible)
        bound |= {each.name}
    return bound
