"""A sentence of ours in a column is read in the language of whoever reads it."""

from __future__ import annotations

from jiedan.core.i18n import lazy, use_locale
from jiedan.core.sentences import keep, say
from jiedan.core.text import clean_text


def test_a_kept_sentence_is_read_in_each_language_with_its_values() -> None:
    kept = keep(lazy("%(n)s days more than agreed.", n=12))

    with use_locale("en"):
        assert say(kept) == "12 days more than agreed."
    with use_locale("zh"):
        assert "12" in say(kept)
        assert "agreed" not in say(kept)


def test_a_sentence_within_a_sentence_and_within_other_text_is_read_too() -> None:
    kept = keep(lazy("Missing: %(name)s", name=lazy("Delivery date")))

    with use_locale("en"):
        assert say(f"CODE: {kept}, {kept}") == "CODE: " + ", ".join(["Missing: Delivery date"] * 2)
    with use_locale("zh"):
        assert "Delivery" not in say(kept)


def test_what_a_person_wrote_is_never_taken_for_a_sentence_of_ours() -> None:
    forged = keep(lazy("Missing: %(name)s", name="x" * 3))

    assert keep("尽快发货 %(n)s") == say("尽快发货 %(n)s") == "尽快发货 %(n)s"
    assert say(clean_text(forged)) == clean_text(forged) == forged[1:-1]
