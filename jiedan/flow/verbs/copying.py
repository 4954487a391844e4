"""Owns copies for information and whether they were read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, tuple_, update

from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.flow.access import task_in
from jiedan.flow.current import Version, bundle_of, current
from jiedan.flow.errors import InstanceNotFound
from jiedan.flow.instance import Instance, load_instance
from jiedan.flow.owners import names_of, owners_of
from jiedan.flow.pages import COUNT_UP_TO, Page, count_of, cursor, moment, read_cursor
from jiedan.flow.platform import Flow
from jiedan.flow.searching import says, search_words
from jiedan.flow.tables import InstanceRow, TaskCandidateRow, TaskRow
from jiedan.flow.tables_verbs import CopyRow
from jiedan.flow.verbs.acting import require
from jiedan.flow.verbs.copies import write_copies
from jiedan.flow.verbs.errors import NobodyNamed, ReceiverRefused
from jiedan.flow.verbs.results import Copy, VerbDone
from jiedan.flow.verbs.settings import process_settings, settings_of


@again_if_undone
def send_copies(
    flow: Flow,
    *,
    actor: Actor,
    people: tuple[str, ...],
    task_id: UUID | None = None,
    instance_id: UUID | None = None,
    note: str = "",
) -> VerbDone:
    """抄送: one copy per person and instance; sent again, it is unread again.

    With `instance_id` the actor must have started it, worked on it or have a copy of it. It may
    be sent at any time, also when the instance has ended.
    """
    chosen = tuple(dict.fromkeys(one.strip() for one in people if one.strip()))
    if not chosen:
        raise NobodyNamed
    with flow.platform.work(actor=actor) as work:
        if task_id is not None:
            task = task_in(work, flow, task_id)
            instance = task.instance
            bundle = bundle_of(work.session, flow, instance.bundle_id)
            verbs = settings_of(bundle, task.process_id, task.element_id).verbs
            process_id, element_id = task.process_id, task.element_id
        else:
            instance = load_instance(work.session, _given(instance_id))
            must_take_part(work, instance, actor)
            bundle = bundle_of(work.session, flow, instance.bundle_id)
            verbs = process_settings(bundle, instance.process_id).verbs
            process_id, element_id = instance.process_id, ""
        require("copy", verbs)
        must_be_there(work, flow, chosen)
        write_copies(
            work,
            instance,
            people=chosen,
            by=work.actor.login,
            process_id=process_id,
            element_id=element_id,
            task_id=task_id,
            note=note.strip()[:2000] or None,
        )
        return VerbDone("copy", instance.id, task_id, instance.state)


def list_copies(
    flow: Flow,
    *,
    actor: Actor,
    unread_only: bool = False,
    query: str = "",
    after: str | None = None,
    size: int = 20,
) -> Page[Copy]:
    """抄送我的: newest first."""
    wanted = _copies().where(CopyRow.login == actor.login)
    if unread_only:
        wanted = wanted.where(CopyRow.read_at.is_(None))
    wanted = wanted.where(*map(says, search_words(query)))
    counted = wanted.with_only_columns(CopyRow.id).limit(COUNT_UP_TO).subquery()
    keys = read_cursor(after, moment, UUID)
    if keys is not None:
        wanted = wanted.where(tuple_(CopyRow.at, CopyRow.id) < tuple(keys))
    newest = wanted.order_by(CopyRow.at.desc(), CopyRow.id.desc())
    with flow.platform.read() as session:
        rows = session.execute(newest.limit(size + 1)).all()
        number = session.execute(select(func.count()).select_from(counted)).scalar_one()
        items = tuple(_copy(flow, session, row) for row in rows[:size])
    last = items[-1] if len(rows) > size else None
    return Page(items, cursor(last.at, last.copy_id) if last else None, count_of(number))


def count_unread_copies(flow: Flow, *, actor: Actor) -> int:
    """How many copies the actor has not read."""
    unread = (
        select(CopyRow.id)
        .where(CopyRow.login == actor.login, CopyRow.read_at.is_(None))
        .limit(COUNT_UP_TO)
        .subquery()
    )
    with flow.platform.read() as session:
        return session.execute(select(func.count()).select_from(unread)).scalar_one()


@again_if_undone
def read_copies(flow: Flow, *, actor: Actor, instance_id: UUID | None = None) -> int:
    """Mark my copy of one instance, or all of mine, as read; how many there were."""
    wanted = update(CopyRow).where(CopyRow.login == actor.login, CopyRow.read_at.is_(None))
    if instance_id is not None:
        wanted = wanted.where(CopyRow.instance_id == instance_id)
    with flow.platform.work(actor=actor) as work:
        done: Any = work.session.execute(wanted.values(read_at=work.now))
        return int(done.rowcount)


def copies_of(flow: Flow, *, instance_id: UUID) -> tuple[Copy, ...]:
    """Who has a copy of an instance and who has read it. The caller checks who may see it."""
    wanted = _copies().where(CopyRow.instance_id == instance_id)
    with flow.platform.read() as session:
        rows = session.execute(wanted.order_by(CopyRow.at, CopyRow.id)).all()
        return tuple(_copy(flow, session, row) for row in rows)


def has_copy(flow: Flow, *, actor: Actor, instance_id: UUID) -> bool:
    """Whether the actor may look at the instance because of a copy."""
    with flow.platform.read() as session:
        return _has_copy(session, actor, instance_id)


def must_take_part(work: Work, instance: Instance, actor: Actor) -> None:
    """Raises InstanceNotFound for who neither started it, worked on it, is to, nor has a copy."""
    if not takes_part(work.session, instance, actor):
        raise InstanceNotFound


def takes_part(session: Any, instance: Instance, actor: Actor) -> bool:
    """Whether an instance concerns somebody."""
    names = names_of(actor)
    if instance.started_by in names or _has_copy(session, actor, instance.id):
        return True
    mine = select(TaskRow.id).where(
        TaskRow.instance_id == instance.id,
        or_(
            TaskRow.completed_by.in_(names),
            TaskRow.id.in_(
                select(TaskCandidateRow.task_id).where(TaskCandidateRow.owner.in_(owners_of(actor)))
            ),
        ),
    )
    return session.execute(mine.limit(1)).first() is not None


def must_be_there(work: Work, flow: Flow, people: tuple[str, ...]) -> None:
    """Raises ReceiverRefused for somebody unknown or disabled."""
    for login in people:
        if flow.people.actor(work.session, login) is None:
            raise ReceiverRefused(login=login, why=lazy("there is nobody active of that name."))


def _has_copy(session: Any, actor: Actor, instance_id: UUID) -> bool:
    found = session.execute(
        select(CopyRow.id).where(CopyRow.instance_id == instance_id, CopyRow.login == actor.login)
    ).first()
    return found is not None


def _given(instance_id: UUID | None) -> UUID:
    if instance_id is None:
        raise InstanceNotFound
    return instance_id


def _copies() -> Select[*tuple[Any, ...]]:
    return select(
        CopyRow.id,
        CopyRow.instance_id,
        CopyRow.task_id,
        CopyRow.process_id,
        CopyRow.element_id,
        CopyRow.login,
        CopyRow.by,
        CopyRow.at,
        CopyRow.note,
        CopyRow.read_at,
        InstanceRow.business_key,
        InstanceRow.title,
        InstanceRow.summary,
        InstanceRow.state,
        InstanceRow.bundle_id,
        InstanceRow.process_id.label("root_id"),
    ).join(InstanceRow, InstanceRow.id == CopyRow.instance_id)


def _copy(flow: Flow, session: Any, row: Any) -> Copy:
    version: Version | None = current(session, flow).processes.get(row.root_id)
    element = None
    if row.element_id:
        bundle = bundle_of(session, flow, row.bundle_id)
        element = bundle.element(row.process_id, row.element_id)
    return Copy(
        copy_id=row.id,
        instance_id=row.instance_id,
        task_id=row.task_id,
        process_id=row.root_id,
        process_name=version.name if version is not None else row.root_id,
        process_name_en=version.name_en if version is not None else "",
        element_id=row.element_id,
        element_name=element.name if element is not None else "",
        element_name_en=element.name_en if element is not None else "",
        business_key=row.business_key,
        title=row.title,
        summary=row.summary or {},
        instance_state=row.state,
        login=row.login,
        by=row.by,
        at=row.at,
        note=row.note,
        read_at=row.read_at,
    )
