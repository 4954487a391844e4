"""A decision model: what a DMN file says, ready to decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jiedan.dmn.case import Case
from jiedan.dmn.definitions import DecisionElement, InputData, Table
from jiedan.dmn.errors import UnknownDecision
from jiedan.dmn.graph import Graph
from jiedan.dmn.modules import Key, Library
from jiedan.dmn.results import DecisionResult
from jiedan.dmn.tables import normal_policy
from jiedan.feel.errors import FeelError, NestedTooDeep, Warnings
from jiedan.feel.limits import Limits

DECISION_LIMITS = Limits(steps=100_000, items=20_000, calls=80)
"""A decision may go further than a single expression."""


_TOLD = 100
"""Of so many fired rules the inputs are looked at for their size."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as the catalogue shows it."""

    id: str
    name: str
    label: str | None
    inputs: tuple[str, ...]
    """Names of the input data it needs, its required decisions' included."""
    outputs: tuple[str, ...]
    """Output names of its table, else its own name."""
    hit_policy: str | None
    """UNIQUE, FIRST, PRIORITY, ANY, COLLECT, RULE ORDER, OUTPUT ORDER; None without a table."""


class Model:
    """A loaded model; immutable, may be shared between threads."""

    def __init__(self, library: Library, *, strict: bool = True) -> None:
        self.library = library
        definitions = library.main.definitions
        self.id = definitions.id
        self.name = definitions.name
        self.namespace = definitions.namespace
        self._graph = Graph(library, strict=strict)
        self.problems: tuple[FeelError, ...] = tuple(self._graph.problems)
        """What is wrong with expressions, when the model was loaded with strict=False."""
        self.decisions: Mapping[str, Decision] = {
            each.id: self._describe(each) for each in definitions.decisions
        }
        """By id, in file order."""
        self._keys: dict[str, Key] = {}
        for (namespace, id_), element in library.elements.items():
            if namespace == self.namespace and not isinstance(element, InputData):
                self._keys.setdefault(element.name, (namespace, id_))
        for namespace, id_ in library.elements:
            if namespace == self.namespace:
                self._keys[id_] = (namespace, id_)

    def _describe(self, element: DecisionElement) -> Decision:
        table = element.logic if isinstance(element.logic, Table) else None
        outputs: tuple[str, ...] = (element.variable.name,)
        if table is not None and table.outputs:
            outputs = tuple(each.name or element.variable.name for each in table.outputs)
        return Decision(
            id=element.id,
            name=element.name,
            label=element.label,
            inputs=self._graph.inputs_of((self.namespace, element.id)),
            outputs=outputs,
            hit_policy=normal_policy(table) if table is not None else None,
        )

    def decide(
        self,
        decision_id: str,
        inputs: Mapping[str, Any],
        *,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        now: datetime | None = None,
        limits: Limits = DECISION_LIMITS,
    ) -> DecisionResult:
        """Take the decision (by id or name) with these inputs (plain Python values allowed).

        A decision service or business knowledge model may be named too; its inputs are its
        parameters. Raises UnknownDecision, SeveralRulesMatch, RulesDisagree, LimitExceeded.
        """
        key = self._keys.get(decision_id)
        if key is None:
            raise UnknownDecision(decision=decision_id)
        warnings = Warnings()
        case = Case(inputs, warnings, functions, limits, now)
        try:
            value = self._graph.invoke(key, case)
            _measure(case, value)
        except RecursionError:
            raise NestedTooDeep(limit=limits.calls) from None
        own = tuple(rule for rule in case.fired if rule.decision_id == key[1])
        required = tuple(rule for rule in case.fired if rule.decision_id != key[1])
        return DecisionResult(value, own, tuple(warnings), required)


def _measure(case: Case, value: Any) -> None:
    """Make sure that the answer and what led to it can be written out."""
    told = [each for rule in case.fired[-_TOLD:] for each in rule.inputs.values()]
    large = [each for each in (value, *told) if type(each) is list or type(each) is dict]
    if large:
        case.measure(large)


def load_model(
    xml: bytes, *, imports: Mapping[str, bytes] | None = None, strict: bool = True
) -> Model:
    """Read a DMN 1.1 to 1.6 file. `imports`: other files by namespace. Raises UnreadableModel,
    and FeelSyntaxError for an expression that cannot be parsed; with `strict=False` such an
    expression is null and noted in `problems`."""
    return Model(Library(xml, imports or {}), strict=strict)
