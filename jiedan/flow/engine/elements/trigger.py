"""What an event waits for or throws, as the diagram says it."""

from __future__ import annotations

from dataclasses import dataclass

from jiedan.flow.engine.dialect import Term

_AWAITED = frozenset({"message", "signal", "timer", "condition"})


@dataclass(frozen=True, slots=True)
class Trigger:
    """What an event waits for or throws.

    `name` is the message or signal name, or the error or escalation code (None catches any);
    `expression` the correlation key of a message, the time of a timer or a condition.
    """

    kind: str
    name: str | None = None
    name_term: Term | None = None
    expression: Term | None = None

    @property
    def is_awaited(self) -> bool:
        return self.kind in _AWAITED

    def catches(self, kind: str, code: str) -> bool:
        return self.kind == kind and self.name in (None, "", code)
