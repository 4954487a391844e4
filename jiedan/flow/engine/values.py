"""Variables: scopes that hold them, and the JSON-safe values that may be put into them.

A stored value is never changed in place: whoever writes replaces the whole variable. That is why
scopes, branches and saved states may share nested lists and contexts without copying.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any


class Scope:
    """The variables of an instance, a subprocess, a multi-instance item or a single task."""

    __slots__ = ("barrier", "parent", "values")

    def __init__(
        self,
        values: dict[str, Any] | None = None,
        parent: Scope | None = None,
        barrier: bool = False,
    ) -> None:
        self.values: dict[str, Any] = {} if values is None else values
        self.parent = parent
        self.barrier = barrier  # writes from within stay within

    def visible(self) -> dict[str, Any]:
        """Everything that can be read from here; do not change it."""
        if self.parent is None:
            return self.values
        if not self.values:
            return self.parent.visible()
        return {**self.parent.visible(), **self.values}

    def assign(self, name: str, value: Any) -> None:
        """Write to the nearest scope that has the variable, else to the outermost one."""
        scope = self
        while scope.parent is not None and not scope.barrier and name not in scope.values:
            scope = scope.parent
        scope.values[name] = value

    def assign_all(self, values: Mapping[str, Any]) -> None:
        if self.parent is None:
            self.values.update(values)
        else:
            for name, value in values.items():
                self.assign(name, value)

    def assign_path(self, path: str, value: Any) -> None:
        """Write to `name` or `name.inner.inner`, leaving the contexts on the way unshared."""
        name, *inner = path.strip().split(".")
        if inner:
            value = _with_entry(self.visible().get(name), inner, value)
        self.assign(name, value)


def _with_entry(context: Any, path: list[str], value: Any) -> dict[str, Any]:
    changed = dict(context) if isinstance(context, dict) else {}
    if len(path) > 1:
        value = _with_entry(changed.get(path[0]), path[1:], value)
    changed[path[0]] = value
    return changed


def set_entry(context: dict[str, Any], path: str, value: Any) -> None:
    """Set `name` or `name.inner` in a context of our own."""
    name, *inner = path.strip().split(".")
    context[name] = _with_entry(context.get(name), inner, value) if inner else value


class Copies(Mapping[str, Any]):
    """Variables for somebody outside: each is copied when it is first asked for.

    Rounds over a long list each see the list; few look at it.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._copied: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._copied:
            self._copied[name] = plain(self._values[name])
        return self._copied[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


_SCALARS = frozenset({str, int, bool, float, type(None)})


MAX_DEPTH = 100


class NestedTooDeep(ValueError):
    """The variables are nested too deeply."""


def plain(value: Any, depth: int = 0) -> Any:
    """A JSON-safe copy: whole Decimals become int, others float, dates and times ISO text.

    Raises NestedTooDeep.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if depth > MAX_DEPTH:
        raise NestedTooDeep
    depth += 1
    if kind is dict:
        return {
            name if type(name) is str else str(name): item
            if type(item) in _SCALARS
            else plain(item, depth)
            for name, item in value.items()
        }
    if kind is list or kind is tuple:
        return [item if type(item) in _SCALARS else plain(item, depth) for item in value]
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return plain(dict(value), depth - 1)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth) for item in value]
    for scalar in (bool, int, float, str):  # enums and other subclasses
        if isinstance(value, scalar):
            return scalar(value)
    return str(value)


def _number(value: Decimal) -> int | float | str:
    if not value.is_finite():
        return str(value)
    return int(value) if value == value.to_integral_value() else float(value)
