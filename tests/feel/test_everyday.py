"""The expressions that owners write every day."""

import pytest

from jiedan.feel import Warnings, compile_expression, compile_unary_tests, evaluate, to_plain

EVERYDAY = [
    ("1 + 2 * 3", {}, 7),
    ("(1 + 2) * 3", {}, 9),
    ("0.1 + 0.2", {}, 0.3),
    ("10 / 4", {}, 2.5),
    ("1 / 0", {}, None),
    ("-3 ** 2", {}, 9),
    ("amount > 1000 and vip = true", {"amount": 1200, "vip": True}, True),
    ("amount > 1000 and vip = true", {"amount": 1200, "vip": None}, False),
    ("true and null", {}, None),
    ("false and null", {}, False),
    ("true or null", {}, True),
    ('1 = "1"', {}, None),
    ("order total > 5", {"order total": 7}, True),
    ('if 客户等级 = "A" then 8 else 5', {"客户等级": "A"}, 8),
    ("if missing then 1 else 2", {}, 2),
    ("for i in 1..3 return i * i", {}, [1, 4, 9]),
    ("for i in 1..2, j in 1..2 return i * j", {}, [1, 2, 2, 4]),
    ("some x in [1, 2] satisfies x > 1", {}, True),
    ("every x in [1, 2] satisfies x > 1", {}, False),
    ("[1, 2, 3][2]", {}, 2),
    ("[1, 2, 3][-1]", {}, 3),
    ("[1, 2, 3][item > 1]", {}, [2, 3]),
    ("lines[qty > limit].sku", {"lines": [{"qty": 1, "sku": "a"}, {"qty": 5, "sku": "b"}],
                                "limit": 2}, ["b"]),
    ("{a: 1, b: a + 1}.b", {}, 2),
    ("order.customer.name", {"order": {"customer": {"name": "王"}}}, "王"),
    ("order.nothing", {"order": {}}, None),
    ("x between 1 and 3", {"x": 3}, True),
    ("x in [1..5)", {"x": 5}, False),
    ("x in (1, 2, > 10)", {"x": 11}, True),
    ("x in [1, 2]", {"x": 2}, True),
    ('date("2026-02-28") + duration("P1D")', {}, "2026-03-01"),
    ('@"2026-03-02T09:30:00+08:00" - @"2026-03-02T00:30:00Z"', {}, "PT1H"),
    ('date("2026-03-02").weekday', {}, 1),
    ('"a" + "b"', {}, "ab"),
    ('substring("foobar", 3)', {}, "obar"),
    ('upper case("abc")', {}, "ABC"),
    ('string length("王🐎")', {}, 2),
    ("sum([1, 2, 3])", {}, 6),
    ("sum(1, 2, 3)", {}, 6),
    ("count(null)", {}, None),
    ("decimal(1/3, 2)", {}, 0.33),
    ("string(1.50)", {}, "1.5"),
    ("x instance of number", {"x": 1}, True),
    ("sort(list: [3, 1, 2], precedes: function(a, b) a < b)", {}, [1, 2, 3]),
    ("x in (? > 3 and ? < 5)", {"x": 4}, True),
    ("1 in [2..null]", {}, False),
    ("3 in [2..null]", {}, None),
    ("1 between 2 and null", {}, False),
    ("[1] instance of list", {}, None),
    ("(function(a, b) b = null)(a: 1)", {}, True),
    ("{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r", {}, 120),
    ("for i in 0..4 return if i = 0 then 1 else i * partial[-1]", {}, [1, 1, 2, 6, 24]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "scope", "expected"), EVERYDAY, ids=[e[0] for e in EVERYDAY])
def test_an_everyday_expression_gives_what_its_writer_means(text, scope, expected):
    assert expected == to_plain(evaluate(text, scope))


TESTS = [
    ("> 5", 6, True),
    ("> 5", 5, False),
    ("[1..3], 7", 7, True),
    ("-", None, True),
    ('"A", "B"', "B", True),
    ('not("A", "B")', "B", False),
    ('not("A", "B")', "C", True),
    ("? > 3 and ? < 5", 4, True),
    ("null", None, True),
    ("true", False, False),
    ("false", False, True),
    ('starts with(?, "王")', "王五", True),
    ("> limit", 11, True),
    ("< 5", None, False),
    ('"A"', 1, False),
]


@pytest.mark.parametrize(("text", "value", "expected"), TESTS)
def test_unary_tests_match_the_values_they_name(text, value, expected):
    assert compile_unary_tests(text).matches(value, {"limit": 10}) is expected


def test_an_expression_tells_which_names_it_reads():
    expression = compile_expression(
        "for x in orders return x.total + fee + sum(numbers) + {a: 1, b: a}.b"
    )

    assert {"orders", "fee", "numbers"} == expression.names


def test_a_python_function_may_be_called_by_its_name():
    double = {"double it": lambda n: n * 2}

    assert evaluate("double it(21)", functions=double) == 42


def test_an_unknown_name_is_null_and_warned_of():
    warnings = Warnings()

    assert evaluate("amount + 1", {}, warnings=warnings) is None
    assert [warning.text() for warning in warnings] == [
        'Nothing is called "amount".',
        "null + number has no result.",
    ]
