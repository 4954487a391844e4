"""Boxed expressions, compiled (DMN 1.5 §7.3, §10.2)."""

from collections.abc import Iterable
from typing import Any

from jiedan.dmn.definitions import (
    Box,
    ConditionalBox,
    ContextBox,
    FilterBox,
    FunctionBox,
    InvocationBox,
    IteratorBox,
    ListBox,
    RelationBox,
    Table,
    Text,
    Variable,
)
from jiedan.dmn.errors import UnknownLanguage
from jiedan.dmn.items import ItemTypes
from jiedan.dmn.tables import CompiledTable, TableMaker
from jiedan.feel.errors import FeelError, Phrase
from jiedan.feel.expression import UnaryTests, compile_expression, compile_unary_tests
from jiedan.feel.external import external_function
from jiedan.feel.functions import invoke, written_function
from jiedan.feel.loops import compile_for, compile_quantified, filter_list, not_boolean
from jiedan.feel.run import Run
from jiedan.feel.types import Type, coerce
from jiedan.feel.values import RUN, Code, Scope

Names = frozenset[str]
_NEVER = "not(-)"


class BoxCompiler:
    """Compiles the boxed expressions of one model."""

    def __init__(
        self,
        types: ItemTypes,
        *,
        strict: bool = True,
    ) -> None:
        self.types = types
        self.resolve = types.resolve
        self.strict = strict
        self.problems: list[FeelError] = []
        """What is wrong with expressions that count as null because `strict` is off."""
        self.reads: set[str] = set()
        """All names that the expressions read."""

    def compile(self, box: Box, names: Names, title: str) -> Code:
        """The box as a function of the scope; `names` are those known in it."""
        if box is None:
            return lambda scope: scope[RUN].warn(
                '"%(decision)s" does not say how to decide.', decision=title
            )
        code = self._compile(box, names, title)
        type_ = None if isinstance(box, FunctionBox | Table) else self.resolve(box.type)
        return code if type_ is None else typed(code, type_, title)

    def _compile(self, box: Box, names: Names, title: str) -> Code:
        if isinstance(box, Text):
            return self.text(box, names)
        if isinstance(box, Table):
            return self.table(box, names, title)
        if isinstance(box, ContextBox):
            return self._context(box, names, title)
        if isinstance(box, FunctionBox):
            return self._function(box, names, title)
        if isinstance(box, InvocationBox):
            return self._invocation(box, names, title)
        if isinstance(box, ListBox):
            entries = [self.compile(entry, names, title) for entry in box.entries]
            return lambda scope: [entry(scope) for entry in entries]
        if isinstance(box, RelationBox):
            return self._relation(box, names, title)
        if isinstance(box, ConditionalBox):
            return self._conditional(box, names, title)
        if isinstance(box, FilterBox):
            return self._filter(box, names, title)
        assert isinstance(box, IteratorBox)
        return self._iterator(box, names, title)

    def text(self, box: Text, names: Iterable[str]) -> Code:
        """A literal expression."""
        if not box.text.strip():
            return lambda scope: None
        try:
            if box.language and "feel" not in box.language.lower():
                raise UnknownLanguage(language=box.language[:80])
            expression = compile_expression(box.text, names=names, types=self.types)
        except FeelError as error:
            self._problem(error)
            reason = str(error)
            return lambda scope: scope[RUN].warn("%(error)s", error=reason)
        self.reads.update(expression.reads)
        return expression.evaluate_in

    def _problem(self, error: FeelError) -> None:
        if self.strict:
            raise error
        self.problems.append(error)

    def tests(self, text: str, names: Iterable[str]) -> UnaryTests:
        """Unary tests."""
        try:
            tests = compile_unary_tests(text, names=names, types=self.types)
        except FeelError as error:
            self._problem(error)
            return compile_unary_tests(_NEVER)
        self.reads.update(tests.reads)
        return tests

    def table(self, box: Table, names: Names, title: str) -> Code:
        """A decision table."""
        maker = TableMaker(
            lambda text: self.text(text, names),
            lambda text: self.tests(text, names),
            self.resolve,
            self.types.allowed,
        )
        return CompiledTable(box, title, maker).decide

    def _context(self, box: ContextBox, names: Names, title: str) -> Code:
        entries: list[tuple[str | None, Code]] = []
        for variable, value in box.entries:
            own = names if variable is None else names | {variable.name}
            within = own if isinstance(value, FunctionBox) else names
            code = self.compile(value, within, title if variable is None else variable.name)
            if variable is not None:
                type_ = self.resolve(variable.type)
                if type_ is not None:
                    code = typed(code, type_, variable.name)
                names = own
            entries.append((variable.name if variable is not None else None, code))

        def build(scope: Scope) -> Any:
            inner = dict(scope)
            made: dict[str, Any] = {}
            for name, code in entries:
                value = code(inner)
                if name is None:
                    return value
                inner[name] = made[name] = value
            return made

        return build

    def function(
        self, box: FunctionBox, names: Names, title: str, type_: str | None = None
    ) -> Code:
        """A function definition; `type_` is that of the variable that holds it."""
        parameters = tuple(each.name for each in box.parameters)
        types = tuple(self.resolve(each.type) for each in box.parameters)
        result = self.resolve(box.type)
        if result is None or result.name == "function":
            result = self.resolve(type_)
        if result is not None and result.name == "function":
            result = result.of
        if box.kind.upper() != "FEEL":
            return _external(parameters, self.compile(box.body, frozenset(), title), title)
        body = self.compile(box.body, names | frozenset(parameters), title)
        return lambda scope: written_function(title, parameters, types, body, scope, result)

    def _function(self, box: FunctionBox, names: Names, title: str) -> Code:
        return self.function(box, names, title)

    def _invocation(self, box: InvocationBox, names: Names, title: str) -> Code:
        function = self.compile(box.function, names, title)
        bindings = [(name, self.compile(value, names, name)) for name, value in box.bindings]

        def call(scope: Scope) -> Any:
            arguments = {name: value(scope) for name, value in bindings}
            return invoke(function(scope), scope[RUN], [], arguments)

        return call

    def _relation(self, box: RelationBox, names: Names, title: str) -> Code:
        columns = [(each.name, self.resolve(each.type)) for each in box.columns]
        rows = [
            [
                self._cell(cell, column, names)
                for cell, column in zip(row, box.columns, strict=False)
            ]
            for row in box.rows
        ]

        def build(scope: Scope) -> Any:
            return [
                {name: cell(scope) for (name, _), cell in zip(columns, row, strict=False)}
                for row in rows
            ]

        return build

    def _cell(self, cell: Box, column: Variable, names: Names) -> Code:
        code = self.compile(cell, names, column.name)
        type_ = self.resolve(column.type)
        return code if type_ is None else typed(code, type_, column.name)

    def _conditional(self, box: ConditionalBox, names: Names, title: str) -> Code:
        condition, yes, no = (
            self.compile(part, names, title) for part in (box.condition, box.yes, box.no)
        )

        def choose(scope: Scope) -> Any:
            answer = condition(scope)
            if answer is True:
                return yes(scope)
            if type(answer) is not bool and answer is not None:
                return not_boolean(answer, scope)
            return no(scope)

        return choose

    def _filter(self, box: FilterBox, names: Names, title: str) -> Code:
        source = self.compile(box.source, names, title)
        match = self.compile(box.match, names | {"item"}, title)

        def choose(scope: Scope) -> Any:
            entries = source(scope)
            if type(entries) is not list:
                entries = [] if entries is None else [entries]
            return filter_list(entries, match, scope, strict=True)

        return choose

    def _iterator(self, box: IteratorBox, names: Names, title: str) -> Code:
        source = self.compile(box.source, names, title)
        body = self.compile(box.body, names | {box.variable, "partial"}, title)
        sources: list[tuple[str, Code, Code | None]] = [(box.variable, source, None)]
        if box.kind == "for":
            return compile_for(sources, body, True)
        return compile_quantified(sources, body, box.kind == "every", strict=True)


def _external(parameters: tuple[str, ...], body: Code, title: str) -> Code:
    """A function of another language: its body is a context with class and method signature."""

    def build(scope: Scope) -> Any:
        described = body({RUN: scope[RUN]})
        if type(described) is dict:
            owner, signature = described.get("class"), described.get("method signature")
            function = external_function(title, parameters, owner, signature)
            if function is not None:
                return function
        return scope[RUN].warn("There is no such external function.")

    return build


def typed(code: Code, type_: Type, title: str) -> Code:
    """The code with its value made to fit the type, or null and a warning."""

    def fitted(scope: Scope) -> Any:
        value, fits = coerce(code(scope), type_)
        if not fits:
            run: Run = scope[RUN]
            run.warn('"%(name)s" must be a %(type)s.', name=title, type=Phrase(type_.name))
        return value

    return fitted
