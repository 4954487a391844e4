"""Owns the list of rules for diagrams, beyond what the engine itself has to say."""

from collections.abc import Callable, Iterator

from jiedan.flow.content.context import Context
from jiedan.flow.content.findings import Finding
from jiedan.flow.content.rules_flow import FLOW_RULES
from jiedan.flow.content.rules_tasks import TASK_RULES
from jiedan.flow.content.rules_verbs import VERB_RULES
from jiedan.flow.content.rules_words import WORD_RULES

Rule = Callable[[Context], Iterator[Finding]]
RULES: tuple[Rule, ...] = (*TASK_RULES, *VERB_RULES, *FLOW_RULES, *WORD_RULES)


def check_diagram(context: Context) -> list[Finding]:
    """What all rules find."""
    return [finding for rule in RULES for finding in rule(context)]
