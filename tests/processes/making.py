"""Making a line as a test drives it: scheduled, inspected, reported, passed."""

from __future__ import annotations

from typing import Any

from tests.processes import fulfilment as half
from tests.processes.house import House

MEASURED = [{"param": "耐压", "value": "2.1 kV", "limit": "≥ 2 kV"}]


def scheduled(house: House) -> None:
    """The production order is released."""
    half.take(
        house,
        "wugang",
        "schedule_production",
        "release",
        plan_start="2026-03-03T09:00:00+08:00",
        plan_end="2026-03-20T18:00:00+08:00",
        line="一号线",
        capacity_hours="80",
        material_ok=True,
    )


def started(house: House) -> None:
    """Released, and its material passed."""
    scheduled(house)
    half.take(house, "zhengjie", "inspect_material", "pass")


def reported(house: House, outcome: str = "done", **changes: Any) -> None:
    """The workshop reports; all of it unless told otherwise."""
    half.take(house, "wugang", "report_production", outcome, **changes)


def inspected(house: House, outcome: str = "pass", **changes: Any) -> None:
    """Quality looks at what is made."""
    half.take(house, "zhengjie", "inspect_production", outcome, measurements=MEASURED, **changes)


def made(house: House) -> None:
    """A line from its schedule to the gate, everything good."""
    started(house)
    reported(house)
    inspected(house)
