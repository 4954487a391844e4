"""Decision tables, compiled (DMN 1.5 §8)."""

from collections.abc import Callable, Sequence
from typing import Any

from jiedan.dmn.case import Case
from jiedan.dmn.definitions import InputClause, OutputClause, Table, Text
from jiedan.dmn.errors import TooManyRules
from jiedan.dmn.hits import aggregate, agreed, rank, unique
from jiedan.dmn.results import FiredRule
from jiedan.dmn.table_index import ColumnIndex, constant_cell, rows_of
from jiedan.feel.errors import Phrase
from jiedan.feel.expression import UnaryTests
from jiedan.feel.nodes import Literal
from jiedan.feel.run import Run
from jiedan.feel.types import Type, coerce
from jiedan.feel.values import RUN, Code, Scope

MAX_RULES = 5000
"""The index of a table grows with the square of its rules."""
LISTS = frozenset({"COLLECT", "RULE ORDER", "OUTPUT ORDER"})


class TableMaker:
    """What a table needs of the model: how its texts become code."""

    def __init__(
        self,
        expression: Callable[[Text], Code],
        tests: Callable[[str], UnaryTests],
        resolve: Callable[[str | None], Type | None],
        allowed: Callable[[str | None], str | None],
    ) -> None:
        self.expression = expression
        self.tests = tests
        self.resolve = resolve
        self.allowed = allowed
        """Name of a type → its allowed values."""


def normal_policy(table: Table) -> str:
    """The hit policy by its long name; letters as in UNIQUE or U."""
    short = {
        "U": "UNIQUE",
        "A": "ANY",
        "P": "PRIORITY",
        "F": "FIRST",
        "C": "COLLECT",
        "R": "RULE ORDER",
        "O": "OUTPUT ORDER",
    }
    return short.get(table.hit_policy, table.hit_policy)


class CompiledTable:
    """A decision table ready to decide."""

    def __init__(self, table: Table, name: str, maker: TableMaker) -> None:
        if len(table.rules) > MAX_RULES:
            raise TooManyRules(limit=MAX_RULES, decision=name, rules=len(table.rules))
        self.table = table
        self.name = name
        self.policy = normal_policy(table)
        self._inputs = [_Column(clause, place, table, maker) for place, clause in _placed(table)]
        self._outputs = [_Output(clause, maker) for clause in table.outputs]
        self._names = [clause.name or name for clause in table.outputs]
        self._answers = [
            [
                maker.expression(answer) if answer.text.strip() else _nothing
                for answer in rule.answers
            ]
            for rule in table.rules
        ]
        self._everything = (1 << len(table.rules)) - 1

    def decide(self, scope: Scope) -> Any:
        """The table's answer in the scope; the rules that fired are noted in the Case."""
        run: Run = scope[RUN]
        run.spend(1 + len(self._inputs))
        values: list[Any] = []
        for column in self._inputs:
            value = column.read(scope)
            if column.allowed is not None and not column.allows(value, scope):
                return run.warn(
                    '"%(value)s" is not one of the allowed values of "%(input)s".',
                    value=str(value)[:80],
                    input=column.text,
                )
            values.append(value)
        inner = scope
        if any(column.about_value for column in self._inputs):
            inner = dict(scope)
        rows = rows_of(self._matching(values, inner))
        if not rows:
            return self._default(scope)
        return self._answer(rows, values, scope)

    def _matching(self, values: list[Any], scope: Scope) -> int:
        mask = self._everything
        for column, value in zip(self._inputs, values, strict=True):
            mask &= column.candidates(value, mask, scope)
            if not mask:
                return 0
        for column, value in zip(self._inputs, values, strict=True):
            mask = column.ask(value, mask, scope)
        return mask

    def _answer(self, rows: list[int], values: list[Any], scope: Scope) -> Any:
        if self.policy == "FIRST":
            rows = rows[:1]
        run: Run = scope[RUN]
        run.spend(len(rows))
        parts = [self._parts(row, scope) for row in rows]
        if self.policy in ("PRIORITY", "OUTPUT ORDER"):
            order = rank(parts, [output.order(scope) for output in self._outputs])
            if self.policy == "PRIORITY":
                order = order[:1]
            rows, parts = [rows[place] for place in order], [parts[place] for place in order]
        answers = [self._shape(part) for part in parts]
        self._note(rows, parts, values, run)
        if self.policy == "UNIQUE":
            return unique(self.name, rows, answers)
        if self.policy == "ANY":
            return agreed(self.name, rows, answers, run)
        if self.policy == "COLLECT" and self.table.aggregation in ("SUM", "MIN", "MAX", "COUNT"):
            return aggregate(answers, self.table.aggregation, run)
        return answers if self.policy in LISTS else answers[0]

    def _parts(self, row: int, scope: Scope) -> tuple[Any, ...]:
        given = [answer(scope) for answer in self._answers[row]]
        given += [None] * (len(self._outputs) - len(given))
        return tuple(
            output.fit(value, scope) for output, value in zip(self._outputs, given, strict=False)
        )

    def _shape(self, parts: tuple[Any, ...]) -> Any:
        if len(self._outputs) <= 1:
            return parts[0] if parts else None
        return dict(zip(self._names, parts, strict=True))

    def _note(
        self, rows: list[int], parts: Sequence[tuple[Any, ...]], values: list[Any], run: Run
    ) -> None:
        if not isinstance(run, Case):
            return
        inputs = {column.text: value for column, value in zip(self._inputs, values, strict=True)}
        for row, given in zip(rows, parts, strict=True):
            rule = self.table.rules[row]
            outputs = dict(zip(self._names, given, strict=True))
            run.fired.append(
                FiredRule(row + 1, rule.id, rule.annotation, inputs, outputs, run.decision)
            )

    def _default(self, scope: Scope) -> Any:
        if any(output.default is not None for output in self._outputs):
            parts = tuple(
                None if output.default is None else output.default(scope)
                for output in self._outputs
            )
            return self._shape(parts)
        run: Run = scope[RUN]
        return run.warn('No rule of "%(decision)s" matches.', decision=self.name)


def _nothing(scope: Scope) -> None:
    return None


def _placed(table: Table) -> list[tuple[int, InputClause]]:
    return list(enumerate(table.inputs))


class _Column:
    """A column of conditions."""

    def __init__(self, clause: InputClause, place: int, table: Table, maker: TableMaker) -> None:
        self.text = clause.expression.text.strip()
        self.read = maker.expression(clause.expression) if self.text else _nothing
        self.allowed = maker.tests(clause.allowed) if clause.allowed else None
        texts = [
            rule.tests[place].strip() if place < len(rule.tests) else "" for rule in table.rules
        ]
        self._tests = [maker.tests(text or "-") for text in texts]
        self._index = ColumnIndex([constant_cell(test.node) for test in self._tests])
        self.about_value = self.allowed is not None or bool(self._index.asked)

    def allows(self, value: Any, scope: Scope) -> bool:
        """Whether the value is one of the allowed ones; a missing one is for the rules to judge."""
        if value is None:
            return True
        assert self.allowed is not None
        if type(value) is list:
            return all(self.allows(entry, scope) for entry in value)
        return self.allowed.passes(value, {**scope, "?": value}) is True

    def candidates(self, value: Any, mask: int, scope: Scope) -> int:
        """The rules of the mask whose cell matches or must be asked."""
        found = self._index.lookup(value)
        if found is not None:
            return found
        scope = {**scope, "?": value}
        kept = 0
        for row in rows_of(mask):
            if self._tests[row].passes(value, scope) is True:
                kept |= 1 << row
        return kept

    def ask(self, value: Any, mask: int, scope: Scope) -> int:
        """The mask without the rules whose cell, when asked, does not match."""
        asked = mask & self._index.asked
        if asked:
            run: Run = scope[RUN]
            scope["?"] = value
            for row in rows_of(asked):
                run.spend()
                if self._tests[row].passes(value, scope) is not True:
                    mask ^= 1 << row
        return mask


class _Output:
    """A column of answers."""

    def __init__(self, clause: OutputClause, maker: TableMaker) -> None:
        self.clause = clause
        self.type = maker.resolve(clause.type)
        self.default = maker.expression(clause.default) if clause.default else None
        self._order: list[Code] = []
        allowed = clause.allowed or maker.allowed(clause.type)
        if allowed is not None:
            for test in maker.tests(allowed).node.tests:
                if isinstance(test, Literal):
                    value = test.value
                    self._order.append(lambda scope, value=value: value)  # type: ignore[misc]

    def order(self, scope: Scope) -> list[Any] | None:
        """The allowed values, the most important first."""
        return [read(scope) for read in self._order] or None

    def fit(self, value: Any, scope: Scope) -> Any:
        """The value as the column's type; null and a warning when it is none."""
        if self.type is None:
            return value
        fitted, fits = coerce(value, self.type)
        if not fits:
            run: Run = scope[RUN]
            return run.warn("The answer of a rule must be a %(type)s.", type=Phrase(self.type.name))
        return fitted
