"""The two languages, and how values look in them."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from jiedan.core import i18n
from jiedan.core.i18n import (
    LocalText,
    gettext,
    known_locale,
    lazy,
    ngettext,
    pgettext,
    use_locale,
)
from jiedan.core.po import parse_catalogue, read_catalogues

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "locale"),
    [("zh-CN", "zh"), ("zh_Hans_CN", "zh"), ("EN-gb", "en"), ("fr", None), ("", None)],
)
def test_any_spelling_of_a_language_is_understood(tag: str, locale: str | None) -> None:
    assert known_locale(tag) == locale


def test_each_thread_has_its_own_language() -> None:
    seen: list[str] = []

    def other() -> None:
        i18n.set_locale("zh")
        seen.append(i18n.current_locale())

    with use_locale("en"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

        assert seen == ["zh"]
        assert i18n.current_locale() == "en"


def test_a_sentence_without_translation_stays_english() -> None:
    with use_locale("zh"):
        assert gettext("Nobody ever translated %(this)s.", this="x") == (
            "Nobody ever translated x."
        )


def test_a_lazy_sentence_is_translated_when_it_is_shown() -> None:
    sentence = lazy("At most %(limit)s characters fit here.", limit=9)

    with use_locale("zh"):
        assert f"{sentence}" == "最多 9 个字符。"
    assert sentence + "!" == "At most 9 characters fit here.!"


def test_counting_chooses_the_form() -> None:
    assert ngettext("%(n)s day", "%(n)s days", 1) == "1 day"
    assert ngettext("%(n)s day", "%(n)s days", 3) == "3 days"
    with use_locale("zh"):
        assert ngettext("%(n)s day", "%(n)s days", 3) == "3 天"


def test_text_with_both_languages_chooses_itself() -> None:
    role = LocalText("订单录入员", "Order clerk")

    assert str(role) == "Order clerk"
    with use_locale("zh"):
        assert str(role) == "订单录入员"


def test_times_are_shown_as_in_shanghai() -> None:
    assert i18n.format_datetime(NOW) == "2 Mar 2026 09:00"
    with use_locale("zh"):
        assert i18n.format_datetime(NOW) == "2026-03-02 09:00"
        assert i18n.format_date(date(2026, 12, 1)) == "2026-12-01"
    assert i18n.format_datetime(None) == ""


@pytest.mark.parametrize(
    ("left", "zh", "en"),
    [
        (timedelta(hours=3, minutes=20), "还剩 3 小时", "3 hours left"),
        (timedelta(minutes=1), "还剩 1 分钟", "1 minute left"),
        (timedelta(seconds=5), "还剩 1 分钟", "1 minute left"),
        (-timedelta(days=1, hours=5), "已超时 1 天", "overdue by 1 day"),
        (-timedelta(minutes=59), "已超时 59 分钟", "overdue by 59 minutes"),
    ],
)
def test_a_deadline_says_what_is_left_of_it(left: timedelta, zh: str, en: str) -> None:
    assert i18n.format_deadline(NOW + left, NOW) == en
    with use_locale("zh"):
        assert i18n.format_deadline(NOW + left, NOW) == zh


def test_what_was_a_moment_ago_is_just_now() -> None:
    assert i18n.format_ago(NOW - timedelta(seconds=5), NOW) == "just now"
    with use_locale("zh"):
        assert i18n.format_ago(NOW - timedelta(hours=5), NOW) == "5 小时前"


def test_amounts_and_numbers_have_separators() -> None:
    assert i18n.format_money(120_050) == "¥1,200.50"
    assert i18n.format_money(None) == ""
    assert i18n.format_number(1200) == "1,200"


CATALOGUE = """
msgid ""
msgstr ""
"Language: zh_CN\\n"

#: somewhere:1
msgid "Plain"
msgstr "普通"

msgid ""
"Two "
"lines"
msgstr ""
"两"
"行"

msgid "Quote \\"x\\" and\\nnewline"
msgstr "引号 \\"x\\" 换\\n行"

#, fuzzy
msgid "Unsure"
msgstr "不确定"

msgid "Empty"
msgstr ""

#~ msgid "Old"
#~ msgstr "旧"

msgctxt "verb"
msgid "Return"
msgstr "退回"

msgid "%(n)s order"
msgid_plural "%(n)s orders"
msgstr[0] "%(n)s 个订单"
msgid "No blank line before"
msgstr "紧接"
"""


def test_a_po_file_is_read_as_gettext_means_it() -> None:
    catalogue = parse_catalogue(CATALOGUE)

    assert catalogue.singular == {
        "Plain": "普通",
        "Two lines": "两行",
        'Quote "x" and\nnewline': '引号 "x" 换\n行',
        "verb\x04Return": "退回",
        "No blank line before": "紧接",
    }
    assert catalogue.plural == {"%(n)s order": "%(n)s 个订单"}


def test_our_reader_and_babels_agree_on_our_catalogues() -> None:
    from babel.messages.pofile import read_po

    for path in sorted((i18n.LOCALE_FOLDER / "zh_CN").glob("*.po")):
        with path.open("rb") as file:
            babel = read_po(file, locale="zh_CN")
        expected = {
            message.id: message.string
            for message in babel
            if isinstance(message.id, str)
            and message.id
            and message.string
            and not message.fuzzy
            and not message.context
        }
        ours = parse_catalogue(path.read_text("utf-8")).singular

        assert expected == {key: text for key, text in ours.items() if "\x04" not in key}, path


def test_the_first_catalogue_wins(tmp_path: Path) -> None:
    for name, text in (("a.po", "一"), ("b.po", "二")):
        (tmp_path / name).write_text(f'msgid "One"\nmsgstr "{text}"\n', "utf-8")

    together = read_catalogues([tmp_path / "a.po", tmp_path / "b.po"])

    assert together.singular == {"One": "一"}


def test_a_word_can_depend_on_where_it_stands() -> None:
    with use_locale("zh"):
        assert pgettext("nowhere", "Please sign in.") == "请先登录。"
