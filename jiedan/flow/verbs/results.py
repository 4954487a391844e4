"""Owns what the verbs take and answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from jiedan.flow.task_views import NextTask

SeatKind = Literal["own", "before", "after", "beside", "delegate"]
"""Why somebody sits at a step: it is theirs, or they were added to it, or asked to answer first."""
SeatState = Literal["waiting", "open", "agreed", "refused", "answered", "gone", "removed"]
"""`waiting` for its turn; `answered` by a delegate; `gone` when the step was decided without it."""
SignMode = Literal["all", "any", "turn"]
"""How many of added signers must agree: all, the first to answer decides, one after the other."""
Redo = Literal["all", "back", "missing"]
"""After a return: everything again, straight back to who returned it, or only those who had not
agreed."""


@dataclass(frozen=True, slots=True)
class VerbDone:
    """A verb was done, whole. `task_id` is the task it was done with."""

    verb: str
    instance_id: UUID
    task_id: UUID | None
    instance_state: str
    next_tasks: tuple[NextTask, ...] = ()
    """Tasks that are open because of it."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One person's place at a step that several sign."""

    task_id: UUID
    parent_id: UUID | None
    """The seat of who added this one."""
    kind: SeatKind
    state: SeatState
    login: str | None
    """None while a role holds the seat and nobody has claimed it."""
    owners: tuple[str, ...]
    place: int
    added_by: str | None
    outcome: str | None
    note: str | None
    answered_at: datetime | None
    answered_by: str | None
    on_behalf_of: str | None
    rule: str | None
    """The rule that answered for the person, e.g. `repeated`; None when the person did."""
    removable: bool
    """Added, and not answered yet: the reader may ask `remove_signer` for it."""


@dataclass(frozen=True, slots=True)
class SignersView:
    """The seats of one step in their order, with the rule that decides it."""

    mode: str | None
    """`all`, `any`, `turn`, `votes`; None for a step of one person."""
    share: int
    """How many percent must agree."""
    agreed: int
    refused: int
    open: int
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class ReturnTarget:
    """A step to which a task may be returned."""

    process_id: str
    element_id: str
    name: str
    name_en: str
    done_by: tuple[str, ...]
    done_at: datetime
    redo: tuple[Redo, ...]
    """Which ways of going on afterwards are possible."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy for information, as the list 抄送我的 shows it."""

    copy_id: UUID
    instance_id: UUID
    task_id: UUID | None
    process_id: str
    process_name: str
    process_name_en: str
    element_id: str
    element_name: str
    element_name_en: str
    business_key: str | None
    title: str | None
    summary: Mapping[str, str]
    instance_state: str
    login: str
    by: str
    """Who sent it; `system` when the diagram did."""
    at: datetime
    note: str | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Urged:
    """Who was reminded, and when it can be done again."""

    instance_id: UUID
    reached: tuple[str, ...]
    """Owners: `u:login`, `r:ROLE`."""
    again_at: datetime


@dataclass(frozen=True, slots=True)
class BulkRow:
    """What became of one task of a bulk verb. `refusal` is empty when it was, or can be, done."""

    task_id: UUID
    business_key: str | None
    title: str | None
    name: str
    name_en: str | None
    done: bool
    code: str = ""
    """The stable code of the refusal."""
    refusal: str = ""
    """The refusal in the language in force."""


@dataclass(frozen=True, slots=True)
class BulkDone:
    """A bulk verb with a line per task; with `dry_run` nothing was changed."""

    verb: str
    dry_run: bool
    rows: tuple[BulkRow, ...]

    @property
    def done(self) -> int:
        """How many were done, or could be."""
        return sum(1 for row in self.rows if row.done)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What a hand-over moved, or would move with `dry_run`."""

    login: str
    to: str
    dry_run: bool
    rows: tuple[BulkRow, ...]


@dataclass(frozen=True, slots=True)
class Resubmitted:
    """What a new request begins with: the old one's process, variables and answers."""

    process_id: str
    process_name: str
    process_name_en: str
    variables: Mapping[str, object] = field(default_factory=dict)
    started_id: UUID | None = None
    """The new instance, when it was started at once."""
