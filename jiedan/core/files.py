"""Files people attach: kept on disk by what is in them, looked at before they are kept."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Index, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from jiedan.core import audit
from jiedan.core.database import Base
from jiedan.core.errors import Conflict, NotFound, TooLarge
from jiedan.core.file_types import checked_name, sniff
from jiedan.core.ids import new_id
from jiedan.core.text import clean_line
from jiedan.core.work import Work

_CHUNK = 1 << 20


class FileTooLarge(TooLarge):
    """A file can have at most %(limit_mb)s MB."""


class FileMissing(NotFound):
    """This file is not here."""


class AttachmentLocked(Conflict):
    """These attachments belong to a finished step and can no longer be changed."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is safely on disk."""

    sha256: str
    size: int
    mime: str
    filename: str


class Attachment(Base):
    """A file that somebody attached to something, in one of its versions."""

    __tablename__ = "attachments"
    __table_args__ = (Index("ix_attachments_entity", "entity", "filename", "version"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    entity: Mapped[str] = mapped_column(String(160))
    filename: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    mime: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(String(200), default="")
    uploaded_by: Mapped[str] = mapped_column(String(64))
    uploaded_at: Mapped[datetime]
    locked_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None] = mapped_column(String(64))


class FileStore:
    """A folder of files named by their SHA-256; the same content is kept once."""

    def __init__(self, folder: Path, *, limit_bytes: Callable[[], int]) -> None:
        self.folder = folder
        self._limit_bytes = limit_bytes

    def put(self, stream: BinaryIO, filename: str) -> StoredFile:
        """Keep what `stream` holds, when its name, size and content are what we accept.

        On disk before this returns. Raises FileTooLarge, or FileRefused with the reason.
        """
        name = checked_name(filename)
        limit = self._limit_bytes()
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self.folder, prefix="incoming-")
        path = Path(temporary)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                digest, size = sha256(), 0
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise FileTooLarge(limit_mb=f"{limit / 1024 / 1024:g}")
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                mime = sniff(file, name=name, size=size, limit=limit)
                os.fsync(file.fileno())
            kept = self._path(digest.hexdigest())
            kept.parent.mkdir(parents=True, exist_ok=True)
            path.replace(kept)
            return StoredFile(digest.hexdigest(), size, mime, name)
        finally:
            path.unlink(missing_ok=True)

    def open(self, digest: str) -> BinaryIO:
        """The content with this SHA-256, for reading; raises FileMissing."""
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError as error:
            raise FileMissing from error

    def path(self, digest: str) -> Path:
        """Where the content lies; raises FileMissing."""
        path = self._path(digest)
        if not path.is_file():
            raise FileMissing
        return path

    def is_intact(self, digest: str) -> bool:
        """Whether the content is there and still has this SHA-256."""
        try:
            with self.open(digest) as file:
                actual = sha256()
                while chunk := file.read(_CHUNK):
                    actual.update(chunk)
        except FileMissing:
            return False
        return actual.hexdigest() == digest

    def _path(self, digest: str) -> Path:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise FileMissing
        return self.folder / digest[:2] / digest[2:]


def attach_file(work: Work, *, entity: str, file: StoredFile, note: str = "") -> Attachment:
    """Attach a stored file to `entity` (`task:…`, `order:XS…`); the same name is a new version."""
    latest = work.session.scalar(
        select(func.max(Attachment.version)).where(
            Attachment.entity == entity, Attachment.filename == file.filename
        )
    )
    attachment = Attachment(
        id=new_id(),
        entity=entity,
        filename=file.filename,
        version=(latest or 0) + 1,
        sha256=file.sha256,
        size=file.size,
        mime=file.mime,
        note=clean_line(note, limit=200),
        uploaded_by=work.actor.login,
        uploaded_at=work.now,
    )
    work.session.add(attachment)
    audit.record(
        work,
        action="attachment.add",
        entity=entity,
        after={"filename": file.filename, "version": attachment.version, "sha256": file.sha256},
    )
    return attachment


def remove_attachment(work: Work, *, attachment_id: uuid.UUID) -> None:
    """Take an attachment away; its file and its row stay as evidence. Raises AttachmentLocked."""
    attachment = find_attachment(work.session, attachment_id)
    if attachment.locked_at is not None:
        raise AttachmentLocked
    attachment.removed_at = work.now
    attachment.removed_by = work.actor.login
    audit.record(
        work,
        action="attachment.remove",
        entity=attachment.entity,
        after={"filename": attachment.filename, "version": attachment.version},
    )


def lock_attachments(work: Work, *, entity: str) -> None:
    """Make the attachments of a finished step unchangeable (SPEC S0.3 G6)."""
    work.session.execute(
        update(Attachment)
        .where(Attachment.entity == entity, Attachment.locked_at.is_(None))
        .values(locked_at=work.now)
    )


def find_attachment(session: Session, attachment_id: uuid.UUID) -> Attachment:
    """The attachment with this id that has not been removed; raises FileMissing."""
    attachment = session.get(Attachment, attachment_id)
    if attachment is None or attachment.removed_at is not None:
        raise FileMissing
    return attachment


def list_attachments(session: Session, *entities: str) -> list[Attachment]:
    """The attachments of these things that have not been removed, oldest first."""
    return list(
        session.scalars(
            select(Attachment)
            .where(Attachment.entity.in_(entities), Attachment.removed_at.is_(None))
            .order_by(Attachment.uploaded_at, Attachment.id)
        )
    )
