"""Owns the settings of the verbs: `jiedan:` properties of a step, and of its process as default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jiedan.flow.content.read import ElementInfo, ProcessInfo, split_list
from jiedan.flow.current import Bundle

PREFIX = "jiedan:"
USUAL = frozenset(
    {
        "transfer",
        "delegate",
        "add_before",
        "add_after",
        "add_beside",
        "remove_signer",
        "copy",
        "urge",
        "bulk_claim",
        "bulk_transfer",
    }
)
"""Allowed wherever the diagram says nothing: they leave the process where it is."""
CHOSEN = frozenset({"return", "reject", "withdraw", "cancel", "resubmit", "bulk_approve"})
"""Only where the diagram says so: they move the process, or skip looking at each task."""
VERBS = USUAL | CHOSEN
REASONED = frozenset({"return", "reject", "cancel", "transfer", "hand_over"})
"""Verbs that need a reason wherever the diagram says nothing."""
ADDING = frozenset({"add_before", "add_after", "add_beside"})
DECIDING = ("who", "signers", "nobody", "initiator", "repeated", "timeout", "copy", "reject")
"""Settings that decide something when a task opens or is answered."""
MODES = frozenset({"all", "any", "turn", "votes"})


@dataclass(frozen=True, slots=True)
class StepSettings:
    """What a diagram says about the verbs of one user task."""

    verbs: frozenset[str]
    reasons: frozenset[str]
    mode: str | None
    """How several signers decide; None when one person does the task."""
    share: int
    strict: bool
    refusals: frozenset[str]
    """Outcomes that say no."""
    agreement: str
    """The outcome that rules hand in when they agree for somebody."""
    reject: str
    """What a refusal leads to: `outcome`, `end`, `step:ID`, `error:CODE`."""
    who: tuple[str, ...]
    """Strategies, the first that finds somebody wins."""
    nobody: str
    """When nobody is found: `admin`, `pass`, `reject`, or a strategy."""
    initiator: str
    """When the initiator would decide: `self`, `skip`, `head`."""
    repeated: str
    """When somebody agreed before: `ask`, `once`, `next` (only directly one after the other)."""
    timeout: tuple[str, ...]
    """At the deadline: `pass`, `reject`, `up`, `remind:PT4H*3`."""
    copies: tuple[str, ...]
    receivers: str
    """Who a task may be given to: `anyone`, or `role`: who holds a role of the step."""
    redo: frozenset[str]
    most_signers: int
    is_plain: bool
    """Whether nothing is to be decided when a task opens, and a refusal is a word like others."""

    @property
    def refusal(self) -> str:
        """The outcome that a refusal hands in when nobody chose one."""
        return "reject" if "reject" in self.refusals else min(self.refusals, default="reject")


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """What a diagram says about a process as a whole."""

    verbs: frozenset[str]
    reasons: frozenset[str]
    cancel: str
    """When the initiator may cancel: `open` (always), `untouched` (nobody has decided yet)."""
    resubmit: tuple[str, ...]
    """Variables that a new request takes from the old one."""
    resubmit_people: frozenset[str]
    """Those of them that hold logins."""
    copies: tuple[str, ...]
    """Who gets a copy at the end."""
    urge_hours: float
    urge_most: int


def settings_of(bundle: Bundle, process_id: str, element_id: str) -> StepSettings:
    """The settings of a user task; what it does not say, its process may."""
    key = ("verbs", process_id, element_id)
    known: StepSettings | None = bundle.memo.get(key)
    if known is None:
        process = bundle.processes.get(process_id)
        element = None if process is None else process.elements.get(element_id)
        known = bundle.memo[key] = read_step(element, process)
    return known


def process_settings(bundle: Bundle, process_id: str) -> ProcessSettings:
    """The settings of a process."""
    process = bundle.processes.get(process_id)
    said: Mapping[str, str] = {} if process is None else process.properties
    taken = split_list(said.get(PREFIX + "resubmit", ""))
    return ProcessSettings(
        verbs=allowed(said.get(PREFIX + "verbs"), USUAL),
        reasons=_reasons(said.get(PREFIX + "reasons")),
        cancel=said.get(PREFIX + "cancel", "open"),
        resubmit=tuple(one.removeprefix("u:") for one in taken),
        resubmit_people=frozenset(one[2:] for one in taken if one.startswith("u:")),
        copies=_strategies(said.get(PREFIX + "copy", "")),
        urge_hours=_number(said.get(PREFIX + "urge.hours"), 2),
        urge_most=int(_number(said.get(PREFIX + "urge.max"), 5)),
    )


def read_step(element: ElementInfo | None, process: ProcessInfo | None) -> StepSettings:
    """The same from what was read of the file."""
    own: Mapping[str, str] = {} if element is None else element.properties
    shared: Mapping[str, str] = {} if process is None else process.properties

    def say(name: str, usual: str = "") -> str:
        return (own.get(PREFIX + name) or shared.get(PREFIX + "step." + name) or usual).strip()

    mode, _, percent = say("signers").partition(":")
    usual_share = 51 if mode == "votes" else 100
    usual_verbs = allowed(shared.get(PREFIX + "verbs"), USUAL)
    return StepSettings(
        verbs=allowed(own.get(PREFIX + "verbs"), usual_verbs),
        reasons=_reasons(own.get(PREFIX + "reasons") or shared.get(PREFIX + "reasons")),
        mode=mode if mode in MODES else None,
        share=min(100, max(1, int(_number(percent, usual_share)))),
        strict=say("refusal", "ends") != "counts",
        refusals=frozenset(split_list(say("refusals", "reject"))),
        agreement=say("agreement", "approve"),
        reject=say("reject", "outcome"),
        who=_strategies(say("who")),
        nobody=say("nobody", "admin"),
        initiator=say("initiator", "self"),
        repeated=say("repeated", "ask"),
        timeout=split_list(say("timeout")),
        copies=_strategies(say("copy")),
        receivers=say("receivers", "anyone"),
        redo=frozenset(split_list(say("redo", "all,back,missing"))),
        most_signers=int(_number(say("max"), 20)),
        is_plain=not any(map(say, DECIDING)),
    )


def allowed(said: str | None, usual: frozenset[str]) -> frozenset[str]:
    """`a, b` allows just these; `+a, -b` changes what is usual; `none` allows nothing."""
    names = split_list(said or "")
    if not names:
        return usual
    plain = {one for one in names if one[0] not in "+-"}
    found = set(plain) if plain else set(usual)
    for one in names:
        for verb in _meant(one.lstrip("+-")):
            if one.startswith("-"):
                found.discard(verb)
            else:
                found.add(verb)
    return frozenset(found) & VERBS


def _meant(name: str) -> frozenset[str]:
    return ADDING | {"remove_signer"} if name == "add" else frozenset({name})


def _reasons(said: str | None) -> frozenset[str]:
    names = split_list(said or "")
    if not names:
        return REASONED
    return frozenset().union(*(_meant(one) for one in names)) - {"none"}


def _strategies(text: str) -> tuple[str, ...]:
    """Strategies are parted by `;`, for their arguments are parted by commas."""
    if text.startswith("="):
        return (text,)
    return tuple(one.strip() for one in text.split(";") if one.strip())


def _number(text: str | None, usual: float) -> float:
    try:
        return float(text) if text else usual
    except ValueError:
        return usual
