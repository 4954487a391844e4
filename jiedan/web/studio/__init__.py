"""The studio: processes, decisions and forms in their editors, checked and deployed."""

from jiedan.core.i18n import lazy
from jiedan.web.navigation import PROCESSES, Entry
from jiedan.web.studio import check, editors, imports, library
from jiedan.web.studio.rights import READERS
from jiedan.web.studio.routes import blueprint

NAVIGATION = (Entry("studio.list_all", lazy("Studio"), "studio", PROCESSES, 70, roles=READERS),)

__all__ = ["NAVIGATION", "blueprint", "check", "editors", "imports", "library"]
