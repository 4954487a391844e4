"""The check that nothing is left untranslated."""

from __future__ import annotations

from pathlib import Path

import pytest

from jiedan.core import catalogues
from jiedan.core.po import Catalogue
from jiedan.core.settings import SOURCE_ROOT

SOURCE = '''
from jiedan.core.errors import Conflict
from jiedan.core.i18n import gettext as _, lazy, ngettext

LABEL = lazy("A label")


class TaskGone(Conflict):
    """This task is gone.

    More for developers.
    """


class NotAnError:
    """Nobody reads this."""


def say(n):
    return _("Hello %(name)s", name="x") + ngettext("one", "many", n) + _(n)
'''
TEMPLATE = """
{% trans %}Good morning{% endtrans %}
{% trans count=n %}{{ count }} task{% pluralize %}{{ count }} tasks{% endtrans %}
{{ _("Sign in") }} {{ title }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "code.py").write_text(SOURCE, "utf-8")
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE, "utf-8")
    return tmp_path


def test_sentences_are_found_in_calls_errors_and_templates(folder: Path) -> None:
    # Which classes are errors is known from the whole source, so ours borrows a name from it.
    source = SOURCE.replace("TaskGone", "DatabaseBusy")
    (folder / "code.py").write_text(source, "utf-8")

    found = {sentence.msgid for sentence in catalogues.find_sentences([folder])}

    assert found == {
        "A label",
        "This task is gone.",
        "Hello %(name)s",
        "one",
        "Good morning",
        "%(count)s task",
        "Sign in",
    }


def test_what_has_no_chinese_is_listed_once(folder: Path) -> None:
    catalogue = Catalogue(singular={"A label": "标签"}, plural={"one": "一"})

    missing = catalogues.untranslated(catalogues.find_sentences([folder, folder]), catalogue)

    assert [sentence.msgid for sentence in missing] == [
        "Hello %(name)s",
        "Good morning",
        "%(count)s task",
        "Sign in",
    ]


def test_a_translation_with_a_placeholder_of_its_own_is_wrong() -> None:
    catalogue = Catalogue(singular={"Hello %(name)s": "你好 %(nmae)s", "a": "b"})

    assert catalogues.wrong_placeholders(catalogue) == [("Hello %(name)s", "你好 %(nmae)s")]


def test_the_check_fails_and_names_the_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert catalogues.main(["check", str(folder)]) == 1
    assert "no Chinese for 'Good morning'" in capsys.readouterr().out


def test_what_is_missing_comes_as_entries_to_fill_in(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogues.main(["missing", str(folder)])

    printed = capsys.readouterr().out
    assert 'msgid "%(count)s task"\nmsgid_plural "%(count)s tasks"\nmsgstr[0] ""' in printed


@pytest.mark.parametrize("area", ["core", "people", "cli.py"])
def test_the_core_and_people_are_translated_completely(area: str) -> None:
    sentences = catalogues.find_sentences([SOURCE_ROOT / "jiedan" / area])

    missing = catalogues.untranslated(sentences, catalogues.load_catalogue())

    assert [sentence.msgid for sentence in missing] == []
