"""Owns what a check has to say: a finding names the place, the rule and the mend, in zh and en."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jiedan.core.i18n import gettext, use_locale

ERROR = "error"
WARNING = "warning"
REPAIRED = "repaired"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `problem` and `mend` are English msgids with places for `params`."""

    rule: str
    """Stable code, e.g. `handler_unknown`."""
    level: str
    """`error` refuses the deployment; `warning` does not; `repaired` was mended by the platform."""
    file: str
    element_id: str | None
    label: str
    """The element's name, or its id when it has none."""
    problem: str
    mend: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    process_id: str = ""

    @property
    def refuses(self) -> bool:
        return self.level == ERROR

    def text(self, locale: str) -> str:
        """The problem as a sentence in that language."""
        return self._say(self.problem, locale)

    def advice(self, locale: str) -> str:
        """What to do, in that language."""
        return self._say(self.mend, locale) if self.mend else ""

    def _say(self, msgid: str, locale: str) -> str:
        with use_locale(locale):
            said = gettext(msgid)
            return said % dict(self.params) if self.params else said
