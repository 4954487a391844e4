"""Writes the tree of a foreign expression as FEEL, or says what has no clear meaning there."""

from __future__ import annotations

import json
import re

from jiedan.core.i18n import LazyText, lazy
from jiedan.flow.importing.calls import Written, as_expression, written_call
from jiedan.flow.importing.lexing import LONGEST
from jiedan.flow.importing.syntax import (
    Binary,
    Call,
    Choice,
    Item,
    Joined,
    Language,
    ListOf,
    MapOf,
    Member,
    Name,
    Node,
    NotFeel,
    Null,
    Number,
    Text,
    Truth,
    Unary,
)

LOOSEST, OR, AND, COMPARED, SUM, PRODUCT, POWER, ATOM = range(8)
_LEVEL = {
    **{"or": OR, "and": AND},
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), COMPARED),
    **{"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "**": POWER},
}
_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_WORDS = frozenset(
    {
        *("if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "between"),
        *("and", "or", "not", "null", "true", "false", "instance", "of", "function", "external"),
    }
)
_ENGINE = frozenset(
    {
        *(
            "execution",
            "task",
            "externalTask",
            "delegateExecution",
            "delegateTask",
            "historyService",
        ),
        *("runtimeService", "taskService", "authenticatedUserId", "processEngine", "caseExecution"),
        *("historyService", "connector", "self", "this"),
        *("identityService", "formService", "repositoryService"),
    }
)
_COUNTS = {
    "nrOfInstances": "numberOfInstances",
    "nrOfCompletedInstances": "numberOfCompletedInstances",
    "nrOfActiveInstances": "numberOfActiveInstances",
}
EMPTY = '[null, "", [], {}]'


def write(node: Node, language: Language) -> tuple[str, tuple[LazyText, ...]]:
    """FEEL for the tree, and what it takes for granted. Raises NotFeel."""
    writer = _Writer(language)
    text = writer.put(node, LOOSEST)
    return text, tuple(writer.assumed.values())


class _Writer:
    def __init__(self, language: Language) -> None:
        self.language = language
        self.assumed: dict[str, LazyText] = {}

    def assume(self, what: LazyText) -> None:
        self.assumed.setdefault(str(what), what)

    def put(self, node: Node, around: int) -> str:
        """The text, in brackets where its surroundings bind as tightly or tighter."""
        text, level = self.text(node)
        if len(text) > LONGEST:
            raise NotFeel(lazy("It is longer than %(limit)s characters.", limit=LONGEST))
        return f"({text})" if level < around else text

    def text(self, node: Node) -> Written:
        match node:
            case Null():
                return "null", ATOM
            case Truth(value):
                return ("true" if value else "false"), ATOM
            case Number(text):
                return (f"0{text}" if text.startswith(".") else text), ATOM
            case Text(value):
                return quoted(value), ATOM
            case Joined(parts):
                return self.joined(parts), ATOM
            case Name(name):
                return self.name(name)
            case Member(of, name):
                return self.member(of, name)
            case Item(of, index):
                return self.item(of, index)
            case Call():
                return written_call(self, node)
            case Unary("not", of):
                return self.denied(of)
            case Unary("empty", of):
                return f"list contains({EMPTY}, {self.put(of, LOOSEST)})", ATOM
            case Unary(_, of):
                return f"-{self.put(of, ATOM)}", POWER
            case Binary():
                return self.binary(node)
            case Choice(condition, then, otherwise):
                return (
                    f"if {self.put(condition, OR)} then {self.put(then, OR)} "
                    f"else {self.put(otherwise, LOOSEST)}"
                ), LOOSEST
            case ListOf(items):
                return f"[{', '.join(self.put(one, LOOSEST) for one in items)}]", ATOM
            case MapOf(entries):
                inside = (f"{quoted(key)}: {self.put(one, LOOSEST)}" for key, one in entries)
                return f"{{{', '.join(inside)}}}", ATOM
        raise NotFeel(lazy("It has no counterpart in FEEL."))

    # --- names -----------------------------------------------------------------------------------
    def name(self, name: str) -> Written:
        if name in _ENGINE:
            raise NotFeel(lazy("“%(name)s” is an object of the other engine.", name=name))
        if name in _WORDS:
            raise NotFeel(
                lazy("“%(name)s” is a word of FEEL and cannot name a variable.", name=name)
            )
        if self.language is not Language.PYTHON:
            if name == "loopCounter":
                return "loopCounter - 1", SUM  # they count from 0, we from 1
            name = _COUNTS.get(name, name)
        return name, ATOM

    def member(self, of: Node, name: str) -> Written:
        if isinstance(of, Name) and of.name in _ENGINE:
            raise NotFeel(lazy("“%(name)s” is an object of the other engine.", name=of.name))
        if _PLAIN_NAME.fullmatch(name) and name not in _WORDS:
            return f"{self.put(of, ATOM)}.{name}", ATOM
        return f"get value({self.put(of, LOOSEST)}, {quoted(name)})", ATOM

    def item(self, of: Node, index: Node) -> Written:
        match index:
            case Number(text) if text.isdigit():
                return f"{self.put(of, ATOM)}[{int(text) + 1}]", ATOM
            case Unary("-", Number(text)) if self.language is Language.PYTHON and text.isdigit():
                return f"{self.put(of, ATOM)}[-{int(text)}]", ATOM
        raise NotFeel(lazy("What is in the square brackets may be a number or a name."))

    def joined(self, parts: tuple[Node, ...]) -> str:
        said = (
            quoted(one.value) if isinstance(one, Text) else f"string({self.put(one, LOOSEST)})"
            for one in parts
        )
        return f"string join([{', '.join(said)}])"

    # --- operators -------------------------------------------------------------------------------
    def binary(self, node: Binary) -> Written:
        sign, left, right = node.sign, node.left, node.right
        if sign in ("and", "or"):
            self.need_truths(left, right)
        if sign == "in":
            return self.contained(left, right)
        if sign == "%":
            return self.remainder(left, right)
        if sign == "//":
            return f"floor({self.put(left, PRODUCT)} / {self.put(right, POWER)})", ATOM
        if sign == "+" and self.language is not Language.PYTHON and _is_text(left, right):
            return self.joined(_flat(left) + _flat(right)), ATOM
        if sign in ("==", "!=") and (said := self.compared_with_truth(node)):
            return said
        level = _LEVEL[sign]
        # Comparisons do not chain; what is taken away or divided by keeps its brackets.
        left_level = level + 1 if level in (COMPARED, POWER) else level
        right_level = level if sign in ("and", "or") else level + 1
        feel = {"==": "="}.get(sign, sign)
        return f"{self.put(left, left_level)} {feel} {self.put(right, right_level)}", level

    def need_truths(self, *sides: Node) -> None:
        if self.language is Language.JUEL:
            return
        for one in sides:
            if not is_truth(one):
                self.taken_for_truth(one)

    def taken_for_truth(self, node: Node) -> None:
        if isinstance(node, (Text, Number, Null, ListOf, MapOf, Joined)):
            raise NotFeel(lazy("A value stands where true or false is meant."))
        self.assume(
            lazy("“%(value)s” is taken to be true or false.", value=self.put(node, LOOSEST))
        )

    def denied(self, of: Node) -> Written:
        """Nothing counts as false here: what is denied holds whenever the inner is not true."""
        match of:
            case Truth(value):
                return self.text(Truth(not value))
            case Unary("not", inner) if is_truth(inner):
                return self.text(inner)
            case Unary("not", inner):
                return f"{self.put(inner, SUM)} = true", COMPARED
            case Binary("==", left, right):
                return self.text(Binary("!=", left, right))
            case Binary("!=", left, right):
                return self.text(Binary("==", left, right))
            case Call() if (said := as_expression(of)) is not None:
                return self.denied(said)
            case Unary("empty") | Binary("in"):
                return f"not({self.put(of, LOOSEST)})", ATOM
        if self.language is not Language.JUEL and not is_truth(of):
            self.taken_for_truth(of)
        return f"{self.put(of, SUM)} != true", COMPARED

    def compared_with_truth(self, node: Binary) -> Written | None:
        """JUEL: a truth compared with the text 'true' is compared as text."""
        if self.language is not Language.JUEL:
            return None
        for value, text in ((node.left, node.right), (node.right, node.left)):
            named = isinstance(value, (Name, Member))
            if named and isinstance(text, Text) and text.value in ("true", "false"):
                sign = "=" if node.sign == "==" else "!="
                return f"string({self.put(value, LOOSEST)}) {sign} {quoted(text.value)}", COMPARED
        return None

    def contained(self, left: Node, right: Node) -> Written:
        if isinstance(right, ListOf):
            return f"list contains({self.put(right, LOOSEST)}, {self.put(left, LOOSEST)})", ATOM
        if isinstance(right, Text):
            return f"contains({quoted(right.value)}, {self.put(left, LOOSEST)})", ATOM
        if isinstance(right, (Name, Member)):
            whole = self.put(right, LOOSEST)
            self.assume(lazy("“%(value)s” is taken to be a list.", value=whole))
            return f"list contains({whole}, {self.put(left, LOOSEST)})", ATOM
        raise NotFeel(lazy("It has no counterpart in FEEL."))

    def remainder(self, left: Node, right: Node) -> Written:
        if isinstance(left, (Text, Joined)):
            raise NotFeel(lazy("A text with expressions in it is not converted."))
        if self.language is Language.PYTHON:
            return f"modulo({self.put(left, LOOSEST)}, {self.put(right, LOOSEST)})", ATOM
        # There the sign of the dividend counts, in FEEL's modulo that of the divisor.
        one, other = self.put(left, PRODUCT), self.put(right, POWER)
        return f"{self.put(left, SUM)} - {other} * round down({one} / {other}, 0)", SUM


def is_truth(node: Node) -> bool:
    """Whether a part can only be true or false."""
    match node:
        case Truth() | Unary("not" | "empty"):
            return True
        case Binary(sign):
            return sign in ("==", "!=", "<", "<=", ">", ">=", "and", "or", "in")
        case Call(_, "equals" | "isEmpty" | "startsWith" | "endsWith" | "startswith" | "endswith"):
            return True
    return False


def quoted(text: str) -> str:
    """A FEEL text."""
    return json.dumps(text, ensure_ascii=False)


def _is_text(*sides: Node) -> bool:
    return any(
        isinstance(one, (Text, Joined))
        or (isinstance(one, Binary) and one.sign == "+" and _is_text(one.left, one.right))
        for one in sides
    )


def _flat(node: Node) -> tuple[Node, ...]:
    """The parts of added-up texts."""
    if isinstance(node, Joined):
        return node.parts
    if isinstance(node, Binary) and node.sign == "+" and _is_text(node.left, node.right):
        return _flat(node.left) + _flat(node.right)
    return (node,)
