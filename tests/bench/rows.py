"""The rows of the bench: what was measured, beside its limit and its target."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is None when the row has no target."""

    name: str
    ours: float | None
    unit: str
    limit: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""


def at_most(name: str, ours: float, target: float, *, unit: str, note: str = "") -> Row:
    """A row whose value should not exceed its target."""
    return Row(name, ours, unit, None, None, f"≤ {target:g}", ours <= target, note)


def at_least(name: str, ours: float, target: float, *, unit: str, note: str = "") -> Row:
    """A row whose value should reach its target."""
    return Row(name, ours, unit, None, None, f"≥ {target:g}", ours >= target, note)


def share_of(name: str, ours: float, limit: float, target: float | None, *, unit: str) -> Row:
    """A row judged by how much of the limit it reaches, if it has a target."""
    ratio = ours / limit
    if target is None:
        return Row(name, ours, unit, limit, ratio)
    return Row(name, ours, unit, limit, ratio, f"≥ {target:.0%} of the limit", ratio >= target)


def just(name: str, ours: float, *, unit: str, note: str = "") -> Row:
    """A row that is only told."""
    return Row(name, ours, unit, note=note)


def write_json(rows: Iterable[Row], path: Path) -> None:
    """The rows as a list for other programs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2)
    path.write_text(text + "\n", "utf-8")


def table(rows: Iterable[Row]) -> str:
    """The rows for people."""
    lines = [("What", "Ours", "Limit", "Ratio", "Target", "Met", "Note")]
    for row in rows:
        met = {True: "yes", False: "NO", None: ""}[row.met]
        ours = "–" if row.ours is None else f"{_short(row.ours)} {row.unit}".strip()
        limit = "" if row.limit is None else _short(row.limit)
        ratio = "" if row.ratio is None else f"{row.ratio:.0%}"
        lines.append((row.name, ours, limit, ratio, row.target, met, row.note))
    widths = [max(_width(line[at]) for line in lines) for at in range(len(lines[0]))]
    padded = [
        "  ".join(cell + " " * (widths[at] - _width(cell)) for at, cell in enumerate(line)).rstrip()
        for line in lines
    ]
    padded.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(padded)


def _short(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
