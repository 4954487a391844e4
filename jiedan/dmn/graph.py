"""The requirements graph, compiled: each element's value from those it requires."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jiedan.dmn.boxed import BoxCompiler
from jiedan.dmn.case import Case
from jiedan.dmn.definitions import DecisionElement, InputData, Knowledge, Service
from jiedan.dmn.modules import Element, Key, Library, Module
from jiedan.feel.errors import FeelError, Phrase
from jiedan.feel.functions import order_arguments
from jiedan.feel.plain import READERS, from_plain
from jiedan.feel.run import Run
from jiedan.feel.types import Type, coerce
from jiedan.feel.values import RUN, Code, FeelFunction, Scope

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Required:
    """An element that another one reads: under which name, behind which import's name."""

    alias: str
    name: str
    key: Key


@dataclass(frozen=True, slots=True)
class Plan:
    """How an element gets its value."""

    id: str
    name: str
    code: Code | None
    required: tuple[Required, ...]
    open_names: tuple[str, ...]
    """Names that it reads and no element has: taken from the inputs as they are."""
    type: Type | None


class Graph:
    """All elements of a model, compiled."""

    def __init__(self, library: Library, *, strict: bool) -> None:
        self._library = library
        self._strict = strict
        self.problems: list[FeelError] = []
        self._declared = {element.variable.name for element in library.elements.values()}
        self._plans = {
            key: self._plan(element, library.modules[key[0]])
            for key, element in library.elements.items()
        }

    # -- compiling -----------------------------------------------------------------------------

    def _plan(self, element: Element, module: Module) -> Plan:
        namespace = module.definitions.namespace
        required = tuple(self._required(element, module))
        names = frozenset(
            {each.name for each in required} | {each.alias for each in required} | module.names
        ) - {""}
        compiler = BoxCompiler(module.types, strict=self._strict)
        type_ = module.types.resolve(element.variable.type)
        code: Code | None = None
        try:
            if isinstance(element, DecisionElement):
                code = compiler.compile(element.logic, names, element.variable.name)
            elif isinstance(element, Knowledge):
                code = self._knowledge(element, compiler, names | {element.variable.name})
            elif isinstance(element, Service):
                code = self._service(element, namespace, type_)
                type_ = None
        except FeelError as error:
            error.params.setdefault("element", element.id)
            raise
        self.problems += compiler.problems
        own = {each.name for each in required} | {each.alias for each in required}
        open_names = compiler.reads - own - self._declared - {element.variable.name}
        if isinstance(element, Knowledge):
            type_ = type_ if type_ is not None and type_.name == "function" else None
        return Plan(
            element.id, element.variable.name, code, required, tuple(sorted(open_names)), type_
        )

    def _required(self, element: Element, module: Module) -> Iterator[Required]:
        references: tuple[str, ...] = ()
        if isinstance(element, DecisionElement):
            references = (*element.inputs, *element.decisions, *element.knowledge)
        elif isinstance(element, Knowledge):
            references = element.knowledge
        for reference in references:
            key = self._library.find(reference, module.definitions.namespace)
            if key is not None:
                found = self._library.elements[key]
                yield Required(module.aliases.get(key[0], ""), found.variable.name, key)

    def _knowledge(
        self, element: Knowledge, compiler: BoxCompiler, names: frozenset[str]
    ) -> Code | None:
        if element.function is None:
            return None
        title = element.variable.name
        make = compiler.function(element.function, names, title, element.variable.type)

        def build(scope: Scope) -> Any:
            function = make(scope)
            scope[title] = function
            return function

        return build

    def _service(self, element: Service, namespace: str, type_: Type | None) -> Code:
        inputs = [self._library.find(each, namespace) for each in element.inputs]
        decisions = [self._library.find(each, namespace) for each in element.input_decisions]
        outputs = [self._library.find(each, namespace) for each in element.outputs]
        keys = [key for key in (*inputs, *decisions) if key is not None]
        parameters = tuple(self._library.elements[key].variable.name for key in keys)
        wanted = [key for key in outputs if key is not None]
        title = element.variable.name

        def call(run: Run, arguments: list[Any], named: dict[str, Any] | None) -> Any:
            values = order_arguments(title, parameters, arguments, named, run)
            if values is None:
                return None
            inner = _inner_case(run, title)
            for key, value in zip(keys, values, strict=True):
                wanted_type = self._plans[key].type
                fitted, fits = coerce(value, wanted_type)
                if not fits and wanted_type is not None:
                    name = self._plans[key].name
                    type_name = Phrase(wanted_type.name)
                    return run.warn('"%(name)s" must be a %(type)s.', name=name, type=type_name)
                inner.decided[(), key] = fitted
            found = {self._plans[key].name: self.value(key, inner) for key in wanted}
            run.steps, run.grown = inner.steps, inner.grown
            if isinstance(run, Case):
                run.fired += inner.fired
            answer = next(iter(found.values())) if len(found) == 1 else found
            return _fit(answer, type_, title, run)

        function = FeelFunction(title, parameters, call)
        return lambda scope: function

    # -- deciding ------------------------------------------------------------------------------

    def value(self, key: Key, case: Case, path: tuple[str, ...] = ()) -> Any:
        """The element's value in the case, worked out once.

        `path`: the names of the imports that lead to it; a file imported twice is decided twice,
        since its inputs may differ.
        """
        place = (path, key)
        known = case.decided.get(place, _MISSING)
        if known is not _MISSING:
            return known
        element = self._library.elements[key]
        if isinstance(element, InputData):
            value = self._input(self._plans[key], case, path)
        elif place in case.decisions_open:
            return case.warn('"%(decision)s" requires itself.', decision=element.name)
        else:
            case.decisions_open.add(place)
            value = self._decide(self._plans[key], case, path)
            case.decisions_open.discard(place)
        case.decided[place] = value
        return value

    def _input(self, plan: Plan, case: Case, path: tuple[str, ...]) -> Any:
        given = _given(case.given, path, plan.name) if path else _MISSING
        if given is _MISSING:
            given = case.given.get(plan.name, _MISSING)
        if given is _MISSING:
            return case.warn('The input "%(name)s" is missing.', name=plan.name)
        reader = READERS.get(type(given))
        value = from_plain(given) if reader is None else reader(given)
        return value if plan.type is None else _fit(value, plan.type, plan.name, case)

    def _decide(self, plan: Plan, case: Case, path: tuple[str, ...]) -> Any:
        if plan.code is None:
            return case.warn('"%(decision)s" does not say how to decide.', decision=plan.name)
        scope: Scope = {RUN: case}
        for each in plan.required:
            if each.alias:
                value = self.value(each.key, case, (*path, each.alias))
                scope.setdefault(each.alias, {})[each.name] = value
            else:
                scope[each.name] = self.value(each.key, case, path)
        for name in plan.open_names:
            given = case.given.get(name, _MISSING)
            if given is not _MISSING:
                scope[name] = from_plain(given)
        outer, case.decision = case.decision, plan.id
        try:
            return _fit(plan.code(scope), plan.type, plan.name, case)
        finally:
            case.decision = outer

    def invoke(self, key: Key, case: Case) -> Any:
        """The value of a decision, or the result of a service or knowledge model for the inputs."""
        element = self._library.elements[key]
        value = self.value(key, case)
        if not isinstance(element, Service | Knowledge) or not isinstance(value, FeelFunction):
            return value
        given = {name: from_plain(case.given.get(name)) for name in value.parameters or ()}
        case.decision = element.id
        return value.call(case, [], given)

    def inputs_of(self, key: Key) -> tuple[str, ...]:
        """Names of the input data that an element needs, directly or through others."""
        names: dict[str, None] = {}
        seen: set[Key] = set()
        waiting = [key]
        while waiting:
            current = waiting.pop(0)
            if current in seen:
                continue
            seen.add(current)
            plan = self._plans[current]
            if isinstance(self._library.elements[current], InputData):
                names[plan.name] = None
            waiting += [each.key for each in plan.required]
            if current == key or isinstance(self._library.elements[current], DecisionElement):
                names.update(dict.fromkeys(plan.open_names))
        return tuple(names)


def _given(given: Mapping[str, Any], path: tuple[str, ...], name: str) -> Any:
    """The input of an imported file: under a.b.name, or as entry of a context in a context."""
    dotted = given.get(".".join((*path, name)), _MISSING)
    if dotted is not _MISSING:
        return dotted
    found: Any = given
    for step in (*path, name):
        if not isinstance(found, Mapping) or step not in found:
            return _MISSING
        found = found[step]
    return found


def _inner_case(run: Run, title: str) -> Case:
    """A case within a case: what a decision service sees."""
    inner = Case({}, run.warnings, run.functions, run.limits, run.now)
    inner.steps, inner.look, inner.grown = run.steps, run.look, run.grown
    inner.calls, inner.started = run.calls, run.started
    inner.decision = title
    return inner


def _fit(value: Any, type_: Type | None, name: str, run: Run) -> Any:
    """The value as one of the type, or null and a warning."""
    if type_ is None:
        return value
    fitted, fits = coerce(value, type_)
    if not fits:
        run.warn('"%(name)s" must be a %(type)s.', name=name, type=Phrase(type_.name))
    return fitted
