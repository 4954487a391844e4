"""Owns who of several signers is to answer now, and when a step is decided. Pure: no database.

The seats of one token make a tree. The step's own seats are one set; each adding makes another
set below the seat that added it:

- a **before** set is decided first; its refusal is the seat's refusal;
- an **after** set has its turn when the seat has agreed; the seat counts once it is decided;
- a **beside** set has a voice of its own next to the seat (with mode `all` one voice each);
- a **delegate** answers first and decides nothing: the seat decides when he has answered.

A set is decided by its mode: `all` (or the share that must agree; a refusal ends it at once
unless refusals only count), `any` (the first answer), `turn` (one after the other, all agree),
`votes` (the share of all voices, everybody may vote, decided once nothing can change it).
What is decided without somebody leaves that seat `gone`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

AGREED, REFUSED = "agreed", "refused"


class State(StrEnum):
    WAITING = "waiting"
    OPEN = "open"
    AGREED = "agreed"
    REFUSED = "refused"
    ANSWERED = "answered"
    """A delegate's: it goes back to who asked."""
    GONE = "gone"
    """Decided without this seat."""
    REMOVED = "removed"

    @property
    def is_pending(self) -> bool:
        return self in (State.WAITING, State.OPEN)


@dataclass(slots=True)
class Node:
    """A seat in the tree. `state` is what `settle` changes."""

    id: UUID
    parent_id: UUID | None
    set_id: UUID
    kind: str
    mode: str
    share: int
    strict: bool
    place: int
    state: State
    row: Any = None
    """The seat as it was loaded."""
    sets: list[Group] = field(default_factory=list)

    def below(self, kind: str) -> list[Group]:
        return [one for one in self.sets if one.kind == kind]


@dataclass(slots=True)
class Group:
    """The seats that were added together."""

    id: UUID
    kind: str
    mode: str
    share: int
    strict: bool
    seats: list[Node]


@dataclass(slots=True)
class Tree:
    """All seats of one token."""

    root: Group
    nodes: dict[UUID, Node]

    def settle(self) -> str | None:
        """Bring every pending seat to the state it should have; how the step is decided, if."""
        before, verdict = None, decided(self.root)
        # A seat that leaves can decide what is above it; each turn decides at least one more.
        while before != (now := [node.state for node in self.nodes.values()]):
            before = now
            _place_set(self.root, active=True)
            # Who is not needed any more cannot turn a decision round.
            verdict = verdict or decided(self.root)
        return verdict


def build(rows: Iterable[Node]) -> Tree:
    """The tree of the seats of one token."""
    nodes = {node.id: node for node in rows}
    groups: dict[UUID, Group] = {}
    root = None
    for node in sorted(nodes.values(), key=lambda one: one.place):
        group = groups.get(node.set_id)
        if group is None:
            group = Group(node.set_id, node.kind, node.mode, node.share, node.strict, [])
            groups[node.set_id] = group
            if node.parent_id is None:
                root = group
            else:
                nodes[node.parent_id].sets.append(group)
        group.seats.append(node)
    if root is None:
        raise LookupError("a step without seats of its own")
    return Tree(root, nodes)


def voices(group: Group) -> list[Node | Group]:
    """Who counts in a set: its seats and what was added beside them, in order."""
    found: list[Node | Group] = []
    for seat in group.seats:
        found.append(seat)
        for beside in seat.below("beside"):
            found.extend(_heard(beside))
    return found


def _heard(beside: Group) -> Iterator[Node | Group]:
    if beside.mode == "all":
        # Each added person speaks for himself, and so do those he added beside himself.
        yield from voices(beside)
    else:
        yield beside


def decided(voice: Node | Group) -> str | None:
    """`agreed`, `refused`, or None while it is open; see `absent` for what counts no more."""
    return _decided_set(voice) if isinstance(voice, Group) else _decided_seat(voice)


def absent(voice: Node | Group) -> bool:
    """Whether a voice was taken away or is not needed any more."""
    if isinstance(voice, Group):
        return all(absent(one) for one in voices(voice))
    return voice.state in (State.GONE, State.REMOVED)


def _decided_seat(seat: Node) -> str | None:
    for before in seat.below("before"):
        if decided(before) == REFUSED:
            return REFUSED
    if seat.state is State.REFUSED:
        return REFUSED
    if seat.state is not State.AGREED:
        return None
    after = [decided(one) for one in seat.below("after")]
    if REFUSED in after:
        return REFUSED
    return None if None in after else AGREED


def _decided_set(group: Group) -> str | None:
    heard = [one for one in voices(group) if not absent(one)]
    if not heard:
        return AGREED
    said = [decided(one) for one in heard]
    agreed, refused, total = said.count(AGREED), said.count(REFUSED), len(said)
    match group.mode:
        case "any":
            return next((one for one in said if one), None)
        case "turn":
            return REFUSED if refused else AGREED if agreed == total else None
        case "votes":
            strict = False
        case _:
            strict = group.strict
    needed = max(1, -(-total * group.share // 100))
    if strict and refused:
        return REFUSED
    if agreed >= needed:
        return AGREED
    return REFUSED if total - refused < needed else None


# --- who is to answer now ----------------------------------------------------------------------
def _place_set(group: Group, *, active: bool) -> None:
    if decided(group) is not None:
        for seat in group.seats:
            _leave(seat)
        return
    waits = False
    for voice in voices(group):
        here = active and not waits
        if isinstance(voice, Group):
            _place_set(voice, active=here)
        else:
            _place_seat(voice, active=here)
        if group.mode == "turn" and not absent(voice) and decided(voice) is None:
            waits = True


def _place_seat(seat: Node, *, active: bool) -> None:
    """Its own state and the sets below it; those beside it are voices of their own."""
    if absent(seat) or decided(seat) is not None:
        _leave(seat, beside=False)
        return
    asked = [one for group in seat.below("delegate") for one in group.seats]
    for one in asked:
        # A delegate may have asked somebody in turn.
        _place_seat(one, active=active and one.state.is_pending)
    is_asked = any(one.state.is_pending for one in asked)
    first = False
    for before in seat.below("before"):
        _place_set(before, active=active and not is_asked and seat.state.is_pending)
        first = first or decided(before) is None
    for after in seat.below("after"):
        _place_set(after, active=active and seat.state is State.AGREED)
    if seat.state.is_pending:
        free = active and not is_asked and not first
        seat.state = State.OPEN if free else State.WAITING


def _leave(seat: Node, *, beside: bool = True) -> None:
    """Nobody waits for what is still pending here and below."""
    if seat.state.is_pending:
        # Who was asked before may have refused: that is the answer of who asked.
        seat.state = State.REFUSED if decided(seat) == REFUSED else State.GONE
    for group in seat.sets:
        if beside or group.kind != "beside":
            for one in group.seats:
                _leave(one)


def subtree(seat: Node) -> Iterator[Node]:
    """A seat and everybody it brought in."""
    yield seat
    for group in seat.sets:
        for one in group.seats:
            yield from subtree(one)
