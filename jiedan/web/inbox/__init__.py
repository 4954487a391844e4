"""The inbox: what I have to do, did, started, began to fill in, know of, and my team's work."""

from jiedan.web.inbox.bulk import rehearse
from jiedan.web.inbox.lists import NAVIGATION
from jiedan.web.inbox.routes import blueprint
from jiedan.web.inbox.rows import claim
from jiedan.web.inbox.views import open_view

__all__ = ["NAVIGATION", "blueprint", "claim", "open_view", "rehearse"]
