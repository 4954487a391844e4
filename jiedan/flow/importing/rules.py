"""What the report of an import can say: each rule with its level, its sentence and the mend."""

from __future__ import annotations

from dataclasses import dataclass

CONVERTED = "converted"
NOTE = "note"
UNCONVERTED = "unconverted"
LEVELS = (UNCONVERTED, NOTE, CONVERTED)
"""`unconverted` needs a person; `note` is worth knowing; `converted` is done."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of row; the sentences are English msgids with places for parameters."""

    level: str
    problem: str
    mend: str = ""


RULES: dict[str, Rule] = {
    # --- done ----------------------------------------------------------------------------------
    "converted": Rule(CONVERTED, "%(setting)s of “%(label)s” became %(to)s."),
    "expression_converted": Rule(CONVERTED, "%(setting)s of “%(label)s”: %(value)s became %(to)s."),
    "handler_named": Rule(
        CONVERTED,
        "“%(label)s” is done by the handler “%(handler)s”, from %(setting)s.",
        "Write a handler with this name, or choose another one.",
    ),
    "form_named": Rule(
        CONVERTED,
        "“%(label)s” shows the form “%(form)s”, from %(setting)s.",
        "Draw a form with this id, or choose another one.",
    ),
    "form_made": Rule(
        CONVERTED,
        "The fields of “%(label)s” (%(setting)s) became the form “%(form)s” with %(count)s fields.",
        "Deploy the form together with the diagram.",
    ),
    "became_script": Rule(
        CONVERTED,
        "“%(label)s” only computes a value (%(setting)s); it became a script task with %(to)s.",
    ),
    "became_decision": Rule(
        CONVERTED, "“%(label)s” (%(setting)s) became a business rule task that asks “%(to)s”."
    ),
    # --- worth knowing -------------------------------------------------------------------------
    "expression_assumed": Rule(
        NOTE,
        "%(setting)s of “%(label)s”: %(value)s became %(to)s. %(assumed)s",
        "Look whether that is so.",
    ),
    "not_needed": Rule(
        NOTE,
        "%(setting)s of “%(label)s” was left out: every step is saved by itself here.",
    ),
    "binding_left_out": Rule(
        NOTE,
        "%(setting)s (%(value)s) of “%(label)s” was left out: an instance uses what was newest "
        "when it began.",
    ),
    "left_out": Rule(
        NOTE, "%(setting)s (%(value)s) of “%(label)s” means nothing here and was left out."
    ),
    "kept": Rule(
        NOTE, "Settings of another product stay in the file, and nothing here reads them: %(value)s"
    ),
    "arguments_named": Rule(
        NOTE,
        "The call in %(setting)s of “%(label)s” had arguments; they are the inputs %(to)s.",
        "Let the handler take inputs of these names.",
    ),
    "result_expected": Rule(
        NOTE,
        "%(setting)s of “%(label)s”: the value goes to the variable %(to)s.",
        "Let the handler answer with an entry named result.",
    ),
    "wait_left_out": Rule(
        NOTE,
        "%(setting)s of “%(label)s”: the number of tries was taken over, the wait between them "
        "(%(value)s) was not; each try waits longer than the one before.",
    ),
    "decision_shape": Rule(
        NOTE,
        "The answer of the decision at “%(label)s” (%(setting)s: %(value)s) has another shape: it "
        "is what the table's hit policy gives, not a list of rows.",
        "Look at the places that read this variable.",
    ),
    "same_instance": Rule(
        NOTE,
        "%(setting)s of “%(label)s” was left out: a called process runs in the instance of its "
        "caller and has its business key.",
    ),
    # --- to be done by a person ----------------------------------------------------------------
    "expression_left": Rule(
        UNCONVERTED,
        "%(setting)s of “%(label)s” was not converted: %(value)s — %(reason)s",
        "Write it in FEEL.",
    ),
    "script_left": Rule(
        UNCONVERTED,
        "%(setting)s of “%(label)s” was not converted: %(reason)s",
        "Write a FEEL expression, or write a handler and make it a service task.",
    ),
    "listener_left": Rule(
        UNCONVERTED,
        "%(setting)s of “%(label)s” was not converted: %(value)s",
        "Write a handler; let a service task before or after the step, or a listener of the user "
        "task, call it.",
    ),
    "setting_left": Rule(
        UNCONVERTED,
        "%(setting)s of “%(label)s” was not converted: %(value)s",
        "Look whether it is needed, and draw what it did.",
    ),
    "form_left": Rule(
        UNCONVERTED,
        "The form of “%(label)s” cannot be shown here (%(setting)s: %(value)s).",
        "Draw the form “%(form)s”; its id is entered already.",
    ),
    "form_missing": Rule(
        UNCONVERTED,
        "The form of “%(label)s” is not named (%(setting)s: %(value)s).",
        "Draw a form and choose it.",
    ),
    "field_left": Rule(
        UNCONVERTED,
        "%(setting)s of the form field “%(field)s” of “%(label)s” was not converted: %(value)s",
        "Open the form in the studio and enter it there.",
    ),
    "start_form_left": Rule(
        UNCONVERTED,
        "The form of the start event “%(label)s” was not converted (%(setting)s: %(value)s).",
        "Let a user task with this form follow the start event.",
    ),
    "starters_left": Rule(
        UNCONVERTED,
        "%(setting)s of “%(label)s” was not converted: %(value)s",
        "Put the start event into a lane and give the lane these roles.",
    ),
    "key_missing": Rule(
        UNCONVERTED,
        "“%(label)s” waits for the message “%(value)s”; there its sender chose the instance, here "
        "a key does.",
        "Give the message a correlation key such as =order_id.",
    ),
    "name_left": Rule(
        UNCONVERTED,
        "The name of “%(label)s” has an expression in it, which would be shown as it is written.",
        "Write a plain name.",
    ),
}
