"""Hostile expressions end in an error of the package, in little time and memory."""

import time
import tracemalloc
from itertools import pairwise

import pytest

from jiedan.feel import FeelError, Limits, compile_expression, evaluate
from jiedan.feel.errors import (
    ListTooLong,
    NestedTooDeep,
    TextTooLong,
    TookTooLong,
    TooManySteps,
    TooMuchText,
)


def shared(levels: int, entry: str) -> str:
    """Contexts that hold the one before twice: small in memory, endless when written out."""
    names = [f"a{level}" for level in range(levels)]
    parts = [f"{new}: {entry.replace('x', old)}" for old, new in pairwise(names)]
    return f"{{{names[0]}: 1, {', '.join(parts)}, end: {names[-1]}}}"


HOSTILE = {
    "a product of lists": (
        "for a in 1..9000, b in 1..9000 return a * b", (ListTooLong, TooManySteps)
    ),
    "results of results": ("for i in 1..9000 return partial", TooManySteps),
    "a long loop": ("for i in 1..1e30 return i", ListTooLong),
    "a long text": ('"' + "a" * 20_000 + '"', TextTooLong),
    "parentheses": ("(" * 4000 + "1" + ")" * 4000, NestedTooDeep),
    "brackets": ("[" * 5000, NestedTooDeep),
    "signs": ("-" * 5000 + "1", NestedTooDeep),
    "comparisons": ("1 < " * 2000 + "1", NestedTooDeep),
    "paths": ("a" + ".a" * 3000, NestedTooDeep),
    "calls": ("f" + "(1)" * 2000, NestedTooDeep),
    "types": ("x instance of " + "list<" * 1000, NestedTooDeep),
    "endless recursion": ("{f: function(x) f(x + 1), r: f(1)}.r", NestedTooDeep),
    "branching recursion": ("{f: function(x) [f(x + 1), f(x + 1)], r: f(1)}.r", NestedTooDeep),
    "doubled text": (
        '{f: function(s, n) if n = 0 then s else f(s + s, n - 1), r: f("x", 39)}.r',
        TooMuchText,
    ),
    "replaced text": (
        "for i in 1..5000 return replace(" + '"aaaaaaaaaaaaaaaa", "a", "aaaaaaaaaaaaaaaaaaaa")',
        (TooMuchText, TooManySteps),
    ),
    "a pattern with back-references": (
        'matches("' + "a" * 3000 + '!", "(a|aa)+\\1b")',
        TooManySteps,
    ),
    "a shared list written out": (f"string({shared(30, '[x, x]')})", TooManySteps),
    "a shared list as result": (shared(40, "[x, x]"), TooManySteps),
    "a shared list compared": (f"{shared(30, '[x, x]')} = {shared(30, '[x, x]')}", TooManySteps),
    "a deep list": ("for i in 1..5000 return [partial[-1]]", (NestedTooDeep, TooManySteps)),
    "some of much": (
        "some " + ", ".join(f"x{i} in [1, 2, 3]" for i in range(30)) + " satisfies false",
        TooManySteps,
    ),
    "many distinct": ("distinct values(for i in 1..5000 return [i])", TooManySteps),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_expression_is_stopped(name: str):
    text, error = HOSTILE[name]

    with pytest.raises(error):
        evaluate(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_expression_takes_less_than_20_megabytes(name: str):
    text, _ = HOSTILE[name]

    tracemalloc.start()
    try:
        with pytest.raises(FeelError):
            evaluate(f" {text}")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 20_000_000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_expression_takes_less_than_50_milliseconds(name: str):
    text, _ = HOSTILE[name]
    spent = []

    for attempt in range(5):
        start = time.thread_time()
        with pytest.raises(FeelError):
            evaluate(f"{text}{' ' * attempt}")
        spent.append(time.thread_time() - start)

    assert min(spent) < 0.05


def test_patterns_that_make_other_engines_run_away_are_answered_at_once():
    text = "a" * 400 + "!"

    start = time.thread_time()
    answers = [
        evaluate("matches(t, p)", {"t": text, "p": pattern})
        for pattern in ("^(a+)+$", "^(a|a)*$", "^(a*)*b", "^(a|aa)+$", "^a*a*a*a*a*a*b")
    ]

    assert answers == [False] * 5
    assert time.thread_time() - start < 0.5


def test_numbers_stay_within_34_digits_and_6144_powers_of_ten():
    assert evaluate("99 ** 99 ** 99") is None
    assert evaluate("1e6144 * 10") is None
    assert evaluate("10 ** -7000") == 0
    assert evaluate("exp(99999)") is None


def test_limits_can_be_narrowed_for_one_evaluation():
    loop = compile_expression("for i in 1..9 return i")

    with pytest.raises(TooManySteps):
        loop.evaluate({}, limits=Limits(steps=5))
    with pytest.raises(ListTooLong):
        loop.evaluate({}, limits=Limits(items=8))
    with pytest.raises(TookTooLong):
        compile_expression("for i in 1..9000 return sum([i, i])").evaluate(
            {}, limits=Limits(milliseconds=0)
        )


def test_an_expression_reaches_nothing_of_python():
    class Secret:
        password = "x"

    for text in ("a.__class__", 'get value(a, "__class__")', "a.real", "a.append", "{}.keys"):
        assert evaluate(text, {"a": 1}) is None
    with pytest.raises(FeelError):
        evaluate("a.password", {"a": Secret()})
