"""Owns the rules for forms: the reader's findings in words."""

from jiedan.core.errors import JiedanError
from jiedan.flow.content.findings import ERROR, Finding
from jiedan.flow.content.forms import UnreadableForm, parse_form

WORDS: dict[str, tuple[str, str]] = {
    "form_without_id": ("The form has no id.", "Give it an id."),
    "form_schema_too_new": (
        "The form is of schema version %(version)s, which is not known here.",
        "Save it from the studio.",
    ),
    "form_too_large": ("The form has too many fields or too many levels.", "Split the form."),
    "form_button_in_group": (
        "The button “%(label)s” lies inside a group or table.",
        "Move it to the end of the form.",
    ),
    "form_outcome_twice": (
        "Two buttons have the outcome “%(outcome)s”.",
        "Give each its own outcome.",
    ),
    "form_unknown_style": (
        "The button “%(label)s” has the unknown style “%(style)s”.",
        "Choose primary, danger or plain.",
    ),
    "form_unknown_component": (
        "“%(label)s” is a “%(type)s”, which forms here cannot show.",
        "Choose another kind of field.",
    ),
    "form_table_in_table": (
        "The table “%(label)s” holds another table.",
        "Put the inner table beside it.",
    ),
    "form_field_without_label": ("The field “%(label)s” has no label.", "Give it a label."),
    "form_unknown_type": (
        "The field “%(label)s” has the unknown type “%(type)s”.",
        "Correct its property type.",
    ),
    "form_source_missing": (
        "The field “%(label)s” does not say where its choices come from.",
        "Set its property source.",
    ),
    "form_key_missing": ("The field “%(label)s” has no key.", "Give it a key."),
    "form_key_unusable": ("The key “%(key)s” cannot be used.", "Use letters, digits and _."),
    "form_expression": (
        "An expression of “%(label)s” is not FEEL: %(expression)s — %(problem)s",
        "Correct the expression.",
    ),
    "form_option_without_value": ("“%(label)s” has a choice without value.", "Give it a value."),
    "form_option_twice": ("“%(label)s” has the same choice twice.", "Remove one of them."),
    "form_pattern": (
        "The pattern of “%(label)s” cannot be used: %(pattern)s — %(problem)s",
        "Write a simpler pattern.",
    ),
}


def check_form(name: str, content: bytes) -> list[Finding]:
    """What is wrong with a form file."""
    try:
        _, found = parse_form(content)
    except UnreadableForm as error:
        return [_unreadable(name, error)]
    findings = []
    for one in found:
        problem, mend = WORDS.get(one.rule, ("“%(label)s” breaks the rule %(rule)s.", ""))
        label = one.label or one.component_id or name
        findings.append(
            Finding(
                rule=one.rule,
                level=one.severity,
                file=name,
                element_id=one.component_id or None,
                label=label,
                problem=problem,
                mend=mend,
                params={"label": label, "rule": one.rule, **one.params},
            )
        )
    return findings


def _unreadable(name: str, error: JiedanError) -> Finding:
    return Finding(
        rule="form_unreadable",
        level=ERROR,
        file=name,
        element_id=None,
        label=name,
        problem=error.msgid(),
        params=error.params,
    )
