"""The look at the clauses finds what is drawn and what is proved, and what is neither."""

from __future__ import annotations

from pathlib import Path

from tests.requirements import drawn, load_clauses, proved


def test_a_clause_counts_when_a_diagram_names_it_or_a_test_is_marked_with_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.bpmn").write_text("<d>Text\nREQ: S2.2.3, N4.1.1</d>", encoding="utf-8")
    (tmp_path / "test_a.py").write_text(
        'import pytest\n\n\n@pytest.mark.req("S1.2", "A25")\ndef test_a() -> None: ...\n',
        encoding="utf-8",
    )

    assert drawn(tmp_path) == {"S2.2.3", "N4.1.1"}
    assert proved(tmp_path) == {"S1.2", "A25"}


def test_every_clause_has_a_part_of_the_product_that_answers_for_it() -> None:
    clauses = load_clauses()

    assert len(clauses) == 181
    assert all(clauses.values())


def test_diagrams_name_only_clauses_that_there_are() -> None:
    assert drawn() <= set(load_clauses())
