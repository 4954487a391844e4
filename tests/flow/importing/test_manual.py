"""The manual's page on importing says what the import does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jiedan
from jiedan.flow.importing.syntax import Language
from jiedan.flow.importing.translating import expression, is_foreign, juel

FOLDER = Path(jiedan.__file__).parent / "manual"


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_expressions_of_the_manual_become_what_it_says(locale: str) -> None:
    text = (FOLDER / f"importing.{locale}.md").read_text("utf-8")
    pairs = re.findall(r"^\| `([^`]+)` \| `=([^`]+)`", text, re.MULTILINE)

    converted = [
        (juel(one) if is_foreign(one) else expression(one, Language.PYTHON)).text
        for one, _ in pairs
    ]

    assert len(pairs) == 8
    assert converted == [feel for _, feel in pairs]
