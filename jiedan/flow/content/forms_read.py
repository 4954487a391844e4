"""Reading a form-js file into a `Form`, and saying what in it would not work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from jiedan.core.errors import Invalid
from jiedan.feel import FeelError, compile_expression
from jiedan.flow.content.forms_patterns import dangerous_pattern
from jiedan.flow.content.forms_schema import (
    SUBMIT,
    Field,
    Form,
    Kind,
    Limits,
    Option,
    Outcome,
    Path,
    Said,
    Style,
)

MAX_BYTES = 512 * 1024
MAX_FIELDS = 500
MAX_DEPTH = 6
KNOWN_SCHEMA = 19

_CONTROLS: Mapping[str, Kind] = {
    "textfield": Kind.TEXT,
    "textarea": Kind.LINES,
    "number": Kind.NUMBER,
    "select": Kind.ENUM,
    "radio": Kind.ENUM,
    "checkbox": Kind.BOOL,
    "checklist": Kind.MANY,
    "taglist": Kind.MANY,
    "datetime": Kind.DATE,
    "filepicker": Kind.FILE,
    "expression": Kind.COMPUTED,
    "dynamiclist": Kind.TABLE,
    "group": Kind.GROUP,
    "text": Kind.NOTE,
    "separator": Kind.RULE,
    "spacer": Kind.RULE,
}
_TYPES: Mapping[str, Kind] = {
    "str": Kind.TEXT,
    "text": Kind.LINES,
    "int": Kind.INT,
    "bool": Kind.BOOL,
    "qty": Kind.QTY,
    "money": Kind.MONEY,
    "pct": Kind.PCT,
    "phone": Kind.PHONE,
    "email": Kind.EMAIL,
    "user": Kind.USER,
    "ref": Kind.REF,
}
_SUBTYPES: Mapping[str, Kind] = {"date": Kind.DATE, "time": Kind.TIME, "datetime": Kind.DT}
_UNLABELLED = frozenset({Kind.NOTE, Kind.RULE, Kind.GROUP, Kind.COMPUTED})
PROPERTIES = frozenset(
    {
        "type", "source", "min", "max", "required_if", "readonly_if", "check", "check.message",
        "check.message.en", "min_rows", "max_rows", "total", "total.label", "total.label.en",
        "outcome", "style", "skip_validation", "confirm", "confirm.en", "label.en",
        "description.en", "text.en", "placeholder", "placeholder.en", "prefix.en", "suffix.en",
        "name.en", "pattern.message", "pattern.message.en",
    }
)  # fmt: skip


class UnreadableForm(Invalid):
    """This is not a form that can be used: %(reason)s"""


@dataclass(frozen=True, slots=True)
class FormFinding:
    """Something in a form file that would not work, or not as drawn.

    `rule` is stable; `params` fill its message in the content check.
    """

    rule: str
    component_id: str
    label: str
    params: Mapping[str, str] = field(default_factory=dict)
    severity: str = "error"


def parse_form(source: bytes | str | Mapping[str, Any]) -> tuple[Form, tuple[FormFinding, ...]]:
    """The form and everything wrong with it; an unreadable file raises UnreadableForm."""
    schema = _load(source)
    reader = _Reader()
    fields = reader.read_all(_components(schema), depth=0)
    reader.check_paths(fields)
    form_id = str(schema.get("id") or "")
    if not form_id:
        reader.find("form_without_id", {"id": "", "label": ""})
    version = schema.get("schemaVersion")
    if isinstance(version, int) and version > KNOWN_SCHEMA:
        reader.find("form_schema_too_new", {"id": form_id}, version=str(version))
    properties = _properties(schema)
    form = Form(
        id=form_id,
        name=Said(str(schema.get("name") or form_id), properties.get("name.en", "")),
        fields=fields,
        outcomes=tuple(reader.outcomes) or (SUBMIT,),
    )
    return form, tuple(reader.findings)


def _load(source: bytes | str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    if len(source) > MAX_BYTES:
        raise UnreadableForm(reason=f"{len(source)} > {MAX_BYTES} bytes")
    try:
        schema = json.loads(source)
    except (ValueError, RecursionError) as problem:
        raise UnreadableForm(reason=str(problem)) from problem
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        raise UnreadableForm(reason="components")
    return schema


def _components(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = node.get("components")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _properties(node: Mapping[str, Any]) -> dict[str, str]:
    found = node.get("properties")
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _said(zh: Any, properties: Mapping[str, str], name: str) -> Said:
    return Said(str(zh or properties.get(name, "")).strip(), properties.get(f"{name}.en", ""))


def _truth(value: Any) -> bool:
    return value is True or str(value).strip().lower() == "true"


class _Reader:
    """One reading: gathers findings and outcome buttons on the way through the tree."""

    def __init__(self) -> None:
        self.findings: list[FormFinding] = []
        self.outcomes: list[Outcome] = []
        self.seen = 0

    def find(
        self, rule: str, node: Mapping[str, Any], severity: str = "error", **params: str
    ) -> None:
        name = str(node.get("label") or node.get("key") or node.get("path") or "")
        self.findings.append(FormFinding(rule, str(node.get("id") or ""), name, params, severity))

    def read_all(
        self, nodes: list[Mapping[str, Any]], *, depth: int, prefix: Path = ()
    ) -> tuple[Field, ...]:
        found: list[Field] = []
        for node in nodes:
            self.seen += 1
            if self.seen > MAX_FIELDS or depth > MAX_DEPTH:
                self.find("form_too_large", node)
                break
            if node.get("type") == "button":
                self.read_button(node, inside=depth > 0)
                continue
            one = self.read(node, depth=depth, prefix=prefix)
            if one is not None:
                found.append(one)
        return tuple(found)

    def read_button(self, node: Mapping[str, Any], *, inside: bool) -> None:
        properties = _properties(node)
        name = properties.get("outcome", "")
        if node.get("action") == "reset" and not name:
            return
        if inside:
            self.find("form_button_in_group", node)
        if not name:
            name = "submit"
        if any(each.name == name for each in self.outcomes):
            self.find("form_outcome_twice", node, outcome=name)
            return
        style = properties.get("style", "primary" if not self.outcomes else "plain")
        if style not in set(Style):
            self.find("form_unknown_style", node, style=style)
            style = "plain"
        self.outcomes.append(
            Outcome(
                name=name,
                label=_said(node.get("label"), properties, "label"),
                style=Style(style),
                skip_validation=_truth(properties.get("skip_validation")),
                confirm=_said(properties.get("confirm"), properties, "confirm"),
                hide_if=self.hide_if(node),
            )
        )

    def read(self, node: Mapping[str, Any], *, depth: int, prefix: Path) -> Field | None:
        control = str(node.get("type") or "")
        kind = _CONTROLS.get(control)
        if kind is None:
            self.find("form_unknown_component", node, type=control)
            return None
        properties = _properties(node)
        kind = self.kind_of(node, kind, properties)
        path = self.path_of(node, kind, prefix)
        layout = node.get("layout") if isinstance(node.get("layout"), dict) else {}
        adorned = node.get("appearance") if isinstance(node.get("appearance"), dict) else {}
        validate = node.get("validate") if isinstance(node.get("validate"), dict) else {}
        assert isinstance(layout, dict)
        assert isinstance(adorned, dict)
        assert isinstance(validate, dict)
        inner = () if kind is Kind.TABLE else path
        children = (
            self.read_all(_components(node), depth=depth + 1, prefix=inner)
            if kind in (Kind.TABLE, Kind.GROUP)
            else ()
        )
        if kind is Kind.TABLE and any(one.kind is Kind.TABLE for c in children for one in c.walk()):
            self.find("form_table_in_table", node)
        if depth == 0 and not node.get("label") and kind not in _UNLABELLED:
            self.label_missing(node)
        return Field(
            id=str(node.get("id") or ""),
            kind=kind,
            control=control,
            path=path,
            label=_said(_label(node), properties, "label"),
            about=_said(node.get("description"), properties, "description"),
            text=_said(node.get("text"), properties, "text"),
            required=_truth(validate.get("required")),
            required_if=self.feel(node, properties.get("required_if")),
            hide_if=self.hide_if(node),
            read_only=_truth(node.get("readonly")) or _truth(node.get("disabled")),
            read_only_if=self.feel(node, node.get("readonly"))
            if str(node.get("readonly") or "").startswith("=")
            else self.feel(node, properties.get("readonly_if")),
            check=self.feel(node, properties.get("check")),
            check_said=_said(properties.get("check.message"), properties, "check.message"),
            options=self.options(node, properties),
            options_expression=self.feel(node, node.get("valuesExpression")),
            source=properties.get("source") or None,
            expression=self.feel(node, node.get("expression")) if kind is Kind.COMPUTED else None,
            holds=_TYPES.get(properties.get("type", ""), Kind.TEXT),
            default=node.get("defaultValue"),
            limits=self.limits(node, kind, validate, properties),
            multiple=_truth(node.get("multiple")),
            before=_said(adorned.get("prefixAdorner"), properties, "prefix"),
            after=_said(adorned.get("suffixAdorner"), properties, "suffix"),
            row=str(layout.get("row") or ""),
            columns=_whole(layout.get("columns")),
            rows=_whole(node.get("rows")),
            placeholder=_said(properties.get("placeholder"), properties, "placeholder"),
            children=children,
            fixed_rows=kind is Kind.TABLE and node.get("allowAddRemove") is False,
            first_rows=1 if (rows := _whole(node.get("defaultRepetitions"))) is None else rows,
            total=self.feel(node, properties.get("total")),
            total_said=_said(properties.get("total.label"), properties, "total.label"),
            properties={k: v for k, v in properties.items() if k not in PROPERTIES},
        )

    def label_missing(self, node: Mapping[str, Any]) -> None:
        if not _label(node):
            self.find("form_field_without_label", node, severity="warning")

    def kind_of(self, node: Mapping[str, Any], kind: Kind, properties: Mapping[str, str]) -> Kind:
        wanted = properties.get("type")
        if kind is Kind.DATE:
            return _SUBTYPES.get(str(node.get("subtype") or "date"), Kind.DATE)
        if not wanted:
            if kind is Kind.NUMBER and node.get("decimalDigits") == 0:
                return Kind.INT
            return kind
        if wanted not in _TYPES:
            self.find("form_unknown_type", node, type=wanted)
            return kind
        meant = _TYPES[wanted]
        if meant in (Kind.USER, Kind.REF) and not properties.get("source"):
            self.find("form_source_missing", node)
        if kind in (Kind.TEXT, Kind.NUMBER, Kind.ENUM, Kind.LINES):
            return meant
        if kind is Kind.COMPUTED:
            return kind
        self.find("form_unknown_type", node, type=wanted)
        return kind

    def path_of(self, node: Mapping[str, Any], kind: Kind, prefix: Path) -> Path:
        if kind in (Kind.NOTE, Kind.RULE):
            return ()
        text = str(node.get("path" if kind in (Kind.TABLE, Kind.GROUP) else "key") or "").strip()
        if not text:
            if kind is not Kind.GROUP:
                self.find("form_key_missing", node)
            return prefix
        parts = tuple(text.split("."))
        if not all(part.isidentifier() and not part.startswith("_") for part in parts):
            self.find("form_key_unusable", node, key=text)
        return prefix + parts

    def hide_if(self, node: Mapping[str, Any]) -> str | None:
        conditional = node.get("conditional")
        return self.feel(node, conditional.get("hide")) if isinstance(conditional, dict) else None

    def feel(self, node: Mapping[str, Any], text: Any) -> str | None:
        if not isinstance(text, str) or not text.strip():
            return None
        bare = text.strip().removeprefix("=").strip()
        try:
            compile_expression(bare)
        except FeelError as problem:
            self.find("form_expression", node, expression=bare, problem=str(problem))
            return None
        return bare

    def options(self, node: Mapping[str, Any], properties: Mapping[str, str]) -> tuple[Option, ...]:
        values = node.get("values")
        if not isinstance(values, list):
            return ()
        found = []
        for each in values:
            if not isinstance(each, dict) or each.get("value") in (None, ""):
                self.find("form_option_without_value", node)
                continue
            value = str(each["value"])
            english = properties.get(f"option.{value}.en", "")
            found.append(Option(value, Said(str(each.get("label") or value), english)))
        if len({each.value for each in found}) != len(found):
            self.find("form_option_twice", node)
        return tuple(found)

    def limits(
        self,
        node: Mapping[str, Any],
        kind: Kind,
        validate: Mapping[str, Any],
        properties: Mapping[str, str],
    ) -> Limits:
        pattern = str(validate.get("pattern") or "") or None
        if pattern and (problem := dangerous_pattern(pattern)):
            self.find("form_pattern", node, pattern=pattern, problem=problem)
            pattern = None
        low = self.feel(node, properties.get("min"))
        if kind in (Kind.DATE, Kind.DT) and _truth(node.get("disallowPassedDates")) and not low:
            low = "today()" if kind is Kind.DATE else "now()"
        accept = str(node.get("accept") or "")
        return Limits(
            min_length=_whole(validate.get("minLength")),
            max_length=_whole(validate.get("maxLength")),
            min=_decimal(validate.get("min")),
            max=_decimal(validate.get("max")),
            decimals=_whole(node.get("decimalDigits")),
            pattern=pattern,
            pattern_said=_said(
                properties.get("pattern.message") or validate.get("patternErrorMessage"),
                properties,
                "pattern.message",
            ),
            min_expression=low,
            max_expression=self.feel(node, properties.get("max")),
            min_rows=_whole(properties.get("min_rows")),
            max_rows=_whole(properties.get("max_rows")),
            accept=tuple(e.strip().lstrip(".").lower() for e in accept.split(",") if e.strip()),
        )

    def check_paths(self, fields: tuple[Field, ...]) -> None:
        """Two fields must not share one place, unless conditions keep them apart."""
        taken: dict[Path, Field] = {}
        for one in _same_record(fields):
            if not one.path or one.kind is Kind.GROUP:
                continue
            other = taken.get(one.path)
            if other is not None and not (one.hide_if and other.hide_if):
                self.findings.append(
                    FormFinding("form_key_twice", one.id, one.label.zh, {"key": one.key})
                )
            taken[one.path] = one
        for one in _same_record(fields):
            if one.kind is Kind.TABLE:
                self.check_paths(one.children)


def _same_record(fields: tuple[Field, ...]) -> Iterator[Field]:
    for one in fields:
        yield one
        if one.kind is Kind.GROUP:
            yield from _same_record(one.children)


def _label(node: Mapping[str, Any]) -> Any:
    for name in ("label", "dateLabel", "timeLabel"):
        if node.get(name):
            return node[name]
    return ""


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _decimal(value: Any) -> Decimal | None:
    if value in (None, "") or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
