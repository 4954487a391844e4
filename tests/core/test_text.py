"""Clean text."""

from __future__ import annotations

import pytest

from jiedan.core import text


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("  a  b\r\nc\rd ", "a  b\nc\nd"),
        ("e\u0301", "é"),
        ("a\x00b\x07c\x1b[31m", "abc[31m"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("مرحبا", "مرحبا"),
        ("\ud800x", "x"),
        ("<script>", "<script>"),
    ],
)
def test_text_is_normalised_and_loses_only_what_harms(typed: str, clean: str) -> None:
    assert text.clean_text(typed) == clean


def test_a_line_has_no_line_ends() -> None:
    assert text.clean_line(" a\t b\n\u3000c ") == "a b c"


def test_text_that_is_too_long_is_refused() -> None:
    assert text.clean_text("字" * 10, limit=10) == "字" * 10
    with pytest.raises(text.TextTooLong):
        text.clean_text("字" * 11, limit=10)


def test_numbers_typed_full_width_become_plain() -> None:
    assert text.number_text("１２，０００．５ ") == "12,000.5"
    assert text.number_text("－５") == "-5"
    assert text.identifier_text("p\u200b-１００１") == "p-1001"


def test_searching_ignores_width_case_and_extra_spaces() -> None:
    assert text.search_text("  ＡＢＣ　华东  x") == "abc 华东 x"
    assert text.like_pattern("50%_\\") == "%50\\%\\_\\\\%"


@pytest.mark.parametrize("cell", ["=cmd|'/c calc'!A1", "+1", "-1", "@x", "\t=1"])
def test_a_spreadsheet_does_not_run_what_it_is_given(cell: str) -> None:
    assert text.spreadsheet_text(cell) == f"'{cell}"


def test_an_ordinary_cell_stays_as_it_is() -> None:
    assert text.spreadsheet_text("华东精工") == "华东精工"
