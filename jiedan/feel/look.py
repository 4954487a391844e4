"""Looks at an expression without evaluating it: what it reads, what it gives, what cannot work."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from jiedan.feel.builtins import BUILTINS
from jiedan.feel.errors import FeelWarning, Phrase
from jiedan.feel.expression import Expression, UnaryTests, compile_expression, compile_unary_tests
from jiedan.feel.inference import Inference, own_names
from jiedan.feel.nodes import Call, Compare, Name, Node, Path, walk
from jiedan.feel.types import Type


@dataclass(frozen=True, slots=True)
class Look:
    """What can be said about an expression from its text."""

    names: frozenset[str]
    """Names that it reads from outside; functions that it calls are not among them."""
    paths: frozenset[str]
    """What it reads behind those names, e.g. customer.name."""
    functions: frozenset[str]
    """Functions that it calls by name."""
    type: Type | None
    """Type of its result where that is sure."""
    problems: tuple[FeelWarning, ...] = field(default=())
    """What would be null each time, and names that nobody knows."""


def look_at_expression(
    text: str,
    *,
    names: Mapping[str, Type | None] | None = None,
    functions: Iterable[str] = (),
) -> Look:
    """Look at an expression. `names`: the names that exist, with their types where known; None
    when that is not known, so that no name counts as unknown. `functions`: names of functions
    besides the built-in ones. Raises FeelSyntaxError and LimitExceeded like compiling."""
    return _look(compile_expression(text, names=names or ()), names, functions)


def look_at_tests(
    text: str,
    *,
    names: Mapping[str, Type | None] | None = None,
    functions: Iterable[str] = (),
) -> Look:
    """Look at unary tests, like `look_at_expression`."""
    return _look(compile_unary_tests(text, names=names or ()), names, functions)


def _look(
    compiled: Expression | UnaryTests,
    names: Mapping[str, Type | None] | None,
    functions: Iterable[str],
) -> Look:
    node = compiled.node
    inference = Inference(names or {})
    called = frozenset(
        each.function.name
        for each in walk(node)
        if isinstance(each, Call) and isinstance(each.function, Name)
    )
    own = own_names(node)
    extra = set(functions)
    read = frozenset(compiled.names - extra)
    problems = [*_unknown_names(read - called, names), *_unknown_calls(called - own, names, extra)]
    problems += _never_true(node, inference)
    return Look(read - called, _paths(node, read), called, inference.type_of(node), tuple(problems))


def _paths(node: Node, names: frozenset[str]) -> frozenset[str]:
    found = set()
    for each in walk(node):
        steps: list[str] = []
        base: Node = each
        while isinstance(base, Path):
            steps.append(base.name)
            base = base.base
        if steps and isinstance(base, Name) and base.name in names:
            found.add(".".join([base.name, *reversed(steps)]))
    return frozenset(found)


def _unknown_names(
    read: Iterable[str], names: Mapping[str, Type | None] | None
) -> Iterable[FeelWarning]:
    if names is None:
        return
    for name in sorted(read):
        if name not in names:
            yield _unknown(name, names)


def _unknown_calls(
    called: Iterable[str], names: Mapping[str, Type | None] | None, functions: set[str]
) -> Iterable[FeelWarning]:
    for name in sorted(called):
        if name not in BUILTINS and name not in functions and (names is None or name not in names):
            yield _unknown(name, [*BUILTINS, *functions])


def _unknown(name: str, known: Iterable[str]) -> FeelWarning:
    near = get_close_matches(name, list(known), 1, 0.75)
    if near:
        return FeelWarning(
            'Nothing is called "%(name)s"; did you mean "%(meant)s"?',
            {"name": name, "meant": near[0]},
        )
    return FeelWarning('Nothing is called "%(name)s".', {"name": name})


def _never_true(node: Node, inference: Inference) -> Iterable[FeelWarning]:
    """Comparisons of types that have no order or are never equal."""
    for each in walk(node):
        if not isinstance(each, Compare):
            continue
        left, right = inference.type_of(each.left), inference.type_of(each.right)
        if left is None or right is None or left.name == right.name:
            continue
        if {left.name, right.name} & {"Any", "Null"}:
            continue
        yield FeelWarning(
            "A %(left)s cannot be compared with a %(right)s.",
            {"left": Phrase(left.name), "right": Phrase(right.name)},
        )
