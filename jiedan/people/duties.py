"""Separation of duties: who did one thing may not do the other (SPEC S4.2)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jiedan.core.actor import Actor
from jiedan.core.i18n import LocalText
from jiedan.core.work import Work
from jiedan.people.errors import DutiesInvalid, DutyConflict

Facts = Mapping[str, Set[str]]
"""Who has done each element of an instance: logins, and those they stood in for, by element id."""


class CompletedFact(Protocol):
    """Somebody completed a user task."""

    @property
    def element_id(self) -> str:
        """Which task in the diagram."""

    @property
    def login(self) -> str:
        """Who did it."""

    @property
    def on_behalf_of(self) -> str | None:
        """For whom."""


class TaskFacts(Protocol):
    """What a rule needs to know of a task and of what was done before."""

    @property
    def element_id(self) -> str:
        """Which task in the diagram."""

    @property
    def completed(self) -> Iterable[CompletedFact]:
        """What was completed in the same order so far."""


@dataclass(frozen=True, slots=True)
class Rule:
    """In one order, one person acts on one of these sides only; a side is a set of elements.

    A one-way rule only keeps those who acted on the first side from the others.
    """

    id: str
    sentence: LocalText
    sides: tuple[frozenset[str], ...]
    one_way: bool = False

    def conflicts(self, element_id: str) -> frozenset[str]:
        """The elements whose doers this rule keeps from `element_id`."""
        mine = [i for i, side in enumerate(self.sides) if element_id in side]
        if not mine:
            return frozenset()
        others = [side for i, side in enumerate(self.sides) if i not in mine]
        if self.one_way:
            others = [] if 0 in mine else [self.sides[0]]
        return frozenset().union(*others)


class Duties:
    """All rules; asked when a task is claimed, completed, handed over or given a signer."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._against: dict[str, list[tuple[Rule, frozenset[str]]]] = {}
        for rule in self.rules:
            for element_id in frozenset().union(*rule.sides):
                opposite = rule.conflicts(element_id)
                if opposite:
                    self._against.setdefault(element_id, []).append((rule, opposite))

    def concerns(self, element_id: str) -> bool:
        """Whether any rule keeps anybody from this element."""
        return element_id in self._against

    def elements_against(self, element_id: str) -> frozenset[str]:
        """All elements whose doers may not do this one."""
        return frozenset().union(*(opposite for _, opposite in self._against.get(element_id, ())))

    def check_facts(
        self,
        *,
        action: str,
        element_id: str,
        actor_login: str,
        facts: Facts,
        on_behalf_of: str | None = None,
    ) -> None:
        """Raises DutyConflict, whose code is `SOD_1` and so on.

        A person who stands in for another is kept from what either of them is kept from
        (SOD-15). The rules are the same for every `action`; it is named for the caller's sake.
        """
        acting = {actor_login} | ({on_behalf_of} if on_behalf_of else set())
        for rule, opposite in self._against.get(element_id, ()):
            for other in sorted(opposite):
                if not acting.isdisjoint(facts.get(other, ())):
                    raise DutyConflict(
                        rule=rule.id, sentence=rule.sentence, element_id=element_id, other=other
                    )

    def check(self, work: Work, *, action: str, task: TaskFacts, actor: Actor) -> None:
        """As `check_facts`, from the facts of a task; what the process platform calls."""
        if not self.concerns(task.element_id):
            return
        facts: dict[str, set[str]] = {}
        for fact in task.completed:
            doers = facts.setdefault(fact.element_id, set())
            doers.add(fact.login)
            if fact.on_behalf_of:
                doers.add(fact.on_behalf_of)
        self.check_facts(
            action=action,
            element_id=task.element_id,
            actor_login=actor.login,
            facts=facts,
            on_behalf_of=actor.on_behalf_of,
        )

    def may(self, *, element_id: str, login: str, facts: Facts) -> bool:
        """Whether `login` may do the element, for lists of people to choose from."""
        return all(login not in facts.get(e, ()) for e in self.elements_against(element_id))


def load_duties(path: Path) -> Duties:
    """The rules of `duties.toml`; raises DutiesInvalid."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        if raw.keys() - {"rule"}:
            raise ValueError(f"unknown: {', '.join(sorted(raw.keys() - {'rule'}))}")
        return Duties(_read_rule(entry) for entry in raw.get("rule", []))
    except (KeyError, TypeError, ValueError) as error:
        raise DutiesInvalid(complaint=f"{path.name}: {error}") from error


def _read_rule(entry: dict[str, Any]) -> Rule:
    unknown = entry.keys() - {"id", "zh", "en", "sides", "one_way"}
    if unknown:
        raise ValueError(f"{entry.get('id')}: unknown {', '.join(sorted(unknown))}")
    sides = tuple(frozenset(side) for side in entry["sides"])
    if len(sides) < 2 or not all(sides):
        raise ValueError(f"{entry['id']}: at least two sides with elements are needed")
    if sum(map(len, sides)) != len(frozenset().union(*sides)):
        raise ValueError(f"{entry['id']}: an element stands on two sides")
    return Rule(
        id=str(entry["id"]),
        sentence=LocalText(entry["zh"], entry["en"]),
        sides=sides,
        one_way=bool(entry.get("one_way", False)),
    )
