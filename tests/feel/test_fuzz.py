"""Whatever the text and the values: a value, or an error of the package."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiedan.dmn import load_model
from jiedan.feel import (
    FeelError,
    Warnings,
    compile_expression,
    compile_unary_tests,
    evaluate,
    from_plain,
    to_plain,
    to_python,
)
from tests.feel.grammar import EXPRESSIONS, SCOPES, VALUES

FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from(
    ["for", " in ", "return", "(", ")", "[", "]", "{", "}", "..", '"', "\\", "@", "//", "/*", "*/",
     "-", ">", "=", "1", "a", ".", ",", ":", " ", "\n", "function", "external", "instance of",
     "list<", "王", "？", "\u3000", "\ud7ff", "not(", "between", "and", "if", "then", "else", "?"]
)  # fmt: skip


def tell(error: FeelError) -> None:
    """Make sure that the error has something to say."""
    assert error.text()
    assert error.code


def try_it(text: str, scope: dict[str, Any]) -> None:
    """Compile and evaluate; only the package's own errors may come out."""
    warnings = Warnings()
    try:
        value = evaluate(text, scope, warnings=warnings)
        json.dumps(to_plain(value))
        to_python(value)
    except FeelError as error:
        tell(error)
    assert all(warning.text() for warning in warnings)


@FUZZ
@given(EXPRESSIONS, SCOPES)
def test_expressions_after_the_grammar_never_fail_otherwise(text: str, scope: dict[str, Any]):
    try_it(text, scope)


@FUZZ
@given(st.lists(PIECES, max_size=25).map("".join), SCOPES)
def test_pieces_of_expressions_never_fail_otherwise(text: str, scope: dict[str, Any]):
    try_it(text, scope)


@FUZZ
@given(st.binary(max_size=60))
def test_bytes_never_fail_otherwise(raw: bytes):
    try_it(raw.decode("utf-8", "replace"), {})
    try_it(raw.decode("latin-1"), {})


@FUZZ
@given(EXPRESSIONS | st.lists(PIECES, max_size=15).map("".join), VALUES, SCOPES)
def test_unary_tests_never_fail_otherwise(text: str, value: Any, scope: dict[str, Any]):
    try:
        assert compile_unary_tests(text).matches(value, scope) in (True, False)
    except FeelError as error:
        tell(error)


@FUZZ
@given(st.text(max_size=20), st.text(max_size=12), st.text(max_size=6), st.sampled_from(
    [None, "", "i", "s", "m", "x", "q", "ix", "z"]))  # fmt: skip
def test_patterns_never_fail_otherwise(text: str, pattern: str, new: str, flags: str | None):
    scope = {"t": text, "p": pattern, "n": new, "f": flags}
    for call in ("matches(t, p, f)", "replace(t, p, n, f)", "split(t, p)"):
        try_it(call, scope)


@FUZZ
@given(VALUES)
def test_values_survive_the_way_in_and_out(value: Any):
    inside = from_plain(value)

    assert from_plain(inside) == inside or inside != inside
    json.dumps(to_plain(inside))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_as_a_model_never_fail_otherwise(raw: bytes):
    start = b'<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="x">'
    for xml in (raw, start + raw, start + raw + b"</definitions>"):
        try:
            load_model(xml)
        except FeelError as error:
            tell(error)


@FUZZ
@given(EXPRESSIONS)
def test_names_can_always_be_told(text: str):
    try:
        expression = compile_expression(text)
    except FeelError:
        return

    assert all(isinstance(name, str) and name for name in expression.names)
