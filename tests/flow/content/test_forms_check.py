"""What a form lets through, what it refuses, and how it says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import use_locale
from jiedan.flow.content.forms import Checked, Form, check_answer, parse_form

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)


def form_of(*components: dict[str, Any]) -> Form:
    """A form of these components, which must be free of findings."""
    numbered = [{"id": f"c{index}", **one} for index, one in enumerate(components)]
    form, findings = parse_form(
        {"type": "default", "id": "a_form", "schemaVersion": 19, "components": numbered}
    )
    assert findings == ()
    return form


def text(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "textfield", "key": key, "label": key, **more}


def typed(key: str, kind: str, **more: Any) -> dict[str, Any]:
    return text(key, properties={"type": kind}, **more)


def button(outcome: str, **properties: str) -> dict[str, Any]:
    return {"type": "button", "label": outcome, "properties": {"outcome": outcome, **properties}}


def check(form: Form, raw: dict[str, Any], **options: Any) -> Checked:
    return check_answer(form, raw, now=NOW, **options)


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("money", "1104.00", 110400),
        ("money", "¥1,200.5", 120050),
        ("money", "１２００", 120000),
        ("money", 110400, 110400),
        ("qty", "100", "100"),
        ("qty", "１００", "100"),
        ("qty", "0.125", "0.125"),
        ("pct", "30%", "30"),
        ("pct", "13.04", "13.04"),
        ("int", "60", 60),
        ("phone", "138 1234 5678", "13812345678"),
        ("phone", "021-6123 4567转8", "02161234567x8"),
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("email", " Wang@Example.COM ", "wang@example.com"),
    ],
)
@pytest.mark.req("S2.1.4")
def test_a_value_is_understood_as_people_type_it(kind: str, given: Any, kept: Any) -> None:
    form = form_of(typed("value", kind))

    checked = check(form, {"value": given})

    assert checked.errors == {}
    assert checked.values == {"value": kept}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("money", "-1"),
        ("money", "1.001"),
        ("money", "1e999"),
        ("money", "NaN"),
        ("money", "1000000000"),
        ("money", 12.5),
        ("money", True),
        ("qty", "0"),
        ("qty", "-1"),
        ("qty", "NaN"),
        ("qty", "1e999"),
        ("qty", "0.0001"),
        ("qty", "10000000"),
        ("pct", "101"),
        ("pct", "1.234"),
        ("int", "1.5"),
        ("phone", "12345"),
        ("phone", "138-1234-567X"),
        ("email", "wang@"),
        ("email", "a..b@example.com"),
    ],
)
@pytest.mark.req("S2.1.4")
def test_a_value_that_cannot_be_right_is_refused(kind: str, given: Any) -> None:
    form = form_of(typed("value", kind))

    checked = check(form, {"value": given})

    assert list(checked.errors) == ["value"]


def test_a_checked_answer_may_be_checked_again() -> None:
    form = form_of(
        typed("price", "money"),
        typed("qty", "qty"),
        {"type": "datetime", "subtype": "datetime", "key": "at", "dateLabel": "at"},
        {"type": "datetime", "subtype": "date", "key": "day", "dateLabel": "day"},
    )
    raw = {"price": "960.5", "qty": "2.50", "at": "2026-03-02T10:15", "day": "2026年3月12日"}

    once = check(form, raw).values
    twice = check(form, dict(once)).values

    assert once == twice
    assert once == {
        "price": 96050,
        "qty": "2.5",
        "at": "2026-03-02T10:15:00+08:00",
        "day": "2026-03-12",
    }


def test_what_is_required_must_be_there_and_blanks_are_nothing() -> None:
    form = form_of(text("name", validate={"required": True}), text("note"))

    checked = check(form, {"name": " \u3000 ", "note": ""})

    assert str(checked.errors["name"]) == "Please fill this in."
    assert checked.values["note"] is None


def test_messages_come_in_the_readers_language() -> None:
    form = form_of(text("name", validate={"required": True}))

    message = check(form, {}).errors["name"]

    with use_locale("zh"):
        assert str(message) == "请填写。"
    with use_locale("en"):
        assert str(message) == "Please fill this in."


@pytest.mark.req("S2.1.4")
def test_a_name_that_the_form_does_not_have_is_refused() -> None:
    form = form_of(text("name"), {"type": "dynamiclist", "path": "lines", "label": "lines",
                                  "components": [{"id": "sku", **text("sku")}]})  # fmt: skip

    checked = check(form, {"name": "x", "state": "approved", "lines": [{"sku": "a", "id": "7"}]})

    assert set(checked.errors) == {"state", "lines[0].id"}


def test_a_hidden_field_is_neither_asked_for_nor_kept() -> None:
    form = form_of(
        text("way"),
        text("address", validate={"required": True}, conditional={"hide": '=way != "bring"'}),
    )

    hidden = check(form, {"way": "here", "address": "smuggled"})
    shown = check(form, {"way": "bring"})

    assert hidden.errors == {}
    assert hidden.values == {"way": "here"}
    assert hidden.hidden == {"address"}
    assert list(shown.errors) == ["address"]


def test_what_hangs_on_a_hidden_field_is_hidden_too() -> None:
    form = form_of(
        text("a"),
        text("b", conditional={"hide": '=a != "yes"'}),
        text("c", conditional={"hide": '=b != "yes"'}),
    )

    checked = check(form, {"a": "no", "b": "yes", "c": "kept?"})

    assert checked.values == {"a": "no"}


def test_a_hidden_group_takes_everything_in_it_along() -> None:
    group = {
        "type": "group",
        "label": "g",
        "conditional": {"hide": "=bare"},
        "components": [{"id": "inner", **text("inner", validate={"required": True})}],
    }
    form = form_of({"type": "checkbox", "key": "bare", "label": "bare"}, group)

    assert check(form, {"bare": "on"}).errors == {}
    assert list(check(form, {}).errors) == ["inner"]


def test_conditions_see_the_process_and_the_pressed_button() -> None:
    form = form_of(
        text("opinion", properties={"required_if": 'outcome = "reject"'}),
        text("discount", conditional={"hide": '=channel = "netease"'}),
        button("approve"),
        button("reject"),
    )

    approved = check(form, {}, outcome="approve", scope={"channel": "netease"})
    rejected = check(form, {}, outcome="reject", scope={"channel": "sales"})

    assert approved.errors == {}
    assert "discount" not in approved.values
    assert list(rejected.errors) == ["opinion"]


def test_a_button_that_is_not_there_cannot_be_pressed() -> None:
    hidden = {**button("special"), "conditional": {"hide": "=blacklisted"}}
    form = form_of(button("approve"), hidden)

    assert list(check(form, {}, outcome="reject").errors) == ["_form"]
    assert list(check(form, {}, outcome="special", scope={"blacklisted": True}).errors) == ["_form"]
    assert check(form, {}, outcome="special", scope={"blacklisted": False}).errors == {}


def test_sending_back_does_not_ask_for_what_is_missing() -> None:
    form = form_of(
        text("name", validate={"required": True}),
        typed("price", "money"),
        button("submit"),
        button("back", skip_validation="true"),
    )

    assert check(form, {}, outcome="back").errors == {}
    assert list(check(form, {"price": "abc"}, outcome="back").errors) == ["price"]


def test_errors_in_tables_name_the_row_and_the_field() -> None:
    form = form_of(
        {
            "type": "dynamiclist",
            "path": "lines",
            "label": "lines",
            "components": [
                {"id": "sku", **text("sku", validate={"required": True})},
                {"id": "qty", **typed("qty", "qty", validate={"required": True})},
            ],
        }
    )

    checked = check(form, {"lines": [{"sku": "P", "qty": "1"}, {}, {"sku": "", "qty": "0"}]})

    assert set(checked.errors) == {"lines[2].sku", "lines[2].qty"}
    assert checked.values["lines"][0] == {"sku": "P", "qty": "1"}


def test_rows_are_counted() -> None:
    table = {
        "type": "dynamiclist",
        "path": "lines",
        "label": "lines",
        "properties": {"min_rows": "1", "max_rows": "2"},
        "components": [{"id": "sku", **text("sku")}],
    }
    form = form_of(table)

    assert list(check(form, {}).errors) == ["lines"]
    assert list(check(form, {"lines": [{"sku": "a"}] * 3}).errors) == ["lines"]
    assert check(form, {"lines": [{"sku": "a"}] * 2}).errors == {}


def test_more_than_two_hundred_rows_are_refused() -> None:
    form = form_of({"type": "dynamiclist", "path": "lines", "label": "lines",
                    "components": [{"id": "sku", **text("sku")}]})  # fmt: skip

    checked = check(form, {"lines": [{"sku": str(n)} for n in range(5_000)]})

    assert list(checked.errors) == ["lines"]


def test_a_rows_condition_sees_its_row_and_what_is_around_it() -> None:
    note = text("note", properties={"required_if": 'result = "fail" and strict'})
    form = form_of(
        {"type": "checkbox", "key": "strict", "label": "strict"},
        {
            "type": "dynamiclist",
            "path": "items",
            "label": "items",
            "components": [{"id": "result", **text("result")}, {"id": "note", **note}],
        },
    )
    rows = [{"result": "pass"}, {"result": "fail"}]

    strict = check(form, {"strict": True, "items": rows})
    lax = check(form, {"strict": False, "items": rows})

    assert list(strict.errors) == ["items[1].note"]
    assert lax.errors == {}


def test_a_read_only_field_keeps_what_it_was() -> None:
    form = form_of(text("customer", readonly=True), text("note"))

    checked = check(form, {"customer": "KH000004", "note": "x"}, initial={"customer": "KH000001"})

    assert checked.values == {"customer": "KH000001", "note": "x"}


def test_a_fixed_table_keeps_its_rows_and_their_read_only_cells() -> None:
    form = form_of(
        {
            "type": "dynamiclist",
            "path": "items",
            "label": "items",
            "allowAddRemove": False,
            "components": [
                {"id": "code", **text("code", readonly=True)},
                {"id": "result", **text("result")},
            ],
        }
    )
    initial = {"items": [{"code": "SPEC"}, {"code": "PRICE"}]}

    checked = check(
        form,
        {"items": [{"code": "FORGED", "result": "pass"}, {}, {"code": "MORE", "result": "pass"}]},
        initial=initial,
    )

    assert checked.values["items"] == [
        {"code": "SPEC", "result": "pass"},
        {"code": "PRICE", "result": None},
    ]


def test_bounds_may_depend_on_today_and_on_other_fields() -> None:
    form = form_of(
        {
            "type": "datetime",
            "subtype": "date",
            "key": "wanted",
            "dateLabel": "wanted",
            "properties": {"min": "today()"},
        },
        {"type": "number", "key": "open", "label": "open"},
        {"type": "number", "key": "picked", "label": "picked", "properties": {"max": "open"}},
    )

    checked = check(form, {"wanted": "2026-03-01", "open": "5", "picked": "6"})

    assert str(checked.errors["wanted"]) == "Not before 2026-03-02."
    assert str(checked.errors["picked"]) == "At most 5."
    assert check(form, {"wanted": "2026-03-02", "open": "5", "picked": "5"}).errors == {}


def test_a_form_brings_its_own_check_and_its_own_words() -> None:
    form = form_of(
        typed("arrive", "int"),
        text(
            "leave",
            properties={
                "type": "int",
                "check": "value > arrive",
                "check.message": "离开须晚于到达。",
                "check.message.en": "One leaves after one arrives.",
            },
        ),
    )

    message = check(form, {"arrive": "9", "leave": "8"}).errors["leave"]

    assert str(message) == "One leaves after one arrives."
    with use_locale("zh"):
        assert str(message) == "离开须晚于到达。"


@pytest.mark.parametrize("day", ["9999-01-01", "2026-02-30", "yesterday", "0000-00-00"])
def test_impossible_days_are_refused(day: str) -> None:
    form = form_of({"type": "datetime", "subtype": "date", "key": "day", "dateLabel": "day"})

    assert list(check(form, {"day": day}).errors) == ["day"]


def test_a_moment_without_a_zone_is_shanghai_time() -> None:
    form = form_of({"type": "datetime", "subtype": "datetime", "key": "at", "dateLabel": "at"})

    assert check(form, {"at": "2026-03-02 10:15"}).values["at"] == "2026-03-02T10:15:00+08:00"
    assert check(form, {"at": "2026-03-02T02:15:00Z"}).values["at"] == "2026-03-02T10:15:00+08:00"


def test_only_choices_of_the_list_are_taken() -> None:
    choices = [{"label": "甲", "value": "a"}, {"label": "乙", "value": "b"}]
    form = form_of(
        {"type": "select", "key": "one", "label": "one", "values": choices},
        {"type": "checklist", "key": "many", "label": "many", "values": choices},
    )

    assert check(form, {"one": "a", "many": ["b", "a", "b"]}).values == {
        "one": "a",
        "many": ["b", "a"],
    }
    assert set(check(form, {"one": "c", "many": ["a", "c"]}).errors) == {"one", "many"}


def test_choices_may_come_from_the_process() -> None:
    form = form_of({"type": "select", "key": "role", "label": "role", "valuesExpression": "=roles"})

    assert check(form, {"role": "OR"}, scope={"roles": ["OR", "FO"]}).errors == {}
    assert list(check(form, {"role": "GM"}, scope={"roles": ["OR", "FO"]}).errors) == ["role"]


class Shelf:
    """Knows one customer and one file."""

    def label(self, source: str, value: str) -> str | None:
        return "East" if (source, value) == ("customers", "KH000001") else None

    def filename(self, file_id: str) -> str | None:
        return {"f1": "letter.pdf", "f2": "virus.exe"}.get(file_id)


def test_choices_and_files_outside_the_form_must_exist() -> None:
    form = form_of(
        text("customer", properties={"type": "ref", "source": "customers"}),
        {"type": "filepicker", "key": "letter", "label": "letter", "accept": ".pdf,.png"},
    )

    good = check(form, {"customer": "KH000001", "letter": "f1"}, lookup=Shelf())
    bad = check(form, {"customer": "KH999999", "letter": "f2"}, lookup=Shelf())
    gone = check(form, {"letter": "f3"}, lookup=Shelf())

    assert good.values == {"customer": "KH000001", "letter": ["f1"]}
    assert set(bad.errors) == {"customer", "letter"}
    assert list(gone.errors) == ["letter"]


def test_a_computed_field_is_worked_out_and_never_believed() -> None:
    form = form_of(
        typed("price", "money"),
        typed("qty", "qty"),
        {
            "type": "expression",
            "key": "total",
            "expression": "=price * qty",
            "properties": {"type": "money"},
        },
    )

    checked = check(form, {"price": "1104", "qty": "100", "total": "1"})

    assert checked.values["total"] == 11_040_000


def test_keys_with_dots_and_groups_with_paths_make_records() -> None:
    form = form_of(
        text("place.city"),
        {
            "type": "group",
            "path": "invoice",
            "label": "invoice",
            "components": [{"id": "title", **text("title", validate={"required": True})}],
        },
    )

    good = check(form, {"place": {"city": "上海"}, "invoice": {"title": "T"}})
    bad = check(form, {"place": {"city": "x", "planet": "y"}, "invoice": {}})

    assert good.values == {"place": {"city": "上海"}, "invoice": {"title": "T"}}
    assert set(bad.errors) == {"place.planet", "invoice.title"}


def test_lengths_and_patterns_hold() -> None:
    form = form_of(
        text("tax_no", validate={"minLength": 15, "maxLength": 20, "pattern": "[A-Z0-9]+"})
    )

    assert check(form, {"tax_no": "91310000MA1FL0000X"}).errors == {}
    for wrong in ("short", "x" * 21, "91310000ma1fl0000x"):
        assert list(check(form, {"tax_no": wrong}).errors) == ["tax_no"]


def test_text_loses_controls_and_hidden_directions_and_keeps_the_rest() -> None:
    form = form_of(text("name"))

    checked = check(form, {"name": "  <script>{{7*7}}\u202e 🍵\x00 O'Brien  "})

    assert checked.values["name"] == "<script>{{7*7}} 🍵 O'Brien"


def test_a_yes_or_no_with_radio_buttons_must_be_answered_a_tick_must_be_set() -> None:
    form = form_of(
        {
            "type": "radio",
            "key": "safe",
            "label": "safe",
            "properties": {"type": "bool"},
            "validate": {"required": True},
        },
        {"type": "checkbox", "key": "seen", "label": "seen", "validate": {"required": True}},
        {"type": "checkbox", "key": "extra", "label": "extra"},
    )

    assert set(check(form, {}).errors) == {"safe", "seen"}
    assert check(form, {"safe": "false", "seen": "on"}).values == {
        "safe": False,
        "seen": True,
        "extra": False,
    }


def test_checking_a_full_order_takes_a_few_milliseconds() -> None:
    line = [{"id": key, **typed(key, kind)} for key, kind in (("qty", "qty"), ("price", "money"))]
    form = form_of({"type": "dynamiclist", "path": "lines", "label": "lines", "components": line})
    raw = {"lines": [{"qty": "1", "price": "2.00"} for _ in range(200)]}

    started = datetime.now()
    checked = check(form, raw)

    assert len(checked.values["lines"]) == 200
    assert datetime.now() - started < timedelta(seconds=2)
