"""Variables: scopes that hold them, and the JSON-safe values that may be put into them.

A stored value is never changed in place: whoever writes replaces the whole variable. That is why
scopes, branches and saved states may share nested lists and contexts without copying.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID


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


_SCALARS = frozenset({str, int, bool, float, type(None)})


def plain(value: Any) -> Any:
    """A JSON-safe copy: whole Decimals become int, others float, dates and times ISO text."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return {
            name if type(name) is str else str(name): item
            if type(item) in _SCALARS
            else plain(item)
            for name, item in value.items()
        }
    if kind is list or kind is tuple:
        return [item if type(item) in _SCALARS else plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (UUID,)):
        return str(value)
    if isinstance(value, (str, int, float)):  # enums and other subclasses
        return kind.__mro__[-2](value) if kind.__mro__[-2] in _SCALARS else str(value)
    return str(value)
