"""Every decision table and expression that the product ships passes the static look."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import jiedan
from jiedan.dmn.look import look_at_model
from jiedan.feel.look import look_at_expression

ROOT = Path(jiedan.__file__).parent.parent
TABLES = sorted((ROOT / "processes").rglob("*.dmn"))
DIAGRAMS = sorted((ROOT / "processes").rglob("*.bpmn"))
FORMS = sorted((ROOT / "forms").rglob("*.form"))


FUNCTIONS = {
    name
    for folder in ("jiedan", "handlers")
    for path in sorted((ROOT / folder).rglob("*.py"))
    for name in re.findall(r'^@function\("([^"]+)"', path.read_text("utf-8"), re.MULTILINE)
}
"""Functions that the product adds to the expressions of its diagrams."""


def names_of(paths: list[Path]) -> list[str]:
    """File names, for the reader of a test report."""
    return [path.name for path in paths]


@pytest.mark.parametrize("path", TABLES, ids=names_of(TABLES))
def test_a_decision_table_has_no_gap_no_overlap_and_no_idle_rule(path: Path):
    for each in look_at_model(path.read_bytes()):
        assert [problem.text() for _, look in each.expressions for problem in look.problems] == []
        if each.table is not None:
            assert [gap.example for gap in each.table.gaps if not gap.only_fractions] == []
            assert each.table.overlaps == ()
            assert each.table.unreachable == ()
            assert each.table.complete


def expressions_in(text: str) -> Iterator[str]:
    """Attribute values and element texts that begin with =."""
    for found in re.finditer(r'="=([^"]*)"', text):
        yield html.unescape(found[1])
    for found in re.finditer(r">=([^<]*)<", text):
        yield html.unescape(found[1])


@pytest.mark.parametrize("path", DIAGRAMS, ids=names_of(DIAGRAMS))
def test_each_expression_of_a_diagram_can_be_read(path: Path):
    for text in expressions_in(path.read_text("utf-8")):
        look = look_at_expression(text, functions=FUNCTIONS)
        assert [problem.text() for problem in look.problems] == []


def conditions_in(value: object) -> Iterator[str]:
    """Texts in a form that begin with =."""
    if isinstance(value, dict):
        for entry in value.values():
            yield from conditions_in(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from conditions_in(entry)
    elif isinstance(value, str) and value.startswith("="):
        yield value[1:]


@pytest.mark.parametrize("path", FORMS, ids=names_of(FORMS))
def test_each_expression_of_a_form_can_be_read_and_calls_known_functions(path: Path):
    for text in conditions_in(json.loads(path.read_text("utf-8"))):
        assert [problem.text() for problem in look_at_expression(text).problems] == []
