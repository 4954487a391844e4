"""One field of a foreign form definition as a component of a form-js form."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from jiedan.flow.content.xml import tag
from jiedan.flow.importing.conversion import Conversion
from jiedan.flow.importing.settings import attribute, described
from jiedan.flow.importing.translating import is_foreign

Node = etree._Element
Component = dict[str, Any]

_TYPES = {
    **dict.fromkeys(("string", "text", ""), "textfield"),
    **dict.fromkeys(("long", "int", "integer", "short", "double", "float", "decimal"), "number"),
    **{"boolean": "checkbox", "date": "datetime", "enum": "select"},
    **{"multi-line-text": "textarea", "dropdown": "select", "radio-buttons": "radio"},
}
_WHOLE = frozenset({"long", "int", "integer", "short"})
_LIMITS = {"minlength": "minLength", "maxlength": "maxLength", "min": "min", "max": "max"}
_READ = frozenset(
    {
        *("id", "name", "label", "type", "variable", "required", "writable", "readable"),
        *("default", "defaultValue", "datePattern"),
    }
)


def component(
    conversion: Conversion, node: Node, field: Node, *, row: int, form: str
) -> Component | None:
    """The component, with a row for each thing that it does not say; None for a hidden field."""
    one = _Field(conversion, node, field)
    if attribute(field, "readable") == "false":
        one.left("readable", "false")
        return None
    made: Component = {
        "id": f"{form}_{one.key}",
        "key": one.key,
        "type": one.control(),
        "label": attribute(field, "label") or attribute(field, "name") or one.name,
        "layout": {"row": f"row{row}", "columns": None},
    }
    kind = attribute(field, "type")
    if kind in _WHOLE:
        made["decimalDigits"] = 0
    if made["type"] == "datetime":
        has_time = "H" in attribute(field, "datePattern") or "h" in attribute(field, "datePattern")
        made["subtype"] = "datetime" if has_time else "date"
        made["dateLabel"] = made.pop("label")
    if made["type"] in ("select", "radio"):
        made["values"] = one.options()
    if validate := one.validation(made):
        made["validate"] = validate
    if attribute(field, "writable") == "false":
        made["readonly"] = True
    one.default(made)
    one.rest()
    return made


class _Field:
    def __init__(self, conversion: Conversion, node: Node, field: Node) -> None:
        self.conversion, self.node, self.field = conversion, node, field
        self.name = attribute(field, "id") or attribute(field, "name") or "field"
        wanted = attribute(field, "variable") or self.name
        self.key = re.sub(r"\W", "_", wanted)
        if not self.key.isidentifier() or self.key.startswith("_"):
            self.key = f"field_{self.key.strip('_')}"
        if self.key != wanted:
            self.left("id", wanted)

    def left(self, setting: str, value: str) -> None:
        self.conversion.say("field_left", self.node, setting, field=self.name, value=value or "–")

    def control(self) -> str:
        kind = attribute(self.field, "type")
        if kind not in _TYPES:
            self.left("type", kind)
        return _TYPES.get(kind, "textfield")

    def options(self) -> list[dict[str, str]]:
        return [
            {"value": value, "label": attribute(one, "name") or value}
            for one in self.field
            if tag(one) == "value" and (value := attribute(one, "id") or attribute(one, "name"))
        ]

    def validation(self, made: Component) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if attribute(self.field, "required") == "true":
            said["required"] = True
        for constraint in self.field.iterfind("{*}validation/{*}constraint"):
            name, config = attribute(constraint, "name"), attribute(constraint, "config")
            if name == "required" and config != "false":
                said["required"] = True
            elif name == "readonly" and config != "false":
                made["readonly"] = True
            elif name in _LIMITS and re.fullmatch(r"-?\d+(\.\d+)?", config):
                said[_LIMITS[name]] = float(config) if "." in config else int(config)
            elif config != "false":
                self.left(f"constraint {name}", config)
        return said

    def default(self, made: Component) -> None:
        text = attribute(self.field, "defaultValue") or attribute(self.field, "default")
        if not text:
            return
        if is_foreign(text) or made["type"] == "datetime":
            self.left("default", text)
        elif made["type"] == "number":
            try:
                made["defaultValue"] = float(text) if "." in text else int(text)
            except ValueError:
                self.left("default", text)
        else:
            made["defaultValue"] = text == "true" if made["type"] == "checkbox" else text

    def rest(self) -> None:
        """What was looked at nowhere above."""
        for key, value in self.field.attrib.items():
            name = etree.QName(key).localname
            if name not in _READ:
                self.left(name, str(value))
        for child in self.field:
            if tag(child) and tag(child) not in ("validation", "value"):
                self.left(tag(child), described(child))
