"""Script tasks: kept as FEEL where the script is an expression or sets variables, else reported."""

from __future__ import annotations

import re

from lxml import etree

from jiedan.core.i18n import lazy
from jiedan.flow.content.xml import BPMN
from jiedan.flow.importing.conversion import Conversion, add_output, drop, zeebe
from jiedan.flow.importing.settings import Settings
from jiedan.flow.importing.syntax import Language, NotFeel
from jiedan.flow.importing.translating import Assignments, Feel, is_foreign, juel, script

Node = etree._Element

_LANGUAGES = {
    **dict.fromkeys(("groovy", "javascript", "ecmascript", "js"), Language.SCRIPT),
    **dict.fromkeys(("python", "jython"), Language.PYTHON),
    **dict.fromkeys(("juel", "el"), Language.JUEL),
}


def language_named(name: str) -> Language:
    """The way of writing of a script format. Raises NotFeel for those that are not read."""
    bare = name.strip().lower().rpartition("/")[2].removeprefix("x-")
    if bare not in _LANGUAGES:
        raise NotFeel(lazy("Scripts in “%(name)s” are not read.", name=name or "?"))
    return _LANGUAGES[bare]


def convert_script(conversion: Conversion, node: Node, settings: Settings) -> None:
    """A script task with its text, format and result variable."""
    result = settings.take_any("resultVariable", "resultVariableName")
    resource = settings.take_any("resource")
    if resource:
        conversion.say("script_left", node, resource.label, reason=resource.value)
    holder = node.find(f"{{{BPMN}}}script")
    text = "" if holder is None else (holder.text or "").strip()
    if holder is None or not text:
        if result:
            conversion.say("setting_left", node, result.label, value=result.value)
        return
    try:
        converted = _converted(conversion, node, text)
        if isinstance(converted, Assignments) and result:
            raise NotFeel(lazy("It does more than set variables."))
    except NotFeel as problem:
        conversion.say("script_left", node, "bpmn:script", reason=problem.reason)
        if result:
            conversion.say("setting_left", node, result.label, value=result.value)
        return
    if isinstance(converted, Feel):
        write_script(node, converted.text, result.value.strip() if result else "")
        conversion.said_converted(node, "bpmn:script", text, f"={converted.text}", converted)
        if result:
            conversion.say("converted", node, result.label, to=f"resultVariable: {result.value}")
    else:
        write_assignments(conversion, node, text, converted)
    node.remove(holder)
    drop(node, "scriptFormat")


def _converted(conversion: Conversion, node: Node, text: str) -> Feel | Assignments:
    form = node.get("scriptFormat") or ""
    if is_foreign(text) and (not form or form.lower() in ("juel", "el")):
        return juel(text)
    if form.lower().endswith("feel"):
        return Feel(text.removeprefix("="))
    is_python = conversion.language is Language.PYTHON and not form
    return script(text, Language.PYTHON if is_python else language_named(form))


def write_script(node: Node, feel: str, result: str) -> None:
    """The zeebe script of a script task; without a result its value goes nowhere."""
    said = {"resultVariable": result} if result else {}
    zeebe(node, "script", expression=f"={feel}", **said)


def write_assignments(conversion: Conversion, node: Node, text: str, said: Assignments) -> None:
    """One variable is the script's result; several are mapped out of one context."""
    assumed = tuple(one for _, feel in said.values for one in feel.assumed)
    if len(said.values) == 1:
        ((name, feel),) = said.values
        write_script(node, feel.text, name)
        to = f"{name}: ={feel.text}"
    else:
        whole = "{" + ", ".join(f"{name}: {feel.text}" for name, feel in said.values) + "}"
        values = re.sub(r"\W", "_", f"values_of_{node.get('id') or 'script'}")
        write_script(node, whole, values)
        for name, _ in said.values:
            add_output(node, f"={values}.{name}", name)
        to = f"={whole}"
    conversion.said_converted(node, "bpmn:script", text, to, Feel(to, assumed))
