"""Reading form files: what they say, and what would not work in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jiedan.flow.content.forms import (
    Kind,
    Style,
    UnreadableForm,
    json_schema,
    parse_form,
    read_posted,
)
from jiedan.flow.content.forms_patterns import dangerous_pattern, fits_pattern

FORMS = sorted((Path(__file__).parents[3] / "forms").glob("*.form"))


def schema(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": "default", "id": "a_form", "schemaVersion": 19, "components": list(components)}


def rules(*components: dict[str, Any]) -> list[str]:
    return [finding.rule for finding in parse_form(schema(*components))[1]]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_every_form_of_the_house_is_free_of_findings(path: Path) -> None:
    form, findings = parse_form(path.read_bytes())

    assert findings == ()
    assert form.id == path.stem
    assert sum(each.style is Style.PRIMARY for each in form.outcomes) <= 1


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_every_label_of_the_house_has_its_english(path: Path) -> None:
    form, _ = parse_form(path.read_bytes())

    missing = [each.id for each in form.walk() if each.label.zh and not each.label.en]
    missing += [each.name for each in form.outcomes if each.label.zh and not each.label.en]
    missing += [
        f"{each.id}.{option.value}"
        for each in form.walk()
        for option in each.options
        if not option.label.en and not option.label.zh.isascii()
    ]

    assert missing == []


def test_both_languages_are_read() -> None:
    form, _ = parse_form(
        schema(
            {
                "id": "c",
                "type": "select",
                "key": "way",
                "label": "方式",
                "properties": {"label.en": "Way", "option.a.en": "First"},
                "values": [{"label": "甲", "value": "a"}],
            }
        )
    )

    field = form.fields[0]

    assert (field.label.in_("zh"), field.label.in_("en")) == ("方式", "Way")
    assert (field.options[0].label.in_("zh"), field.options[0].label.in_("en")) == ("甲", "First")


@pytest.mark.parametrize(
    ("component", "rule"),
    [
        ({"id": "c", "type": "iframe", "label": "x"}, "form_unknown_component"),
        ({"id": "c", "type": "html", "content": "<b>"}, "form_unknown_component"),
        ({"id": "c", "type": "textfield", "label": "x"}, "form_key_missing"),
        ({"id": "c", "type": "textfield", "label": "x", "key": "a-b"}, "form_key_unusable"),
        ({"id": "c", "type": "textfield", "label": "x", "key": "_a"}, "form_key_unusable"),
        (
            {"id": "c", "type": "textfield", "label": "x", "key": "a",
             "conditional": {"hide": "=a +"}},
            "form_expression",
        ),
        (
            {"id": "c", "type": "textfield", "label": "x", "key": "a",
             "properties": {"type": "moneyy"}},
            "form_unknown_type",
        ),
        (
            {"id": "c", "type": "textfield", "label": "x", "key": "a",
             "properties": {"type": "ref"}},
            "form_source_missing",
        ),
        (
            {"id": "c", "type": "textfield", "label": "x", "key": "a",
             "validate": {"pattern": "(a+)+b"}},
            "form_pattern",
        ),
        (
            {"id": "c", "type": "select", "label": "x", "key": "a",
             "values": [{"label": "1", "value": "1"}, {"label": "2", "value": "1"}]},
            "form_option_twice",
        ),
        (
            {"id": "c", "type": "button", "label": "x",
             "properties": {"outcome": "a", "style": "loud"}},
            "form_unknown_style",
        ),
    ],
)  # fmt: skip
def test_what_would_not_work_is_found(component: dict[str, Any], rule: str) -> None:
    assert rules(component) == [rule]


def test_one_place_for_two_fields_needs_conditions() -> None:
    twin = {"type": "textfield", "label": "x", "key": "a"}
    shown = {**twin, "conditional": {"hide": "=b"}}

    assert rules({"id": "1", **twin}, {"id": "2", **twin}) == ["form_key_twice"]
    assert rules({"id": "1", **shown}, {"id": "2", **shown}) == []


@pytest.mark.parametrize("source", [b"", b"[]", b"{}", b"nonsense", b"[" * 100_000])
def test_what_is_no_form_is_refused_by_name(source: bytes) -> None:
    with pytest.raises(UnreadableForm):
        parse_form(source)


def test_a_form_that_is_too_large_is_refused() -> None:
    source = json.dumps(schema({"id": "c", "type": "text", "text": "x" * 600_000})).encode()

    with pytest.raises(UnreadableForm):
        parse_form(source)


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a|a)*b", "(.*a){12}", "(?=a)b", r"(a)\1", "x" * 300, "(", "a*b*c*d*e*"],
)
def test_dangerous_patterns_are_known(pattern: str) -> None:
    assert dangerous_pattern(pattern)
    assert not fits_pattern(pattern, "a" * 60)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r"[A-Z]{2}\d{4,8}", "AB12345", True),
        (r"[A-Z]{2}\d{4,8}", "xAB12345", False),
        (r"HT\d+(-\d+)?", "HT2026-1", True),
        ("甲|乙", "乙", True),
    ],
)
def test_honest_patterns_work_and_mean_the_whole_text(pattern: str, text: str, fits: bool) -> None:
    assert dangerous_pattern(pattern) is None
    assert fits_pattern(pattern, text) is fits


def test_posted_names_become_records_and_rows_in_order() -> None:
    raw = read_posted(
        [
            ("csrf_token", "t"),
            ("_outcome", "submit"),
            ("place.city", "上海"),
            ("lines[7].sku", "C"),
            ("lines[0].sku", "A"),
            ("lines[0].qty", "1"),
            ("many", "x"),
            ("many", "y"),
            ("odd name!", "z"),
        ]
    )

    assert raw == {
        "place": {"city": "上海"},
        "lines": [{"sku": "A", "qty": "1"}, {"sku": "C"}],
        "many": ["x", "y"],
        "odd name!": "z",
    }


@pytest.mark.parametrize(
    "names",
    [
        ["a", "a.b"],
        ["a.b", "a"],
        ["a[0].b", "a.c"],
        ["a", "a[0].b"],
        ["a[0]", "a[0].b"],
        ["a[999999].b"],
        ["__class__.x", "constructor"],
        ["a..b", ".a", "a."],
    ],
)
def test_names_that_contradict_each_other_do_no_harm(names: list[str]) -> None:
    assert isinstance(read_posted([(name, "v") for name in names]), dict)


def test_the_api_learns_what_to_send() -> None:
    form, _ = parse_form(
        schema(
            {"id": "a", "type": "textfield", "key": "price", "label": "价",
             "properties": {"type": "money", "label.en": "Price"}, "validate": {"required": True}},
            {"id": "b", "type": "dynamiclist", "path": "lines", "label": "行",
             "properties": {"min_rows": "1"},
             "components": [{"id": "c", "type": "select", "key": "kind", "label": "类",
                             "values": [{"label": "甲", "value": "a"}]}]},
            {"id": "d", "type": "textfield", "key": "place.city", "label": "市",
             "conditional": {"hide": "=price > 5"}, "validate": {"required": True}},
        )
    )  # fmt: skip

    described = json_schema(form)

    assert described["required"] == ["price"]
    assert described["additionalProperties"] is False
    assert described["properties"]["price"]["title"] == "Price"
    assert described["properties"]["lines"]["items"]["properties"]["kind"]["enum"] == ["a"]
    assert described["properties"]["lines"]["minItems"] == 1
    city = described["properties"]["place"]["properties"]["city"]
    assert city["x-hide-if"] == "price > 5"
    assert [each["name"] for each in described["x-outcomes"]] == ["submit"]


def test_kinds_follow_the_control_and_the_type() -> None:
    form, _ = parse_form(
        schema(
            {"id": "a", "type": "number", "key": "a", "label": "a", "decimalDigits": 0},
            {"id": "b", "type": "datetime", "subtype": "datetime", "key": "b", "dateLabel": "b"},
            {"id": "c", "type": "radio", "key": "c", "label": "c", "properties": {"type": "bool"}},
        )
    )

    assert [each.kind for each in form.fields] == [Kind.INT, Kind.DT, Kind.BOOL]
