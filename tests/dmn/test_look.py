"""The static look at decision tables."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jiedan.dmn.errors import SeveralRulesMatch
from jiedan.dmn.look import TableLook, look_at_model, look_at_table
from jiedan.dmn.reader import read_definitions
from jiedan.feel import to_plain
from tests.dmn.models import decision, definitions, input_data, literal, table, table_model


def look(*arguments: Any, **options: Any) -> TableLook:
    """The look at one table."""
    file = read_definitions(definitions(decision("x", table(*arguments, **options))))
    logic = file.decisions[0].logic
    return look_at_table(logic)  # type: ignore[arg-type]


def test_a_gap_is_told_with_an_example():
    found = look(["a"], ["x"], [(["> 5"], ["1"]), (["< 3"], ["2"])])

    (gap,) = found.gaps
    assert 3 <= gap.example["a"] <= 5
    assert not gap.only_fractions
    assert not found.catch_all


def test_a_gap_between_neighbouring_whole_numbers_is_marked():
    found = look(["a"], ["x"], [(["<= 5"], ["1"]), ([">= 6"], ["2"])])

    assert [(gap.example, gap.only_fractions) for gap in found.gaps] == [
        ({"a": Decimal("5.5")}, True)
    ]


def test_an_overlap_under_unique_is_told_with_both_rules_and_an_example():
    rules = [(["[1..5]", '"A"'], ["1"]), (["[5..9]", "-"], ["2"])]

    found = look(["a", "b"], ["x"], rules)

    (overlap,) = found.overlaps
    assert (overlap.first, overlap.second) == (1, 2)
    assert overlap.example == {"a": Decimal(5), "b": "A"}


def test_overlaps_are_no_concern_of_first_and_of_rules_that_agree_under_any():
    rules = [(["> 1"], ["1"]), (["> 2"], ["1"]), (["-"], ["1"])]

    assert look(["a"], ["x"], rules, "FIRST").overlaps == ()
    assert look(["a"], ["x"], rules, "ANY").overlaps == ()
    assert look(["a"], ["x"], [*rules[:2], (["-"], ["2"])], "ANY").overlaps != ()


def test_a_rule_behind_one_that_takes_everything_is_unreachable():
    rules = [(["> 1"], ["1"]), (["-"], ["2"]), (["> 5"], ["3"])]

    assert look(["a"], ["x"], rules, "FIRST").unreachable == (3,)


def test_a_rule_that_contradicts_itself_is_unreachable():
    rules = [(["? > 5 and ? < 3"], ["1"]), (["-"], ["2"])]

    assert look(["a"], ["x"], rules, "FIRST").unreachable == (1,)


def test_a_last_rule_of_dashes_or_a_default_catches_all():
    assert look(["a"], ["x"], [(["> 1"], ["1"]), (["-"], ["2"])], "FIRST").catch_all
    found = look(["a"], ["x"], [(["> 1"], ["1"])], "FIRST", defaults=["0"])
    assert found.catch_all
    assert found.gaps == ()


def test_dates_and_durations_have_gaps_too():
    found = look(["d"], ["x"], [(['< @"2026-01-01"'], ["1"]), (['> @"2026-01-01"'], ["2"])])

    assert [to_plain(gap.example) for gap in found.gaps] == [{"d": "2026-01-01"}]


def test_only_allowed_values_are_expected_to_be_covered():
    rules = [(['"A"'], ["1"]), (['"B"'], ["2"])]

    assert look(["k"], ["x"], rules, input_values='"A","B"').gaps == ()
    assert [gap.example for gap in look(["k"], ["x"], rules).gaps] == [{"k": "…"}]


def test_cells_that_read_other_names_prove_neither_gap_nor_overlap():
    found = look(["a"], ["x"], [(["> limit"], ["1"]), (["<= limit"], ["2"])])

    assert (found.gaps, found.overlaps, found.unreachable) == ((), (), ())


def test_a_model_tells_what_its_decisions_read():
    xml = definitions(
        input_data("amount"),
        decision("it", literal("amount * amont")),
        decision("t", table(["amount"], ["x"], [(["-"], ["amount + 1"])])),
    )

    first, second = look_at_model(xml)

    assert first.reads == {"amount", "amont"}
    problems = [problem.text() for _, each in first.expressions for problem in each.problems]
    assert problems == ['Nothing is called "amont"; did you mean "amount"?']
    assert second.table is not None
    assert second.table.catch_all


NUMBER = st.integers(0, 6).map(str)
CELL = st.one_of(
    st.just("-"),
    NUMBER,
    st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">="]), NUMBER),
    st.builds("[{}..6]".format, NUMBER),
    st.builds("not({})".format, NUMBER),
    st.builds("{}, {}".format, NUMBER, NUMBER),
)
ROWS = st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5)


@settings(deadline=None, max_examples=150)
@given(ROWS)
def test_the_look_agrees_with_trying_all_values(rows: list[tuple[str, str]]):
    rules = [([first, second], [str(place)]) for place, (first, second) in enumerate(rows)]
    model = table_model(["a", "b"], ["x"], rules)
    values = [Decimal(half) / 2 for half in range(-2, 15)]
    unanswered, doubled, answered = set(), set(), set()
    for a in values:
        for b in values:
            try:
                result = model.decide("answer", {"a": a, "b": b})
            except SeveralRulesMatch as error:
                numbers = [int(number) for number in error.params["rules"].split(", ")]
                doubled |= {(x, y) for x in numbers for y in numbers if x < y}
                answered |= set(numbers)
                continue
            answered |= {rule.index for rule in result.fired}
            if not result.fired:
                unanswered.add((a, b))

    found = look(["a", "b"], ["x"], rules)

    assert bool(found.gaps) == bool(unanswered)
    anything = {"…": Decimal(0)}
    examples = [[anything.get(value, value) for value in each.example.values()]
                for each in found.gaps]  # fmt: skip
    assert {(a, b) for a, b in examples} <= unanswered
    assert {(each.first, each.second) for each in found.overlaps} == doubled
    assert set(found.unreachable) == {place + 1 for place in range(len(rows))} - answered
