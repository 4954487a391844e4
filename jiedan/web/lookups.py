"""Choices that live outside forms (customers, catalogue, carriers, people), and people's names."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from sqlalchemy.orm import Session

from jiedan.core.i18n import current_locale, pick
from jiedan.core.platform import Platform
from jiedan.desk import lookups as desk_lookups
from jiedan.desk.errors import UnknownRecord
from jiedan.people import directory
from jiedan.people.directory import find_person
from jiedan.people.errors import PersonUnknown

FEW = 30
"""Up to so many choices are shown as one list; beyond that people type to search."""
PEOPLE = "people"
_KEEP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: the value that is stored and what people read."""

    value: str
    label: str

    @property
    def typed(self) -> str:
        """What people see and type for it: a value that means nothing to people never shows."""
        return self.value if self.value in self.label else self.label


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of a source that match what was typed."""

    options: tuple[Choice, ...]
    complete: bool
    """Whether these are all there are, whatever is typed."""
    typed: str = ""
    """What stands in the box for the value that is filled in."""
    chosen: str = ""
    """How that value is called, when the box does not say it already."""


class Lookups:
    """Answers for forms and pages; names are remembered for a few seconds."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._names: dict[tuple[str, str], tuple[float, str]] = {}
        self._roles: tuple[float, str, dict[str, str]] = (0.0, "", {})

    def find(self, source: str, text: str = "", *, limit: int = FEW) -> tuple[Choice, ...]:
        """Choices of `source` that match `text`, best first. Unknown sources have none."""
        kind, _, role = source.partition(":")
        with self.platform.read() as session:
            if kind == PEOPLE:
                roles = role.split(",") if role else []
                page = directory.list_users(session, query=text, active=True, size=200)
                return tuple(
                    Choice(one.login, one.shown)
                    for one in page.people
                    if not roles or not one.roles.isdisjoint(roles)
                )[:limit]
            try:
                found = desk_lookups.find_choices(session, source=kind, text=text, limit=limit)
            except UnknownRecord:
                return ()
            return tuple(_said(one) for one in found)

    def choices(self, source: str, value: str = "") -> Choices:
        """What a page offers before anything is typed."""
        found = self.find(source, limit=FEW + 1)
        complete = len(found) <= FEW
        label = (self.label(source, value) or "") if value else ""
        typed = Choice(value, label).typed if label else value
        if complete and label and all(one.value != value for one in found):
            found = (*found, Choice(value, label))
        return Choices(found[:FEW], complete, typed, label if label != typed else "")

    def resolve(self, source: str, typed: str) -> str:
        """The value for what was typed: itself, or the only choice that it can mean."""
        typed = typed.strip()
        if not typed or self.label(source, typed) is not None:
            return typed
        for text in (typed, *typed.split(" · ")):
            found = self.find(source, text, limit=FEW)
            exact = [one for one in found if typed in (one.typed, one.label)]
            if len(exact) == 1:
                return exact[0].value
            if len(found) == 1 and text == typed:
                return found[0].value
        return typed

    def label(self, source: str, value: str) -> str | None:
        """How a choice is called; None when `source` has no such choice."""
        with self.platform.read() as session:
            return label_of(session, source, value)

    def person_name(self, login: str) -> str:
        """A person's name in the language in force."""
        key = (login, current_locale())
        known = self._names.get(key)
        if known is None or monotonic() - known[0] > _KEEP_SECONDS:
            with self.platform.read() as session:
                name = directory.names_of(session, [login])[login]
            known = self._names[key] = (monotonic(), name)
        return known[1]

    def role_name(self, role: str) -> str:
        """A role's name in the language in force; an unknown code stays as it is."""
        at, locale, names = self._roles
        if locale != current_locale() or monotonic() - at > _KEEP_SECONDS:
            with self.platform.read() as session:
                names = dict(directory.role_names(session))
            self._roles = (monotonic(), current_locale(), names)
        return names.get(role, role)


def label_of(session: Session, source: str, value: str) -> str | None:
    """How a choice is called, for checking an answer inside its transaction (`Flow.label_of`)."""
    kind, _, roles = source.partition(":")
    if kind != PEOPLE:
        try:
            found = desk_lookups.choice_label(session, source=kind, value=value)
        except UnknownRecord:
            return None
        return _said(found).label if found else None
    try:
        one = find_person(session, value)
    except PersonUnknown:
        return None
    fits = not roles or not one.roles.isdisjoint(roles.split(","))
    return one.shown if one.active and fits else None


def _said(choice: desk_lookups.Choice) -> Choice:
    label = pick(choice.label, choice.label_en)
    return Choice(choice.value, f"{label} · {choice.note}" if choice.note else label)
