"""Owns comments and files beside tasks and instances."""

from typing import BinaryIO
from uuid import UUID

from sqlalchemy import insert, update

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.errors import Invalid
from jiedan.core.files import attach_file, remove_attachment
from jiedan.core.files import find_attachment as find_file
from jiedan.core.ids import new_id
from jiedan.core.text import clean_text
from jiedan.core.work import Work
from jiedan.flow.access import load_task, standing_in, task_for, task_in
from jiedan.flow.errors import AttachmentFixed, TaskNotFound
from jiedan.flow.platform import Flow
from jiedan.flow.tables import CommentRow, TaskRow
from jiedan.flow.task_views import Attachment, Comment

TEXT_LIMIT = 4000


class CommentEmpty(Invalid):
    """Write something first."""


class CommentTooLong(Invalid):
    """A comment can have at most %(limit)s characters."""


def comment(
    flow: Flow,
    *,
    actor: Actor,
    text: str,
    task_id: UUID | None = None,
    instance_id: UUID | None = None,
) -> Comment:
    """Write a comment on a task, or on an instance that the caller has let the actor see."""
    said = comment_text(text)
    with flow.platform.work(actor=actor) as work:
        if task_id is not None:
            instance_id = task_in(work, flow, task_id).instance.id
        if instance_id is None:
            raise TaskNotFound
        return comment_in(work, instance_id=instance_id, task_id=task_id, text=said)


def comment_text(text: str) -> str:
    """A comment as it is kept. Raises CommentEmpty and CommentTooLong."""
    said = clean_text(text).strip()
    if not said:
        raise CommentEmpty
    if len(said) > TEXT_LIMIT:
        raise CommentTooLong(limit=TEXT_LIMIT)
    return said


def comment_in(work: Work, *, instance_id: UUID, task_id: UUID | None, text: str) -> Comment:
    """The same inside a transaction, with a text from `comment_text`."""
    written = Comment(new_id(), work.now, work.actor.login, text, task_id)
    work.session.execute(
        insert(CommentRow).values(
            id=written.id,
            instance_id=instance_id,
            task_id=task_id,
            at=written.at,
            by=written.by,
            text=written.text,
        )
    )
    audit.record(work, action="instance.comment", entity=f"instance:{instance_id}")
    return written


def attach(
    flow: Flow, *, actor: Actor, task_id: UUID, stream: BinaryIO, filename: str
) -> Attachment:
    """Put a file beside an open task (SPEC G6)."""
    with flow.platform.read() as session:
        # Before the file is read: a stranger costs nothing.
        task = load_task(session, task_id)
        person = standing_in(session, flow, task, actor, flow.platform.clock.now())
        if not task.concerns(person):
            raise TaskNotFound
        task.must_be_open_to(person)
    stored = flow.platform.files.put(stream, filename)
    with flow.platform.work(actor=actor) as work:
        task = task_in(work, flow, task_id)
        task.must_be_open_to(work.actor)
        row = attach_file(work, entity=f"task:{task_id}", file=stored)
        work.session.execute(update(TaskRow).where(TaskRow.id == task_id).values(has_files=True))
        return Attachment(
            id=row.id,
            filename=row.filename,
            sha256=row.sha256,
            size=row.size,
            mime=row.mime,
            at=row.uploaded_at,
            by=row.uploaded_by,
            task_id=task_id,
        )


def detach(flow: Flow, *, actor: Actor, attachment_id: UUID) -> None:
    """Take a file of an open task away again. Raises AttachmentFixed once it is completed."""
    with flow.platform.work(actor=actor) as work:
        task_id = _task_of(work, attachment_id)
        task = task_in(work, flow, task_id)
        if not task.state.is_open:
            raise AttachmentFixed
        task.must_be_open_to(work.actor)
        remove_attachment(work, attachment_id=attachment_id)


def find_attachment(flow: Flow, *, actor: Actor, attachment_id: UUID) -> Attachment:
    """For download by somebody whom the task concerns; the bytes are in `flow.platform.files`."""
    with flow.platform.read() as session:
        row = find_file(session, attachment_id)
        task_id = _task_id(row.entity)
        if not actor.has(flow.admins):
            task_for(session, actor, task_id)
        return Attachment(
            id=row.id,
            filename=row.filename,
            sha256=row.sha256,
            size=row.size,
            mime=row.mime,
            at=row.uploaded_at,
            by=row.uploaded_by,
            task_id=task_id,
        )


def _task_of(work: Work, attachment_id: UUID) -> UUID:
    return _task_id(find_file(work.session, attachment_id).entity)


def _task_id(entity: str) -> UUID:
    kind, _, value = entity.partition(":")
    if kind != "task":
        raise TaskNotFound
    return UUID(value)
