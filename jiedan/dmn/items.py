"""Item definitions as FEEL types with their constraints (DMN 1.5 §7.3.2)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jiedan.dmn.definitions import Item
from jiedan.feel.expression import UnaryTests, compile_unary_tests
from jiedan.feel.run import Run
from jiedan.feel.types import ANY, Type, conforms, find_type
from jiedan.feel.values import RUN


class ItemTypes(dict[str, Type]):
    """The types of a model by name; an item definition becomes a type when it is first asked for.

    Item definitions may name one another in any order; one that contains itself ends in Any.
    """

    def __init__(self, items: Iterable[Item], imported: Mapping[str, Type]) -> None:
        super().__init__(imported)
        self._items = {item.name: item for item in items}
        self._open: set[str] = set()
        for name in self._items:
            self.resolve(name)

    def resolve(self, name: str | None) -> Type | None:
        """The type of that name; None for no name and for one that nobody defines."""
        if name is None:
            return None
        if name not in self and name in self._items:
            if name in self._open:
                return ANY
            self._open.add(name)
            self[name] = self._make(self._items[name])
            self._open.discard(name)
        found = find_type(name, self)
        return found if found.known else None

    def allowed(self, name: str | None) -> str | None:
        """The allowed values of a simple item definition, the most important first."""
        item = self._items.get(name or "")
        if item is None or item.components or item.function is not None:
            return None
        return item.allowed or self.allowed(item.type if item.type != name else None)

    def _make(self, item: Item) -> Type:
        if item.function is not None:
            parameters, result = item.function
            made = Type(
                "function",
                of=self.resolve(result) or ANY,
                entries=tuple((each.name, self.resolve(each.type) or ANY) for each in parameters),
            )
        elif item.components:
            made = Type(
                "context", entries=tuple((part.name, self._make(part)) for part in item.components)
            )
        else:
            made = self.resolve(item.type) or ANY
        made = _constrained(made, _checker(item.allowed), each=True)
        if item.is_list:
            made = Type("list", of=made)
        return _constrained(made, _checker(item.constraint), each=False)


def _checker(text: str | None) -> UnaryTests | None:
    return None if text is None else compile_unary_tests(text)


def _constrained(type_: Type, tests: UnaryTests | None, *, each: bool) -> Type:
    """The type with a constraint; `each`: it may hold for each entry of a list instead."""
    if tests is None:
        return type_
    wanted: UnaryTests = tests

    def check(value: Any) -> bool:
        if not conforms(value, type_):
            return False
        if wanted.passes(value, {RUN: Run(), "?": value}) is True:
            return True
        return (
            each
            and type(value) is list
            and all(wanted.passes(entry, {RUN: Run(), "?": entry}) is True for entry in value)
        )

    return Type(type_.name, type_.of, type_.entries, _all(type_.check, check), type_.known)


def _all(
    first: Callable[[Any], bool] | None, second: Callable[[Any], bool]
) -> Callable[[Any], bool]:
    if first is None:
        return second
    return lambda value: first(value) and second(value)


def component_names(items: Iterable[Item]) -> Iterator[str]:
    """The names of all components, which expressions use behind a dot."""
    for item in items:
        for part in item.components:
            yield part.name
        yield from component_names(item.components)
