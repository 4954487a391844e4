"""Which decisions a special approval needs, in which order, by whom (SPEC P04, X08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jiedan.desk.errors import NoApprover

LEVEL_ROLES = {
    "sales": {1: ("SM",), 2: ("SD",), 3: ("GM",)},
    "netease": {1: ("BM",), 2: ("SD",), 3: ("GM",)},
}
"""Who decides on each level, by channel (SPEC S4)."""
COSIGN_ROLES = {"finance": "FM", "legal": "LC"}
HIGHEST = 3


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One decision to come; ``state`` merged means that a higher level speaks for it."""

    kind: str
    level: int | None
    role: str
    state: str = "waiting"


def plan_steps(
    level: int,
    cosign: Sequence[str],
    channel: str,
    candidates: Mapping[str, Sequence[str]] | None,
    excluded: frozenset[str],
) -> list[StepPlan]:
    """The levels up to ``level``, with the cosigners in front of the last one.

    With ``candidates`` by role: a level where nobody is left goes to the next one up, and one
    where only the person of a higher level is left is merged into that. Raises NoApprover.
    """
    roles = LEVEL_ROLES[channel]
    levels = [number for number in sorted(roles) if number <= level]
    merged: set[int] = set()
    if candidates is not None:
        levels, merged = _staffed(levels, roles, candidates, excluded)
        for role in cosign:
            if not set(candidates.get(COSIGN_ROLES[role], ())) - excluded:
                raise NoApprover
    steps = [
        StepPlan(
            "decide",
            number,
            ",".join(roles[number]),
            "merged" if number in merged else "waiting",
        )
        for number in levels
    ]
    return [*steps[:-1], *(StepPlan("cosign", None, role) for role in cosign), steps[-1]]


def _staffed(
    levels: Sequence[int],
    roles: Mapping[int, Sequence[str]],
    candidates: Mapping[str, Sequence[str]],
    excluded: frozenset[str],
) -> tuple[list[int], set[int]]:
    people = {
        number: {login for role in roles[number] for login in candidates.get(role, ())} - excluded
        for number in roles
    }
    top = next((n for n in range(max(levels), HIGHEST + 1) if people.get(n)), None)
    if top is None:
        raise NoApprover
    wanted = sorted({*levels[:-1], top})
    merged = set()
    for index, number in enumerate(wanted[:-1]):
        above = [people[higher] for higher in wanted[index + 1 :]]
        # Nobody of his own left, or the only one decides higher up anyway.
        if not people[number] or any(people[number] == others for others in above):
            merged.add(number)
    return wanted, merged
