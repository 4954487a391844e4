"""Lets dataclasses write their methods when they are first called, so that a start is quick.

A frozen dataclass has six methods written as text and compiled one by one when its module is
imported; hundreds of them are a fifth of the time to the first answer, and a process calls few.
From Python 3.13 on the library compiles them together, and this does nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

Write = Callable[..., Callable[..., Any]]


def hasten_dataclasses() -> None:
    """To be called by a command before it imports what it runs."""
    write: Write | None = getattr(dataclasses, "_create_fn", None)
    if write is not None and not hasattr(write, "deferred"):
        dataclasses._create_fn = deferred(write)  # type: ignore[attr-defined]


def deferred(write: Write) -> Write:
    """Like `write`, which makes a method from its text, but makes it at its first call."""

    def note(name: str, *text: Any, **surroundings: Any) -> Callable[..., Any]:
        def first_call(value: Any, /, *given: Any, **named: Any) -> Any:
            method = write(name, *text, **surroundings)
            for owner in type(value).__mro__:
                if owner.__dict__.get(name) is first_call:
                    method.__qualname__ = first_call.__qualname__
                    setattr(owner, name, method)
            return method(value, *given, **named)

        first_call.__name__ = name
        return first_call

    note.deferred = True  # type: ignore[attr-defined]
    return note
