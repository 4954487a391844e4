"""The places of the product and who sees them: what the side bar and the phone bar show.

A package of pages adds its own places: `NAVIGATION = (Entry(...),)` beside its blueprint, named
in `areas.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import g, request, url_for

from jiedan.core.actor import Actor
from jiedan.core.i18n import LazyText, lazy


@dataclass(frozen=True, slots=True)
class Badge:
    """A small number beside a place; `alarm` paints it red."""

    text: str
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A place. Without `roles` everybody who is signed in sees it."""

    endpoint: str
    label: LazyText
    icon: str
    section: LazyText | None = None
    order: int = 100
    roles: frozenset[str] = frozenset()
    badge: Callable[[Actor], Badge | None] | None = None
    on_phone: int | None = None
    """Its place in the phone's bar of four, smallest first."""
    phone_label: LazyText | None = None
    has_something: Callable[[Actor], bool] | None = None
    """Whether the place holds anything for this person; one that is always empty is not shown."""

    def visible_to(self, actor: Actor) -> bool:
        if self.roles and not actor.has_any(*self.roles):
            return False
        return self.has_something is None or self.has_something(actor)


WORK = lazy("Work")
COMPANY = lazy("Business")
PROCESSES = lazy("Processes")


@dataclass(frozen=True, slots=True)
class Place:
    """An entry as the templates draw it."""

    url: str
    label: str
    icon: str
    current: bool
    count: str = ""
    alarm: bool = False


class Navigation:
    """All entries of one application."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(sorted(entries, key=lambda one: one.order))

    def sections(self) -> list[tuple[str, list[Place]]]:
        """What the person of this request sees, by section, in order."""
        found: dict[str, list[Place]] = {}
        for entry in self._mine():
            found.setdefault(str(entry.section or ""), []).append(self._place(entry))
        return list(found.items())

    def phone(self) -> list[Place]:
        """The four most needed places."""
        mine = [entry for entry in self._mine() if entry.on_phone is not None]
        mine.sort(key=lambda one: one.on_phone or 0)
        return [self._place(entry, phone=True) for entry in mine[:4]]

    def _mine(self) -> list[Entry]:
        actor: Actor | None = g.get("actor")
        return [one for one in self.entries if actor is not None and one.visible_to(actor)]

    def _place(self, entry: Entry, *, phone: bool = False) -> Place:
        badges: dict[str, Badge | None] = g.setdefault("badges", {})
        if entry.badge is not None and entry.endpoint not in badges:
            badges[entry.endpoint] = entry.badge(g.actor)
        badge = badges.get(entry.endpoint)
        area = entry.endpoint.partition(".")[0]
        return Place(
            url=url_for(entry.endpoint),
            label=str((entry.phone_label if phone else None) or entry.label),
            icon=entry.icon,
            current=request.blueprint == area,
            count=badge.text if badge else "",
            alarm=bool(badge and badge.alarm),
        )
