"""Draws processes for the state machine: blocks one after the other, some in parallel branches."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.flow.diagrams import end, exclusive, flow, parallel, start
from tests.flow.verbs.conftest import process_settings, said, step

PEOPLE = ("ann", "ben", "cat", "dan", "eve", "fay", "gus", "hal")
VERBS = "+return, +reject, +withdraw, +cancel, +resubmit, +bulk_approve"
KINDS = ("one", "queue", "all", "share", "any", "turn", "votes", "items", "once")


@dataclass
class Drawing:
    """A process under the pencil."""

    lines: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    count: int = 0

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def arrow(self, source: str, target: str, condition: str = "") -> None:
        self.lines.append(flow(source, target, condition))


@dataclass(frozen=True)
class Step:
    kind: str
    people: tuple[str, ...]
    reject: str


@dataclass(frozen=True)
class Fork:
    branches: tuple[tuple[Step | Fork, ...], ...]


def _steps(kinds: tuple[str, ...] = KINDS) -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        kind=st.sampled_from(kinds),
        people=st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=4, unique=True).map(tuple),
        reject=st.sampled_from(["outcome", "outcome", "end", "step:first"]),
    )


def _branches(inside: st.SearchStrategy) -> st.SearchStrategy:  # type: ignore[type-arg]
    branch = st.lists(inside, min_size=1, max_size=2).map(tuple)
    return st.builds(Fork, branches=st.tuples(branch, branch))


BLOCKS = st.recursive(_steps(), _branches, max_leaves=4)
PLANS = st.tuples(
    st.lists(BLOCKS, min_size=1, max_size=3),
    st.booleans(),
)
"""The blocks, and whether the outcome `again` leads back to the beginning."""


def draw(blocks: list[Step | Fork], loops: bool) -> tuple[str, list[str]]:
    """The body of a process, and its steps."""
    drawing = Drawing()
    drawing.lines += [process_settings(verbs=VERBS), start(), step("first", "ann", verbs=VERBS)]
    drawing.steps.append("first")
    drawing.arrow("begin", "first")
    last = "first"
    for block in blocks:
        last = _block(drawing, block, last)
    drawing.lines.append(step("last", "role:SM", verbs=VERBS))
    drawing.steps.append("last")
    drawing.arrow(last, "last")
    drawing.lines.append(end())
    if loops:
        drawing.lines.append(exclusive("again", "finish"))
        drawing.arrow("last", "again")
        drawing.arrow("again", "first", 'outcome = "again"')
        drawing.arrow("again", "finish")
    else:
        drawing.arrow("last", "finish")
    return "\n".join(drawing.lines), drawing.steps


def _block(drawing: Drawing, block: Step | Fork, last: str) -> str:
    if isinstance(block, Step):
        name = drawing.name("step")
        drawing.lines.append(_line(name, block))
        drawing.steps.append(name)
        drawing.arrow(last, name)
        return name
    fork, join = drawing.name("fork"), drawing.name("join")
    drawing.lines += [parallel(fork), parallel(join)]
    drawing.arrow(last, fork)
    for branch in block.branches:
        here = fork
        for one in branch:
            here = _block(drawing, one, here)
        drawing.arrow(here, join)
    return join


def _line(name: str, block: Step) -> str:
    users = "users:" + ",".join(block.people)
    common = {"verbs": VERBS, "reject": block.reject}
    match block.kind:
        case "one":
            return step(name, "users:" + block.people[0], **common)
        case "once":
            return step(name, "users:" + block.people[0], repeated="once", **common)
        case "queue":
            return step(name, "role:SM", **common)
        case "share":
            return step(name, users, signers="all:60", refusal="counts", **common)
        case "items":
            return _items(name, block, common)
        case mode:
            return step(name, users, signers=mode, **common)


def _items(name: str, block: Step, common: dict[str, str]) -> str:
    listed = ", ".join(f'"{one}"' for one in block.people).replace('"', "&quot;")
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        f'<zeebe:loopCharacteristics inputCollection="=[{listed}]" inputElement="signer"/>'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )
    properties = said(signers="all", **common)
    return (
        f'<bpmn:userTask id="{name}" name="{name}"><bpmn:extensionElements><zeebe:userTask/>'
        '<zeebe:assignmentDefinition assignee="=signer"/>'
        f"<zeebe:properties>{properties}</zeebe:properties></bpmn:extensionElements>{loop}"
        "</bpmn:userTask>"
    )
