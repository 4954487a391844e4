"""The index finds the same rules as asking each cell."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jiedan.dmn.table_index import ColumnIndex, constant_cell, rows_of
from jiedan.feel import compile_unary_tests
from jiedan.feel.run import Run
from jiedan.feel.values import RUN

NUMBERS = st.integers(-5, 15).map(str) | st.sampled_from(["0.5", "2.25", "-1.75", "7e1"])
ONE = st.one_of(
    NUMBERS,
    st.sampled_from(['"A"', '"B"', "true", "false", "null"]),
    st.builds("{}{}".format, st.sampled_from(["< ", "<= ", "> ", ">= ", "= "]), NUMBERS),
    st.builds("{}{}..{}{}".format, st.sampled_from("[("), NUMBERS, NUMBERS, st.sampled_from("])")),
    st.sampled_from(['not("A")', "not(3)", "limit", "> limit", '["A", 3]', "? > 2 and ? < 9"]),
)
CELL = st.just("-") | st.lists(ONE, min_size=1, max_size=3).map(", ".join)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(["A", "B", "C", ""]),
    st.decimals(-6, 16, places=2),
    st.sampled_from([[], ["A"], [Decimal(3)], {"a": Decimal(1)}]),
)


@given(st.lists(CELL, min_size=1, max_size=12), VALUES)
def test_the_index_of_a_column_matches_what_the_cells_say(texts: list[str], value: Any):
    tests = [compile_unary_tests(text) for text in texts]
    scope = {RUN: Run(), "?": value, "limit": Decimal(4)}
    expected = [row for row, test in enumerate(tests) if test.passes(value, scope) is True]

    index = ColumnIndex([constant_cell(test.node) for test in tests])
    mask = index.lookup(value)

    assert mask is None or rows_of(mask & ~index.asked) == [
        row for row in expected if not index.asked >> row & 1
    ]
    assert (mask is None) == isinstance(value, list | dict)
