"""The package as others would take it: its own documentation, its imports, its values."""

import ast
import datetime as dt
import doctest
import sys
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import jiedan
import jiedan.feel
from jiedan.feel import FeelError, compile_expression, evaluate, from_plain, to_plain, to_python

ROOT = Path(jiedan.__file__).parent
ALLOWED = {"feel": set(), "dmn": {"lxml"}}


@pytest.mark.parametrize("package", ALLOWED)
def test_the_package_imports_nothing_but_the_standard_library_and_itself(package: str):
    own = {"feel": ("jiedan.feel",), "dmn": ("jiedan.feel", "jiedan.dmn")}[package]
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                known = top in sys.stdlib_module_names or top in ALLOWED[package]
                assert known or name.startswith(own), f"{path.name} imports {name}"


@pytest.mark.parametrize("package", ALLOWED)
def test_the_package_never_evaluates_python(package: str):
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "__import__", "compile"), path


def test_the_example_in_the_documentation_is_true():
    assert doctest.testmod(jiedan.feel).failed == 0


@pytest.mark.parametrize(
    ("python", "plain"),
    [
        (5, 5),
        (2.5, 2.5),
        (Decimal("0.10"), 0.1),
        (Decimal("12345678901234567890.12"), "12345678901234567890.12"),
        (True, True),
        (None, None),
        ("x", "x"),
        (dt.date(2026, 3, 2), "2026-03-02"),
        (dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC), "2026-03-02T09:30:00Z"),
        (
            dt.datetime(2026, 3, 2, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
            "2026-03-02T09:30:00@Asia/Shanghai",
        ),
        (dt.timedelta(hours=36), "P1DT12H"),
        ([1, (2, 3)], [1, [2, 3]]),
        ({"a": {1: 2}}, {"a": {"1": 2}}),
        (float("nan"), None),
        (10**40, 1e40),
    ],
)
def test_python_values_become_feel_values_and_plain_ones(python: object, plain: object):
    assert to_plain(from_plain(python)) == plain
    assert to_plain(evaluate("x", {"x": python})) == plain


def test_feel_values_become_python_values():
    moment = dt.datetime(2026, 3, 2, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))

    assert to_python(evaluate('x + @"PT1H"', {"x": moment})) == moment + dt.timedelta(hours=1)
    assert to_python(evaluate('@"PT90M"')) == dt.timedelta(minutes=90)
    assert to_python(evaluate('@"99999-01-01"')) == "99999-01-01"
    assert to_python(evaluate('{a: [@"09:30:00"]}')) == {"a": [dt.time(9, 30)]}


def test_a_value_of_another_kind_is_refused():
    with pytest.raises(FeelError) as caught:
        evaluate("x", {"x": object()})

    assert str(caught.value) == "A value of the type object cannot be used in an expression."


def test_values_that_are_not_read_are_not_looked_at():
    assert evaluate("1 + 1", {"x": object()}) == 2


def test_compiling_the_same_text_again_gives_the_same_expression():
    assert compile_expression("a + 1") is compile_expression("a + 1")


def test_what_a_python_function_raises_comes_out():
    def refuse() -> None:
        raise LookupError("no calendar")

    with pytest.raises(LookupError):
        evaluate("refuse()", functions={"refuse": refuse})


def test_a_python_function_takes_named_arguments_and_python_values():
    seen = []

    def due(start_date: dt.date, days: Decimal) -> dt.date:
        seen.append((start_date, days))
        return start_date + dt.timedelta(days=int(days))

    text = 'due(days: 7, start date: date("2026-03-02"))'

    assert to_plain(evaluate(text, functions={"due": due})) == "2026-03-09"
    assert seen == [(dt.date(2026, 3, 2), Decimal(7))]


@pytest.mark.parametrize(
    ("text", "line", "column", "expected", "meant"),
    [
        ("amount == 5", 1, 8, "an operator or a value", "="),
        ("a && b", 1, 3, "an operator or a value", "and"),
        ("a <> b", 1, 3, "an operator or a value", "!="),
        ("a ≥ 5", 1, 3, "an operator or a value", ">="),
        ("a，b", 1, 2, "an operator or a value", ","),
        ("“A”", 1, 1, "an operator or a value", '"'),
        ("f（1）", 1, 2, "an operator or a value", "("),
        ("if a thn b else c", 1, 6, 'the word "then"', "then"),
        ("if a then b", 1, 12, 'the word "else"', None),
        ("(1 +\n  2", 2, 4, '")"', None),
        ("[1, 2", 1, 6, '"]"', None),
        ("{a 1}", 1, 5, '":"', None),
        ('"abc', 1, 1, "the closing quotation mark", None),
        ("1 /* x", 1, 3, 'the end of the comment, "*/"', None),
        ("x instance off number", 1, 12, 'the word "of"', None),
        ("", 1, 1, "a value", None),
    ],
)
def test_a_syntax_error_says_where_what_and_perhaps_what_was_meant(
    text: str, line: int, column: int, expected: str, meant: str | None
):
    with pytest.raises(jiedan.feel.FeelSyntaxError) as caught:
        compile_expression(text)

    error = caught.value
    assert (error.line, error.column, error.expected, error.meant) == (
        line,
        column,
        expected,
        meant,
    )
