"""The engine's opinion of a diagram before it is deployed: refused, repaired or doubtful."""

from __future__ import annotations

from jiedan.flow.engine.snapshots import Finding


def inspect(xml: bytes) -> list[Finding]:
    """Say what the engine would choke on, repair or ignore in this BPMN file."""
    raise NotImplementedError
