"""Which form a user task shows: keys, references, and forms made from a list of fields."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

from lxml import etree

from jiedan.flow.content.context import label_of, process_of
from jiedan.flow.content.xml import tag
from jiedan.flow.importing.conversion import Conversion, zeebe
from jiedan.flow.importing.form_fields import Component, component
from jiedan.flow.importing.settings import Settings, attribute, described
from jiedan.flow.importing.translating import is_foreign

Node = etree._Element

_PLAIN = re.compile(r"[\w.-]+")
_SCHEMES = ("embedded", "app", "deployment", "camunda-forms", "engine", "external")
_ENDINGS = (".form", ".html", ".htm", ".jsf", ".xhtml", ".json", ".frm")


def convert_form(conversion: Conversion, node: Node, settings: Settings) -> None:
    """The form of a user task; forms of start events are named in the report."""
    lists = settings.take_children("formData")
    loose = settings.take_children("formProperty")
    reference = settings.take_any("formRef")
    key = settings.take_any("formKey")
    found = [one for one in (reference, key) if one]
    if tag(node) == "startEvent":
        for one in found:
            conversion.say("start_form_left", node, one.label, value=one.value)
        for label, child in (*lists, *loose):
            conversion.say("start_form_left", node, label, value=described(child))
        return
    for one in found:
        _link(conversion, node, one.label, one.value)
    fields: list[Node] = []
    for label, holder in lists:
        for key_name in ("businessKey",):
            if attribute(holder, key_name):
                conversion.say(
                    "setting_left", node, f"{label} {key_name}", value=attribute(holder, key_name)
                )
        fields += [child for child in holder if tag(child)]
    fields += [child for _, child in loose]
    if fields:
        label = (lists or loose)[0][0]
        _make(conversion, node, label, fields, is_linked=bool(found))
    for label, holder in lists:
        if not fields:
            conversion.say("left_out", node, label, value=described(holder))


def _link(conversion: Conversion, node: Node, label: str, text: str) -> None:
    if is_foreign(text):
        value = conversion.value(node, label, text)
        if value is not None:
            zeebe(node, "formDefinition", formId=value)
        return
    form = _form_id(text)
    if form is None:
        conversion.say("form_missing", node, label, value=text)
        return
    zeebe(node, "formDefinition", formId=form)
    is_page = text.endswith((".html", ".htm", ".jsf", ".xhtml")) or text.startswith("app:")
    rule = "form_left" if is_page else "form_named"
    conversion.say(rule, node, label, value=text, form=form)


def _form_id(text: str) -> str | None:
    """The last part of a path without its ending."""
    bare = text.strip()
    while (scheme := bare.partition(":")[0]) in _SCHEMES and ":" in bare:
        bare = bare[len(scheme) + 1 :]
    name = PurePosixPath(bare.split("?")[0]).name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name if _PLAIN.fullmatch(name) else None


def _make(
    conversion: Conversion, node: Node, label: str, fields: list[Node], *, is_linked: bool
) -> None:
    """A form file from a list of fields."""
    form_id = re.sub(r"\W+", "_", f"{process_of(node)}_{node.get('id') or 'form'}")
    components: list[Component] = []
    for field in fields:
        made = component(conversion, node, field, row=len(components) + 1, form=form_id)
        if made is not None:
            components.append(made)
    form = {
        "schemaVersion": 19,
        "type": "default",
        "id": form_id,
        "name": label_of(node),
        "components": [*components, _button(form_id, len(components) + 1)],
    }
    conversion.forms[f"{form_id}.form"] = json.dumps(form, ensure_ascii=False, indent=2).encode()
    if not is_linked:
        zeebe(node, "formDefinition", formId=form_id)
    conversion.say("form_made", node, label, form=form_id, count=len(components))


def _button(form_id: str, row: int) -> dict[str, object]:
    return {
        "type": "button",
        "id": f"{form_id}_submit",
        "key": "submit",
        "action": "submit",
        "label": "提交",
        "layout": {"row": f"row{row}", "columns": None},
        "properties": {"outcome": "submit", "label.en": "Submit", "style": "primary"},
    }
