"""The customer's side: pages behind links that need no sign-in (SPEC E02, E35, S2.5.6, S2.5.8)."""

from jiedan.web.portal import pages
from jiedan.web.portal.routes import blueprint

__all__ = ["blueprint", "pages"]
