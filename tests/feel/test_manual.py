"""Each example of the manual's page "FEEL and decisions" is true, in both languages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jiedan
from jiedan.feel import FeelSyntaxError, compile_expression, compile_unary_tests, evaluate
from jiedan.feel.limits import LIMITS

MANUAL = Path(jiedan.__file__).parent / "manual"
PAGES = {language: (MANUAL / f"feel.{language}.md").read_text("utf-8") for language in ("en", "zh")}


def scope_of(page: str) -> dict[str, Any]:
    """The values that the page's examples use."""
    found = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def examples() -> Iterator[tuple[str, str, str]]:
    """Language, expression, result."""
    for language, page in PAGES.items():
        for block in re.findall(r"```feel\n(.*?)```", page, re.DOTALL):
            pairs = re.findall(r"(.+)\n// → (.+)\n", block)
            assert block == "".join(f"{text}\n// → {result}\n" for text, result in pairs)
            yield from ((language, text, result) for text, result in pairs)


@pytest.mark.parametrize(("language", "text", "result"), list(examples()))
def test_an_example_gives_what_the_page_says(language: str, text: str, result: str):
    assert evaluate(text, scope_of(PAGES[language])) == evaluate(result)


def test_both_languages_have_the_same_number_of_examples():
    languages = [language for language, _, _ in examples()]

    assert languages.count("en") == languages.count("zh") > 40


@pytest.mark.parametrize("language", PAGES)
def test_the_cells_of_the_page_are_unary_tests(language: str):
    cells = re.findall(r"^\| `([^`]*[^#<>+`][^`]*)` \|", PAGES[language], re.MULTILINE)

    assert len(cells) >= 8
    for cell in cells:
        compile_unary_tests(cell)
    assert compile_unary_tests("[100..500)").matches(100)
    assert not compile_unary_tests("[100..500)").matches(500)


@pytest.mark.parametrize("language", PAGES)
def test_the_wrong_expression_and_the_limits_are_as_the_page_says(language: str):
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression("amount == 5")

    assert (caught.value.found, caught.value.meant) == ("==", "=")
    numbers = {int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", PAGES[language][-400:])}
    assert {LIMITS.text, LIMITS.depth, LIMITS.steps, LIMITS.items} <= numbers
