"""Owns in-app notices to people and roles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, insert, not_, or_, select, tuple_
from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.core.i18n import LazyText, format_datetime, gettext, pick
from jiedan.core.ids import new_id
from jiedan.core.sentences import keep, say
from jiedan.core.work import Work
from jiedan.flow.handlers import plain
from jiedan.flow.notice_wishes import KINDS, unwanted_kinds
from jiedan.flow.owners import owners_of
from jiedan.flow.pages import Count, Page, count_of, cursor, moment, read_cursor
from jiedan.flow.platform import Flow
from jiedan.flow.tables import NoticeReadRow, NoticeRow, TaskRow, table_of

MOMENTS = frozenset({"due", "at"})
"""Names of params that hold a moment as ISO text. `x.en` is the English of `x`."""
YOUNG = timedelta(days=30)
"""An unread notice counts for so long."""
LOOKED_AT = 300
"""So many of the newest unread notices are counted."""
ABOUT_OPEN_TASKS = frozenset({"task", "reminder", "breach", "escalation", "urge"})
"""Kinds that nobody needs once the task is done."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; `text()` is what the reader sees."""

    id: UUID
    at: datetime
    kind: str
    msgid: str
    params: Mapping[str, Any]
    instance_id: UUID | None
    task_id: UUID | None
    read: bool

    def text(self) -> str:
        """The notice in the language in force, moments by the wall clock in Shanghai."""
        said: dict[str, Any] = {}
        for name, value in self.params.items():
            if name.endswith(".en"):
                continue
            if name in MOMENTS:
                said[name] = _moment_said(value)
            elif isinstance(value, str):
                said[name] = say(pick(value, self.params.get(f"{name}.en")))
            else:
                said[name] = value
        try:
            return gettext(self.msgid, **said)
        except (KeyError, ValueError, TypeError):
            # A handler's sentence and its params do not fit: better plain than no page.
            return self.msgid


def _moment_said(text: str) -> str:
    """A moment as people read it; what is none, or knows no time zone, stays as it was written."""
    try:
        return format_datetime(datetime.fromisoformat(text))
    except ValueError:
        return text


def notify(
    work: Work,
    *,
    owners: tuple[str, ...],
    kind: str,
    msgid: str,
    params: Mapping[str, Any],
    instance_id: UUID | None = None,
    task_id: UUID | None = None,
) -> None:
    """Write one notice per owner (`u:login`, `r:ROLE`) in this transaction."""
    kept = {name: keep(one) if isinstance(one, LazyText) else one for name, one in params.items()}
    rows = [
        {
            "id": new_id(),
            "owner": owner,
            "at": work.now,
            "kind": kind,
            "msgid": msgid,
            "params": plain(kept),
            "instance_id": instance_id,
            "task_id": task_id,
        }
        for owner in dict.fromkeys(owners)
    ]
    if rows:
        work.session.execute(insert(table_of(NoticeRow)), rows)


def list_notices(
    flow: Flow, *, actor: Actor, unread_only: bool = False, after: str | None = None, size: int = 20
) -> Page[Notice]:
    """Newest first, without the kinds that the actor does not want to see."""
    read = _read_by(actor)
    with flow.platform.read() as session:
        wanted = select(NoticeRow, read.label("was_read")).where(*_of(session, actor))
    if unread_only:
        wanted = wanted.where(not_(read), *_still_matters(flow))
    keys = read_cursor(after, moment, UUID)
    if keys is not None:
        wanted = wanted.where(tuple_(NoticeRow.at, NoticeRow.id) < (keys[0], keys[1]))
    newest = wanted.order_by(NoticeRow.at.desc(), NoticeRow.id.desc())
    with flow.platform.read() as session:
        rows = session.execute(newest.limit(size + 1)).all()
        items = tuple(
            Notice(
                id=row.id,
                at=row.at,
                kind=row.kind,
                msgid=row.msgid,
                params=row.params,
                instance_id=row.instance_id,
                task_id=row.task_id,
                read=bool(was_read),
            )
            for row, was_read in rows[:size]
        )
        more = len(rows) > size
        return Page(
            items=items,
            after=cursor(items[-1].at, items[-1].id) if more else None,
            count=count_unread(flow, actor=actor) if unread_only else count_of(len(items)),
        )


def count_unread(flow: Flow, *, actor: Actor) -> Count:
    """How many notices the actor has not read and that still matter: young ones, of wanted kinds,
    not about a task that is done by now."""
    with flow.platform.read() as session:
        young = flow.platform.clock.now() - YOUNG
        newest = (
            select(NoticeRow.id)
            .where(*_of(session, actor), NoticeRow.at >= young, not_(_read_by(actor)))
            .order_by(NoticeRow.at.desc())
            .limit(LOOKED_AT)
        )
        # Only of the newest: in one statement it would tempt the database to read all tasks.
        unread = (
            select(NoticeRow.id)
            .where(NoticeRow.id.in_(session.execute(newest).scalars().all()))
            .where(*_still_matters(flow))
            .subquery()
        )
        return count_of(session.execute(select(func.count()).select_from(unread)).scalar_one())


def mark_read(flow: Flow, *, actor: Actor, notice_ids: tuple[UUID, ...] | None = None) -> None:
    """Those given, or all of mine."""
    wanted = select(NoticeRow.id).where(
        NoticeRow.owner.in_(owners_of(actor)), not_(_read_by(actor))
    )
    if notice_ids is not None:
        wanted = wanted.where(NoticeRow.id.in_(notice_ids))
    with flow.platform.work(actor=actor) as work:
        rows = [
            {"notice_id": one, "login": actor.login, "at": work.now}
            for one in work.session.execute(wanted).scalars()
        ]
        if rows:
            work.session.execute(insert(table_of(NoticeReadRow)), rows)


def _of(session: Session, actor: Actor) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [NoticeRow.owner.in_(owners_of(actor))]
    kinds, others = unwanted_kinds(session, actor.login)
    if kinds:
        found.append(NoticeRow.kind.not_in(kinds))
    if others:
        found.append(NoticeRow.kind.in_(KINDS))
    return found


def _still_matters(flow: Flow) -> list[ColumnElement[bool]]:
    is_done = exists(
        select(TaskRow.id).where(TaskRow.id == NoticeRow.task_id, TaskRow.completed_at.is_not(None))
    )
    return [
        NoticeRow.at >= flow.platform.clock.now() - YOUNG,
        or_(NoticeRow.kind.not_in(ABOUT_OPEN_TASKS), not_(is_done)),
    ]


def _read_by(actor: Actor) -> ColumnElement[bool]:
    return exists(
        select(NoticeReadRow.notice_id).where(
            and_(
                NoticeReadRow.notice_id == NoticeRow.id,
                NoticeReadRow.login == actor.login,
            )
        )
    )
