"""What a foreign expression says, as a small tree that no language owns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from jiedan.core.i18n import LazyText


class Language(Enum):
    """How the text is read; scripts are JavaScript and Groovy as far as they agree."""

    JUEL = "juel"
    PYTHON = "python"
    SCRIPT = "script"


class NotFeel(ValueError):
    """The text has no clear meaning in FEEL; `reason` says why, in the reader's language."""

    def __init__(self, reason: LazyText) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Node:
    """A part of an expression."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Null(Node):
    """`null`, `None`."""


@dataclass(frozen=True, slots=True)
class Truth(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class Number(Node):
    text: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Joined(Node):
    """Text with expressions in it: `Order ${number}`, `f"Order {number}"`."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`order.total`, `order['total']`."""

    of: Node
    name: str


@dataclass(frozen=True, slots=True)
class Item(Node):
    """`rows[0]`, counted from 0."""

    of: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`of.name(…)`, or a function without `of`; `named` are Python's keyword arguments."""

    of: Node | None
    name: str
    arguments: tuple[Node, ...]
    named: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-`, `not`, `empty`."""

    sign: str
    of: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`or and = != < <= > >= + - * / % // ** in`."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """One of two values by a condition."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapOf(Node):
    entries: tuple[tuple[str, Node], ...]
