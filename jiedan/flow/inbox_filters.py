"""Owns what a reader of the inbox may ask for: filters and orders, as conditions on rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, func

from jiedan.core.actor import Actor
from jiedan.flow.owners import USER, owners_of
from jiedan.flow.searching import says, search_words
from jiedan.flow.tables import InstanceRow, TaskCandidateRow, TaskRow

Key = Literal["due", "created", "priority", "step", "customer", "amount"]
KEYS: tuple[Key, ...] = get_args(Key)
MOST_KEYS = 3


@dataclass(frozen=True, slots=True)
class TaskFilters:
    """What narrows a list; everything is optional and all of it holds together."""

    process_id: str | None = None
    element_id: str | None = None
    overdue: bool = False
    min_priority: int | None = None
    mine_only: bool = False
    """Only what is assigned to me."""
    customer: str = ""
    """Words of the title, also by pinyin."""
    min_amount: int | None = None
    max_amount: int | None = None
    """In fen."""
    due_before: datetime | None = None
    due_from: datetime | None = None
    holder: str | None = None
    """Whose: a login of my team."""
    group: str | None = None
    """One of my roles, or of my team's: only what is theirs."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """One key of an order. `created` begins with the newest, all others with the smallest or most
    urgent, unless it is turned round."""

    key: Key
    turned: bool = False

    def __str__(self) -> str:
        return ("-" if self.turned else "") + self.key


def read_order(text: str) -> tuple[Sorted, ...]:
    """`priority,-created` as keys; what is unknown or said twice is left out."""
    found: dict[str, Sorted] = {}
    for part in text.split(","):
        turned = part.strip().startswith("-")
        key = part.strip().lstrip("-")
        if key in KEYS:
            found.setdefault(key, Sorted(key, turned))
    return tuple(found.values())[:MOST_KEYS] or (Sorted("due"),)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader asked for, as conditions."""

    actor: Actor
    owners: tuple[str, ...]
    """In whose inboxes to look."""
    words: tuple[str, ...]
    filters: TaskFilters
    now: datetime
    held_too: bool = False
    """Also what somebody else holds: the view of a lead."""

    def customer_words(self) -> tuple[str, ...]:
        return tuple(search_words(self.filters.customer))

    def by_instance(self) -> bool:
        """Whether a condition looks at the instance."""
        filters = self.filters
        amounts = filters.min_amount is not None or filters.max_amount is not None
        return bool(self.words or filters.customer or amounts)

    def of_task(self) -> list[ColumnElement[bool]]:
        """Conditions on the task's row, said so that no index serves them: it would tempt the
        database to fetch all tasks of a step instead of walking the inbox in its order."""
        filters = self.filters
        found: list[ColumnElement[bool]] = []
        if filters.process_id:
            found.append(TaskRow.process_id + "" == filters.process_id)
        if filters.element_id:
            found.append(TaskRow.element_id + "" == filters.element_id)
        if filters.mine_only:
            found.append(TaskRow.assignee == self.actor.login)
        return found

    def of_candidate(self) -> list[ColumnElement[bool]]:
        """Conditions on the row that puts it into an inbox; an index serves the deadline."""
        filters = self.filters
        found: list[ColumnElement[bool]] = []
        if not self.held_too:
            found.append(TaskCandidateRow.visible.is_(True))
        if filters.overdue:
            found.append(TaskCandidateRow.due_at < self.now)
        if filters.due_before is not None:
            found.append(TaskCandidateRow.due_at < filters.due_before)
        if filters.due_from is not None:
            found.append(TaskCandidateRow.due_at >= filters.due_from)
        if filters.min_priority is not None:
            found.append(TaskCandidateRow.rank + 0 <= -filters.min_priority)
        return found

    def of_instance(self) -> list[ColumnElement[bool]]:
        """Conditions on what it is about. A word may also stand in the task's name."""
        filters = self.filters
        found: list[ColumnElement[bool]] = [says(word) | _called(word) for word in self.words]
        for word in self.customer_words():
            found.append(says(word))
        if filters.min_amount is not None:
            found.append(InstanceRow.amount >= filters.min_amount)
        if filters.max_amount is not None:
            found.append(InstanceRow.amount <= filters.max_amount)
        return found

    def joined(self, wanted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """`wanted` over candidates with every condition, joined only as far as needed."""
        of_task, of_instance = self.of_task(), self.of_instance()
        if of_task or of_instance:
            wanted = wanted.join(TaskRow, TaskRow.id == TaskCandidateRow.task_id)
        if of_instance:
            wanted = wanted.join(InstanceRow, InstanceRow.id == TaskRow.instance_id)
        return wanted.where(*self.of_candidate(), *of_task, *of_instance)


def _called(word: str) -> ColumnElement[bool]:
    return func.lower(TaskRow.name).like(f"%{word}%", escape="\\") | func.lower(
        TaskRow.name_en
    ).like(f"%{word}%", escape="\\")


def wanted_by(
    actor: Actor,
    *,
    query: str,
    filters: TaskFilters,
    now: datetime,
    team: Sequence[str] | None = None,
) -> Wanted:
    """What `actor` asks of the own inbox, or of the team's when `team` says whose."""
    owners: tuple[str, ...] = owners_of(actor) if team is None else tuple(team)
    if filters.mine_only:
        owners = (USER + actor.login,)
    elif filters.holder:
        owners = tuple(one for one in owners if one == USER + filters.holder)
    elif filters.group:
        owners = tuple(one for one in owners if one == f"r:{filters.group}")
    return Wanted(
        actor, owners, tuple(search_words(query)), filters, now, held_too=team is not None
    )
