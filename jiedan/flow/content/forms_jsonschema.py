"""A form as JSON Schema 2020-12, so that clients of the API know what to send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jiedan.core.money import LARGEST
from jiedan.flow.content.forms_judge import MAX_ROWS
from jiedan.flow.content.forms_schema import Field, Form, Kind, Said

_TEXT: dict[str, Any] = {"type": "string"}
_PLAIN: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: _TEXT,
    Kind.LINES: _TEXT,
    Kind.NUMBER: {"type": ["number", "string"]},
    Kind.INT: {"type": "integer"},
    Kind.QTY: {"type": ["string", "number"], "description": "> 0, ≤ 9999999, 3 decimals"},
    Kind.PCT: {"type": ["string", "number"], "description": "0–100, 2 decimals"},
    Kind.MONEY: {
        "oneOf": [
            {"type": "string", "pattern": r"^\d{1,9}(\.\d{1,2})?$", "description": "yuan"},
            {"type": "integer", "minimum": 0, "maximum": LARGEST, "description": "fen"},
        ]
    },
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TIME: {"type": "string", "format": "time"},
    Kind.DT: {"type": "string", "format": "date-time"},
    Kind.BOOL: {"type": "boolean"},
    Kind.ENUM: _TEXT,
    Kind.MANY: {"type": "array", "items": _TEXT, "uniqueItems": True},
    Kind.PHONE: _TEXT,
    Kind.EMAIL: {"type": "string", "format": "email"},
    Kind.USER: _TEXT,
    Kind.REF: _TEXT,
    Kind.FILE: {"type": "array", "items": {"type": "string", "format": "uuid"}},
}


def json_schema(form: Form, *, locale: str = "en") -> dict[str, Any]:
    """The schema of an answer. Conditional fields are optional in it; the server knows better.

    `required` holds what is always required; `x-required-if` and `x-hide-if` carry the FEEL.
    """
    schema = _record(form.fields, locale)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": form.name.in_(locale),
        **schema,
        "x-outcomes": [
            {"name": each.name, "label": each.label.in_(locale)} for each in form.outcomes
        ],
    }


def _record(fields: Sequence[Field], locale: str, depth: int = 0) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    _gather(fields, properties, required, locale, depth, conditional=False)
    found: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        found["required"] = required
    return found


def _gather(
    fields: Sequence[Field],
    properties: dict[str, Any],
    required: list[str],
    locale: str,
    depth: int,
    *,
    conditional: bool,
) -> None:
    for each in fields:
        maybe = conditional or each.hide_if is not None
        if each.kind is Kind.GROUP and len(each.path) == depth:
            _gather(each.children, properties, required, locale, depth, conditional=maybe)
            continue
        if len(each.path) <= depth or each.kind is Kind.COMPUTED:
            continue
        place, needed = properties, required
        for part in each.path[depth:-1]:
            below = place.setdefault(
                part, {"type": "object", "properties": {}, "additionalProperties": False}
            )
            place = below.setdefault("properties", {})
            needed = below.setdefault("required", [])
        name = each.path[-1]
        place[name] = (
            _record(each.children, locale, len(each.path))
            if each.kind is Kind.GROUP
            else _described(each, locale)
        )
        if each.required and not maybe and not each.read_only:
            needed.append(name)


def _described(each: Field, locale: str) -> dict[str, Any]:
    if each.kind is Kind.TABLE:
        found: dict[str, Any] = {
            "type": "array",
            "items": _record(each.children, locale),
            "maxItems": each.limits.max_rows or MAX_ROWS,
        }
        if each.limits.min_rows:
            found["minItems"] = each.limits.min_rows
    else:
        found = dict(_PLAIN[each.kind])
    _say(found, "title", each.label, locale)
    _say(found, "description", each.about, locale)
    limits = each.limits
    if limits.min_length:
        found["minLength"] = limits.min_length
    if limits.max_length is not None:
        found["maxLength"] = limits.max_length
    if limits.min is not None:
        found["minimum"] = float(limits.min)
    if limits.max is not None:
        found["maximum"] = float(limits.max)
    if each.options:
        values = [one.value for one in each.options]
        if each.kind is Kind.MANY:
            found["items"] = {"type": "string", "enum": values}
        elif each.kind is Kind.ENUM:
            found["enum"] = values
    if each.read_only:
        found["readOnly"] = True
    for key, text in (("x-required-if", each.required_if), ("x-hide-if", each.hide_if)):
        if text:
            found[key] = text
    if each.source:
        found["x-source"] = each.source
    return found


def _say(found: dict[str, Any], key: str, said: Said, locale: str) -> None:
    if said:
        found[key] = said.in_(locale)
