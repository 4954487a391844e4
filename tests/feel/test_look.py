"""The static look at expressions."""

import pytest

from jiedan.feel.look import look_at_expression, look_at_tests
from jiedan.feel.types import SIMPLE, Type

TYPES = [
    ("1 + 2", "number"),
    ('"a" + "b"', "string"),
    ("amount > 5 and vip", "boolean"),
    ('date("2026-03-02") + duration("P1M")', "date"),
    ('date("2026-03-02") - @"2026-03-01"', "days and time duration"),
    ('duration("P1D") * 2', "days and time duration"),
    ('@"P1Y" / @"P1M"', "number"),
    ('if vip then "a" else null', "string"),
    ("{a: 1, b: a + 1}.b", "number"),
    ("[1, 2][1]", "number"),
    ("amount", "number"),
    ("amount * 2", "number"),
    ("today().weekday", "number"),
    ("now()", "date and time"),
    ('upper case("x")', "string"),
    ("(for x in [1, 2] return x * 2)[1]", "number"),
    ('max([1, 2]) - min(3, 4)', "number"),
    ('(function(a) a + "x")("y")', None),
    ("customer.name", "string"),
    ("unknown", None),
    ("if vip then 1 else amount = 2", None),
]  # fmt: skip
NAMES = {
    "amount": SIMPLE["number"],
    "vip": SIMPLE["boolean"],
    "unknown": None,
    "customer": Type("context", entries=(("name", SIMPLE["string"]),)),
}


@pytest.mark.parametrize(("text", "expected"), TYPES)
def test_the_type_of_a_result_is_told_where_it_is_sure(text: str, expected: str | None):
    found = look_at_expression(text, names=NAMES).type

    assert (found.name if found else None) == expected


def test_names_paths_and_functions_are_told():
    look = look_at_expression(
        "for line in order.lines return line.price * rate + until(order.customer.name)"
    )

    assert look.names == {"order", "rate"}
    assert look.paths == {"order.lines", "order.customer", "order.customer.name"}
    assert look.functions == {"until"}


def test_an_unknown_name_is_told_with_what_was_probably_meant():
    look = look_at_expression("amont > 5 and vip", names=NAMES)

    assert [each.text() for each in look.problems] == [
        'Nothing is called "amont"; did you mean "amount"?'
    ]


def test_an_unknown_function_is_told_unless_it_was_announced():
    assert [each.text() for each in look_at_expression('deadline("x")').problems] == [
        'Nothing is called "deadline".'
    ]
    assert look_at_expression('deadline("x")', functions=["deadline"]).problems == ()
    assert look_at_expression("{f: function(x) x, y: f(1)}").problems == ()


def test_a_comparison_that_can_only_be_null_is_told():
    look = look_at_expression('amount = "5"', names=NAMES)

    assert [each.text() for each in look.problems] == ["A number cannot be compared with a string."]


def test_unary_tests_are_looked_at_too():
    look = look_at_tests("> limit, [1..3], ? = other")

    assert look.names == {"limit", "other"}
