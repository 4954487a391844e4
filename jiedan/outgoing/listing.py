"""What admins see of the messages that leave the house, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_

from jiedan.flow.pages import COUNT_UP_TO, Page, count_of, cursor, moment, read_cursor
from jiedan.flow.platform import Flow
from jiedan.outgoing.tables import OutgoingRow


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as the monitor shows it; its text is left to whom it is for."""

    id: UUID
    channel: str
    address: str
    subject: str
    state: str
    due_at: datetime
    attempt: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


def list_outgoing(
    flow: Flow,
    *,
    states: frozenset[str] = frozenset(),
    query: str = "",
    after: str | None = None,
    size: int = 20,
) -> Page[Outgoing]:
    """Newest first; `query` looks in address and subject."""
    wanted = select(OutgoingRow)
    if states:
        wanted = wanted.where(OutgoingRow.state.in_(states))
    if query:
        wanted = wanted.where(
            OutgoingRow.address.icontains(query, autoescape=True)
            | OutgoingRow.subject.icontains(query, autoescape=True)
        )
    counted = wanted.with_only_columns(OutgoingRow.id).limit(COUNT_UP_TO).subquery()
    keys = read_cursor(after, moment, UUID)
    if keys is not None:
        wanted = wanted.where(tuple_(OutgoingRow.created_at, OutgoingRow.id) < tuple(keys))
    newest = wanted.order_by(OutgoingRow.created_at.desc(), OutgoingRow.id.desc())
    with flow.platform.read() as session:
        rows = session.scalars(newest.limit(size + 1)).all()
        number = session.execute(select(func.count()).select_from(counted)).scalar_one()
    items = tuple(
        Outgoing(
            id=row.id,
            channel=row.channel,
            address=row.address,
            subject=row.subject,
            state=row.state,
            due_at=row.due_at,
            attempt=row.attempt,
            last_error=row.last_error,
            created_at=row.created_at,
            sent_at=row.sent_at,
        )
        for row in rows[:size]
    )
    more = len(rows) > size
    return Page(
        items=items,
        after=cursor(items[-1].created_at, items[-1].id) if more else None,
        count=count_of(number),
    )
