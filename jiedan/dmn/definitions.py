"""What a DMN file says, as plain data."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Variable:
    """A name with the name of its type."""

    name: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A literal expression."""

    text: str
    type: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class InputClause:
    """A column of conditions."""

    expression: Text
    label: str | None = None
    allowed: str | None = None
    """Unary tests that its values must pass."""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class OutputClause:
    """A column of answers."""

    name: str | None
    label: str | None = None
    type: str | None = None
    allowed: str | None = None
    """The allowed values, the most important first."""
    default: Text | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row."""

    tests: tuple[str, ...]
    answers: tuple[Text, ...]
    annotation: str = ""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table."""

    hit_policy: str
    aggregation: str | None
    inputs: tuple[InputClause, ...]
    outputs: tuple[OutputClause, ...]
    rules: tuple[Rule, ...]
    type: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class ContextBox:
    """A boxed context; a last entry without name is the result."""

    entries: tuple[tuple[Variable | None, "Box"], ...]
    type: str | None = None


@dataclass(frozen=True, slots=True)
class ListBox:
    """A boxed list."""

    entries: tuple["Box", ...]
    type: str | None = None


@dataclass(frozen=True, slots=True)
class RelationBox:
    """A table of values: a list of contexts."""

    columns: tuple[Variable, ...]
    rows: tuple[tuple["Box", ...], ...]
    type: str | None = None


@dataclass(frozen=True, slots=True)
class InvocationBox:
    """A call of a function with named arguments."""

    function: "Box"
    bindings: tuple[tuple[str, "Box"], ...]
    type: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionBox:
    """A function; `kind` is FEEL, Java or PMML."""

    parameters: tuple[Variable, ...]
    body: "Box"
    kind: str = "FEEL"
    type: str | None = None


@dataclass(frozen=True, slots=True)
class ConditionalBox:
    """if, then, else."""

    condition: "Box"
    yes: "Box"
    no: "Box"
    type: str | None = None


@dataclass(frozen=True, slots=True)
class FilterBox:
    """The entries of a list that match."""

    source: "Box"
    match: "Box"
    type: str | None = None


@dataclass(frozen=True, slots=True)
class IteratorBox:
    """for, some or every (`kind`) over a list."""

    kind: str
    variable: str
    source: "Box"
    body: "Box"
    type: str | None = None


Box = (
    Text
    | Table
    | ContextBox
    | ListBox
    | RelationBox
    | InvocationBox
    | FunctionBox
    | ConditionalBox
    | FilterBox
    | IteratorBox
    | None
)
"""A boxed expression; None where a model has left it out."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item definition or a component of one."""

    name: str
    type: str | None = None
    is_list: bool = False
    allowed: str | None = None
    """Unary tests for a value, or for each entry of a list."""
    constraint: str | None = None
    """Unary tests for the value as a whole (DMN 1.5 typeConstraint)."""
    components: tuple["Item", ...] = ()
    function: tuple[tuple[Variable, ...], str | None] | None = None
    """Parameters and result type, when it is a function's."""


@dataclass(frozen=True, slots=True)
class InputData:
    id: str
    name: str
    variable: Variable
    label: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionElement:
    id: str
    name: str
    variable: Variable
    logic: Box
    label: str | None = None
    inputs: tuple[str, ...] = ()
    """References of required input data."""
    decisions: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A business knowledge model."""

    id: str
    name: str
    variable: Variable
    function: FunctionBox | None
    knowledge: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A decision service."""

    id: str
    name: str
    variable: Variable
    outputs: tuple[str, ...] = ()
    encapsulated: tuple[str, ...] = ()
    input_decisions: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """A whole file."""

    id: str
    name: str
    namespace: str
    imports: tuple[Import, ...] = ()
    items: tuple[Item, ...] = ()
    inputs: tuple[InputData, ...] = ()
    decisions: tuple[DecisionElement, ...] = ()
    knowledge: tuple[Knowledge, ...] = ()
    services: tuple[Service, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    """Element id → its description."""
