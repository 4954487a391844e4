"""Whatever an expression is worth in its own language, it is worth in FEEL, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, reject
from hypothesis import strategies as st

from jiedan.core.i18n import use_locale
from jiedan.feel import compile_expression, to_python
from jiedan.flow.importing.syntax import Language, NotFeel
from jiedan.flow.importing.translating import Assignments, expression, juel, script

NAMES = {"i": 7, "j": -3, "p": True, "q": False, "s": "tea", "e": ""}


@dataclass(frozen=True)
class Said:
    """An expression as it is written in both languages, and what it is worth there."""

    juel: str
    python: str
    value: Any
    python_value: Any


def atoms(kind: type) -> st.SearchStrategy[Said]:
    names = [name for name, value in NAMES.items() if type(value) is kind]
    named = st.sampled_from(names).map(lambda n: Said(n, n, NAMES[n], NAMES[n]))
    if kind is int:
        numbers = st.integers(0, 40).map(lambda n: Said(str(n), str(n), n, n))
        return named | numbers
    if kind is bool:
        truths = st.booleans().map(lambda b: Said(str(b).lower(), str(b), b, b))
        return named | truths
    texts = st.sampled_from(["tea", "cup's", "a\\\\b", "", "茶"])
    return named | texts.map(_quoted)


def _quoted(text: str) -> Said:
    meant = text.replace("\\\\", "\\")
    return Said(f'"{text}"', f'"{text}"', meant, meant)


NUMBERS = st.deferred(lambda: atoms(int) | calculated | chosen(NUMBERS))
TRUTHS = st.deferred(lambda: atoms(bool) | compared | joined | denied | empty | chosen(TRUTHS))
TEXTS = atoms(str)

WORDS = {"and": ("&&", "and"), "or": ("||", "or"), "==": ("==", "eq"), "<": ("<", "lt")}


@st.composite
def _calculated(draw: st.DrawFn) -> Said:
    sign = draw(st.sampled_from("+-*%"))
    left = draw(NUMBERS)
    right = draw(atoms(int).filter(lambda one: one.value > 0)) if sign == "%" else draw(NUMBERS)
    value = {
        "+": left.value + right.value,
        "-": left.value - right.value,
        "*": left.value * right.value,
        "%": _java_remainder(left.value, right.value) if sign == "%" else 0,
    }[sign]
    python = {
        "+": left.python_value + right.python_value,
        "-": left.python_value - right.python_value,
        "*": left.python_value * right.python_value,
        "%": left.python_value % right.python_value if sign == "%" else 0,
    }[sign]
    return Said(
        f"({left.juel}) {sign} ({right.juel})",
        f"({left.python}) {sign} ({right.python})",
        value,
        python,
    )


def _java_remainder(left: int, right: int) -> int:
    return left - right * int(left / right)


calculated = _calculated()


@st.composite
def _compared(draw: st.DrawFn) -> Said:
    sign = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
    left, right = draw(st.sampled_from([NUMBERS, TEXTS]).flatmap(lambda k: st.tuples(k, k)))
    word = draw(st.sampled_from(WORDS.get(sign, (sign,))))
    spelt = f"({left.juel}) {word} ({right.juel})"
    if " " not in left.juel + right.juel:
        spelt = f"{left.juel} {word} {right.juel}"
    return Said(
        spelt,
        f"({left.python}) {sign} ({right.python})",
        _compare(sign, left.value, right.value),
        _compare(sign, left.python_value, right.python_value),
    )


def _compare(sign: str, left: Any, right: Any) -> bool:
    return {
        "==": left == right, "!=": left != right, "<": left < right,
        "<=": left <= right, ">": left > right, ">=": left >= right,
    }[sign]  # fmt: skip


compared = _compared()


@st.composite
def _joined(draw: st.DrawFn) -> Said:
    word = draw(st.sampled_from(["and", "or"]))
    left, right = draw(TRUTHS), draw(TRUTHS)
    spelt = draw(st.sampled_from(WORDS[word]))
    both = word == "and"
    return Said(
        f"({left.juel}) {spelt} ({right.juel})",
        f"({left.python}) {word} ({right.python})",
        (left.value and right.value) if both else (left.value or right.value),
        (left.python_value and right.python_value)
        if both
        else (left.python_value or right.python_value),
    )


joined = _joined()
denied = st.tuples(TRUTHS, st.sampled_from(["!", "not "])).map(
    lambda said: Said(
        f"{said[1]}({said[0].juel})",
        f"not ({said[0].python})",
        not said[0].value,
        not said[0].python_value,
    )
)
empty = TEXTS.map(
    lambda one: Said(f"empty {one.juel}", f"({one.python}) == ''", not one.value, not one.value)
)


def chosen(kind: st.SearchStrategy[Said]) -> st.SearchStrategy[Said]:
    return st.tuples(TRUTHS, kind, kind).map(
        lambda s: Said(
            f"({s[0].juel}) ? ({s[1].juel}) : ({s[2].juel})",
            f"({s[1].python}) if ({s[0].python}) else ({s[2].python})",
            s[1].value if s[0].value else s[2].value,
            s[1].python_value if s[0].python_value else s[2].python_value,
        )
    )


def reject_unless_large(refusal: NotFeel) -> None:
    """Depth and length are the only reasons for which a sound expression is refused."""
    with use_locale("en"):
        reason = str(refusal.reason)
    assert "more than" in reason or "longer than" in reason
    reject()


@given(said=NUMBERS | TRUTHS)
def test_an_expression_is_worth_the_same_in_feel(said: Said) -> None:
    try:
        feel = juel(f"${{{said.juel}}}").text
        python = expression(said.python, Language.PYTHON).text
    except NotFeel as refusal:
        reject_unless_large(refusal)

    assert to_python(compile_expression(feel).evaluate(NAMES)) == said.value
    assert to_python(compile_expression(python).evaluate(NAMES)) == said.python_value


@given(
    text=st.text(alphabet="ab1 .,'\"()[]{}$#=!<>&|?:+-*/%\\\nif", max_size=30)
    | st.lists(
        st.sampled_from(["a", "1", "'t'", "(", ")", "[", "]", ".", "?", ":", "not ", "-", "if "]),
        max_size=20,
    ).map("".join),
    language=st.sampled_from(Language),
)
def test_any_text_becomes_feel_that_parses_or_is_refused(text: str, language: Language) -> None:
    for convert in (juel, lambda one: expression(one, language), lambda one: script(one, language)):
        try:
            found = convert(text)
        except NotFeel:
            continue
        values = [feel for _, feel in found.values] if isinstance(found, Assignments) else [found]
        for feel in values:
            compile_expression(feel.text)
