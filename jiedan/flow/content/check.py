"""Owns the deploy check: what would be dropped, stuck or unreadable is refused before it runs."""

from collections.abc import Mapping
from dataclasses import dataclass

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `problem` and `mend` are English msgids with `params`."""

    rule: str
    """Stable code, e.g. `handler-unknown`."""
    level: str
    """`error` refuses the deployment, `warning` does not."""
    file: str
    element_id: str | None
    label: str
    """The element's name, or its id when it has none."""
    problem: str
    mend: str
    params: Mapping[str, str]

    def text(self, locale: str) -> str:
        """The problem as a sentence in that language."""
        raise NotImplementedError

    def advice(self, locale: str) -> str:
        """What to do, in that language."""
        raise NotImplementedError
