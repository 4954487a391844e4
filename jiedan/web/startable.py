"""What may be started by hand: `config/start.toml`, read when it changes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jiedan.core.actor import Actor
from jiedan.core.errors import Invalid
from jiedan.core.i18n import pick
from jiedan.web.house import platform

_kept: dict[Path, tuple[float, tuple[Way, ...]]] = {}


class StartInvalid(Invalid):
    """The list of what may be started is wrong: %(complaint)s"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to start something."""

    name: str
    zh: str
    en: str
    process: str = ""
    message: str = ""
    """Instead of starting a process: what the order that is under way is told, by its number."""
    order_states: tuple[str, ...] = ()
    """States in which the page of an order offers this; the order's number goes along."""
    only_on_order: bool = False
    about_zh: str = ""
    about_en: str = ""
    icon: str = "start"
    roles: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    may_set: tuple[str, ...] = ()
    """Names of variables that a program may add when it starts this over the API."""

    @property
    def label(self) -> str:
        return pick(self.zh, self.en)

    @property
    def about(self) -> str:
        return pick(self.about_zh, self.about_en)

    def open_to(self, actor: Actor) -> bool:
        return not self.roles or actor.has_any(*self.roles)

    def allows(self, process: str, variables: Mapping[str, Any]) -> bool:
        """Whether starting `process` with these variables is this way."""
        given = {name: value for name, value in variables.items() if name not in self.may_set}
        return bool(process) and process == self.process and given == dict(self.variables)


def startable_by(actor: Actor) -> list[Way]:
    """The ways open to a person, in the order of the file."""
    return [way for way in _ways() if way.open_to(actor) and way.process]


def offered_on_order(actor: Actor, state: str) -> list[Way]:
    """The ways open to a person on the page of an order in this state."""
    return [way for way in _ways() if way.open_to(actor) and state in way.order_states]


def find_startable(name: str, actor: Actor) -> Way | None:
    """The way of that name, when it is open to the person."""
    return next((way for way in _ways() if way.name == name and way.open_to(actor)), None)


def _ways() -> tuple[Way, ...]:
    path = platform().settings.config_dir / "start.toml"
    if not path.is_file():
        return ()
    changed = path.stat().st_mtime
    kept = _kept.get(path)
    if kept is None or kept[0] != changed:
        kept = _kept[path] = (changed, load_ways(path))
    return kept[1]


def load_ways(path: Path) -> tuple[Way, ...]:
    """All ways of a file. Raises StartInvalid."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        lines = raw.get("way", [])
        ways = tuple(Way(**{**line, **_tuples(line)}) for line in lines)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise StartInvalid(complaint=str(error)) from error
    if len({way.name for way in ways}) != len(ways):
        raise StartInvalid(complaint="a name occurs twice")
    return ways


def _tuples(line: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(line.get(name, ())) for name in ("roles", "may_set", "order_states")}
