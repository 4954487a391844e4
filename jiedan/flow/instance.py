"""Owns an instance while it is worked on: loaded and locked, changed, written back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from jiedan.core.prepared import Prepared
from jiedan.core.work import Work
from jiedan.flow.errors import InstanceNotFound, InstanceOver, InstanceSuspended
from jiedan.flow.searching import searchable
from jiedan.flow.states import InstanceState
from jiedan.flow.tables import InstanceRow, table_of

_instances = table_of(InstanceRow)
COLUMNS = (
    _instances.c.process_id,
    _instances.c.bundle_id,
    _instances.c.version,
    _instances.c.business_key,
    _instances.c.title,
    _instances.c.summary,
    _instances.c.amount,
    _instances.c.state.label("instance_state"),
    _instances.c.resume_state,
    _instances.c.revision,
    _instances.c.started_by,
    _instances.c.started_at,
    _instances.c.suspended_at,
    _instances.c.halted_at,
)


@dataclass(slots=True)
class Instance:
    """The row of an instance under this step's lock."""

    id: UUID
    process_id: str
    bundle_id: int
    version: int
    business_key: str | None
    title: str | None
    summary: dict[str, str] | None
    amount: int | None
    state: InstanceState
    resume_state: str | None
    revision: int
    started_by: str
    started_at: datetime
    suspended_at: datetime | None
    halted_at: datetime | None
    renamed: bool = False
    """Whether number, title or summary changed and the search text with them."""

    def must_be_running(self) -> None:
        """Raises InstanceSuspended or InstanceOver."""
        if self.state is InstanceState.SUSPENDED:
            raise InstanceSuspended
        if self.state.is_over:
            raise InstanceOver

    def marks(self) -> tuple[Any, ...]:
        """What a handler may change, to put it back when the handler fails."""
        return (
            *(self.business_key, self.title, self.summary, self.amount),
            *(self.renamed, self.halted_at),
        )

    def restore(self, marks: tuple[Any, ...]) -> None:
        """Put back what `marks` remembered."""
        self.business_key, self.title, self.summary, self.amount, *others = marks
        self.renamed, self.halted_at = others

    def labels(self) -> dict[str, Any]:
        """The columns that say what it is about."""
        return {
            "business_key": self.business_key,
            "title": self.title,
            "summary": self.summary,
            "amount": self.amount,
            "search": searchable(*self.texts()),
        }

    def texts(self) -> tuple[str | None, ...]:
        """What it is found by."""
        return self.business_key, self.title, *(self.summary or {}).values()


def instance_from(row: Any, instance_id: UUID) -> Instance:
    """From a row with COLUMNS."""
    return Instance(
        id=instance_id,
        process_id=row.process_id,
        bundle_id=row.bundle_id,
        version=row.version,
        business_key=row.business_key,
        title=row.title,
        summary=row.summary,
        amount=row.amount,
        state=InstanceState(row.instance_state),
        resume_state=row.resume_state,
        revision=row.revision,
        started_by=row.started_by,
        started_at=row.started_at,
        suspended_at=row.suspended_at,
        halted_at=row.halted_at,
    )


_BY_ID = select(*COLUMNS).where(_instances.c.id == bindparam("instance_id"))
_LOAD = Prepared(_BY_ID)
# Its key never changes, so whoever only adds rows that name the instance need not wait: a note of
# somebody who holds a task would otherwise wait for somebody who waits for that task.
_LOCK = Prepared(_BY_ID.with_for_update(key_share=True))


def lock_instance(work: Work, instance_id: UUID) -> Instance:
    """Load and lock an instance. Raises InstanceNotFound."""
    return _first(work.connection, _LOCK, instance_id)


def load_instance(session: Session, instance_id: UUID) -> Instance:
    """Load an instance to look at. Raises InstanceNotFound."""
    return _first(session.connection(), _LOAD, instance_id)


def _first(connection: Connection, wanted: Prepared, instance_id: UUID) -> Instance:
    row = wanted.first(connection, {"instance_id": instance_id})
    if row is None:
        raise InstanceNotFound
    return instance_from(row, instance_id)
