"""Models: requirements, boxed expressions, knowledge, services, types, imports, safety."""

from decimal import Decimal

import pytest

from jiedan.dmn import load_model
from jiedan.dmn.errors import UnknownLanguage, UnreadableModel
from jiedan.feel import FeelSyntaxError, to_plain
from tests.dmn.models import (
    decision,
    definitions,
    formula,
    input_data,
    literal,
    requires,
    table,
)

CREDIT = definitions(
    input_data("score", "number"),
    decision(
        "grade",
        table(["score"], ["grade"], [([">= 70"], ['"B"']), (["-"], ['"C"'])], "FIRST"),
        requires(["score"]),
    ),
    decision(
        "limit",
        table(["grade"], ["cap", "days"], [(['"B"'], ["500000", "30"]), (["-"], ["0", "0"])],
              "FIRST"),
        requires([], ["grade"]),
    ),
)  # fmt: skip


def test_a_decision_takes_the_decisions_it_requires_first():
    result = load_model(CREDIT).decide("limit", {"score": 72})

    assert result.value == {"cap": Decimal(500000), "days": Decimal(30)}
    assert [(rule.decision_id, rule.index) for rule in result.fired] == [("limit", 1)]
    assert [(rule.decision_id, rule.index) for rule in result.required] == [("grade", 1)]


def test_the_catalogue_tells_inputs_outputs_and_hit_policy():
    model = load_model(CREDIT)

    limit = model.decisions["limit"]
    assert (limit.inputs, limit.outputs, limit.hit_policy) == (("score",), ("cap", "days"), "FIRST")
    assert list(model.decisions) == ["grade", "limit"]


def test_a_missing_input_is_null_with_a_warning():
    result = load_model(CREDIT).decide("grade", {})

    assert result.value == "C"
    assert 'The input "score" is missing.' in [each.text() for each in result.warnings]


def test_an_input_of_the_wrong_type_is_null_with_a_warning():
    result = load_model(CREDIT).decide("grade", {"score": "high"})

    assert result.value == "C"
    assert [each.text() for each in result.warnings][:1] == ['"score" must be a number.']


def test_names_that_no_element_declares_are_read_from_the_inputs():
    model = load_model(definitions(decision("it", literal("order total * rate"))))

    assert model.decide("it", {"order total": 10, "rate": 3}).value == 30
    assert set(model.decisions["it"].inputs) == {"order total", "rate"}


def test_an_element_that_is_not_required_is_not_seen():
    model = load_model(definitions(input_data("a"), decision("it", literal("a"))))

    assert model.decide("it", {"a": 1}).value is None


def test_decisions_that_require_each_other_end_in_null_with_a_warning():
    model = load_model(
        definitions(
            decision("a", literal("b"), requires([], ["b"])),
            decision("b", literal("a"), requires([], ["a"])),
        )
    )

    result = model.decide("a", {})

    assert result.value is None
    assert [each.text() for each in result.warnings] == ['"a" requires itself.']


def test_python_functions_are_available_in_decisions():
    model = load_model(definitions(decision("it", literal('days left("x") + 1'))))

    assert model.decide("it", {}, functions={"days left": lambda text: 4}).value == 5


BOXED = [
    (
        "<context>"
        '<contextEntry><variable name="net"/>' + literal("amount / 2") + "</contextEntry>"
        '<contextEntry><variable name="twice"/>' + literal("net * 2") + "</contextEntry>"
        "</context>",
        {"net": 5, "twice": 10},
    ),
    (
        "<context>"
        '<contextEntry><variable name="net"/>' + literal("amount / 2") + "</contextEntry>"
        "<contextEntry>" + literal("net + 1") + "</contextEntry>"
        "</context>",
        6,
    ),
    ("<list>" + literal("amount") + literal("amount + 1") + "</list>", [10, 11]),
    (
        '<relation><column name="a"/><column name="b c"/>'
        "<row>" + literal("1") + literal("amount") + "</row>"
        "<row>" + literal("2") + literal("3") + "</row></relation>",
        [{"a": 1, "b c": 10}, {"a": 2, "b c": 3}],
    ),
    (
        "<conditional><if>" + literal("amount > 5") + "</if>"
        "<then>" + literal('"big"') + "</then>"
        "<else>" + literal('"small"') + "</else></conditional>",
        "big",
    ),
    (
        "<filter><in>" + literal("[1, 20, 30]") + "</in>"
        "<match>" + literal("item > amount") + "</match></filter>",
        [20, 30],
    ),
    (
        '<for iteratorVariable="x"><in>' + literal("[1, 2]") + "</in>"
        "<return>" + literal("x * amount") + "</return></for>",
        [10, 20],
    ),
    (
        '<some iteratorVariable="x"><in>' + literal("[1, 2]") + "</in>"
        "<satisfies>" + literal("x > amount") + "</satisfies></some>",
        False,
    ),
    (
        '<every iteratorVariable="x"><in>' + literal("[1, 2]") + "</in>"
        "<satisfies>" + literal("x &lt; amount".replace("&lt;", "<")) + "</satisfies></every>",
        True,
    ),
    (
        "<context>"
        '<contextEntry><variable name="double"/>'
        '<functionDefinition><formalParameter name="n" typeRef="number"/>'
        + literal("n * 2")
        + "</functionDefinition></contextEntry>"
        "<contextEntry>"
        "<invocation>"
        + literal("double")
        + '<binding><parameter name="n"/>'
        + literal("amount")
        + "</binding></invocation>"
        "</contextEntry></context>",
        20,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("logic", "expected"), BOXED)
def test_boxed_expressions(logic: str, expected: object):
    model = load_model(
        definitions(input_data("amount", "number"), decision("it", logic, requires(["amount"])))
    )

    assert to_plain(model.decide("it", {"amount": 10}).value) == expected


def test_a_boxed_condition_that_is_no_truth_value_makes_null():
    logic = (
        "<filter><in>" + literal("[1, 2]") + "</in><match>" + literal('"yes"') + "</match></filter>"
    )

    result = load_model(definitions(decision("it", logic))).decide("it", {})

    assert result.value is None
    assert [each.text() for each in result.warnings] == ["A string is neither true nor false."]


KNOWLEDGE = (
    '<businessKnowledgeModel id="fee" name="fee"><variable name="fee"/>'
    '<encapsulatedLogic><formalParameter name="amount" typeRef="number"/>'
    + table(["amount"], ["fee"], [(["> 100"], ["0"]), (["<= 100"], ["10"])])
    + "</encapsulatedLogic></businessKnowledgeModel>"
)


def test_knowledge_is_called_like_a_function_and_its_rules_are_reported():
    logic = literal("fee(order) + fee(amount: 500)")
    model = load_model(
        definitions(
            input_data("order"),
            KNOWLEDGE,
            decision("it", logic, requires(["order"], [], ["fee"])),
        )
    )

    result = model.decide("it", {"order": 50})

    assert result.value == 10
    assert [rule.index for rule in result.fired] == [2, 1]


def test_knowledge_may_call_itself():
    factorial = (
        '<businessKnowledgeModel id="f" name="f"><encapsulatedLogic><formalParameter name="n"/>'
        + literal("if n < 2 then 1 else n * f(n - 1)")
        + "</encapsulatedLogic></businessKnowledgeModel>"
    )
    model = load_model(
        definitions(factorial, decision("it", literal("f(5)"), requires([], [], ["f"])))
    )

    assert model.decide("it", {}).value == 120


SERVICE = definitions(
    input_data("n", "number"),
    decision("base", literal("n + 1"), requires(["n"])),
    decision("twice", literal("base * 2"), requires([], ["base"])),
    decision("thrice", literal("base * 3"), requires([], ["base"])),
    '<decisionService id="both" name="both"><variable name="both"/>'
    '<outputDecision href="#twice"/><outputDecision href="#thrice"/>'
    '<inputDecision href="#base"/></decisionService>',
    '<decisionService id="one" name="one"><variable name="one"/><outputDecision href="#twice"/>'
    '<encapsulatedDecision href="#base"/><inputData href="#n"/></decisionService>',
    decision("caller", literal("one(4) + both(base: 1).thrice"), requires([], [], ["one", "both"])),
)


def test_a_decision_service_takes_its_inputs_and_gives_its_outputs():
    model = load_model(SERVICE)

    assert model.decide("both", {"base": 10}).value == {"twice": 20, "thrice": 30}
    assert model.decide("one", {"n": 4}).value == 10
    assert model.decide("caller", {}).value == 13


ITEMS = (
    '<itemDefinition name="tGrade"><typeRef>string</typeRef>'
    '<allowedValues><text>"A","B"</text></allowedValues></itemDefinition>'
    '<itemDefinition name="tPerson"><itemComponent name="name"><typeRef>string</typeRef>'
    '</itemComponent><itemComponent name="grades" isCollection="true"><typeRef>tGrade</typeRef>'
    "</itemComponent></itemDefinition>"
    '<itemDefinition name="tFew" isCollection="true"><typeRef>number</typeRef>'
    "<typeConstraint><text>count(?) &lt;= 2</text></typeConstraint></itemDefinition>"
)


@pytest.mark.parametrize(
    ("type_", "given", "expected"),
    [
        ("tGrade", "A", "A"),
        ("tGrade", "Z", None),
        ("tPerson", {"name": "王", "grades": ["A"]}, {"name": "王", "grades": ["A"]}),
        ("tPerson", {"name": "王", "grades": ["Z"]}, None),
        ("tPerson", {"name": "王"}, None),
        ("tFew", [1, 2], [1, 2]),
        ("tFew", [1, 2, 3], None),
        ("tFew", 1, [1]),
        ("number", [5], 5),
        ("date and time", "2026", None),
    ],
)
def test_item_definitions_check_and_coerce(type_: str, given: object, expected: object):
    model = load_model(
        definitions(
            ITEMS, input_data("given", type_), decision("it", literal("given"), requires(["given"]))
        )
    )

    assert to_plain(model.decide("it", {"given": given}).value) == expected


def test_the_result_of_a_decision_is_made_to_fit_its_type():
    model = load_model(
        definitions(
            decision("one", literal("[5]"), type_="number"),
            decision("none", literal('"x"'), type_="number"),
        )
    )

    assert model.decide("one", {}).value == 5
    assert model.decide("none", {}).value is None


def test_an_expression_may_ask_for_a_type_of_the_model():
    assert formula('"A" instance of tGrade', ITEMS) is True
    assert formula('"Z" instance of tGrade', ITEMS) is False


LEAF = definitions(
    input_data("who"),
    decision("greeting", literal('"Hello " + who'), requires(["who"])),
    KNOWLEDGE,
    namespace="leaf",
)
BRANCH = definitions(
    '<import name="leaf" namespace="leaf"/>',
    decision(
        "polite",
        literal('leaf.greeting + "!"'),
        '<informationRequirement><requiredDecision href="leaf#greeting"/></informationRequirement>',
    ),
    namespace="branch",
)
OTHER = BRANCH.replace(b'namespace="branch"', b'namespace="other"')


def test_imports_are_seen_behind_their_name_and_each_has_its_own_inputs():
    needs = "".join(
        f'<informationRequirement><requiredDecision href="{each}#polite"/></informationRequirement>'
        for each in ("branch", "other")
    )
    root = definitions(
        '<import name="first one" namespace="branch"/><import name="second" namespace="other"/>',
        decision("it", literal("first one.polite + second.polite"), needs),
    )
    model = load_model(root, imports={"leaf": LEAF, "branch": BRANCH, "other": OTHER})

    given = {"first one": {"leaf": {"who": "王"}}, "second.leaf.who": "李"}
    assert model.decide("it", given).value == "Hello 王!Hello 李!"
    assert model.decide("it", {"who": "赵"}).value == "Hello 赵!Hello 赵!"


def test_imported_knowledge_is_called_behind_the_name_of_its_import():
    root = definitions(
        '<import name="leaf" namespace="leaf"/>',
        decision("it", literal("leaf.fee(7)"), requires([], [], ["leaf#fee"])),
    )

    assert load_model(root, imports={"leaf": LEAF}).decide("it", {}).value == 10


@pytest.mark.parametrize(
    "version",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_models_of_dmn_1_1_to_1_5_are_read(version: str):
    parts = (
        input_data("n", "feel:number"),
        decision("it", literal("n + 1"), requires(["n"]), "feel:number"),
    )

    assert load_model(definitions(*parts, version=version)).decide("it", {"n": 1}).value == 2


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<definitions/>",
        b"not xml",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + CREDIT,
        b'<!DOCTYPE definitions SYSTEM "file:///etc/passwd">' + CREDIT,
        b"<definitions" + b" " * 6_000_000 + b"/>",
        b'<html xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/"/>',
    ],
)
def test_what_is_no_model_is_refused(xml: bytes):
    with pytest.raises(UnreadableModel):
        load_model(xml)


def test_a_wrong_expression_is_refused_with_its_place_and_element():
    with pytest.raises(FeelSyntaxError) as caught:
        load_model(definitions(decision("it", literal("1 +"))))

    assert (caught.value.line, caught.value.column) == (1, 4)
    assert caught.value.params["element"] == "it"


def test_a_wrong_expression_is_null_when_the_model_is_loaded_leniently():
    parts = (decision("it", literal("1 +")), decision("other", literal("2")))
    model = load_model(definitions(*parts), strict=False)

    assert model.decide("it", {}).value is None
    assert model.decide("other", {}).value == 2
    assert len(model.problems) == 1


def test_an_expression_in_another_language_is_refused():
    logic = '<literalExpression expressionLanguage="groovy"><text>1</text></literalExpression>'

    with pytest.raises(UnknownLanguage):
        load_model(definitions(decision("it", logic)))


def test_number_types_of_other_modellers_are_understood_and_unknown_types_check_nothing():
    model = load_model(
        definitions(
            decision("whole", literal("5"), type_="integer"),
            decision("free", literal('"x"'), type_="tNowhere"),
        )
    )

    assert model.decide("whole", {}).value == 5
    assert model.decide("free", {}).value == "x"


def test_the_order_of_outputs_may_come_from_their_type():
    items = (
        '<itemDefinition name="tLevel"><typeRef>string</typeRef>'
        '<allowedValues><text>"high","low"</text></allowedValues></itemDefinition>'
    )
    logic = table([], ["x"], [([], ['"low"']), ([], ['"high"'])], "OUTPUT ORDER")
    logic = logic.replace('<output name="x">', '<output name="x" typeRef="tLevel">')

    assert load_model(definitions(items, decision("it", logic))).decide("it", {}).value == [
        "high",
        "low",
    ]


def test_a_decision_without_logic_is_null_with_a_warning():
    result = load_model(definitions(decision("it", ""))).decide("it", {})

    assert [each.text() for each in result.warnings] == ['"it" does not say how to decide.']
