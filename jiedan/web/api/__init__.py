"""The HTTP API, version 1: bearer tokens, JSON in and out, problems as application/problem+json."""

from jiedan.web.api import (
    attachments,
    clock,
    docs,
    instances,
    messages,
    migrations,
    orders,
    platform_push,
    repair,
    tasks,
    verbs,
)
from jiedan.web.api.routes import blueprint

__all__ = [
    "attachments",
    "blueprint",
    "clock",
    "docs",
    "instances",
    "messages",
    "migrations",
    "orders",
    "platform_push",
    "repair",
    "tasks",
    "verbs",
]
