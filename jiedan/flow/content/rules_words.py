"""Owns the rules on words: Chinese names, English names, documentation, clause ids, drawings."""

import re
from collections.abc import Callable, Iterator

from jiedan.flow.content.context import Context
from jiedan.flow.content.findings import Finding
from jiedan.flow.content.read import (
    ACTIVITIES,
    PREFIX,
    documentation_of,
    properties_of,
)
from jiedan.flow.content.xml import BPMN, BPMNDI, tag

HAN = re.compile(r"[\u3400-\u9fff]")
CLAUSES = re.compile(r"REQ:\s*[A-Z]{1,3}\d+(\.\d+)*")


def names_in_both_languages(context: Context) -> Iterator[Finding]:
    """Everything that people read is called something in Chinese and in English."""
    lanes = list(context.root.iter(f"{{{BPMN}}}lane"))
    processes = list(context.root.iter(f"{{{BPMN}}}process"))
    for node in (*processes, *lanes, *context.nodes(*sorted(ACTIVITIES))):
        name = node.get("name") or ""
        if not HAN.search(name):
            yield context.warning(
                node,
                "name_not_chinese",
                "“%(label)s” has no Chinese name.",
                "Give it a name that staff read at a glance.",
            )
        if not properties_of(node).get(PREFIX + "name.en"):
            yield context.warning(
                node,
                "name_not_english",
                "“%(label)s” has no English name.",
                "Set its property jiedan:name.en.",
            )


def documentation_with_clauses(context: Context) -> Iterator[Finding]:
    """Processes and user tasks say in English what they are for and which clause asks for it."""
    for node in (*context.root.iter(f"{{{BPMN}}}process"), *context.nodes("userTask")):
        text = documentation_of(node)
        if not text:
            yield context.warning(
                node,
                "documentation_missing",
                "“%(label)s” has no documentation.",
                "Say in a sentence what it is for.",
            )
        elif not CLAUSES.search(text):
            yield context.warning(
                node,
                "clause_missing",
                "The documentation of “%(label)s” names no clause.",
                "End it with a line such as REQ: S2.2.3.",
            )


def drawing_is_there(context: Context) -> Iterator[Finding]:
    """A process without a drawing runs, but nobody can look at it."""
    if context.root.find(f".//{{{BPMNDI}}}BPMNDiagram") is not None:
        return
    for process in context.root.iter(f"{{{BPMN}}}process"):
        if any(tag(node) for node in process):
            yield context.warning(
                process,
                "drawing_missing",
                "“%(label)s” has no drawing.",
                "Open it in the studio and place its elements.",
            )


WORD_RULES: tuple[Callable[[Context], Iterator[Finding]], ...] = (
    names_in_both_languages,
    documentation_with_clauses,
    drawing_is_there,
)
