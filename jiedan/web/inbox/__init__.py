"""The inbox: what I have to do, did, started, began to fill in, know of, and my team's work."""

from jiedan.web.inbox import bulk, lists, rows, views
from jiedan.web.inbox.lists import NAVIGATION
from jiedan.web.inbox.routes import blueprint

__all__ = ["NAVIGATION", "blueprint", "bulk", "lists", "rows", "views"]
