"""Owns the rungs of a deadline: when the next reminder, breach or escalation is due (SPEC G2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jiedan.flow.platform import Ladder


@dataclass(frozen=True, slots=True)
class Rung:
    """One stage; `percent` of the time from creation to deadline."""

    percent: int
    kind: str
    """remind, breach, escalate, final"""


def rungs(ladder: Ladder) -> tuple[Rung, ...]:
    """All rungs in the order they come due."""
    steps = [
        *(Rung(percent, "remind") for percent in ladder.remind),
        Rung(ladder.breach, "breach"),
        Rung(ladder.escalate, "escalate"),
        Rung(ladder.final, "final"),
    ]
    return tuple(sorted(steps, key=lambda rung: rung.percent))


def due_of(rung: Rung, created_at: datetime, due_at: datetime) -> datetime:
    """The moment of a rung. A deadline that had passed at creation has all rungs at once."""
    span = max(due_at - created_at, timedelta(0))
    return created_at + span * rung.percent / 100 if span else due_at


def next_rung(
    ladder: Ladder, stage: int, created_at: datetime, due_at: datetime | None
) -> datetime | None:
    """When rung number `stage` is due; None when there is none."""
    steps = rungs(ladder)
    if due_at is None or stage >= len(steps):
        return None
    return due_of(steps[stage], created_at, due_at)
