"""Owns the rules on the settings of approval steps: words that nobody understands do nothing."""

from collections.abc import Callable, Iterator

from lxml import etree

from jiedan.flow.content.context import Context
from jiedan.flow.content.findings import Finding
from jiedan.flow.content.read import PREFIX, properties_of, split_list

Node = etree._Element

VERBS = frozenset(
    {
        "transfer",
        "delegate",
        "add",
        "add_before",
        "add_after",
        "add_beside",
        "remove_signer",
        "return",
        "reject",
        "withdraw",
        "cancel",
        "copy",
        "urge",
        "resubmit",
        "bulk_claim",
        "bulk_approve",
        "bulk_transfer",
        "none",
    }
)
STRATEGIES = frozenset(
    {
        "users",
        "role",
        "department",
        "head",
        "chain",
        "initiator",
        "initiator_head",
        "initiator_chain",
        "initiator_supervisor",
        "field",
        "field_head",
        "done_by",
    }
)
WORDS = {
    "signers": frozenset({"all", "any", "turn", "votes"}),
    "refusal": frozenset({"ends", "counts"}),
    "initiator": frozenset({"self", "skip", "head"}),
    "repeated": frozenset({"ask", "once", "next"}),
    "receivers": frozenset({"anyone", "role"}),
    "reject": frozenset({"outcome", "end", "step", "error"}),
    "timeout": frozenset({"pass", "reject", "up", "remind"}),
    "nobody": STRATEGIES | {"admin", "pass", "reject"},
    "who": STRATEGIES,
    "copy": STRATEGIES,
}


def settings_understood(context: Context) -> Iterator[Finding]:
    """Every setting of an approval step is one that the platform knows."""
    for node in context.nodes("userTask"):
        said = properties_of(node)
        for name, known in WORDS.items():
            for word in _words(name, said.get(PREFIX + name, "")):
                if word not in known:
                    yield _unknown(context, node, name, word)
        for verb in split_list(said.get(PREFIX + "verbs", "")):
            if verb.lstrip("+-") not in VERBS:
                yield _unknown(context, node, "verbs", verb)


def refusals_lead_somewhere(context: Context) -> Iterator[Finding]:
    """The step that a refusal goes to is a user task of the process."""
    for node in context.nodes("userTask"):
        kind, _, target = properties_of(node).get(PREFIX + "reject", "").partition(":")
        if kind != "step":
            continue
        process = context.processes.get(_process_id(node))
        element = None if process is None else process.elements.get(target)
        if element is None or element.kind != "userTask":
            yield context.error(
                node,
                "refusal_leads_nowhere",
                "A refusal of “%(label)s” goes to “%(target)s”, which is no user task here.",
                "Name the id of a user task that comes before.",
                target=target,
            )


VERB_RULES: tuple[Callable[[Context], Iterator[Finding]], ...] = (
    settings_understood,
    refusals_lead_somewhere,
)


def _words(name: str, text: str) -> list[str]:
    """The first word of each part of a setting; an expression is not looked into."""
    if text.startswith("="):
        return []
    parts = text.split(";") if name in ("who", "copy") else split_list(text)
    if name in ("nobody", "signers", "reject"):
        parts = [text] if text else []
    return [one.strip().partition(":")[0].strip() for one in parts if one.strip()]


def _unknown(context: Context, node: Node, name: str, word: str) -> Finding:
    return context.error(
        node,
        "approval_setting_unknown",
        "“%(label)s” has the setting %(setting)s = “%(word)s”, which means nothing.",
        "Choose one from the element template, or see the manual's page on verbs.",
        setting=PREFIX + name,
        word=word,
    )


def _process_id(node: Node) -> str:
    for around in node.iterancestors("{*}process"):
        return around.get("id") or ""
    return ""
