"""Decision tables: hit policies, aggregation, what fired."""

import time
from decimal import Decimal
from typing import Any

import pytest

from jiedan.dmn import DmnError
from jiedan.dmn.errors import RulesDisagree, SeveralRulesMatch, TooManyRules, UnknownDecision
from jiedan.feel import to_plain
from tests.dmn.models import table_model

STEPS = [([">= 100"], ['"big"']), ([">= 50"], ['"middle"']), (["-"], ['"small"'])]


def answer(hit_policy: str, amount: Any, outputs: str = "size", **options: Any) -> Any:
    """What the table of sizes answers under a hit policy."""
    model = table_model(["amount"], [outputs], STEPS, hit_policy, **options)
    return to_plain(model.decide("answer", {"amount": amount}).value)


def test_first_takes_the_topmost_of_the_matching_rules():
    assert answer("FIRST", 70) == "middle"


def test_unique_refuses_two_matching_rules_and_names_them():
    with pytest.raises(SeveralRulesMatch) as caught:
        answer("UNIQUE", 70)

    assert caught.value.params == {"decision": "answer", "rules": "2, 3"}


def test_unique_answers_when_one_rule_matches():
    assert answer("UNIQUE", 10) == "small"


def test_any_accepts_rules_that_agree_and_refuses_those_that_do_not():
    same = [([">= 50"], ["1"]), ([">= 10"], ["1"])]

    assert table_model(["n"], ["x"], same, "ANY").decide("answer", {"n": 60}).value == 1
    with pytest.raises(RulesDisagree):
        answer("ANY", 70)


def test_priority_takes_the_answer_that_stands_first_among_the_allowed_values():
    assert answer("PRIORITY", 120, 'size="small","big","middle"') == "small"


def test_output_order_lists_the_answers_by_the_order_of_the_allowed_values():
    assert answer("OUTPUT ORDER", 120, 'size="small","big","middle"') == ["small", "big", "middle"]


def test_priority_compares_output_by_output():
    model = table_model(
        ["n"],
        ['a="x","y"', 'b="p","q"'],
        [(["-"], ['"y"', '"p"']), (["-"], ['"x"', '"q"']), (["-"], ['"x"', '"p"'])],
        "PRIORITY",
    )

    assert model.decide("answer", {"n": 1}).value == {"a": "x", "b": "p"}


def test_rule_order_lists_the_answers_as_the_rules_stand():
    assert answer("RULE ORDER", 120) == ["big", "middle", "small"]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("", [1, 5, 2]), ("SUM", 8), ("MIN", 1), ("MAX", 5), ("COUNT", 3)],
)
def test_collect_gathers_the_answers(aggregation: str, expected: Any):
    rules = [(["> 0"], ["1"]), (["> 1"], ["5"]), (["> 2"], ["2"]), (["> 9"], ["7"])]

    model = table_model(["n"], ["x"], rules, "COLLECT", aggregation=aggregation)

    assert to_plain(model.decide("answer", {"n": 3}).value) == expected


def test_collect_without_match_is_null_or_the_default():
    rules = [(["> 9"], ["1"])]

    assert table_model(["n"], ["x"], rules, "COLLECT").decide("answer", {"n": 1}).value is None
    with_default = table_model(["n"], ["x"], rules, "COLLECT", defaults=["[]"])
    assert with_default.decide("answer", {"n": 1}).value == []


def test_the_letters_of_the_hit_policies_are_understood():
    assert answer("F", 70) == "middle"
    assert answer("R", 70) == ["middle", "small"]


def test_no_matching_rule_gives_null_with_a_warning_or_the_default():
    rules = [(["> 9"], ['"big"'])]

    result = table_model(["n"], ["x"], rules).decide("answer", {"n": 1})
    with_default = table_model(["n"], ["x"], rules, defaults=['"none"'])

    assert result.value is None
    assert [each.text() for each in result.warnings] == ['No rule of "answer" matches.']
    assert with_default.decide("answer", {"n": 1}).value == "none"


def test_the_result_says_which_rules_fired_with_which_inputs():
    model = table_model(["amount"], ["size", "fee"], [(["> 5"], ['"big"', "amount * 2"])])

    result = model.decide("answer", {"amount": 7})

    (rule,) = result.fired
    assert (rule.index, rule.id, rule.annotation) == (1, "rule1", "note 1")
    assert rule.inputs == {"amount": 7}
    assert rule.outputs == {"size": "big", "fee": Decimal(14)}
    assert result.value == {"size": "big", "fee": Decimal(14)}


def test_first_reports_only_the_rule_it_took():
    model = table_model(["amount"], ["size"], STEPS, "FIRST")

    assert [rule.index for rule in model.decide("answer", {"amount": 70}).fired] == [2]


def test_an_empty_cell_and_a_dash_let_everything_pass():
    model = table_model(["a", "b"], ["x"], [(["", "-"], ["1"])])

    assert model.decide("answer", {"a": None, "b": "z"}).value == 1


def test_a_value_outside_the_allowed_input_values_gives_null_and_a_warning():
    model = table_model(["a"], ["x"], [(["-"], ["1"])], input_values='"A","B"')

    assert model.decide("answer", {"a": "B"}).value == 1
    result = model.decide("answer", {"a": "C"})
    assert result.value is None
    assert [w.text() for w in result.warnings] == ['"C" is not one of the allowed values of "a".']


def test_cells_may_use_other_inputs_and_the_tested_value():
    model = table_model(["a", "b"], ["x"], [(["> b", "-"], ['"more"']), (["? * 2 <= b", "-"], ['"less"'])])  # fmt: skip # noqa: E501

    assert model.decide("answer", {"a": 3, "b": 2}).value == "more"
    assert model.decide("answer", {"a": 1, "b": 2}).value == "less"


def test_a_list_meets_a_cell_by_membership_of_its_value():
    model = table_model(["kind"], ["x"], [(['["A", "B"]'], ["1"]), (['not("A", "B")'], ["2"])])

    assert model.decide("answer", {"kind": "B"}).value == 1
    assert model.decide("answer", {"kind": "C"}).value == 2


def test_a_table_of_too_many_rules_is_refused():
    with pytest.raises(TooManyRules):
        table_model(["a"], ["x"], [(["1"], ["1"])] * 5001)


def test_a_table_of_a_thousand_rules_decides_in_less_than_a_millisecond():
    rules = [([f"[{100 * row}..{100 * row + 99}]", f">= {row}"], [str(row)]) for row in range(1000)]
    model = table_model(["a", "b"], ["x"], rules)
    case = {"a": 77_050, "b": 1000}

    spent = []
    for _ in range(20):
        start = time.thread_time()
        result = model.decide("answer", case)
        spent.append(time.thread_time() - start)

    assert result.value == 770
    assert min(spent) < 0.001


def test_an_unknown_decision_is_an_error_of_the_package():
    with pytest.raises(UnknownDecision) as caught:
        table_model(["a"], ["x"], []).decide("other", {})

    assert isinstance(caught.value, DmnError)
