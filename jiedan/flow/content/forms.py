"""Forms, the door: read a form-js file, read a posted answer, check it, show it, describe it.

A form is form-js JSON (schema version 19). What it adds to form-js stands in `properties`, which
the form designer keeps:

| property | on | means |
|---|---|---|
| `label.en` `description.en` `text.en` `option.<value>.en` | all | English beside the Chinese |
| `type` | textfield, number | `money qty pct int phone email user ref` |
| `source` | ref, user, select | server-side lookup: `customers catalogue people:SR carriers` |
| `min` `max` | number, dates, money | FEEL bound, e.g. `today()`, `received_at` |
| `required_if` | all | FEEL; `outcome` is the button pressed |
| `readonly_if` | all | FEEL |
| `check` `check.message` `check.message.en` | all | FEEL that must be true, `value` = own value |
| `min_rows` `max_rows` | dynamiclist | row count (default 0 and 200) |
| `total` `total.label` `total.label.en` | dynamiclist | FEEL under the table over `rows` |
| `outcome` `style` `skip_validation` `confirm` | button | completes the task with that outcome |

Conditions (`conditional.hide`) see the values by key, the process variables and, inside a table,
the row's own values first. Hidden fields are dropped, unknown ones refused, read-only ones keep
what they were. Values of an answer are JSON-safe: money integer fen; qty, pct and broken numbers
decimal text; dates `2026-03-12`; moments `2026-03-12T09:30:00+08:00`; files a list of ids.
"""

from jiedan.flow.content.forms_check import Checked, Lookup, NoLookup, check_answer, hidden_keys
from jiedan.flow.content.forms_jsonschema import json_schema
from jiedan.flow.content.forms_posted import read_posted
from jiedan.flow.content.forms_read import FormFinding, UnreadableForm, parse_form
from jiedan.flow.content.forms_schema import (
    SUBMIT,
    Field,
    Form,
    Kind,
    Limits,
    Option,
    Outcome,
    Said,
    Style,
)
from jiedan.flow.content.forms_show import Cell, Shown, ShownOption, show_form

__all__ = [
    "SUBMIT",
    "Cell",
    "Checked",
    "Field",
    "Form",
    "FormFinding",
    "Kind",
    "Limits",
    "Lookup",
    "NoLookup",
    "Option",
    "Outcome",
    "Said",
    "Shown",
    "ShownOption",
    "Style",
    "UnreadableForm",
    "check_answer",
    "hidden_keys",
    "json_schema",
    "parse_form",
    "read_posted",
    "show_form",
]
