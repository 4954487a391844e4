"""Owns `Flow`: what every use case of the process platform is handed first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.core.platform import Platform
from jiedan.core.work import Work
from jiedan.flow.cache import Caches
from jiedan.flow.handlers import REGISTRY, Registry
from jiedan.flow.people_facts import NoPeople, PeopleFacts
from jiedan.flow.watched import Watch


@dataclass(frozen=True, slots=True)
class CompletedFact:
    """Somebody completed a user task of this instance."""

    element_id: str
    login: str
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What the separation of duties is judged by."""

    task_id: UUID
    element_id: str
    instance_id: UUID
    process_id: str
    business_key: str | None
    completed: tuple[CompletedFact, ...]


class Duties(Protocol):
    """The separation-of-duties policy; `people` decides, flow supplies the facts."""

    def concerns(self, element_id: str) -> bool:
        """Whether any rule names this element as its second act."""
        ...

    def check(self, work: Work, *, action: str, task: TaskFacts, actor: Actor) -> None:
        """Raise Forbidden when `actor` may not do `action` (`claim`, `complete`) with `task`."""
        ...


class NoDuties:
    """Every duty may be combined."""

    def concerns(self, element_id: str) -> bool:
        return False

    def check(self, work: Work, *, action: str, task: TaskFacts, actor: Actor) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs of SPEC G2 in percent of the time a task was given."""

    remind: tuple[int, ...] = (50, 80)
    breach: int = 100
    escalate: int = 150
    final: int = 200


@dataclass(frozen=True, slots=True)
class DueJob:
    """A handler's job that a transaction made due at once."""

    id: UUID
    instance_id: UUID | None


class Channel(Protocol):
    """How news of what is due reaches other processes: told inside the transaction, so that it
    is heard if and only if that commits."""

    def tell(self, work: Work, due_at: datetime, jobs: Sequence[DueJob]) -> None:
        """Something is due at `due_at` by the platform's clock; `jobs` are due at once."""
        ...


class NoChannel:
    """One process, or several that look from time to time."""

    def tell(self, work: Work, due_at: datetime, jobs: Sequence[DueJob]) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work of the house at set times, done by one worker of all; a job like any other."""

    name: str
    cron: str
    """When, by the clock in Shanghai: minute, hour, day, month, weekday."""
    run: "Callable[[Flow], bool]"
    """Does a bounded part of the work; True when there is more to do."""


LabelOf = Callable[[Session, str, str], str | None]
HoldersOf = Callable[[Session, str], Iterable[str]]
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=25))


@dataclass(slots=True)
class Flow:
    """The process platform of one application, built in app.py.

    `wake(due_at)` is called after a commit that made something due at that time, `channel` is
    told of it before.
    """

    platform: Platform
    registry: Registry = field(default_factory=lambda: REGISTRY)
    duties: Duties = field(default_factory=NoDuties)
    processes: Path | None = None
    forms: Path | None = None
    decisions: Path | None = None
    wake: Callable[[datetime], None] = lambda due_at: None
    channel: Channel = field(default_factory=NoChannel)
    periodic: tuple[Periodic, ...] = ()
    backoff: tuple[timedelta, ...] = BACKOFF
    ladder: Ladder | None = None
    """The rungs of deadlines; None reads the parameters `sla.*`."""
    supervisors: Mapping[str, str] = field(default_factory=dict)
    """Role → the role above it, who joins at `escalate` unless the element's property
    `jiedan:escalate` names another (a role, or FEEL with a leading `=`)."""
    escalate_role: str = ""
    """Who joins when neither names anybody; when this is empty too, the admins."""
    final_role: str = "GM"
    roles: frozenset[str] | None = None
    """All role codes there are, so that the check finds misspelt ones; None does not look."""
    admins: str = "AD"
    """The role that repairs instances and is told of incidents."""
    label_of: LabelOf = lambda session, source, value: value
    """What a form field's choice is called whose list is outside the form; None if unknown."""
    holders_of: HoldersOf | None = None
    """Logins of the people who hold a role now; None when nobody can tell."""
    people: PeopleFacts = field(default_factory=NoPeople)
    """Who is there, who leads whom, who stands in for whom."""
    caches: Caches = field(default_factory=Caches)
    watch: Watch = field(default_factory=Watch)
    """Over external handlers."""

    def due(self, work: Work, due_at: datetime, *, jobs: Sequence[DueJob] = ()) -> None:
        """Say that this transaction makes something due at `due_at`, and `jobs` at once."""
        self.channel.tell(work, due_at, jobs)
        work.after_commit(partial(self.wake, due_at))

    def rungs(self) -> Ladder:
        """The rungs of deadlines as they stand now."""
        if self.ladder is not None:
            return self.ladder
        parameters = self.platform.parameters
        return Ladder(
            remind=tuple(int(one) for one in parameters.numbers("sla.remind_pct")),
            escalate=int(parameters.number("sla.escalate_pct")),
            final=int(parameters.number("sla.final_pct")),
        )

    def buffer_time(self) -> timedelta:
        """How long a message that nobody waits for is kept."""
        return timedelta(hours=float(self.platform.parameters.number("message.buffer_hours")))
