"""Small decision models for tests, written as text."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from jiedan.dmn import Model, load_model

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def definitions(*parts: str, namespace: str = "here", version: str = NAMESPACE) -> bytes:
    """A whole file."""
    inside = "".join(parts)
    text = f'<definitions xmlns="{version}" id="m" name="m" namespace="{namespace}">{inside}'
    return f"{text}</definitions>".encode()


def input_data(name: str, type_: str | None = None) -> str:
    """An input whose id is its name."""
    ref = f' typeRef="{type_}"' if type_ else ""
    return f'<inputData id="{name}" name="{name}"><variable name="{name}"{ref}/></inputData>'


def requires(
    inputs: Sequence[str] = (), decisions: Sequence[str] = (), knowledge: Sequence[str] = ()
) -> str:
    """Requirements of a decision."""
    text = ""
    for name in inputs:
        target = f'<requiredInput href="#{name}"/>'
        text += f"<informationRequirement>{target}</informationRequirement>"
    for name in decisions:
        target = f'<requiredDecision href="#{name}"/>'
        text += f"<informationRequirement>{target}</informationRequirement>"
    for name in knowledge:
        href = name if "#" in name else f"#{name}"
        target = f'<requiredKnowledge href="{href}"/>'
        text += f"<knowledgeRequirement>{target}</knowledgeRequirement>"
    return text


def literal(text: str, tag: str = "literalExpression") -> str:
    """A literal expression."""
    return f"<{tag}><text>{escape(text)}</text></{tag}>"


def decision(name: str, logic: str, needs: str = "", type_: str | None = None) -> str:
    """A decision whose id is its name."""
    ref = f' typeRef="{type_}"' if type_ else ""
    variable = f'<variable name="{name}"{ref}/>'
    return f'<decision id="{name}" name="{name}">{variable}{needs}{logic}</decision>'


def table(
    inputs: Sequence[str],
    outputs: Sequence[str],
    rules: Sequence[tuple[Sequence[str], Sequence[str]]],
    hit_policy: str = "UNIQUE",
    aggregation: str = "",
    defaults: Sequence[str] = (),
    input_values: str = "",
) -> str:
    """A decision table; an output is `name` or `name=allowed, values`."""
    text = f'<decisionTable hitPolicy="{hit_policy}"'
    text += f' aggregation="{aggregation}">' if aggregation else ">"
    for expression in inputs:
        allowed = literal(input_values, "inputValues") if input_values else ""
        text += f"<input>{literal(expression, 'inputExpression')}{allowed}</input>"
    for place, output in enumerate(outputs):
        name, _, allowed = output.partition("=")
        inside = literal(allowed, "outputValues") if allowed else ""
        if defaults:
            inside += literal(defaults[place], "defaultOutputEntry")
        text += f'<output name="{name}">{inside}</output>'
    for number, (tests, answers) in enumerate(rules, 1):
        cells = "".join(literal(test, "inputEntry") for test in tests)
        cells += "".join(literal(answer, "outputEntry") for answer in answers)
        note = f"<annotationEntry><text>note {number}</text></annotationEntry>"
        text += f'<rule id="rule{number}">{cells}{note}</rule>'
    return f"{text}</decisionTable>"


def table_model(
    inputs: Sequence[str],
    outputs: Sequence[str],
    rules: Sequence[tuple[Sequence[str], Sequence[str]]],
    hit_policy: str = "UNIQUE",
    **options: object,
) -> Model:
    """A model with one table, the decision `answer`."""
    logic = table(inputs, outputs, rules, hit_policy, **options)  # type: ignore[arg-type]
    data = "".join(input_data(name) for name in inputs)
    return load_model(definitions(data, decision("answer", logic, requires(inputs))))


def formula(text: str, *more: str, inputs: Sequence[str] = (), **scope: object) -> object:
    """The value of a decision that is one literal expression."""
    data = "".join(input_data(name) for name in inputs)
    model = load_model(definitions(data, *more, decision("it", literal(text), requires(inputs))))
    return model.decide("it", scope).value
